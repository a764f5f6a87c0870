"""Rows of the ledger as plain tuples, for work that reads a hundred thousand of them and changes none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

from anyascii import anyascii
from django.db.models import Count, F, Q, QuerySet, Sum

from amable.core.allocating import RefusedError, Room, room
from amable.core.finding import words_of
from amable.ledger.models import Allocation, Contact, Customer, Item, Merged, Payment
from amable.organisation.bulk import Question, these
from amable.organisation.models import Creditor


class CustomerRow(NamedTuple):
    """A customer as it stands."""

    pk: int
    key: str
    keyed_by: str
    name: str
    tax_id: str
    kind: str
    language: str
    country: str
    region: str
    timezone: str
    segment: str
    address: str
    manager_name: str
    manager_email: str
    payment_method: str
    opt_out: str
    pause_until: date | None


class ContactRow(NamedTuple):
    """A contact as it stands."""

    customer_id: int
    name: str
    email: str
    phone: str


class ItemRow(NamedTuple):
    """An item as it stands."""

    pk: int
    customer_id: int
    number: str
    kind: str
    description: str
    issued_on: date | None
    due_on: date
    currency: str
    total: int
    ledger_open: int
    allocated: int
    open: int
    settled_on: date | None
    settled_in_run: date | None
    settled_by: str
    cycle: int
    disputed: bool
    promised_on: date | None
    promise_noted_on: date | None
    discount_percent: Decimal | None
    discount_until: date | None
    delivered: bool | None
    direct_debit: bool
    missing_since: date | None
    duplicate_of: str
    pdf_path: str


class PaymentRow(NamedTuple):
    """A payment as it stands."""

    pk: int
    customer_id: int
    received_on: date
    currency: str
    unapplied: int


_CUSTOMERS: Final = Question(
    CustomerRow,
    lambda creditor, ids: Customer.objects.filter(creditor=creditor, pk__in=these(ids)).order_by("pk"),
)
_CONTACTS: Final = Question(
    ContactRow,
    lambda creditor, customers: Contact.objects.filter(
        creditor=creditor, customer__in=these(customers), role="billing"
    ),
)
_ITEMS: Final = Question(
    ItemRow,
    lambda creditor, customers: Item.objects.filter(creditor=creditor, customer__in=these(customers)).order_by(
        "due_on", "id"
    ),
)


def customers(creditor: Creditor, ids: Collection[int]) -> list[CustomerRow]:
    """These customers, in order of their number."""
    return _CUSTOMERS.ask(creditor, ids)


def contacts(creditor: Creditor, customers: Collection[int]) -> list[ContactRow]:
    """The billing contacts of these customers: who is written to."""
    return _CONTACTS.ask(creditor, customers)


def items(creditor: Creditor, customers: Collection[int]) -> list[ItemRow]:
    """All items of these customers, settled ones too, the oldest due first."""
    return _ITEMS.ask(creditor, customers)


def by_key(creditor: Creditor, key: str) -> Customer | None:
    """The customer of a key, its own or that of one merged into it."""
    mine = Customer.objects.filter(creditor=creditor)
    merged = Merged.objects.filter(creditor=creditor, key=key).values("customer_id")
    return mine.filter(key=key).first() or mine.filter(pk__in=merged).first()


def stand_for(creditor: Creditor, numbers: Collection[int]) -> dict[int, int]:
    """By the numbers of customers that were merged into others, the numbers of those others."""
    merged = Merged.objects.filter(creditor=creditor, was__in=these(numbers)) if numbers else Merged.objects.none()
    return dict(merged.values_list("was", "customer_id"))


def rooms(creditor: Creditor, ids: Collection[int]) -> dict[int, Room]:
    """How much money still fits on each of these items. Raises RefusedError for one that is not the creditor's."""
    found = Item.objects.filter(creditor=creditor, pk__in=these(ids))
    listed = {
        pk: Room(pk, customer, number, currency, room(total, allocated))
        for pk, customer, number, currency, total, allocated in found.values_list(
            "pk", "customer_id", "number", "currency", "total", "allocated"
        )
    }
    if listed.keys() != set(ids):
        raise RefusedError("gone")
    return listed


class Day(NamedTuple):
    """What open items of one currency that fall due on one day add up to; `claims` is without credit."""

    due_on: date
    currency: str
    items: int
    open: int
    claims: int


def by_due_day(found: QuerySet[Item]) -> list[Day]:
    """Items added up by the day they fall due.

    However a page groups them then, the database goes over a large book once, by an index, with two sums.
    """
    days: Any = found.order_by().values_list("due_on", "currency")
    return [
        Day(due_on, currency, count, open_, claims or 0)
        for due_on, currency, count, open_, claims in days.annotate(
            n=Count("*"), whole=Sum("open"), claims=Sum("open", filter=Q(open__gt=0))
        )
    ]


def currencies(creditor: Creditor) -> list[str]:
    """The currencies in which something is open."""
    open_ = Item.objects.filter(creditor=creditor).exclude(open=0)
    return sorted(open_.order_by().values_list("currency", flat=True).distinct())


# --- payments --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paid:
    """An item a payment was set against, and by how much."""

    item: int
    number: str
    amount: int


@dataclass(frozen=True, slots=True)
class Booked:
    """A payment with what it paid; what is of another customer is a payment of its own."""

    payment: Payment
    paid: Sequence[Paid]


def payments(
    creditor: Creditor,
    customers: QuerySet[Customer] | None = None,
    *,
    kind: str = "",
    since: date | None = None,
    until: date | None = None,
    text: str = "",
) -> QuerySet[Payment]:
    """Payments, the newest first: of these customers, `unapplied`, `reversed` or by `hand` only, and of some days."""
    found = Payment.objects.filter(creditor=creditor).select_related("customer").order_by("-received_on", "-pk")
    if customers is not None:
        found = found.filter(customer__in=customers)
    if kind == "unapplied":
        found = found.exclude(unapplied=0)
    elif kind == "reversed":
        found = found.exclude(reversed_on=None)
    elif kind == "hand":
        found = found.exclude(means="")
    if since:
        found = found.filter(received_on__gte=since)
    if until:
        found = found.filter(received_on__lte=until)
    for word in words_of(text):
        of_item = Allocation.objects.filter(creditor=creditor, item__number__icontains=word).values("payment_id")
        found = found.filter(Q(customer__name__icontains=word) | Q(payer__icontains=word) | Q(pk__in=of_item))
    return found


def with_items(creditor: Creditor, listed: Sequence[Payment]) -> list[Booked]:
    """Payments with what they paid, in one more query."""
    paid: dict[int, list[Paid]] = defaultdict(list)
    rows_ = Allocation.objects.filter(creditor=creditor, payment__in=these([payment.pk for payment in listed]))
    for one in rows_.order_by("item__due_on", "item_id").select_related("item"):
        paid[one.payment_id].append(Paid(one.item_id, one.item.number, one.amount))
    return [Booked(payment, paid[payment.pk]) for payment in listed]


def booked(creditor: Creditor, ids: Collection[int]) -> dict[int, list[Booked]]:
    """Payments by number, each with its parts, and what they paid."""
    if not ids:
        return {}
    numbers = these(ids)
    found = Payment.objects.filter(Q(pk__in=numbers) | Q(part_of__in=numbers), creditor=creditor)
    parts: dict[int, list[Booked]] = defaultdict(list)
    for one in with_items(creditor, list(found.select_related("customer").order_by("pk"))):
        parts[one.payment.part_of_id or one.payment.pk].append(one)
    return parts


def came_in(found: QuerySet[Payment], since: date) -> list[tuple[str, int]]:
    """What these payments brought since a day, by currency; what was sent back is left out."""
    there = found.filter(received_on__gte=since, reversed_on=None).order_by("currency")
    return list(there.values_list("currency").annotate(total=Sum("amount")))


def named(customers: QuerySet[Customer], text: str, most: int) -> list[int]:
    """The customers among these whose name or key has all these words, whatever their accents and case."""
    words = anyascii(text).lower().split()
    listed = customers.order_by("name", "pk").values_list("pk", "name", "key")
    found = (
        pk
        for pk, name, key in listed.iterator()
        if all(word in plain for plain in (anyascii(f"{name} {key}").lower(),) for word in words)
    )
    return list(islice(found, most)) if words else []


def items_with_room(
    creditor: Creditor,
    customers: QuerySet[Customer],
    *,
    currency: str,
    among: Collection[int] = (),
    text: str = "",
    minor: int | None = None,
    most: int = 40,
) -> list[Item]:
    """Items money may be set against, the oldest due first: of these customers and, if asked, like what is looked for.

    With `text`, also such as the ledger already calls paid and no bank line accounts for; they come last.
    """
    found = Item.objects.filter(creditor=creditor, currency=currency, customer__in=customers)
    found = found.select_related("customer").order_by("due_on", "pk")
    if among:
        return list(found.filter(pk__in=these(among)))
    if not text:
        return list(found.exclude(open=0)[:most])
    wanted = Q()
    whose = these(named(customers, text, most))
    for word in words_of(text):
        wanted &= Q(number__icontains=word) | Q(po_number__icontains=word)
    wanted |= Q(customer__in=whose)
    if minor is not None:
        wanted |= Q(open=minor) | Q(total=minor, allocated=0)
    found = found.filter(wanted)
    open_ = list(found.exclude(open=0)[:most])
    return open_ + list(found.filter(open=0).exclude(allocated=F("total"))[: most - len(open_)])
