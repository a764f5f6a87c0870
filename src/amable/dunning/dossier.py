"""Gathers all that is known of a batch of customers, in a handful of queries, into dossiers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Max

from amable.banking.models import BankLine, Proposal, Statement
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
from amable.dunning.models import Hold
from amable.ledger import models as ledger
from amable.ledger import queries, records
from amable.ledger.queries import ContactRow, CustomerRow, ItemRow
from amable.organisation import calendars
from amable.organisation.bulk import these
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
    """

    dossier: Dossier
    recipient: Recipient
    rows: Sequence[ItemRow]
    unapplied: Sequence[ledger.Payment]
    addresses: frozenset[str]
    threads: dict[int, tuple[str, ...]]
    crossed: Mapping[int, tuple[str, date]] = field(default_factory=dict)

    @cached_property
    def facts(self) -> dict[int, ItemFacts]:
        """What a message says of each item; unapplied cash stands under its payment's number below zero."""
        return {row.pk: _facts(row) for row in self.rows} | {-cash.pk: _cash_facts(cash) for cash in self.unapplied}

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
    newest = Statement.objects.filter(creditor=creditor, closing_on__isnull=False).order_by("-closing_on").first()
    years = (today.year - _OLDEST, today.year + 2)
    public = calendars.public(creditor.country, creditor.region, *years)
    ours = calendars.with_closed(public, creditor.closed_days, *years)
    sending = Sending.objects.filter(creditor=creditor).first()
    # Nothing here hands text messages over: whoever can be reached by nothing else is for a person.
    ways = procedure.ways_used - {Act.SMS} if sending else procedure.ways_used
    return Setting(creditor, procedure, today, newest.closing_on if newest else None, years, ours, ways, sending)


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


class _Batch:
    """The rows of a batch, each read once."""

    def __init__(self, it: Setting, customers: Sequence[CustomerRow]) -> None:
        self.it = it
        ids = [customer.pk for customer in customers]
        creditor = it.creditor
        self.contacts = {contact.customer_id: contact for contact in queries.contacts(creditor, ids)}
        self.closed = closed(creditor, [a.lower() for c in self.contacts.values() for a in addresses(c)])
        self.holds = self.read_holds(ids)
        self.items: dict[int, list[ItemRow]] = defaultdict(list)
        self.settled: dict[int, list[tuple[date, date]]] = defaultdict(list)
        self.promises: dict[int, list[Promised]] = defaultdict(list)
        recent = it.today - timedelta(days=_THANKED_WITHIN)
        for item in queries.items(creditor, ids):
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
        standing = Hold.objects.filter(creditor=self.it.creditor, customer__in=these(ids), ended_at=None)
        found: dict[int, date] = {}
        for customer, until in standing.values_list("customer_id", "until"):
            found[customer] = max(found.get(customer, until), until)
        return found

    def read_messages(self, ids: Sequence[int]) -> None:
        """What was said about each item, and when each customer was written to; what nobody was told is open again."""
        creditor, today = self.it.creditor, self.it.today
        said = Message.objects.filter(creditor=creditor, customer__in=these(ids), state__in=SAID, day__lte=today)
        said = said.filter(rehearsal=False)
        self.spoken: dict[int, list[Spoken]] = defaultdict(list)
        self.had: dict[int, list[str]] = defaultdict(list)
        by_id: dict[int, _Said] = {}
        for message in map(_Said._make, said.order_by("day", "id").values_list(*_Said._fields)):
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
        rows = MessageItem.objects.filter(
            creditor=creditor,
            message__customer__in=these(ids),
            message__state__in=SAID,
            message__day__lte=today,
            message__rehearsal=False,
            withdrawn=False,
        )
        cycles = {item.pk: item.cycle for listed in self.items.values() for item in listed}
        steps = rows.values_list("id", "message_id", "item_id", "step", "cycle", "occurrence", "section")
        for _, message_id, item, step, cycle, occurrence, section in sorted(
            steps, key=lambda row: (by_id[row[1]].day, row[0])
        ):
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
        payments = ledger.Payment.objects.filter(creditor=creditor, customer__in=these(ids), reversed_on=None)
        self.unapplied: dict[int, list[ledger.Payment]] = defaultdict(list)
        for payment in payments.exclude(unapplied=0).order_by("received_on", "id"):
            self.unapplied[payment.customer_id].append(payment)
        since = today - timedelta(days=_THANKED_WITHIN)
        recent = payments.filter(received_on__gte=since, received_on__lte=today)
        self.receipts: dict[int, list[tuple[ledger.Payment, list[tuple[int, int]]]]] = defaultdict(list)
        shares: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for payment_id, item, amount in ledger.Allocation.objects.filter(
            creditor=creditor, payment__in=recent, reversed=False, item__open=0, item__settled_in_run__gte=since
        ).values_list("payment_id", "item_id", "amount"):
            shares[payment_id].append((item, amount))
        for payment in recent.order_by("received_on", "id"):
            if settled := shares[payment.pk]:
                self.receipts[payment.customer_id].append((payment, settled))
        standing = ledger.Allocation.objects.filter(
            creditor=creditor, item__customer__in=these(ids), reversed=False, amount__gt=0
        ).exclude(item__open=0)
        newest = standing.values("item_id").annotate(day=Max("payment__in_run")).values_list("item_id", "day")
        self.paid_since: dict[int, date] = dict(newest)
        self.suspense: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.proposed: set[int] = set()
        waiting = BankLine.objects.filter(creditor=creditor, state="proposed", amount__gt=0)
        # Also a payment for items of several customers, which is nobody's in particular, holds what it would settle.
        explained: dict[int, int] = defaultdict(int)
        for line_id, item, amount, open_ in Proposal.objects.filter(
            creditor=creditor, line__in=waiting, item__customer__in=these(ids)
        ).values_list("line_id", "item_id", "amount", "item__open"):
            if amount >= open_ > 0:
                self.proposed.add(item)
                explained[line_id] += amount
        for line in waiting.filter(customer__in=these(ids)):
            left = line.amount - explained[line.pk]
            if left > 0 and line.customer_id is not None:
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
            promises=self.promises[customer.pk],
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
        )
        return Known(
            dossier,
            recipient,
            rows,
            self.unapplied[customer.pk],
            frozenset(addresses(contact)),
            {row.pk: tuple(self.thread[row.pk]) for row in rows if row.pk in self.thread},
            crossed,
        )

    def item(self, row: ItemRow) -> Item:
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
            disputed=abs(row.open) if row.disputed else 0,
            promise=Promise(abs(row.open), row.promised_on, row.promise_noted_on) if row.promised_on else None,
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

    def cash(self, payment: ledger.Payment) -> Item:
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


def _facts(row: ItemRow) -> ItemFacts:
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
        row.promised_on,
        early_payment(row.total, row.discount_percent, row.discount_until),
    )


def _cash_facts(payment: ledger.Payment) -> ItemFacts:
    left = -payment.unapplied
    day = payment.received_on
    return ItemFacts(day.isoformat(), Kind.UNAPPLIED, "", day, day, left, left, payment.currency)
