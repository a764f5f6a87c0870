"""Replays a procedure over the book as the database tells its past, beside what was really said in the same days."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import F, Max, Min

from amable.banking.models import Statement
from amable.core.delivery import SAID
from amable.core.payers import Profile
from amable.core.planning import Item, Kind, Promise, Receipt, early_payment
from amable.core.procedure import MESSAGES, Act, Procedure
from amable.core.replay import Change, History, Life, Said, replay, totals
from amable.correspondence.models import Message, MessageItem
from amable.dunning.actions import MONEY, TOLD
from amable.dunning.dossier import Setting, gather, setting
from amable.dunning.effects import Progress, kind
from amable.ledger import queries
from amable.ledger.models import Allocation
from amable.ledger.models import Item as ItemOf
from amable.ledger.queries import ItemRow
from amable.organisation.bulk import these
from amable.organisation.models import Creditor

_BATCH: Final = 100
FIGURES: Final = ("messages", "tasks", "decisions", "customers", "most", "reached")


@dataclass(slots=True)
class Figures:
    """What was said in some days: messages (thanks among them), tasks and decisions; customers who heard from us.

    `most` are the messages to the customer who had most, `reached` the invoices that were spoken of before they were
    paid.
    """

    messages: int = 0
    tasks: int = 0
    decisions: int = 0
    customers: int = 0
    most: int = 0
    reached: int = 0


@dataclass(slots=True)
class Replayed:
    """What really was and what would have been, of the `customers` with an item that was open in those days.

    `items` of them fell due or were open then, and `paid` were paid.
    """

    really: Figures
    would: Figures
    customers: int = 0
    items: int = 0
    paid: int = 0


def replayed(
    creditor: Creditor,
    rules: Procedure,
    first: date,
    last: date,
    progress: Progress = lambda done, of: None,
) -> Replayed:
    """A procedure from `first` to `last`, had Amable written by it from the first day on."""
    ids = _there_then(creditor, first, last)
    found = Replayed(Figures(), Figures())
    progress(0, len(ids))
    it = setting(creditor, rules, last)
    bank = Statement.objects.filter(creditor=creditor).aggregate(first=Min("closing_on"), last=Max("closing_on"))
    span = (bank["first"], bank["last"]) if bank["first"] else None
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        histories = list(_histories(it, batch, span))
        said = [one for history in histories for one in replay(history, first, last)]
        would = totals(histories, said, first, last)
        found.items += would.items
        found.paid += would.paid
        _add(found.would, _figures(said), would.reached)
        paid_on = {
            life.item.id: change.on
            for history in histories
            for life in history.lives
            for change in life.changes
            if change.open == 0 and first <= change.on <= last
        }
        _really(creditor, batch, first, last, paid_on, found.really)
        found.customers += len(batch)
        progress(found.customers, len(ids))
    return found


def begun(creditor: Creditor) -> date | None:
    """The first day on which anything was said to a customer, None before that."""
    said = Message.objects.filter(creditor=creditor, state__in=SAID, rehearsal=False, customer__isnull=False)
    return said.order_by("day").values_list("day", flat=True).first()


def _there_then(creditor: Creditor, first: date, last: date) -> list[int]:
    """The customers with an item that was open on one of these days."""
    known = ItemOf.objects.filter(creditor=creditor, total__gt=0).exclude(issued_on__gt=last)
    then = known.exclude(open=0) | known.filter(settled_on__gte=first) | known.filter(settled_in_run__gte=first)
    return sorted(set(then.values_list("customer_id", flat=True)))


def _figures(said: Sequence[Said]) -> Figures:
    things = {(one.day, one.customer, kind(one.act), "" if one.act in MESSAGES else one.step) for one in said}
    written: dict[int, int] = defaultdict(int)
    for _, customer, sort, _ in things:
        written[customer] += sort == "messages"
    counts = {sort: sum(thing[2] == sort for thing in things) for sort in ("messages", "tasks", "decisions")}
    heard = [count for count in written.values() if count]
    return Figures(**counts, customers=len(heard), most=max(heard, default=0))


def _really(
    creditor: Creditor, customers: Sequence[int], first: date, last: date, paid_on: dict[int, date], found: Figures
) -> None:
    """Add what was really said to these customers, and asked about them."""
    messages = Message.objects.filter(
        creditor=creditor, customer__in=these(customers), state__in=SAID, rehearsal=False, day__range=(first, last)
    )
    messages = messages.exclude(slot__startswith=MONEY).exclude(slot__startswith=TOLD)
    facts = {
        pk: (customer, act, day) for pk, customer, act, day in messages.values_list("pk", "customer", "act", "day")
    }
    written: dict[int, int] = defaultdict(int)
    counts = {"messages": 0, "tasks": 0, "decisions": 0}
    for customer, act, _ in facts.values():
        sort = kind(Act(act))
        counts[sort] += 1
        written[customer or 0] += sort == "messages"
    rows = MessageItem.objects.filter(creditor=creditor, message__in=these(facts), withdrawn=False)
    reached = {
        item
        for message, item in rows.exclude(section="settled").values_list("message_id", "item_id")
        if item in paid_on and facts[message][1] in MESSAGES and facts[message][2] < paid_on[item]
    }
    heard = [count for count in written.values() if count]
    _add(found, Figures(**counts, customers=len(heard), most=max(heard, default=0)), len(reached))


def _add(found: Figures, more: Figures, reached: int) -> None:
    found.messages += more.messages
    found.tasks += more.tasks
    found.decisions += more.decisions
    found.customers += more.customers
    found.most = max(found.most, more.most)
    found.reached += reached


# --- customers through time ------------------------------------------------------------------------------------------


def _histories(it: Setting, customers: Collection[int], bank: tuple[date, date] | None) -> Iterator[History]:
    """These customers with what was open of each item from which day on; holds of today are no holds of the past."""
    creditor = it.creditor
    shares: dict[int, list[tuple[date, int, int]]] = defaultdict(list)
    allocated = Allocation.objects.filter(creditor=creditor, item__customer__in=these(customers), reversed=False)
    for item, on, amount, payment in allocated.values_list(
        "item", "payment__received_on", F("amount") + F("let_off"), "payment"
    ):
        shares[item].append((on, amount, payment))
    rows: dict[int, list[ItemRow]] = defaultdict(list)
    for row in queries.items(creditor, customers):
        rows[row.customer_id].append(row)
    listed = queries.customers(creditor, customers)
    for customer, known in zip(listed, gather(it, listed), strict=True):
        lives: list[Life] = []
        settled: dict[int, list[tuple[int, int]]] = defaultdict(list)
        receipts: list[Receipt] = []
        days: dict[int, date] = {}
        for row in rows[customer.pk]:
            changes = _changes(row, sorted(shares[row.pk]))
            lives.append(Life(_template(row), changes))
            for before, change in itertools.pairwise(changes):
                if change.open or before.open <= 0:
                    continue
                by = next((payment for on, _, payment in reversed(shares[row.pk]) if on == change.on), None)
                if by is None:
                    receipts.append(Receipt(row.currency, before.open, change.on, (row.pk,)))
                else:
                    settled[by].append((row.pk, before.open))
                    days[by] = change.on
        currencies = {row.pk: row.currency for row in rows[customer.pk]}
        for payment, items in settled.items():
            total, numbers = sum(amount for _, amount in items), tuple(item for item, _ in items)
            receipts.append(Receipt(currencies[numbers[0]], total, days[payment], numbers))
        dossier = replace(
            known.dossier, items=(), paid=(), receipts=(), contacts=(), written_to=False, suspense={},
            profile=Profile(), bank_until=None, paused_until=None,
        )  # fmt: skip
        ordered = tuple(sorted(receipts, key=lambda receipt: receipt.booked_on))
        yield History(dossier, tuple(lives), ordered, (), bank)


def _changes(row: ItemRow, shares: Sequence[tuple[date, int, int]]) -> tuple[Change, ...]:
    """What was open of an item from which day on; a part that is paid on an unknown day counts from the first."""
    begins = row.issued_on or min((on for on, _, _ in shares), default=row.due_on)
    ends = row.settled_on or row.settled_in_run if row.open == 0 else None
    if ends is not None and ends < begins:
        return (Change(ends, 0, "paid.ledger"),)
    undated = 0 if ends else row.total - row.open - sum(amount for _, amount, _ in shares)
    left = row.total - undated
    changes = [Change(begins, left)]
    for on, amount, _ in shares:
        if ends is not None and on > ends:
            break
        left -= amount
        changes.append(Change(max(on, begins), left, "paid.bank" if left == 0 else ""))
    if ends is not None and changes[-1].open:
        changes.append(Change(ends, 0, "paid.ledger", {"date": ends}))
    return tuple(changes)


def _template(row: ItemRow) -> Item:
    """An item as it was from its first day on, apart from what was open of it."""
    return Item(
        id=row.pk,
        kind=Kind.CREDIT_NOTE if row.total < 0 else Kind(row.kind),
        number=row.number,
        currency=row.currency,
        open=row.total,
        due=row.due_on,
        issued=row.issued_on,
        disputed=abs(row.total) if row.disputed else 0,
        promise=Promise(abs(row.total), row.promised_on, row.promise_noted_on) if row.promised_on else None,
        delivered=row.delivered,
        duplicate_of=row.duplicate_of,
        discount=early_payment(row.total, row.discount_percent, row.discount_until),
    )
