"""Takes a ledger in: records become customers and items, nothing twice, and what cannot be used is said."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from amable.core.customer_keys import Keys, Known
from amable.core.finding import foldable, folded_number
from amable.core.languages import spoken_in
from amable.core.matching import fold_number
from amable.core.money import Money
from amable.core.receivables import open_amount
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import originals
from amable.ledger.actions import books, look_again
from amable.ledger.corrections import Corrections
from amable.ledger.models import Contact, Customer, Item, Merged, Taken
from amable.ledger.records import (
    Amounts,
    amounts,
    by_direct_debit,
    currency_of,
    due_on,
    together,
    who,
)
from amable.ledger.texts import LONGEST_IDENTIFIER, keepable
from amable.organisation.bulk import batched, insert, numbers, these, update
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord

SOURCE: Final = "ledger"
_BATCH: Final = 1000


# A row of customers, contacts or items as it stands, its values by the names of its fields.
_Row = Any


class Sourced(NamedTuple):
    """A record and the file it comes from."""

    file: str
    record: ItemRecord


@dataclass(slots=True)
class Taking:
    """What became of a ledger."""

    rows: int = 0
    new_items: int = 0
    changed_items: int = 0
    settled_items: int = 0
    missing_items: int = 0
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)


def take_ledger(
    creditor: Creditor,
    records: Iterable[Sourced],
    digests: Sequence[str],
    today: date,
    *,
    whole: bool = True,
    rejected: Collection[str] = (),
    progress: Callable[[int], object] = lambda n: None,
) -> Taking:
    """Take a complete ledger in: its rows land, and open items it no longer shows are marked missing.

    `whole` is false when a file of it could not be read: then nothing is taken to be missing. `rejected` are the
    invoice numbers of rows that the reader could not use: those items are in the ledger, so they are not missing, and
    keep the state they had. The same holds for rows that are rejected here.

    The same ledger again changes nothing. Each batch is a transaction of its own: a run that was killed half-way, or
    that `progress` (told of the rows of each batch) ended by raising, is finished by running it again.
    """
    taking = Taking()
    seen: set[int] = set()
    heard: dict[str, ItemRecord] = {}
    records = list(records)
    keys = keys_of(creditor, (sourced.record for sourced in records))
    records = own_first(keys, records)
    for batch in _batches(records):
        with transaction.atomic():
            books(creditor)  # what is open of an item is worked out from what was set against it
            Batch(creditor, today, taking, seen, heard, keys).land(batch)
        progress(len(batch))
    with transaction.atomic():
        if whole:
            _mark_missing(creditor, seen, {*rejected, *(said.item for _, said in taking.complaints)}, today, taking)
        _suspect_duplicates(creditor, today)
        note_taken(creditor, "ledger", digests, today)
    return taking


def note_taken(creditor: Creditor, kind: str, digests: Iterable[str], today: date) -> None:
    """Remember that files were taken in: a `ledger` shows what is open, an `einvoice` only what was issued."""
    rows = [Taken(creditor=creditor, kind=kind, digest=digest, day=today) for digest in digests]
    Taken.objects.bulk_create(rows, ignore_conflicts=True)


def keys_of(creditor: Creditor, records: Iterable[ItemRecord]) -> Keys:
    """What the customers of these records are known by, beside those already known. Numbers need no comparing."""
    rows = {who(record) for record in records}
    known = Customer.objects.filter(creditor=creditor)
    if all(row.number for row in rows):
        known = known.exclude(keyed_by="id")
    customers = [Known(*one) for one in known.values_list("key", "keyed_by", "tax_id", "name").order_by("pk")]
    merged = Merged.objects.filter(creditor=creditor).order_by("pk")
    stands_for = {key: meant for key, *meant in merged.values_list("key", "customer__key", "customer__keyed_by")}
    if not customers and not stands_for and all(row.number for row in rows):
        return Keys(())
    customers += [Known(*one) for one in merged.values_list("key", "keyed_by", "tax_id", "name")]
    return Keys(rows, customers, {key: (other, keyed_by) for key, (other, keyed_by) in stands_for.items()})


def own_first(keys: Keys, records: Iterable[Sourced]) -> list[Sourced]:
    """The records, with those of merged customers last: where both speak, it is the customer's own word that counts."""
    return sorted(records, key=lambda sourced: bool(_merged_key(keys, sourced.record)))


def _merged_key(keys: Keys, record: ItemRecord) -> str:
    if not keys.merged:
        return ""
    said = keys.said(who(record))[0]
    return said if said in keys.merged else ""


def _batches(records: Iterable[Sourced]) -> Iterator[list[Sourced]]:
    iterator = iter(records)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


@dataclass(slots=True)
class Came:
    """What a ledger said under the key of a merged customer, see `Merged.came`."""

    items: list[int] = field(default_factory=list)
    facts: dict[str, list[Any]] = field(default_factory=dict)
    people: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def added_to(self, before: str) -> str:
        """The same with what is known from before; how a fact stood first is how it stood."""
        known = Came(**json.loads(before))
        people = {number: _since(known.people.get(number, {}), said) for number, said in self.people.items()}
        return json.dumps(
            {
                "items": known.items + self.items,
                "facts": _since(known.facts, self.facts),
                "people": known.people | people,
            },
            ensure_ascii=False,
        )


def _since(before: Mapping[str, list[Any]], said: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return dict(before) | {name: [before.get(name, two)[0], two[1]] for name, two in said.items()}


def _differing(row: _Row, facts: Mapping[str, object]) -> dict[str, list[Any]]:
    """Those of the facts that stand otherwise, each as it stood and as it stands, as JSON has it."""
    stood = {name: getattr(row, name) for name in facts}
    two = {name: [stood[name], value] for name, value in facts.items() if stood[name] != value}
    return {name: [one.isoformat() if isinstance(one, date) else one for one in both] for name, both in two.items()}


class Batch:
    """One batch of records, and the rows it touches. `heard` is what the run's ledgers say of each customer so far."""

    def __init__(
        self, creditor: Creditor, today: date, taking: Taking, seen: set[int], heard: dict[str, ItemRecord], keys: Keys
    ) -> None:
        self.creditor, self.today, self.taking, self.seen, self.heard = creditor, today, taking, seen, heard
        self.keys = keys
        self.touched: set[int] = set()  # customers of whom something is new
        self.came: dict[str, Came] = defaultdict(Came)  # by the keys of merged customers

    def key(self, record: ItemRecord) -> tuple[str, str]:
        """The key of the record's customer, and what it is known by."""
        return self.keys.key(who(record))

    def of_merged(self, record: ItemRecord) -> str:
        """The key of a customer that was merged into the one it stands for now; empty where it is its own."""
        return _merged_key(self.keys, record)

    def land(self, batch: Sequence[Sourced]) -> None:
        kept = (Sourced(file, keepable(record)) for file, record in batch)
        usable = [(s, amounts) for s in kept if self.identified(s) and (amounts := self.amounts(s))]
        customers = self.customers(self.listen(sourced.record for sourced, _ in usable))
        self.contacts(customers)
        existing = self.existing(customers)
        new: dict[tuple[int, str, str], dict[str, object]] = {}
        came_by: dict[tuple[int, str, str], str] = {}
        changed: list[_Row] = []
        for sourced, amounts in usable:
            record = sourced.record
            customer = customers[self.key(record)[0]]
            identity = (customer, record.invoice_number, record.instalment)
            if identity in new or (identity in existing and existing[identity].id in self.seen):
                other = Complaint("duplicate_in_files", record.line, "invoice_number", record.invoice_number)
                self.taking.complaints.append((sourced.file, other))
                continue
            item = existing.get(identity)
            if item is None:
                new[identity] = self.new_item(customer, record, amounts)
                came_by[identity] = self.of_merged(record)
                continue
            self.seen.add(item.id)
            completed = self.as_known(item, sourced, amounts)
            if completed is not None and (facts := self.updated(item, record, completed)):
                changed.append(item._replace(**facts))
        numbered = dict(zip(new, _insert(Item, new.values()), strict=True))
        self.seen.update(numbered.values())
        for identity, key in came_by.items():
            if key:
                self.came[key].items.append(numbered[identity])
        self.remember()
        self.change(Item, _CHANGING, changed)
        self.touched.update(item.customer_id for item in changed)
        self.touched.update(customer for customer, _, _ in new)
        look_again(self.creditor, self.touched, self.today)
        self.taking.rows += len(batch)
        self.taking.new_items += len(new)
        self.taking.changed_items += len(changed)

    def remember(self) -> None:
        """Note what came under the key of a merged customer, so that it can be told whose it is if that is undone."""
        if not self.came:
            return
        for merged in Merged.objects.filter(creditor=self.creditor, key__in=list(self.came)):
            merged.came = self.came[merged.key].added_to(merged.came)
            merged.save(update_fields=("came",))

    def change(self, model: type[Customer | Contact | Item], fields: Collection[str], rows: Iterable[_Row]) -> None:
        """Write these fields of rows that stand otherwise in the database."""
        values = attrgetter(*fields, "creditor_id", "id")
        update(model, tuple(fields), map(values, rows))

    def identified(self, sourced: Sourced) -> bool:
        """Whether the identifiers can be kept whole: half of one would be another's."""
        record = sourced.record
        for name in ("customer_id", "tax_id", "invoice_number", "instalment"):
            value: str = getattr(record, name)
            if len(value) > LONGEST_IDENTIFIER:
                self.complain(
                    sourced, "identifier_too_long", name, f"{value[:60]}…", heading=name, limit=LONGEST_IDENTIFIER
                )
                return False
        return True

    def listen(self, records: Iterable[ItemRecord]) -> dict[str, ItemRecord]:
        """What is known by now of each customer these records speak of, by key."""
        keys: dict[str, ItemRecord] = {}
        for record in records:
            key = self.key(record)[0]
            before = self.heard.get(key)
            if before is None:
                keys[key] = self.heard[key] = record
            elif self.of_merged(record):  # what is said of the customer itself goes first
                keys[key] = self.heard[key] = together(record, before)
            else:
                keys[key] = self.heard[key] = together(before, record)
        return keys

    def amounts(self, sourced: Sourced, otherwise: str = "") -> Amounts | None:
        """The amounts in minor units, None (with a complaint) when they cannot be right.

        `otherwise` is the currency of a row that names none; it is the creditor's when that is not known either.
        """
        found = amounts(sourced.record, otherwise or currency_of(self.creditor.country), self.today)
        if isinstance(found, Complaint):
            self.taking.complaints.append((sourced.file, found))
            return None
        return found

    def complain(self, sourced: Sourced, rule: str, name: str, value: str, **params: object) -> None:
        params = {key: str(param) if isinstance(param, Decimal) else param for key, param in params.items()}
        record = sourced.record
        said = Complaint(rule, record.line, name, value, params, item=record.invoice_number)
        self.taking.complaints.append((sourced.file, said))

    def as_known(self, item: _Row, sourced: Sourced, amounts: Amounts) -> Amounts | None:
        """The amounts of a known item, with the currency and the total that are known where the ledger states none.

        A ledger that shows only what is open shows less once something was paid: the total did not shrink by that, or
        the same money would count twice, as a smaller total and as the bank's payment. None as for `amounts`.
        """
        record = sourced.record
        if record.once:
            return self.as_issued(item, sourced, amounts)
        if not record.currency and not record.speaks_of("currency") and item.currency != amounts.currency:
            again = self.amounts(sourced, item.currency)
            if again is None:
                return None
            amounts = again
        if record.total_stated or item.currency != amounts.currency or item.total * amounts.total < 0:
            return amounts
        return amounts._replace(total=max(item.total, amounts.total, key=abs))

    def as_issued(self, item: _Row, sourced: Sourced, amounts: Amounts) -> Amounts:
        """The amounts of a known item that an invoice speaks of: what was paid since it does not know.

        Where it states another sum than is known, the known one stands, and that is said.
        """
        if (item.currency, item.total) != (amounts.currency, amounts.total):
            known, read = Money(item.total, item.currency), Money(amounts.total, amounts.currency)
            number = sourced.record.invoice_number
            said = Complaint(
                "einvoice_known_otherwise", None, params={"number": number, "known": known, "amount": read}
            )
            self.taking.complaints.append((sourced.file, said))
        return Amounts(item.currency, item.total, item.ledger_open)

    def customers(self, keys: Mapping[str, ItemRecord]) -> dict[str, int]:
        """The numbers of the customers by key, created or brought up to date."""
        known = self.known(keys)
        unknown = {key: said for key, said in keys.items() if key not in known}
        known |= self.known(self.known_otherwise(unknown))
        known |= self.known_as_merged([key for key in unknown if key not in known])
        self.corrections = Corrections(self.creditor, [customer.id for customer in known.values()])
        new: dict[str, dict[str, object]] = {}
        changed = []
        for key, record in keys.items():
            customer = known.get(key)
            facts = self.customer_facts(record, customer)
            if customer is None:
                new[key] = {"creditor_id": self.creditor.pk, "key": key, **facts}
                continue
            facts = self.corrections.stand(customer.id, facts)
            if any(getattr(customer, name) != value for name, value in facts.items()):
                changed.append(customer._replace(**facts))
                if merged := self.of_merged(record):
                    self.came[merged].facts |= _differing(customer, facts)
        created = _insert(Customer, new.values())
        self.change(Customer, _CUSTOMER_FACTS, changed)
        self.touched.update(customer.id for customer in changed)
        return {key: customer.id for key, customer in known.items()} | dict(zip(new, created, strict=True))

    def known(self, keys: Collection[str]) -> dict[str, _Row]:
        """The customers there are of these keys."""
        rows = Customer.objects.filter(creditor=self.creditor, key__in=list(keys)).values_list(named=True)
        return {customer.key: customer for customer in rows} if keys else {}

    def known_as_merged(self, keys: Collection[str]) -> dict[str, _Row]:
        """The customers that merged ones of these keys stand for: such a key may have been learned just now."""
        merged = Merged.objects.filter(creditor=self.creditor, key__in=list(keys)) if keys else Merged.objects.none()
        meant = dict(merged.values_list("key", "customer_id"))
        found = Customer.objects.filter(creditor=self.creditor, pk__in=these(set(meant.values())))
        rows: Iterable[_Row] = found.values_list(named=True)
        customers: dict[int, _Row] = {customer.id: customer for customer in rows} if meant else {}
        return {key: customers[number] for key, number in meant.items()}

    def known_otherwise(self, keys: Mapping[str, ItemRecord]) -> dict[str, Customer | Merged]:
        """Customers the ledger knew by less until now: it names an identifier for whom it named by tax id or name.

        They stay the same, with all that was said to them, when only one can be meant and nothing contradicts it.
        """
        wanted: dict[str, list[str]] = defaultdict(list)
        for key, record in keys.items():
            for less in self.keys.lesser(who(record)):
                wanted[less].append(key)
        found: dict[str, Customer | Merged] = {}
        asked = {"creditor": self.creditor, "key__in": list(wanted)}
        candidates: list[Customer | Merged] = [*Customer.objects.filter(**asked), *Merged.objects.filter(**asked)]
        candidates.sort(key=lambda one: (one.keyed_by, one.pk))
        for customer in reversed(candidates):  # by tax id before by name
            meant = wanted[customer.key]
            if len(meant) != 1 or meant[0] in found or customer.key in self.heard:
                continue
            record = keys[meant[0]]
            if customer.keyed_by == "id" or (customer.tax_id and record.tax_id not in ("", customer.tax_id)):
                continue
            before, (customer.key, customer.keyed_by) = customer.key, self.key(record)
            number = customer.customer_id if isinstance(customer, Merged) else customer.pk
            facts = {"customer": number, "keyed_by": customer.keyed_by}
            personal = {"before": before, "key": customer.key}
            log.record(self.creditor, [Event("customer.rekeyed", self.today, facts, personal)])
            found[customer.key] = customer
        customers = [one for one in found.values() if isinstance(one, Customer)]
        Customer.objects.bulk_update(customers, ("key", "keyed_by"), batch_size=200)
        merged = [one for one in found.values() if isinstance(one, Merged)]
        Merged.objects.bulk_update(merged, ("key", "keyed_by"), batch_size=200)
        return found

    def customer_facts(self, record: ItemRecord, customer: _Row | None) -> dict[str, object]:
        """What the ledger says of a customer; of one who is known, only what it has a column for."""
        facts: dict[str, object] = {
            "keyed_by": self.key(record)[1],
            "name": record.customer_name or record.customer_id,
            "folded": foldable(record.customer_name or record.customer_id),
            "tax_id": record.tax_id,
            "kind": record.kind,
            "language": self.language(record, customer),
            "country": record.country,
            "region": record.region,
            "timezone": record.timezone,
            "segment": record.segment,
            "address": record.address,
            "manager_name": record.account_manager,
            "manager_email": record.account_manager_email,
            "opt_out": ",".join(record.opt_out),
            "pause_until": record.pause_until,
            "payment_method": record.payment_method,
        }
        if customer is None:
            return facts
        spoken = _spoken(record, facts)
        if customer.key != self.key(record)[0]:  # the key of one that was merged into it
            spoken["keyed_by"] = customer.keyed_by
        if record.country and customer.country not in ("", record.country):
            spoken |= {"region": record.region, "timezone": record.timezone}  # those of another country say nothing
        return spoken

    def language(self, record: ItemRecord, customer: _Row | None) -> str:
        """The customer's language: the ledger's, else the one it stated before, else the country's or the creditor's.

        One that merely followed from the country known before follows from the country known now.
        """
        before = customer.country if customer else ""
        country = record.country if customer is None or record.speaks_of("country") else before
        follows = spoken_in(country) or self.creditor.language
        if customer is None or record.speaks_of("language"):
            return record.language or follows
        followed = spoken_in(before) or self.creditor.language
        return follows if customer.language == followed else customer.language

    def contacts(self, customers: Mapping[str, int]) -> None:
        """The billing contact of each customer, as the last row that names one says, or as a person corrected it."""
        latest = {customer: self.heard[key] for key, customer in customers.items()}
        billing = Contact.objects.filter(creditor=self.creditor, customer__in=these(latest), role="billing")
        rows = billing.values_list(named=True)
        known = {contact.customer_id: contact for contact in rows}
        new, changed = [], []
        for customer_id, record in latest.items():
            contact = known.get(customer_id)
            if contact is None:
                facts = {name: getattr(record, field) for name, field in _CONTACT_FACTS.items()}
                new.append({"creditor_id": self.creditor.pk, "customer_id": customer_id, "role": "billing", **facts})
                continue
            told = {name: getattr(record, field) for name, field in _CONTACT_FACTS.items() if record.speaks_of(field)}
            told = self.corrections.stand(customer_id, told, "contact.")
            if any(getattr(contact, name) != value for name, value in told.items()):
                changed.append(contact._replace(**told))
                if merged := self.of_merged(record):
                    self.came[merged].people[str(contact.id)] = _differing(contact, told)
        _insert(Contact, new)
        self.change(Contact, _CONTACT_FACTS, changed)
        self.corrections.keep()
        self.touched.update(contact.customer_id for contact in changed)

    def existing(self, customers: Mapping[str, int]) -> dict[tuple[int, str, str], _Row]:
        items = Item.objects.filter(creditor=self.creditor, source=SOURCE, customer__in=these(customers.values()))
        return {(item.customer_id, item.number, item.instalment): item for item in items.values_list(named=True)}

    def new_item(self, customer: int, record: ItemRecord, amounts: Amounts) -> dict[str, object]:
        """A row for an item; one that is settled was so before we ever saw it."""
        return {
            "creditor_id": self.creditor.pk,
            "customer_id": customer,
            "source": SOURCE,
            "number": record.invoice_number,
            "folded": folded_number(record.invoice_number),
            "instalment": record.instalment,
            "kind": "credit_note" if amounts.total < 0 else "invoice",
            "currency": amounts.currency,
            "first_seen_on": self.today,
            "allocated": 0,
            "open": amounts.open,
            "settled_on": None if amounts.open else record.settled_date,
            "settled_by": "",
            "cycle": 1,
            "duplicate_of": "",
            **_facts(record, amounts),
        }

    def updated(self, item: _Row, record: ItemRecord, amounts: Amounts) -> dict[str, object]:
        """What of an item is otherwise than it stands. An invoice only fills in what nobody knew."""
        facts = _spoken(record, _facts(record, amounts))
        if record.once:
            return {name: value for name, value in facts.items() if value and not getattr(item, name)}
        if facts.get("promised_on", item.promised_on) != item.promised_on:
            facts["promise_noted_on"] = self.today if facts["promised_on"] else None
        if item.currency != amounts.currency:
            facts["currency"] = amounts.currency
        if item.missing_since is not None:
            facts["missing_since"] = None
        open_ = open_amount(amounts.total, amounts.open, item.allocated)
        if open_ != item.open:
            facts["open"] = open_
            facts |= _turned(item, open_, record, self.today)
            self.taking.settled_items += open_ == 0
        return {name: value for name, value in facts.items() if getattr(item, name) != value}


def _insert(model: type[Customer | Contact | Item], rows: Collection[Mapping[str, object]]) -> Sequence[int]:
    """Insert rows, all of the same fields; the numbers they got."""
    if not rows:
        return ()
    ids = numbers(model, len(rows))
    insert(model, ("id", *next(iter(rows))), ((pk, *row.values()) for pk, row in zip(ids, rows, strict=True)))
    return ids


def _turned(item: _Row, open_: int, record: ItemRecord, today: date) -> dict[str, object]:
    """What an item's turning settled, or open again, brings with it: a reopened item begins a new cycle."""
    if open_ == 0:
        on = record.settled_date or today
        return {
            "settled_on": on,
            "settled_in_run": today,
            "settled_by": json.dumps(
                {"rule": "paid.ledger", "date": on.isoformat(), "amount": item.open if record.settled_date else 0}
            ),
        }
    if item.open == 0:
        return {"settled_on": None, "settled_in_run": None, "settled_by": "", "cycle": item.cycle + 1}
    return {}


def _facts(record: ItemRecord, amounts: Amounts) -> dict[str, object]:
    return {
        "applies_to": record.applies_to,
        "po_number": record.po_number,
        "payment_reference": record.payment_reference,
        "description": record.description,
        "issued_on": record.issue_date,
        "due_on": due_on(record),
        "total": amounts.total,
        "ledger_open": amounts.open,
        "disputed": record.disputed,
        "promised_on": record.promise_date,
        "discount_percent": record.discount_percent,
        "discount_until": record.discount_until,
        "delivered": None if record.delivered is None else record.delivered is not False,
        "delivered_on": record.delivered if isinstance(record.delivered, date) else None,
        "direct_debit": by_direct_debit(record),
        "pdf_path": str(record.pdf) if record.pdf else originals.name(record.original) if record.original else "",
    }


def _spoken(record: ItemRecord, facts: Mapping[str, object]) -> dict[str, object]:
    """Those of the facts that the ledger has a column for: of the others it says nothing, so they stay as they are."""
    columns = record.columns
    if not columns:
        return dict(facts)
    return {name: value for name, value in facts.items() if name in _ALWAYS or _READ_IN.get(name, name) in columns}


def _mark_missing(creditor: Creditor, seen: set[int], rejected: set[str], today: date, taking: Taking) -> None:
    """An item that was open and that the latest complete ledger no longer shows, not even in a row it cannot use."""
    shown = Item.objects.filter(creditor=creditor, source=SOURCE, missing_since=None).exclude(open=0)
    rows = shown.values_list("pk", "number", "customer_id").iterator()
    gone = {pk: customer for pk, number, customer in rows if pk not in seen and number not in rejected}
    for batch in batched(gone):
        Item.objects.filter(creditor=creditor, pk__in=these(batch)).update(missing_since=today)
    look_again(creditor, set(gone.values()), today)
    taking.missing_items = len(gone)


def _suspect_duplicates(creditor: Creditor, today: date) -> None:
    """An open item is suspected while another one, seen before it, is open with its number written otherwise.

    The other must be the same customer's, of the same total, and still in the ledger. Nothing stays suspected when the
    other was settled or is gone.
    """
    rows = Item.objects.filter(~Q(open=0) | ~Q(duplicate_of=""), creditor=creditor, source=SOURCE).order_by("pk")
    told = rows.values_list("pk", "customer_id", "number", "total", "open", "missing_since", "duplicate_of")
    firsts: dict[tuple[int, str, int], str] = {}
    changed: dict[int, tuple[str, int]] = {}
    for pk, customer, number, total, open_, missing_since, before in told.iterator():
        other = ""
        if open_ and missing_since is None:
            first = firsts.setdefault((customer, fold_number(number), total), number)
            other = "" if first == number else first
        if before != other:
            changed[pk] = other, customer
    update(Item, ("duplicate_of",), ((other, creditor.pk, pk) for pk, (other, _) in changed.items()))
    look_again(creditor, {customer for _, customer in changed.values()}, today)


# Facts that follow from what every row must say, and the fields of a record where ours are called otherwise there.
_ALWAYS: Final = frozenset(("keyed_by", "language", "due_on", "total", "ledger_open"))
_READ_IN: Final = {
    "name": "customer_name", "folded": "customer_name", "manager_name": "account_manager",
    "manager_email": "account_manager_email",
    "issued_on": "issue_date", "promised_on": "promise_date", "delivered_on": "delivered",
    "direct_debit": "payment_method", "pdf_path": "pdf",
}  # fmt: skip
_CONTACT_FACTS: Final = {"name": "contact_name", "email": "email", "phone": "phone"}
_CUSTOMER_FACTS: Final = (
    "keyed_by", "name", "folded", "tax_id", "kind", "language", "country", "region", "timezone", "segment", "address",
    "manager_name", "manager_email", "opt_out", "pause_until", "payment_method",
)  # fmt: skip
_CHANGING: Final = (
    "applies_to", "po_number", "payment_reference", "description", "issued_on", "due_on", "currency", "total",
    "ledger_open", "open",
    "disputed", "promised_on", "promise_noted_on", "discount_percent", "discount_until", "delivered", "delivered_on",
    "direct_debit", "pdf_path", "missing_since", "settled_on",
    "settled_in_run", "settled_by", "cycle",
)  # fmt: skip
