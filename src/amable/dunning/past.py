"""Turns a ledger and bank statements of the past into histories that can be replayed, without a database."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from amable.banking.fingerprints import fingerprints
from amable.core import matching
from amable.core.creditor import Creditor
from amable.core.customer_keys import Keys
from amable.core.matching import OpenItem, PastPayment, PastPayments, Payer, Received, fold_number
from amable.core.money import Money, TooPreciseError, known, to_minor
from amable.core.payer_names import same_name
from amable.core.planning import Dossier, Item, Kind, Promise, Receipt, early_payment, type_params
from amable.core.procedure import Act, Procedure
from amable.core.replay import Change, History, Life, Waiting
from amable.ledger.records import (
    Amounts,
    addresses,
    amounts,
    by_direct_debit,
    collected_by,
    currency_of,
    due_on,
    minimum,
    refused,
    together,
    who,
)  # fmt: skip
from amable.ledger.texts import keepable
from amable.organisation import calendars
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.channel import Reach
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord
from amable.plugs.loading import channels, ways_to

LEDGER_TELLS_AFTER: Final = timedelta(days=7)  # when a ledger of the day is believed about money nobody matched


@dataclass(slots=True)
class Past:
    """The histories of all customers, and what a person reads of them.

    `customers` are key and name by the number of a customer, `numbers` the invoice numbers by that of an item.
    `undated` counts items that are settled, but nobody knows since when: they are left out.
    """

    histories: list[History] = field(default_factory=list)
    customers: dict[int, tuple[str, str]] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)
    undated: int = 0
    bank: tuple[date, date] | None = None


@dataclass(slots=True)
class _Owed:
    """An item of the ledger, and what the bank tells of it: allocations by day, each with its payment."""

    number: int
    customer: int
    record: ItemRecord
    amounts: Amounts
    due: date
    duplicate_of: str = ""
    shares: list[tuple[date, int, int]] = field(default_factory=list)

    @property
    def begins(self) -> date:
        """The day from which on the item is known: its issue, else for ever."""
        return self.record.issue_date or date.min

    @property
    def open(self) -> int:
        """What is open as far as the bank tells."""
        return self.amounts.total - sum(amount for _, amount, _ in self.shares)


def past(
    creditor: Creditor,
    procedure: Procedure,
    records: Iterable[tuple[str, ItemRecord]],
    statements: Iterable[tuple[str, Sequence[Statement]]],
    first: date,
    last: date,
) -> Past:
    """The past of a creditor from `first` to `last`, as its ledger and bank files (each with its name) tell it.

    What a ledger says without a date (disputed, promised, refused, paused, not delivered, a part that is paid) counts
    from the day its item is known: a replay says too little rather than too much.
    """
    found = Past()
    heard, owed = _owed(creditor, records, found)
    bank = _Bank(heard, owed, found)
    bank.take(statements)
    lives: dict[int, list[Life]] = defaultdict(list)
    receipts: dict[int, list[Receipt]] = defaultdict(list)
    oldest = min((item.due.year for item in owed.values()), default=first.year)
    years = (max(min(oldest, first.year), first.year - 10) - 1, last.year + 2)
    ours = calendars.public(creditor.country, creditor.region, *years)
    ours = calendars.with_closed(ours, creditor.closed, *years)
    paid_by: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for item in owed.values():
        changes = _changes(item, bank)
        if not any(change.open for change in changes) and item.record.settled_date is None:
            found.undated += 1
            continue
        template = _template(item)
        if by_direct_debit(item.record):
            template = template._replace(debit_until=collected_by(item.due, ours))
        lives[item.customer].append(Life(template, changes))
        found.numbers[item.number] = _shown(item.record)
        for before, change in itertools.pairwise(changes):
            if change.open == 0 and change.rule == "paid.ledger" and before.open > 0:
                receipt = Receipt(item.amounts.currency, before.open, change.on, (item.number,))
                receipts[item.customer].append(receipt)
            elif change.open == 0 and change.rule == "paid.bank":
                payment, amount = next((p, a) for on, a, p in reversed(item.shares) if on == change.on)
                paid_by[payment].append((item.number, amount))
    for payment, settled in paid_by.items():
        money = bank.payments[payment]
        total = sum(amount for _, amount in settled)
        items = tuple(number for number, _ in settled)
        receipts[money.customer or 0].append(Receipt(money.currency, total, money.booked_on, items))
    ways = procedure.ways_used
    for customer, record in heard.items():
        lives[customer] += bank.unapplied[customer]
        country = record.country or creditor.country
        region = record.region or ("" if record.country else creditor.region)
        currencies = {life.item.currency for life in lives[customer]}
        dossier = Dossier(
            customer=customer,
            procedure=procedure,
            items=(),
            calendar=calendars.public(country, region, *years),
            creditor_calendar=ours,
            zone=calendars.zone(record.timezone, country, region, creditor.timezone),
            country=country,
            segment=record.segment,
            reach=_reach(record, country, ways),
            refused=refused(frozenset(record.opt_out)),
            paused_until=record.pause_until,
            minimum={currency: minimum(creditor.minimum, currency) for currency in currencies},
        )
        found.histories.append(
            History(
                dossier,
                tuple(lives[customer]),
                tuple(sorted(receipts[customer], key=lambda receipt: receipt.booked_on)),
                tuple(bank.waiting[customer]),
                found.bank,
            )
        )
    return found


# --- the ledger ------------------------------------------------------------------------------------------------------


def _owed(
    creditor: Creditor, records: Iterable[tuple[str, ItemRecord]], found: Past
) -> tuple[dict[int, ItemRecord], dict[int, _Owed]]:
    """What is known of each customer, and the items, each once."""
    customers: dict[str, int] = {}
    heard: dict[int, ItemRecord] = {}
    owed: dict[int, _Owed] = {}
    seen: set[tuple[int, str, str]] = set()
    alike: dict[tuple[int, str, int], str] = {}
    kept = [(file, keepable(record)) for file, record in records]
    keys = Keys(who(record) for _, record in kept)
    for file, record in kept:
        amount = amounts(record, currency_of(creditor.country))
        if isinstance(amount, Complaint):
            found.complaints.append((file, amount))
            continue
        key = keys.key(who(record))[0]
        customer = customers.setdefault(key, len(customers) + 1)
        before = heard.get(customer)
        heard[customer] = record if before is None else together(before, record)
        found.customers[customer] = key, heard[customer].customer_name or key
        identity = customer, record.invoice_number, record.instalment
        if identity in seen:
            twice = Complaint("duplicate_in_files", record.line, "invoice_number", record.invoice_number)
            found.complaints.append((file, twice))
            continue
        seen.add(identity)
        number = len(owed) + 1
        other = alike.setdefault((customer, fold_number(record.invoice_number), amount.total), record.invoice_number)
        duplicate_of = other if other != record.invoice_number else ""
        owed[number] = _Owed(number, customer, record, amount, due_on(record), duplicate_of)
    return heard, owed


def _template(item: _Owed) -> Item:
    """An item as it is known from its first day on, apart from what is open of it."""
    record = item.record
    return Item(
        id=item.number,
        kind=Kind.CREDIT_NOTE if item.amounts.total < 0 else Kind.INVOICE,
        number=record.invoice_number,
        currency=item.amounts.currency,
        open=item.amounts.total,
        due=item.due,
        issued=record.issue_date,
        disputed=abs(item.amounts.total) if record.disputed else 0,
        promise=Promise(abs(item.amounts.total), record.promise_date) if record.promise_date else None,
        delivered=None if record.delivered is None else record.delivered is not False,
        duplicate_of=item.duplicate_of,
        discount=early_payment(item.amounts.total, record.discount_percent, record.discount_until),
    )


def _changes(item: _Owed, bank: _Bank) -> tuple[Change, ...]:
    """What was open of an item from which day on.

    What the ledger shows as paid and no movement accounts for was paid on an unknown day: it counts from the first.
    """
    total = item.amounts.total
    settled_on = item.record.settled_date
    by_ledger = total - item.amounts.open
    undated = 0 if settled_on else _beyond(by_ledger, total - item.open)
    changes = [Change(item.begins, total - undated)]
    left = total - undated
    for day, amount, payment in sorted(item.shares, key=lambda share: share[0]):
        if settled_on and day > settled_on:
            break
        left -= amount
        money = bank.payments[payment]
        params: type_params = {"date": day, "amount": Money(money.amount, money.currency), "payer": money.name}
        changes.append(Change(day, left, "paid.bank", params))
    if settled_on and changes[-1].open:
        if settled_on < item.begins:  # paid before it was issued: never open
            return (Change(settled_on, 0, "paid.ledger"),)
        changes.append(Change(settled_on, 0, "paid.ledger", {"date": settled_on}))
    return tuple(changes)


def _beyond(credit: int, accounted: int) -> int:
    """The part of a credit that is not accounted for; both have the sign of the item."""
    return max(credit - accounted, 0) if credit >= 0 else min(credit - accounted, 0)


def _shown(record: ItemRecord) -> str:
    return record.invoice_number + (f" / {record.instalment}" if record.instalment else "")


def _reach(record: ItemRecord, country: str, ways: frozenset[Act]) -> frozenset[str]:
    """The channels that have what they need."""
    emails = [email for email in addresses(record.email) if channels()["email"].reaches(Reach(email))]
    return ways_to(Reach(emails[0] if emails else "", record.phone, record.address, country), ways)


# --- the bank --------------------------------------------------------------------------------------------------------


class _Bank:
    """The movements of the bank, matched day by day against what was open on their day."""

    def __init__(self, heard: Mapping[int, ItemRecord], owed: Mapping[int, _Owed], found: Past) -> None:
        self.owed, self.found = owed, found
        payers = [Payer(number, (record.customer_name,), (), record.tax_id) for number, record in heard.items()]
        self.names = {number: record.customer_name for number, record in heard.items()}
        self.index = matching.Index((), payers)
        self.in_ledger = matching.Index((), payers)  # what the ledger calls settled: the bank tells of the same money
        self.past = PastPayments(())
        self.payments: dict[int, PastPayment] = {}
        self.booked: dict[int, list[tuple[int, int]]] = {}
        self.waiting: dict[int, list[Waiting]] = defaultdict(list)
        self.unapplied: dict[int, list[Life]] = defaultdict(list)

    def take(self, files: Iterable[tuple[str, Sequence[Statement]]]) -> None:
        """Take the movements of all files in, each once, in the order of their days."""
        lines: dict[str, tuple[StatementLine, int]] = {}
        days: list[date] = []
        for file, statements in files:
            for statement in statements:
                days += [statement.closing_on] if statement.closing_on else []
                for fingerprint, line in fingerprints(statement):
                    days.append(line.booked_on)
                    minor = _minor(line)
                    if minor is None:
                        value = f"{line.amount} {line.currency}"
                        self.found.complaints.append((file, Complaint("bank_amount", None, "amount", value)))
                    elif fingerprint not in lines:
                        lines[fingerprint] = line, minor
        if not days:
            return
        self.found.bank = min(days), max(days)
        news: list[tuple[date, int, int]] = []
        for item in self.owed.values():
            news.append((item.begins, 0, item.number))
            if item.record.settled_date:
                news.append((item.record.settled_date, 2, item.number))
        movements = list(lines.values())
        news += [(line.booked_on, 1, place) for place, (line, _) in enumerate(movements)]
        for _, kind, number in sorted(news, key=lambda event: event[:2]):
            if kind == 1:
                self.move(*movements[number])
            else:
                self.turn(self.owed[number], settled=kind == 2)

    def turn(self, item: _Owed, *, settled: bool) -> None:
        """An item is issued, or settled in the ledger."""
        left = item.open
        gone = settled or (item.record.settled_date is not None and item.record.settled_date < item.begins)
        self.index.reopen(self.open_item(item)._replace(open=0 if gone else left))
        if gone and left > 0:
            self.in_ledger.reopen(self.open_item(item))

    def open_item(self, item: _Owed) -> OpenItem:
        record, total = item.record, item.amounts.total
        return OpenItem(
            item.number, item.customer, record.invoice_number, item.amounts.currency, item.open, item.due, total,
            record.po_number, record.payment_reference, record.discount_percent, record.discount_until,
        )  # fmt: skip

    def move(self, line: StatementLine, amount: int) -> None:
        """One movement: money in pays what it names, money sent back opens it again."""
        received = Received(
            amount, line.currency, line.name, line.iban, line.text, line.reference, line.end_to_end, line.booked_on
        )
        if amount > 0 and line.kind == "payment":
            self.receive(line, received)
        elif line.kind == "return":
            self.take_back(line, received)

    def receive(self, line: StatementLine, received: Received) -> None:
        best = next(iter(matching.match(received, self.index)), None)
        if not (best and best.sure) and matching.told_by_ledger(received, self.in_ledger):
            return
        if best is None:
            return
        until = line.booked_on + LEDGER_TELLS_AFTER
        if best.sure and best.customer is not None:
            self.book(line, received, best, until)
            return
        whole = frozenset(s.item for s in best.shares if s.amount + s.let_off >= self.index.open[s.item] > 0)
        rest = received.amount - sum(s.amount for s in best.shares if s.item in whole)
        holders = {self.owed[item].customer for item in whole} | ({best.customer} if best.customer else set())
        for customer in holders:
            mine = frozenset(item for item in whole if self.owed[item].customer == customer)
            left = rest if customer == best.customer else 0
            self.waiting[customer].append(Waiting(line.booked_on, until, line.currency, left, mine))

    def book(self, line: StatementLine, received: Received, best: matching.Match, until: date) -> None:
        """A payment that is sure: its shares, and what is left over until a ledger tells what it was for."""
        assert best.customer is not None, "only a match with one customer is booked"
        self.index.book(best)
        number = len(self.payments) + 1
        payment = PastPayment(
            number, best.customer, received.amount, line.currency, line.booked_on, line.name, line.iban,
            line.reference, line.end_to_end,
            tuple(self.owed[share.item].record.invoice_number for share in best.shares),
        )  # fmt: skip
        self.payments[number] = payment
        self.past.add(payment)
        self.booked[number] = [(share.item, share.amount + share.let_off) for share in best.shares]
        for item, settled in self.booked[number]:
            self.owed[item].shares.append((line.booked_on, settled, number))
        if line.iban and same_name(line.name, self.names[best.customer]):
            self.index.learn(best.customer, line.iban)
        if best.unapplied:
            cash = Item(
                -number, Kind.UNAPPLIED, line.booked_on.isoformat(), line.currency, -best.unapplied, line.booked_on
            )
            changes = (Change(line.booked_on, -best.unapplied), Change(until, 0))
            self.unapplied[best.customer].append(Life(cash, changes))
            self.found.numbers[-number] = ""

    def take_back(self, line: StatementLine, received: Received) -> None:
        """A payment that comes back opens again what it paid."""
        best = next(iter(matching.match_return(received, self.past)), None)
        if best is None or not best.sure:
            return
        self.past.book(best)
        for number, amount in self.booked[best.payment]:
            item = self.owed[number]
            item.shares.append((line.booked_on, -amount, best.payment))
            self.index.reopen(self.open_item(item))
        customer = self.payments[best.payment].customer or 0
        self.unapplied[customer] = [
            life._replace(changes=(life.changes[0], Change(min(line.booked_on, life.changes[1].on), 0)))
            if life.item.id == -best.payment
            else life
            for life in self.unapplied[customer]
        ]


def _minor(line: StatementLine) -> int | None:
    """The amount of a movement in minor units, None when it cannot be right."""
    try:
        return to_minor(line.amount, line.currency) if known(line.currency) else None
    except TooPreciseError:
        return None
