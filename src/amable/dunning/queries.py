"""What the day of a creditor looks like: what leaves, what is asked of people, what went wrong and what came in.

Every question takes the customers in sight, None for all of them, and is answered by the database in one statement.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from django.db.models import Count, Exists, Max, Min, Model, OuterRef, Q, QuerySet, Subquery, Sum

from amable.core.delivery import SAID, State
from amable.core.procedure import TASKS, Act
from amable.correspondence.models import AMISS, EditedWords, Message, MessageItem, in_states
from amable.correspondence.outbox import TO_CUSTOMERS
from amable.dunning.actions import MONEY, TOLD
from amable.dunning.models import Look, TaskOutcome
from amable.dunning.verdicts import KeptVerdict, unpack
from amable.ledger.models import Contact, Customer, Item, Payment
from amable.ledger.queries import by_due_day
from amable.organisation.bulk import these
from amable.organisation.models import Creditor

Sight = QuerySet[Customer] | None
_Row = TypeVar("_Row", bound=Model)
_WAITS: Final = timedelta(days=14)  # for so long a task nobody answered is shown
_LATELY: Final = timedelta(days=7)
_LONG: Final = timedelta(hours=1)  # a message refused for longer than that is told of
_GONE_WRONG: Final = (State.UNKNOWN, State.REJECTED, State.BOUNCED, State.COMPLAINED)


@dataclass(frozen=True, slots=True)
class Owed:
    """What the book of one currency comes to today, in minor units."""

    currency: str
    owed: int
    overdue: int
    due_this_week: int
    promised: int
    came_in_today: int
    came_in_this_week: int


def figures(creditor: Creditor, sight: Sight, today: date) -> list[Owed]:
    """What is owed, overdue, due, promised and came in, for each currency in use."""
    monday = today - timedelta(days=today.weekday())
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    items = _in_sight(Item.objects.filter(creditor=creditor).exclude(open=0), sight)
    for day in by_due_day(items):
        of = sums[day.currency]
        of["owed"] += day.open
        if day.due_on < today:
            of["overdue"] += day.claims
        elif day.due_on < monday + timedelta(days=7):
            of["due_this_week"] += day.claims
    promised = items.filter(open__gt=0, promised_on__gte=today).order_by().values_list("currency")
    for currency, amount in promised.annotate(total=Sum("open")):
        sums[currency]["promised"] += amount
    payments = Payment.objects.filter(
        creditor=creditor, reversed_on=None, received_on__gte=monday, received_on__lte=today
    )
    came = _in_sight(payments, sight).order_by().values_list("currency")
    for currency, week, of_today in came.annotate(week=Sum("amount"), today=Sum("amount", filter=Q(received_on=today))):
        sums[currency].update(came_in_this_week=week, came_in_today=of_today or 0)
    found = [Owed(currency, *(of[field.name] for field in fields(Owed)[1:])) for currency, of in sums.items()]
    return sorted(found, key=lambda one: (-one.owed, one.currency))


def leaving(creditor: Creditor, sight: Sight, today: date) -> QuerySet[Message]:
    """The messages to customers of today, also those that left; what was withdrawn is not among them."""
    of_today = Message.objects.filter(creditor=creditor, day=today, act__in=TO_CUSTOMERS)
    return _in_sight(of_today.exclude(state__in=(State.WITHDRAWN, State.SAID)), sight)


def in_order(creditor: Creditor, numbers: Sequence[int]) -> list[Message]:
    """Messages with their customers, in the order of their numbers."""
    found = Message.objects.filter(creditor=creditor, pk__in=numbers).select_related("customer").in_bulk()
    return [found[number] for number in numbers if number in found]


@dataclass(frozen=True, slots=True)
class Outlook:
    """How today's messages stand: how many by state, when the approved ones leave, how many a person must look at."""

    states: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    newest: int

    def of(self, state: str) -> int:
        """How many there are in this state."""
        return self.states.get(state, 0)

    @property
    def gone(self) -> int:
        """How many left, or may have left."""
        return sum(self.states.get(state, 0) for state in SAID)


def outlook(messages: QuerySet[Message]) -> Outlook:
    """How these messages stand. `newest` is the number of the latest, so that no later one is approved unseen."""
    rows = (
        messages.order_by()
        .values("state")
        .annotate(n=Count("pk"), first=Min("due_at"), last=Max("due_at"), newest=Max("pk"))
    )
    found = {row["state"]: row for row in rows}
    approved: Mapping[str, Any] = found.get(State.APPROVED, {})
    return Outlook(
        {state: row["n"] for state, row in found.items()},
        approved.get("first"),
        approved.get("last"),
        max((row["newest"] for row in found.values()), default=0),
    )


def set_aside(creditor: Creditor) -> Exists:
    """Whether a person's words for a message no longer fit it."""
    return Exists(
        EditedWords.objects.filter(creditor=creditor, message=OuterRef("pk"), outdated=True).exclude(subject="")
    )


def tasks(creditor: Creditor, sight: Sight, today: date) -> QuerySet[Message]:
    """What is asked of people and has no answer yet, or is asked again by now; what was paid meanwhile is not asked.

    Tasks about money are the business of the page on money; those on what went wrong stand with what did.
    """
    told = TaskOutcome.objects.filter(creditor=creditor, message=OuterRef("pk")).order_by("-told_at", "-pk")
    about = MessageItem.objects.filter(creditor=creditor, message=OuterRef("pk"), withdrawn=False)
    asked = Message.objects.filter(
        creditor=creditor,
        day__gt=today - _WAITS,
        day__lte=today,
        act__in=(*TASKS, Act.DECISION),
        customer__isnull=False,
    ).exclude(state__in=(State.WITHDRAWN, State.REJECTED))
    asked = asked.exclude(slot__startswith=MONEY).exclude(slot__startswith=TOLD)
    open_ = ~Exists(about) | Exists(about.exclude(item__open=0))
    asked = asked.filter(open_).annotate(
        outcome=Subquery(told.values("outcome")[:1]),
        again_on=Subquery(told.values("again_on")[:1]),
        outcome_note=Subquery(told.values("note")[:1]),
    )
    return _in_sight(asked.filter(Q(outcome=None) | Q(again_on__lte=today)), sight)


def went_wrong(creditor: Creditor, sight: Sight, now: datetime) -> QuerySet[Message]:
    """What did not get there, or nobody knows, of late; nothing of a customer whom a later message reached."""
    later = Message.objects.filter(
        creditor=creditor, customer=OuterRef("customer"), pk__gt=OuterRef("pk"), act__in=TO_CUSTOMERS,
        state__in=(State.ACCEPTED, State.DELIVERED),
    )  # fmt: skip
    wrong = Q(state__in=_GONE_WRONG, settled_at__gt=now - _LATELY)
    slow = Q(state=State.REFUSED, offered_at__lt=now - _LONG) | Q(state=State.DELAYED, settled_at__gt=now - _LATELY)
    found = Message.objects.filter(in_states(AMISS), wrong | slow, creditor=creditor, act__in=TO_CUSTOMERS)
    return _in_sight(found.filter(Q(state=State.UNKNOWN) | ~Exists(later)), sight)


def came_in(creditor: Creditor, sight: Sight, today: date) -> QuerySet[Payment]:
    """The payments that became known today."""
    return _in_sight(Payment.objects.filter(creditor=creditor, in_run=today, reversed_on=None), sight)


@dataclass(frozen=True, slots=True)
class About:
    """What a list shows of a message beside its row: what it speaks of, to whom it goes, why, whether it was edited."""

    items: Sequence[MessageItem]
    to: str
    verdict: KeptVerdict | None
    edited: EditedWords | None


def about(creditor: Creditor, messages: Sequence[Message]) -> dict[int, About]:
    """The same for some messages, in four statements for all of them."""
    ids = [message.pk for message in messages]
    customers = {message.customer_id for message in messages if message.customer_id is not None}
    items: dict[int, list[MessageItem]] = {}
    rows = MessageItem.objects.filter(creditor=creditor, message__in=these(ids)).select_related("item")
    for row in rows.order_by("item__due_on", "item_id"):
        items.setdefault(row.message_id, []).append(row)
    looks = Look.objects.filter(creditor=creditor, customer__in=these(customers)).values_list("verdicts", flat=True)
    verdicts = (verdict for text in looks for verdict in unpack(text) if verdict.message)
    # That an item travels in a message for others says the least: it comes first, so that the others replace it.
    why = {v.message: v for v in sorted(verdicts, key=lambda v: not v.rule.startswith("listed."))}
    contacts = Contact.objects.filter(creditor=creditor, customer__in=these(customers))
    reach = {contact.customer_id: contact for contact in contacts}
    edited = EditedWords.objects.filter(creditor=creditor, message__in=these(ids))
    words = {one.message_id: one for one in edited}

    def to(message: Message) -> str:
        contact = reach.get(message.customer_id or 0)
        if Act.LETTER in (message.channel, message.act):
            return " ".join((message.customer.address if message.customer else "").split())
        if contact is None:
            return ""
        return contact.phone if message.act in (Act.SMS, Act.CALL) else contact.email

    return {
        message.pk: About(items.get(message.pk, []), to(message), why.get(message.key), words.get(message.pk))
        for message in messages
    }


def why_withdrawn(message: Message) -> list[KeptVerdict]:
    """The verdicts by which a message was withdrawn."""
    return unpack(message.reason) if message.reason.startswith("[") else []


def refusals(message: Message) -> list[tuple[str, str]]:
    """Whom the server refused, and what it said."""
    return [(recipient, f"{code} {said}") for recipient, code, said in json.loads(message.refused or "[]")]


def managers(creditor: Creditor, sight: Sight, today: date) -> list[str]:
    """The account managers of the customers who are written to today."""
    named = leaving(creditor, sight, today).exclude(customer__manager_name="")
    return sorted(set(named.order_by().values_list("customer__manager_name", flat=True).distinct()[:_MANY]))


_MANY: Final = 100


def steps(messages: QuerySet[Message]) -> list[str]:
    """The steps among these messages."""
    return sorted(messages.order_by().values_list("step", flat=True).distinct()[:_MANY])


def _in_sight(rows: QuerySet[_Row], sight: Sight) -> QuerySet[_Row]:
    """The rows of the customers in sight."""
    return rows if sight is None else rows.filter(customer__in=sight)
