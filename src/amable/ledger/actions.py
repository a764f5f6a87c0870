"""What changes the ledger: money booked against items, money sent back, and who is looked at again for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any, Final

from amable.core.receivables import open_amount
from amable.ledger.models import Allocation, Customer, Item, Payment
from amable.organisation.bulk import batched, insert, these, update
from amable.organisation.models import Creditor

_BOOKED: Final = ("allocated", "open", "settled_on", "settled_in_run", "settled_by")


@dataclass(frozen=True, slots=True)
class Money:
    """A payment to book: who paid what and when, and the identity it has at the bank."""

    external_id: str
    customer_id: int
    received_on: date
    currency: str
    amount: int
    payer: str
    account: str


def look_again(creditor: Creditor, customers: Collection[int], today: date) -> None:
    """Have these customers looked at today: something that is known of them changed."""
    for batch in batched(sorted(customers)):
        Customer.objects.filter(creditor=creditor, pk__in=these(batch)).update(review_on=today)


@dataclass(frozen=True, slots=True)
class Booking:
    """A payment and where it goes: `shares` by item id, and the rest as unapplied cash. They add up to the amount."""

    payment: int  # the number its row will have
    money: Money
    shares: Mapping[int, int]
    unapplied: int


def allocate(creditor: Creditor, bookings: Sequence[Booking], today: date) -> None:
    """Book payments, one after the other, in a few statements."""
    wanted = {item for booking in bookings for item in booking.shares}
    rows = Item.objects.filter(creditor=creditor, pk__in=these(wanted)).values_list(named=True)
    items: dict[int, Any] = {item.id: item for item in rows}
    for booking in bookings:
        money = booking.money
        if sum(booking.shares.values()) + booking.unapplied != money.amount:
            raise ValueError(f"{money.external_id}: shares and rest do not add up to the payment")
        if not items.keys() >= booking.shares.keys():
            raise ValueError(f"{money.external_id}: an item it is set against does not exist")
        for number, share in booking.shares.items():
            items[number] = items[number]._replace(**_settled_by(items[number], share, money, today))
    insert(
        Payment,
        (
            "id", "creditor", "customer", "external_id", "received_on", "currency", "amount", "unapplied", "payer",
            "account", "in_run",
        ),
        (
            (
                booking.payment, creditor.pk, money.customer_id, money.external_id, money.received_on, money.currency,
                money.amount, booking.unapplied, money.payer, money.account, today,
            )
            for booking in bookings
            for money in (booking.money,)
        ),
    )  # fmt: skip
    insert(
        Allocation,
        ("creditor", "payment", "item", "amount", "reversed"),
        (
            (creditor.pk, booking.payment, item, share, False)
            for booking in bookings
            for item, share in sorted(booking.shares.items())
        ),
    )
    update(Item, _BOOKED, map(attrgetter(*_BOOKED, "creditor_id", "id"), items.values()))


def _settled_by(item: Any, share: int, money: Money, today: date) -> dict[str, object]:
    """What a share of a payment makes of an item's row."""
    allocated = item.allocated + share
    open_ = open_amount(item.total, item.ledger_open, allocated)
    facts: dict[str, object] = {"allocated": allocated, "open": open_}
    if open_ == 0 and item.open != 0:
        how = {
            "rule": "paid.bank",
            "amount": [money.amount, money.currency],
            "date": money.received_on.isoformat(),
            "payer": money.payer,
            "account": money.account,
        }
        facts |= {"settled_on": money.received_on, "settled_in_run": today, "settled_by": json.dumps(how)}
    return facts


def reverse(payment: Payment, on: date) -> list[Item]:
    """Take a payment back: what it was set against is open again, in a new cycle. Returns the items it reopened."""
    reopened: list[Item] = []
    payment.reversed_on = on
    payment.unapplied = 0
    payment.save(update_fields=("reversed_on", "unapplied"))
    for allocation in Allocation.objects.filter(payment=payment, reversed=False).select_related("item"):
        item = allocation.item
        allocation.reversed = True
        allocation.save(update_fields=("reversed",))
        settled = item.open == 0
        item.allocated -= allocation.amount
        item.open = open_amount(item.total, item.ledger_open, item.allocated)
        if settled and item.open != 0:
            item.cycle += 1
            item.settled_on, item.settled_in_run, item.settled_by = None, None, ""
        reopened.append(item)
        item.save(update_fields=("allocated", "open", "cycle", "settled_on", "settled_in_run", "settled_by"))
    return reopened
