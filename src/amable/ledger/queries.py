"""Rows of the ledger as plain tuples, for work that reads a hundred thousand of them and changes none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from amable.ledger.models import Contact, Customer, Item
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
