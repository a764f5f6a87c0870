"""What changes the ledger: money booked against items, money sent back, and who is looked at again for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from amable.core.receivables import open_amount
from amable.ledger.models import Allocation, Customer, Item, Payment
from amable.organisation.bulk import batched, these
from amable.organisation.models import Creditor


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


def allocate(creditor: Creditor, money: Money, shares: Mapping[int, int], unapplied: int, today: date) -> Payment:
    """Book a payment: `shares` by item id, and the rest as unapplied cash. Shares and rest add up to the amount."""
    if sum(shares.values()) + unapplied != money.amount:
        raise ValueError(f"{money.external_id}: shares and rest do not add up to the payment")
    payment = Payment.objects.create(
        creditor=creditor,
        customer_id=money.customer_id,
        external_id=money.external_id,
        received_on=money.received_on,
        currency=money.currency,
        amount=money.amount,
        unapplied=unapplied,
        payer=money.payer,
        account=money.account,
        in_run=today,
    )
    items = Item.objects.filter(creditor=creditor, pk__in=list(shares)).order_by("pk")
    if len(items) != len(shares):
        raise ValueError(f"{money.external_id}: an item it is set against does not exist")
    for item in items:
        settled_before = item.open == 0
        Allocation.objects.create(creditor=creditor, payment=payment, item=item, amount=shares[item.pk])
        item.allocated += shares[item.pk]
        item.open = open_amount(item.total, item.ledger_open, item.allocated)
        if item.open == 0 and not settled_before:
            item.settled_on = money.received_on
            item.settled_in_run = today
            item.settled_by = json.dumps(
                {
                    "rule": "paid.bank",
                    "amount": [money.amount, money.currency],
                    "date": money.received_on.isoformat(),
                    "payer": money.payer,
                    "account": money.account,
                }
            )
        item.save(update_fields=("allocated", "open", "settled_on", "settled_in_run", "settled_by"))
    return payment


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
