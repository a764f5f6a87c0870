"""Everything that was said and booked with a customer, the newest first, told from the rows that hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from django.db.models import Q, QuerySet

from amable.agreements.models import Dispute, Plan, Promise
from amable.core.money import Money
from amable.correspondence.models import Message
from amable.dunning.models import Ask, Hold
from amable.ledger.models import Allocation, Correction, Customer, Item, Merged, Note, Payment

PAGE: Final = 30
KINDS: Final = ("said", "money", "agreed", "notes", "ledger")
_OURS: Final = ("staff",)  # digests to our own people are no part of a customer's story


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: the sentence `story.<rule>` with its parameters, what was written, and where more is.

    `at` is the moment when it is known, else the day alone is.
    """

    day: date
    rule: str
    params: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    by: str = ""
    at: datetime | None = None
    message: str = ""
    state: str = ""
    note: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """A page of events, and whether there are older ones."""

    events: Sequence[Event]
    more: bool


_Source = Callable[[Customer, str, int], Iterator[Event]]


def story(customer: Customer, *, text: str = "", kind: str = "", page: int = 1) -> Story:
    """What happened with a customer, a page of it, as far as it contains the text. `kind` is one of KINDS, or all."""
    most = page * PAGE + 1
    found = [event for name in ([kind] if kind in KINDS else KINDS) for tell in _SOURCES[name]
             for event in tell(customer, text.strip(), most)]  # fmt: skip
    found.sort(key=_when, reverse=True)
    start = (page - 1) * PAGE
    return Story(found[start : start + PAGE], len(found) > start + PAGE)


def _when(event: Event) -> tuple[date, time]:
    return event.day, event.at.time() if event.at else time.min


def _messages(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Message.objects.filter(creditor=customer.creditor_id, customer=customer, rehearsal=False)
    rows = rows.exclude(act__in=_OURS)
    if text:
        about = Q(messageitem__item__number__icontains=text)
        rows = rows.filter(Q(subject__icontains=text) | about).distinct()
    for one in rows.order_by("-day", "-id")[:most]:
        params = {"step": one.step, "channel": one.channel or one.act, "amount": Money(one.demanded, one.currency)}
        asks = bool(one.demanded and one.currency)
        rule = "message_asks" if asks else "message"
        yield Event(
            one.day, rule, params if asks else {"step": one.step, "channel": one.channel or one.act}, one.subject,
            at=one.settled_at or one.due_at or one.leaves_at, message=one.key, state=one.state,
        )  # fmt: skip


def _payments(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Payment.objects.filter(creditor=customer.creditor_id, customer=customer)
    if text:
        rows = rows.filter(Q(payer__icontains=text) | Q(allocation__item__number__icontains=text)).distinct()
    listed = list(rows.order_by("-received_on", "-id")[:most])
    numbers: dict[int, list[str]] = {}
    shares = Allocation.objects.filter(creditor=customer.creditor_id, payment__in=listed).order_by("item_id")
    for payment, number in shares.values_list("payment_id", "item__number"):
        numbers.setdefault(payment, []).append(number)
    for one in listed:
        money = {"amount": Money(one.amount, one.currency)}
        yield Event(one.received_on, "paid", money, ", ".join(numbers.get(one.pk, [])))
        if one.reversed_on:
            yield Event(one.reversed_on, "sent_back", money, ", ".join(numbers.get(one.pk, [])))


def _settled(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Item.objects.filter(creditor=customer.creditor_id, customer=customer, settled_on__isnull=False)
    rows = rows.filter(number__icontains=text) if text else rows
    for one in rows.filter(total__gt=0).order_by("-settled_on", "-id")[:most]:
        if one.settled_on and not one.allocated:  # else its payment says so
            yield Event(one.settled_on, "settled", {"number": one.number, "amount": Money(one.total, one.currency)})


def _imports(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Item.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(Q(number__icontains=text) | Q(description__icontains=text)) if text else rows
    for one in rows.order_by("-first_seen_on", "-id")[:most]:
        amount = Money(one.total, one.currency)
        about = {"number": one.number, "amount": amount, "due": one.due_on}
        yield Event(one.first_seen_on, "credit_came" if one.total < 0 else "invoice_came", about, one.description)
        if one.missing_since:
            yield Event(one.missing_since, "went_missing", {"number": one.number})
    corrected = Correction.objects.filter(creditor=customer.creditor_id, customer=customer)
    for change in () if text else corrected.order_by("-written_at")[:most]:
        yield Event(change.written_at.date(), "corrected", {"field": change.field}, by=change.written_by,
                    at=change.written_at)  # fmt: skip
    for merged in _merged(customer, text)[:most]:
        known_as = {"name": merged.name, "key": merged.key}
        yield Event(merged.merged_on, "merged", known_as, by=merged.merged_by, at=merged.merged_at)


def _merged(customer: Customer, text: str) -> QuerySet[Merged]:
    rows = Merged.objects.filter(creditor=customer.creditor_id, customer=customer).order_by("-pk")
    return rows.filter(Q(name__icontains=text) | Q(key__icontains=text)) if text else rows


def _promises(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Promise.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(said_by__icontains=text) if text else rows
    for one in rows.order_by("-pk")[:most]:
        said = {"amount": Money(one.amount, one.currency), "on": one.on}
        yield Event(one.noted_on, "promised", said, one.said_by, one.made_by, one.made_at)
        if one.ended_at:
            yield Event(one.ended_at.date(), "promise_ended", said, "", one.ended_by, one.ended_at)


def _disputes(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Dispute.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(Q(note__icontains=text) | Q(answer__icontains=text)) if text else rows
    for one in rows.order_by("-pk")[:most]:
        yield Event(one.opened_on, "disputed", {"ground": one.ground}, one.note, one.opened_by, one.opened_at)
        if one.resolved_at:
            rule = f"dispute_{one.outcome}"
            yield Event(one.resolved_at.date(), rule, {}, one.answer, one.resolved_by, one.resolved_at)


def _plans(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Plan.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(note__icontains=text) if text else rows
    for one in rows.order_by("-pk")[:most]:
        yield Event(one.made_on, "planned", {}, one.note, one.made_by, one.made_at)
        if one.ended_at:
            yield Event(one.ended_at.date(), "plan_ended", {}, "", one.ended_by, one.ended_at)


def _holds(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Hold.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(because__icontains=text) if text else rows
    for one in rows.order_by("-pk")[:most]:
        yield Event(one.held_at.date(), "held", {"until": one.until}, one.because, one.held_by, one.held_at)
        if one.ended_at:
            yield Event(one.ended_at.date(), "released", {}, one.because, at=one.ended_at)
    asks = Ask.objects.filter(creditor=customer.creditor_id, customer=customer).order_by("-pk")
    for ask in () if text else asks[:most]:
        yield Event(ask.day, "asked", {}, by=ask.asked_by, at=ask.asked_at)


def _notes(customer: Customer, text: str, most: int) -> Iterator[Event]:
    rows = Note.objects.filter(creditor=customer.creditor_id, customer=customer)
    rows = rows.filter(text__icontains=text) if text else rows
    for one in rows.order_by("-pk")[:most]:
        yield Event(one.written_on, "noted", {}, one.text, one.written_by, one.written_at, note=one.pk)


_SOURCES: Final[Mapping[str, Sequence[_Source]]] = {
    "said": (_messages,),
    "money": (_payments, _settled),
    "agreed": (_promises, _disputes, _plans, _holds),
    "notes": (_notes,),
    "ledger": (_imports,),
}
