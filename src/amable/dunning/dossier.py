"""Gathers all that is known of a batch of customers, in a handful of queries, into dossiers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from amable.agreements.queries import Stated, agreed
from amable.banking.models import BankLine, Proposal, Statement
from amable.core.agreements import waited_for
from amable.core.course import Told
from amable.core.days import Calendar
from amable.core.delivery import SAID
from amable.core.money import Money
from amable.core.payer_names import has_legal_form
from amable.core.payers import Profile, Promised, profile
from amable.core.planning import Contact as Spoken
from amable.core.planning import Dossier, Item, Kind, Paid, Promise, Receipt, early_payment
from amable.core.procedure import MESSAGES, Act, Procedure
from amable.core.receivables import credits_differ
from amable.correspondence.composing import ItemFacts, Recipient, unspeakable
from amable.correspondence.models import Message, MessageItem
from amable.correspondence.outbox import closed
from amable.dunning.models import Ask, Hold
from amable.ledger import models as ledger
from amable.ledger import queries, records
from amable.ledger.queries import ContactRow, CustomerRow, ItemRow, PaymentRow
from amable.organisation import calendars
from amable.organisation.bulk import Question, these
from amable.organisation.models import Creditor, Sending
from amable.plugs.channel import Reach
from amable.plugs.loading import channels, ways_to

_THANKED_WITHIN = 14  # days that hold the two working days in which a payment is thanked for
_OLDEST = 3  # years ago: every stretch of working days that began before is over
_CONTACTS = MESSAGES | {Act.CALL, Act.MEETING}
_RECENT = 35  # days of messages that spacing, caps and intervals can ask about


@dataclass(frozen=True)
class Known:
    """A dossier for deciding, and beside it what only the wording needs; `threads` are Message-IDs by item.

    `crossed` are the messages that asked for an item when the money for it was there already: key and day, by item.
    `promised` are the days by which items were promised to a person.
    """

    dossier: Dossier
    recipient: Recipient
    rows: Sequence[ItemRow]
    unapplied: Sequence[PaymentRow]
    addresses: frozenset[str]
    threads: dict[int, tuple[str, ...]]
    crossed: Mapping[int, tuple[str, date]] = field(default_factory=dict)
    promised: Mapping[int, date] = field(default_factory=dict)

    @cached_property
    def facts(self) -> dict[int, ItemFacts]:
        """What a message says of each item; unapplied cash stands under its payment's number below zero."""
        mine = {row.pk: _facts(row, self.promised.get(row.pk, row.promised_on)) for row in self.rows}
        return mine | {-cash.pk: _cash_facts(cash) for cash in self.unapplied}

    @cached_property
    def cycles(self) -> dict[int, int]:
        """The cycle of each item."""
        return {row.pk: row.cycle for row in self.rows}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for every customer of a run; `ways` are the channels its procedure may take.

    `sending` is how its messages leave by themselves, None where they are drafts in a folder.
    """

    creditor: Creditor
    procedure: Procedure
    today: date
    bank_until: date | None
    years: tuple[int, int]
    creditor_calendar: Calendar
    ways: frozenset[str]
    sending: Sending | None = None

    @property
    def rehearses(self) -> bool:
        """Whether nothing that is written counts as said: nobody knows who is owed, or all goes to a test address."""
        return self.creditor.placeholder or bool(self.sending and self.sending.test_to)


def setting(creditor: Creditor, procedure: Procedure, today: date) -> Setting:
    """The setting of a run."""
    newest = _NEWEST_STATEMENT.ask(creditor)
    years = (today.year - _OLDEST, today.year + 2)
    public = calendars.public(creditor.country, creditor.region, *years)
    ours = calendars.with_closed(public, creditor.closed_days, *years)
    sending = Sending.objects.filter(creditor=creditor).first()
    # Nothing here hands text messages over: whoever can be reached by nothing else is for a person.
    ways = procedure.ways_used - {Act.SMS} if sending else procedure.ways_used
    return Setting(creditor, procedure, today, newest[0].closing_on if newest else None, years, ours, ways, sending)


class _Closing(NamedTuple):
    """The last day a statement tells of."""

    closing_on: date


_NEWEST_STATEMENT: Final = Question(
    _Closing,
    lambda creditor: Statement.objects.filter(creditor=creditor, closing_on__isnull=False).order_by("-closing_on")[:1],
)


def gather(it: Setting, customers: Sequence[CustomerRow]) -> list[Known]:
    """What is known of each of these customers on the day of the run."""
    batch = _Batch(it, customers)
    return [batch.known(customer) for customer in customers]


class _Said(NamedTuple):
    """A message of an earlier day."""

    pk: int
    customer_id: int | None
    day: date
    act: str
    step: str
    wording: str
    before_due: bool
    message_id: str
    key: str


class _Held(NamedTuple):
    """Until when a customer is held."""

    customer_id: int
    until: date


class _Asked(NamedTuple):
    """Who is to be written to because a person wants it."""

    customer_id: int


class _StepSaid(NamedTuple):
    """What a message of an earlier day said about an item."""

    pk: int
    message_id: int
    item_id: int
    step: str
    cycle: int
    occurrence: int
    section: str


class _Share(NamedTuple):
    """The part of a payment set against an item."""

    payment_id: int
    item_id: int
    amount: int


class _Standing(NamedTuple):
    """A part payment of an item that is still open: in which run it came, and when it was received."""

    item_id: int
    payment__in_run: date
    payment__received_on: date


class _Proposed(NamedTuple):
    """The part of a bank line that is probably for an item."""

    line_id: int
    item_id: int
    amount: int
    let_off: int
    item__open: int


class _LineRow(NamedTuple):
    """A bank line that is probably a customer's."""

    pk: int
    customer_id: int
    currency: str
    amount: int


def _standing_payments(creditor: Any, customers: Any) -> QuerySet[ledger.Payment]:
    return ledger.Payment.objects.filter(creditor=creditor, customer__in=these(customers), reversed_on=None)


def _recent(creditor: Any, customers: Any, since: Any, today: Any) -> QuerySet[ledger.Payment]:
    return _standing_payments(creditor, customers).filter(received_on__gte=since, received_on__lte=today)


def _waiting(creditor: Any) -> QuerySet[BankLine]:
    return BankLine.objects.filter(creditor=creditor, state="proposed", amount__gt=0)


_HOLDS: Final = Question(
    _Held,
    lambda creditor, ids: Hold.objects.filter(creditor=creditor, customer__in=these(ids), ended_at=None),
)
_ASKS: Final = Question(
    _Asked, lambda creditor, ids, day: Ask.objects.filter(creditor=creditor, customer__in=these(ids), day=day)
)
_SAID: Final = Question(
    _Said,
    lambda creditor, ids, today: Message.objects.filter(
        creditor=creditor, customer__in=these(ids), state__in=SAID, day__lte=today, rehearsal=False
    ).order_by("day", "id"),
)
_STEPS: Final = Question(
    _StepSaid,
    lambda creditor, ids, today: MessageItem.objects.filter(
        creditor=creditor,
        message__customer__in=these(ids),
        message__state__in=SAID,
        message__day__lte=today,
        message__rehearsal=False,
        withdrawn=False,
    ),
)
_UNAPPLIED: Final = Question(
    PaymentRow,
    lambda creditor, ids: _standing_payments(creditor, ids).exclude(unapplied=0).order_by("received_on", "id"),
)
_RECENT_PAYMENTS: Final = Question(
    PaymentRow,
    lambda creditor, ids, since, today: _recent(creditor, ids, since, today).order_by("received_on", "id"),
)
_SHARES: Final = Question(
    _Share,
    lambda creditor, ids, since, today: ledger.Allocation.objects.filter(
        creditor=creditor,
        payment__in=_recent(creditor, ids, since, today),
        reversed=False,
        item__open=0,
        item__settled_in_run__gte=since,
    ),
)
_STANDING: Final = Question(
    _Standing,
    lambda creditor, ids: ledger.Allocation.objects.filter(
        creditor=creditor, item__customer__in=these(ids), reversed=False, amount__gt=0
    ).exclude(item__open=0),
)
_PROPOSALS: Final = Question(
    _Proposed,
    lambda creditor, ids: Proposal.objects.filter(
        creditor=creditor, line__in=_waiting(creditor), item__customer__in=these(ids)
    ),
)
_LINES: Final = Question(_LineRow, lambda creditor, ids: _waiting(creditor).filter(customer__in=these(ids)))


class _Batch:
    """The rows of a batch, each read once."""

    def __init__(self, it: Setting, customers: Sequence[CustomerRow]) -> None:
        self.it = it
        ids = [customer.pk for customer in customers]
        creditor = it.creditor
        self.contacts = {contact.customer_id: contact for contact in queries.contacts(creditor, ids)}
        self.closed = closed(creditor, [a.lower() for c in self.contacts.values() for a in addresses(c)])
        self.holds = self.read_holds(ids)
        self.asks = {ask.customer_id for ask in _ASKS.ask(creditor, ids, it.today)}
        self.agreed = agreed(creditor, ids)
        self.stated: dict[int, dict[int, list[Stated]]] = defaultdict(lambda: defaultdict(list))
        for one in (stated for several in self.agreed.promises.values() for stated in several):
            self.stated[one.customer][one.promise].append(one)
        self.items: dict[int, list[ItemRow]] = defaultdict(list)
        self.settled: dict[int, list[tuple[date, date]]] = defaultdict(list)
        self.promises: dict[int, list[Promised]] = defaultdict(list)
        recent = it.today - timedelta(days=_THANKED_WITHIN)
        self.ends: dict[int, date | None] = {}  # when an item was settled, by item
        for item in queries.items(creditor, ids):
            self.ends[item.pk] = item.settled_on if item.open == 0 else None
            if item.open != 0 or (item.settled_in_run and item.settled_in_run >= recent):
                self.items[item.customer_id].append(item)
            if item.open == 0 and item.settled_on and item.total > 0:
                self.settled[item.customer_id].append((item.due_on, item.settled_on))
            if item.promised_on and (item.open > 0 or (item.settled_on and item.total > 0)):
                self.promises[item.customer_id].append(Promised(item.promised_on, item.settled_on))
        self.read_messages(ids)
        self.read_money(ids)

    def read_holds(self, ids: Sequence[int]) -> dict[int, date]:
        """Until when somebody held each of these customers."""
        found: dict[int, date] = {}
        for customer, until in _HOLDS.ask(self.it.creditor, ids):
            found[customer] = max(found.get(customer, until), until)
        return found

    def read_messages(self, ids: Sequence[int]) -> None:
        """What was said about each item, and when each customer was written to; what nobody was told is open again."""
        creditor, today = self.it.creditor, self.it.today
        self.spoken: dict[int, list[Spoken]] = defaultdict(list)
        self.had: dict[int, list[str]] = defaultdict(list)
        by_id: dict[int, _Said] = {}
        for message in _SAID.ask(creditor, ids, today):
            by_id[message.pk] = message
            if message.customer_id is None:
                continue
            if message.wording:
                self.had[message.customer_id].append(message.wording)
            contact = message.act in _CONTACTS
            if contact and (today - message.day).days <= _RECENT:
                self.spoken[message.customer_id].append(Spoken(message.day, message.act, message.before_due))
        self.told: dict[int, list[Told]] = defaultdict(list)
        self.thread: dict[int, list[str]] = defaultdict(list)
        self.thanked: set[int] = set()
        self.asked: dict[int, tuple[str, date]] = {}
        cycles = {item.pk: item.cycle for listed in self.items.values() for item in listed}
        steps = sorted(_STEPS.ask(creditor, ids, today), key=lambda row: (by_id[row.message_id].day, row.pk))
        for _, message_id, item, step, cycle, occurrence, section in steps:
            if item not in cycles:
                continue
            message = by_id[message_id]
            if message.message_id:
                self.thread[item].append(message.message_id)
            if cycle != cycles[item]:
                continue
            if section == "settled":
                self.thanked.add(item)
            wording = message.step if message.act in MESSAGES else ""
            if wording and section != "settled":
                self.asked[item] = (message.key, message.day)
            self.told[item].append(Told(step, message.day, wording, occurrence, asked=message.act == "decision"))

    def read_money(self, ids: Sequence[int]) -> None:
        """Payments of the last days, unapplied cash, and money that is probably theirs."""
        creditor, today = self.it.creditor, self.it.today
        since = today - timedelta(days=_THANKED_WITHIN)
        self.unapplied: dict[int, list[PaymentRow]] = defaultdict(list)
        for payment in _UNAPPLIED.ask(creditor, ids):
            self.unapplied[payment.customer_id].append(payment)
        shares: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for share in _SHARES.ask(creditor, ids, since, today):
            shares[share.payment_id].append((share.item_id, share.amount))
        self.receipts: dict[int, list[tuple[PaymentRow, list[tuple[int, int]]]]] = defaultdict(list)
        for payment in _RECENT_PAYMENTS.ask(creditor, ids, since, today):
            if settled := shares[payment.pk]:
                self.receipts[payment.customer_id].append((payment, settled))
        self.paid_since: dict[int, date] = {}
        self.received: dict[int, date] = {}
        for part in _STANDING.ask(creditor, ids):
            for newest, day in ((self.paid_since, part.payment__in_run), (self.received, part.payment__received_on)):
                newest[part.item_id] = max(day, newest.get(part.item_id, day))
        self.suspense: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.proposed: set[int] = set()
        # Also a payment for items of several customers, which is nobody's in particular, holds what it would settle.
        explained: dict[int, int] = defaultdict(int)
        for proposal in _PROPOSALS.ask(creditor, ids):
            if proposal.amount + proposal.let_off >= proposal.item__open > 0:
                self.proposed.add(proposal.item_id)
                explained[proposal.line_id] += proposal.amount
        for line in _LINES.ask(creditor, ids):
            left = line.amount - explained[line.pk]
            if left > 0:
                self.suspense[line.customer_id][line.currency] += left

    def known(self, customer: CustomerRow) -> Known:
        it = self.it
        creditor = it.creditor
        rows = self.items[customer.pk]
        contact = self.contacts.get(customer.pk)
        country = customer.country or creditor.country
        region = customer.region or ("" if customer.country else creditor.region)
        open_ = (address for address in addresses(contact) if address.lower() not in self.closed)
        emails = tuple(address for address in open_ if channels()["email"].reaches(Reach(address)))
        reach = Reach(emails[0] if emails else "", contact.phone if contact else "", customer.address, country)
        paid = profile(
            self.settled[customer.pk],
            [row.due_on for row in rows if row.open > 0],
            it.today,
            promises=(*self.promises[customer.pk], *self.stated_promises(customer.pk)),
        )
        recipient = self.recipient(customer, contact, emails, paid)
        crossed = self.crossed(rows)
        dossier = Dossier(
            customer=customer.pk,
            procedure=it.procedure,
            items=(
                *(self.item(row) for row in rows if row.open != 0),
                *(self.cash(payment) for payment in self.unapplied[customer.pk]),
            ),
            calendar=calendars.public(country, region, *it.years),
            creditor_calendar=it.creditor_calendar,
            zone=calendars.zone(customer.timezone, country, region, creditor.timezone),
            country=country,
            segment=customer.segment,
            reach=ways_to(reach, it.ways),
            refused=records.refused(frozenset(filter(None, customer.opt_out.split(",")))),
            written_to=bool(recipient.had),
            unspeakable=unspeakable(creditor, recipient),
            paid=tuple(_paid(row) for row in rows if row.open == 0 and row.settled_in_run == it.today),
            receipts=self.thankable(customer, rows, crossed),
            contacts=tuple(self.spoken[customer.pk]),
            suspense=dict(self.suspense[customer.pk]),
            profile=paid,
            bank_until=it.bank_until,
            paused_until=max(filter(None, (customer.pause_until, self.holds.get(customer.pk))), default=None),
            minimum={
                currency: records.minimum(creditor.minimum, currency) for currency in {row.currency for row in rows}
            },
            asked=customer.pk in self.asks,
        )
        return Known(
            dossier,
            recipient,
            rows,
            self.unapplied[customer.pk],
            frozenset(addresses(contact)),
            {row.pk: tuple(self.thread[row.pk]) for row in rows if row.pk in self.thread},
            crossed,
            {row.pk: stated[-1].on for row in rows if (stated := self.agreed.promises.get(row.pk))},
        )

    def stated_promises(self, customer: int) -> Iterator[Promised]:
        """The promises made to a person, kept when all they are about was paid; undated money says nothing."""
        for parts in self.stated[customer].values():
            days = [self.ends.get(part.item) or self.received.get(part.item) for part in parts]
            paid = [day for day in days if day]
            if any(part.left for part in parts):
                yield Promised(parts[0].on, None)
            elif len(paid) == len(parts):
                yield Promised(parts[0].on, max(paid))

    def promise(self, row: ItemRow) -> Promise | None:
        """What was promised of an item last: to a person, or as the ledger says, which means all of it."""
        stated = self.agreed.promises.get(row.pk)
        if stated and (row.promised_on is None or stated[-1].noted >= (row.promise_noted_on or date.min)):
            last = stated[-1]
            return Promise(last.left, last.on, last.noted) if last.left else None
        return Promise(abs(row.open), row.promised_on, row.promise_noted_on) if row.promised_on else None

    def disputed(self, row: ItemRow) -> int:
        """What of an item rests because it is contested: all of it where the ledger says so."""
        part = self.agreed.disputed.get(row.pk, 0)
        return abs(row.open) if row.disputed or part is None else min(part, abs(row.open))

    def plan_until(self, row: ItemRow) -> date | None:
        """The day on which the next instalment is judged of the plan an item is in; None without one being kept."""
        plan = self.agreed.plans.get(row.pk)
        if plan is None or plan.next is None:
            return None
        return waited_for(plan.next.due, self.it.today, self.it.creditor_calendar, self.it.bank_until)

    def item(self, row: ItemRow) -> Item:
        plan_until = self.plan_until(row)
        return Item(
            id=row.pk,
            kind=row.kind,
            number=row.number,
            currency=row.currency,
            open=row.open,
            due=row.due_on,
            issued=row.issued_on,
            cycle=row.cycle,
            told=tuple(self.told[row.pk]),
            disputed=self.disputed(row),
            promise=self.promise(row),
            plan_kept=plan_until is not None,
            plan_until=plan_until,
            debit_until=records.collected_by(row.due_on, self.it.creditor_calendar)
            if row.direct_debit and row.cycle == 1
            else None,
            delivered=row.delivered,
            duplicate_of=row.duplicate_of,
            missing=row.missing_since is not None,
            match_proposed=row.pk in self.proposed or _may_be_paid(row),
            paid_since=self.paid_since.get(row.pk),
            discount=early_payment(row.total, row.discount_percent, row.discount_until),
        )

    def cash(self, payment: PaymentRow) -> Item:
        """Unapplied cash as an item of its own, under the payment's number below zero."""
        return Item(
            id=-payment.pk,
            kind=Kind.UNAPPLIED,
            number=payment.received_on.isoformat(),
            currency=payment.currency,
            open=-payment.unapplied,
            due=payment.received_on,
        )

    def crossed(self, rows: Sequence[ItemRow]) -> dict[int, tuple[str, date]]:
        """What we asked for when it was paid already; of drafts in a folder nobody knows when they were sent."""
        if self.it.sending is None:
            return {}
        paid = ((row.pk, row.settled_on) for row in rows if row.open == 0 and row.settled_on and row.pk in self.asked)
        return {item: self.asked[item] for item, day in paid if self.asked[item][1] >= day}

    def thankable(
        self, customer: CustomerRow, rows: Sequence[ItemRow], crossed: Mapping[int, tuple[str, date]]
    ) -> tuple[Receipt, ...]:
        """What settled items lately, by bank or by the ledger, and was not thanked for."""

        def receipt(currency: str, amount: int, day: date, settled: tuple[int, ...]) -> Receipt:
            asked = max((crossed[item][1] for item in settled if item in crossed), default=None)
            return Receipt(currency, amount, day, settled, asked)

        found = []
        for payment, settled in self.receipts[customer.pk]:
            if mine := [(item, amount) for item, amount in settled if item not in self.thanked]:
                total = sum(amount for _, amount in mine)
                found.append(receipt(payment.currency, total, payment.received_on, tuple(item for item, _ in mine)))
        by_bank = {item for one in found for item in one.settled}
        for row in rows:
            if row.open != 0 or row.pk in self.thanked or row.pk in by_bank or row.total <= 0 or row.allocated:
                continue
            how = json.loads(row.settled_by)
            # Thanks only for a payment the ledger dates, and not where it may have been a credit set against the item.
            dated = row.settled_on if how["rule"] == "paid.ledger" and how["amount"] else None
            if dated and not self.unapplied[customer.pk]:
                found.append(receipt(row.currency, how["amount"], dated, (row.pk,)))
        return tuple(found)

    def recipient(
        self, customer: CustomerRow, contact: ContactRow | None, emails: tuple[str, ...], paid: Profile
    ) -> Recipient:
        return Recipient(
            key=customer.key,
            name=customer.name,
            contact=contact.name if contact else "",
            emails=emails,
            language=customer.language,
            country=customer.country or self.it.creditor.country,
            consumer=is_consumer(customer),
            regular=paid.relationship == "regular",
            had=tuple(self.had[customer.pk]),
            phone=contact.phone if contact else "",
            address=customer.address,
            method=records.pays_by(customer.payment_method) if customer.payment_method else None,
        )


def addresses(contact: ContactRow | None) -> tuple[str, ...]:
    """The email addresses of a contact, as the ledger has them."""
    return records.addresses(contact.email) if contact else ()


def is_consumer(customer: CustomerRow) -> bool:
    """A consumer, as stated; else whoever has neither a tax id nor a legal form in the name counts as one."""
    if customer.kind:
        return customer.kind == "consumer"
    return not customer.tax_id and not has_legal_form(customer.name)


def _paid(row: ItemRow) -> Paid:
    how: dict[str, Any] = json.loads(row.settled_by)
    params: dict[str, object] = {"date": date.fromisoformat(how["date"])}
    if how["rule"] in ("paid.bank", "paid.by_hand"):
        params |= {"amount": Money(*how["amount"])}
    if how["rule"] == "paid.bank":
        params |= {"payer": how["payer"], "account": how["account"]}
    return Paid(row.pk, how["rule"], params)


def _may_be_paid(row: ItemRow) -> bool:
    """Whether what ledger and bank saw would settle the item if it was not the same money; a person is asked which."""
    by_ledger = row.total - row.ledger_open
    return credits_differ(row.total, row.ledger_open, row.allocated) and abs(by_ledger + row.allocated) >= abs(
        row.total
    )


def _facts(row: ItemRow, promised_on: date | None) -> ItemFacts:
    return ItemFacts(
        row.number,
        row.kind,
        row.description,
        row.issued_on,
        row.due_on,
        row.total,
        row.open,
        row.currency,
        row.pdf_path,
        promised_on,
        early_payment(row.total, row.discount_percent, row.discount_until),
    )


def _cash_facts(payment: PaymentRow) -> ItemFacts:
    left = -payment.unapplied
    day = payment.received_on
    return ItemFacts(day.isoformat(), Kind.UNAPPLIED, "", day, day, left, left, payment.currency)
