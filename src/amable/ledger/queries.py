"""Rows of the ledger as plain tuples, for work that reads a hundred thousand of them and changes none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from amable.core.allocating import RefusedError, Room, room
from amable.ledger.models import Contact, Customer, Item
from amable.organisation.bulk import rows, these
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


def customers(creditor: Creditor, ids: Collection[int]) -> list[CustomerRow]:
    """These customers, in order of their number."""
    found = Customer.objects.filter(creditor=creditor, pk__in=these(ids)).order_by("pk")
    return rows(found, CustomerRow)


def contacts(creditor: Creditor, customers: Collection[int]) -> list[ContactRow]:
    """The contacts of these customers."""
    found = Contact.objects.filter(creditor=creditor, customer__in=these(customers))
    return rows(found, ContactRow)


def items(creditor: Creditor, customers: Collection[int]) -> list[ItemRow]:
    """All items of these customers, settled ones too, the oldest due first."""
    found = Item.objects.filter(creditor=creditor, customer__in=these(customers)).order_by("due_on", "id")
    return rows(found, ItemRow)


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
