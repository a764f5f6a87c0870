"""What changes the ledger: money booked against items and taken back, and who is looked at again for it.

Whatever a person does here can be undone: every verb has one that takes it back and leaves the rows as they were.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from operator import attrgetter
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from amable.core.allocating import Part, RefusedError, check, divide, room
from amable.core.money import Money as Amount
from amable.core.receivables import open_amount
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.models import Allocation, Customer, Item, Payment
from amable.organisation.bulk import batched, insert, numbers, these, update
from amable.organisation.models import Creditor

_BOOKED: Final = ("allocated", "open", "settled_on", "settled_in_run", "settled_by")
_REOPENED: Final = ("allocated", "open", "cycle", "settled_on", "settled_in_run", "settled_by")
MEANS: Final = ("cash", "card", "cheque", "other")  # how money comes that does not come by the bank


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
    means: str = ""
    note: str = ""
    by: str = ""


def books(creditor: Creditor) -> None:
    """Wait until nobody else books for this creditor; until the transaction ends nobody else begins to.

    What is open of an item follows from several rows: two who book at once would each miss what the other did.
    """
    Creditor.objects.select_for_update(no_key=True).get(pk=creditor.pk)


def look_again(creditor: Creditor, customers: Collection[int], today: date) -> None:
    """Have these customers looked at today: something that is known of them changed."""
    for batch in batched(sorted(customers)):
        Customer.objects.filter(creditor=creditor, pk__in=these(batch)).update(review_on=today)


@dataclass(frozen=True, slots=True)
class Booking:
    """A payment and where it goes: `shares` by item id, and the rest as unapplied cash. They add up to the amount.

    `let_off` is the discount for early payment that goes with a share.
    """

    payment: int  # the number its row will have
    money: Money
    shares: Mapping[int, int]
    unapplied: int
    part_of: int | None = None
    let_off: Mapping[int, int] = field(default_factory=dict)


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
            settles = share + booking.let_off.get(number, 0)
            items[number] = items[number]._replace(**_settled_by(items[number], settles, money, today))
    insert(
        Payment,
        (
            "id", "creditor", "customer", "external_id", "received_on", "currency", "amount", "unapplied", "payer",
            "account", "in_run", "part_of", "means", "note", "by",
        ),
        (
            (
                booking.payment, creditor.pk, money.customer_id, money.external_id, money.received_on, money.currency,
                money.amount, booking.unapplied, money.payer, money.account, today, booking.part_of, money.means,
                money.note, money.by,
            )
            for booking in bookings
            for money in (booking.money,)
        ),
    )  # fmt: skip
    insert(
        Allocation,
        ("creditor", "payment", "item", "amount", "let_off", "reversed"),
        (
            (creditor.pk, booking.payment, item, share, booking.let_off.get(item, 0), False)
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
        facts |= {"settled_on": money.received_on, "settled_in_run": today, "settled_by": _how(money)}
    return facts


def _how(money: Money) -> str:
    """How a payment settles an item: the rule and what its sentence needs."""
    how: dict[str, object] = {
        "rule": "paid.by_hand" if money.means else "paid.bank",
        "amount": [money.amount, money.currency],
        "date": money.received_on.isoformat(),
    }
    if not money.means:
        how |= {"payer": money.payer, "account": money.account}
    return json.dumps(how)


def how_settled(payment: Payment) -> str:
    """How a payment that was booked settles an item."""
    return _how(_as_money(payment))


# --- what a person books ---------------------------------------------------------------------------------------------


def book(creditor: Creditor, money: Money, parts: Sequence[Part], today: date) -> list[Payment]:
    """Book money divided among customers (see `core.allocating.divide`): a payment of each, the first one leading.

    `money` is the whole; its customer is that of the first part. To be called within `books`.
    """
    ids = numbers(Payment, len(parts))
    bookings = []
    for place, (number, part) in enumerate(zip(ids, parts, strict=True)):
        identity = _identity(money.external_id, place)
        whose = replace(money, external_id=identity, customer_id=part.customer, amount=part.amount)
        shares = {share.item: share.amount for share in part.shares}
        let_off = {share.item: share.let_off for share in part.shares if share.let_off}
        bookings.append(Booking(number, whose, shares, part.unapplied, ids[0] if place else None, let_off))
    allocate(creditor, bookings, today)
    return list(Payment.objects.filter(creditor=creditor, pk__in=these(ids)).order_by("pk"))


def _identity(external_id: str, place: int) -> str:
    """What each part of a divided movement is known by: the first by the movement's own identity."""
    return sha256(f"{external_id}|{place}".encode()).hexdigest() if place else external_id


@transaction.atomic
def record_payment(customer: Customer, money: Money, *, shares: Mapping[int, int], today: date, by: str) -> Payment:
    """Record money that came otherwise than by the bank; what has the same `external_id` is recorded once.

    Raises RefusedError when it cannot be booked as asked.
    """
    creditor = customer.creditor
    books(creditor)
    if money.amount <= 0:
        raise RefusedError("no_amount")
    if money.received_on > today:
        raise RefusedError("not_yet", on=money.received_on)
    known = Payment.objects.filter(creditor=creditor, external_id=money.external_id).first()
    if known is not None:
        return known
    (part,) = _only(
        customer, divide(money.amount, money.currency, shares, queries.rooms(creditor, shares), customer.pk)
    )
    (payment,) = book(creditor, replace(money, by=by), [part], today)
    facts = {"payment": payment.pk, "customer": customer.pk, "amount": money.amount, "currency": money.currency}
    facts |= {"received_on": money.received_on.isoformat(), "means": money.means, "items": list(part.shares)}
    facts |= {"unapplied": part.unapplied}
    log.record(creditor, [Event("payment.recorded", today, facts, {"by": by, "note": money.note})])
    look_again(creditor, [customer.pk], today)
    return payment


def _only(customer: Customer, parts: Sequence[Part]) -> Sequence[Part]:
    """The parts, when all of the money is this customer's."""
    if any(part.customer != customer.pk for part in parts):
        raise RefusedError("another_customer")
    return parts


@transaction.atomic
def remove_payment(payment: Payment, *, today: date, by: str) -> None:
    """Undo a payment that was recorded by hand. One that came by the bank is undone with its line."""
    creditor = payment.creditor
    books(creditor)
    if not payment.means:
        raise RefusedError("undo_line")
    facts: dict[str, object] = {"payment": payment.pk, "customer": payment.customer_id, "items": shares_of(payment)}
    facts |= {"amount": payment.amount, "currency": payment.currency}
    customers = unbook(payment)
    log.record(creditor, [Event("payment.undone", today, facts, {"by": by})])
    look_again(creditor, customers, today)


def shares_of(payment: Payment) -> list[list[int]]:
    """The items a payment and its parts are set against, each with its share."""
    listed = Allocation.objects.filter(payment__in=parts_of(payment), reversed=False).order_by("item_id")
    return [list(row) for row in listed.values_list("item_id", "amount")]


def parts_of(payment: Payment) -> list[Payment]:
    """A payment, and the others that the same movement was divided into."""
    return list(
        Payment.objects.filter(Q(pk=payment.pk) | Q(part_of=payment.pk), creditor=payment.creditor_id).order_by("pk")
    )


def unbook(payment: Payment) -> set[int]:
    """Take a payment and its parts out of the books as if they had never been there; whose items are open again.

    Unlike money sent back, what was settled by a mistake goes on where it was: in the same cycle.
    """
    parts = parts_of(payment)
    if not parts:
        raise RefusedError("gone")
    if any(part.reversed_on for part in parts):
        raise RefusedError("sent_back")
    allocations = Allocation.objects.filter(creditor=payment.creditor_id, payment__in=parts)
    for allocation in allocations.select_related("item").order_by("item_id"):
        if not allocation.reversed:
            _take_off(allocation.item, allocation.settles)
    allocations.delete()
    customers = {part.customer_id for part in parts}
    Payment.objects.filter(creditor=payment.creditor_id, part_of=payment.pk).delete()
    Payment.objects.filter(creditor=payment.creditor_id, pk=payment.pk).delete()
    return customers


def _take_off(item: Item, amount: int) -> None:
    """Take a share off an item, in the same cycle."""
    settled = item.open == 0
    item.allocated -= amount
    item.open = open_amount(item.total, item.ledger_open, item.allocated)
    if settled and item.open != 0:
        item.settled_on, item.settled_in_run, item.settled_by = None, None, ""
    elif settled and item.settled_by and json.loads(item.settled_by)["rule"] in _BY_MONEY and _needs_ledger(item):
        on = item.settled_on.isoformat() if item.settled_on else ""
        item.settled_by = json.dumps({"rule": "paid.ledger", "date": on, "amount": 0})
    item.save(update_fields=_REOPENED)


_BY_MONEY: Final = ("paid.bank", "paid.by_hand")


def _needs_ledger(item: Item) -> bool:
    """Whether what was set against an item does not settle it without what the ledger shows."""
    return room(item.total, item.allocated) != 0


# --- unapplied cash --------------------------------------------------------------------------------------------------


@transaction.atomic
def apply_cash(payment: Payment, *, shares: Mapping[int, int], today: date, by: str) -> None:
    """Use unapplied cash for items of the same customer. Raises RefusedError when there is less, or less is open."""
    creditor = payment.creditor
    books(creditor)
    payment = Payment.objects.get(creditor=creditor, pk=payment.pk)
    shares = {item: share for item, share in shares.items() if share}
    if not shares:
        raise RefusedError("nothing_chosen")
    rooms = queries.rooms(creditor, shares)
    for number, share in shares.items():
        check(rooms[number], share, payment.currency)
        if rooms[number].customer != payment.customer_id:
            raise RefusedError("another_customer")
    _within(payment, payment.unapplied - sum(shares.values()))
    money = _as_money(payment)
    for item in Item.objects.filter(creditor=creditor, pk__in=these(shares)).order_by("pk"):
        share = shares[item.pk]
        for name, value in _settled_by(item, share, money, today).items():
            setattr(item, name, value)
        item.save(update_fields=_BOOKED)
        allocation, is_new = Allocation.objects.get_or_create(
            creditor=creditor, payment=payment, item=item, defaults={"amount": share}
        )
        if not is_new:
            allocation.amount += share
            allocation.save(update_fields=("amount",))
    payment.unapplied -= sum(shares.values())
    payment.save(update_fields=("unapplied",))
    facts = {"payment": payment.pk, "items": sorted(shares.items()), "unapplied": payment.unapplied}
    log.record(creditor, [Event("payment.applied", today, facts, {"by": by})])
    look_again(creditor, [payment.customer_id], today)


@transaction.atomic
def release(payment: Payment, *, shares: Mapping[int, int], today: date, by: str) -> None:
    """Take what a payment gave to items off them again, all of it or a part; it is unapplied cash then.

    A discount was let off for paying in full: it goes with the first part.
    """
    creditor = payment.creditor
    books(creditor)
    payment = Payment.objects.get(creditor=creditor, pk=payment.pk)
    if payment.reversed_on:
        raise RefusedError("sent_back")
    for number, share in sorted(shares.items()):
        allocation = (
            Allocation.objects.filter(creditor=creditor, payment=payment, item=number).select_related("item").first()
        )
        if allocation is None or share * allocation.amount <= 0 or abs(share) > abs(allocation.amount):
            raise RefusedError("gone")
        _take_off(allocation.item, share + allocation.let_off)
        allocation.amount, allocation.let_off = allocation.amount - share, 0
        if allocation.amount:
            allocation.save(update_fields=("amount", "let_off"))
        else:
            allocation.delete()
    _within(payment, payment.unapplied + sum(shares.values()))
    payment.unapplied += sum(shares.values())
    payment.save(update_fields=("unapplied",))
    facts = {"payment": payment.pk, "items": sorted(shares.items()), "unapplied": payment.unapplied}
    log.record(creditor, [Event("payment.released", today, facts, {"by": by})])
    look_again(creditor, [payment.customer_id], today)


def _within(payment: Payment, unapplied: int) -> None:
    """Refuse what would leave more unapplied than came, or less than none."""
    if unapplied < 0:
        raise RefusedError("more_than_came", over=Amount(-unapplied, payment.currency))
    if unapplied > payment.amount:
        raise RefusedError("credit_needed")


# --- money sent back -------------------------------------------------------------------------------------------------


def reverse(payment: Payment, on: date) -> list[Item]:
    """Take a payment back, with its parts: what it was set against is open again, in a new cycle.

    Returns the items it reopened.
    """
    reopened: list[Item] = []
    for part in parts_of(payment):
        part.reversed_on = on
        part.unapplied = 0
        part.save(update_fields=("reversed_on", "unapplied"))
        for allocation in Allocation.objects.filter(payment=part, reversed=False).select_related("item"):
            item = allocation.item
            allocation.reversed = True
            allocation.save(update_fields=("reversed",))
            settled = item.open == 0
            item.allocated -= allocation.settles
            item.open = open_amount(item.total, item.ledger_open, item.allocated)
            if settled and item.open != 0:
                item.cycle += 1
                item.settled_on, item.settled_in_run, item.settled_by = None, None, ""
            reopened.append(item)
            item.save(update_fields=_REOPENED)
    payment.refresh_from_db()
    return reopened


class Stood(NamedTuple):
    """How a payment stood before it was sent back: its unapplied cash by part, its items' cycle and settlement."""

    unapplied: dict[str, int]
    items: dict[str, list[Any]]


def standing(payment: Payment) -> Stood:
    """What `restore` needs to take a reversal back, as values JSON can keep."""
    parts = parts_of(payment)
    items = Item.objects.filter(
        creditor=payment.creditor_id, allocation__payment__in=parts, allocation__reversed=False
    ).distinct()
    return Stood(
        {str(part.pk): part.unapplied for part in parts},
        {
            str(item.pk): [item.cycle, _iso(item.settled_on), _iso(item.settled_in_run), item.settled_by]
            for item in items
        },
    )


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def restore(payment: Payment, stood: Stood) -> set[int]:
    """Undo that a payment was sent back: what it was set against is paid as it was. Whose it is.

    Raises RefusedError when other money has paid an item since.
    """
    parts = parts_of(payment)
    for part in parts:
        if not part.reversed_on:
            raise RefusedError("gone")
        part.reversed_on, part.unapplied = None, stood.unapplied[str(part.pk)]
        part.save(update_fields=("reversed_on", "unapplied"))
        for allocation in Allocation.objects.filter(payment=part, reversed=True).select_related("item"):
            item = allocation.item
            if abs(allocation.settles) > abs(room(item.total, item.allocated)):
                raise RefusedError("paid_since", number=item.number)
            allocation.reversed = False
            allocation.save(update_fields=("reversed",))
            _put_back(item, allocation.settles, stood.items.get(str(item.pk)), part)
    return {part.customer_id for part in parts}


def _put_back(item: Item, amount: int, stood: list[Any] | None, payment: Payment) -> None:
    """An item as it was before the money on it was sent back."""
    was_open = item.open != 0
    item.allocated += amount
    item.open = open_amount(item.total, item.ledger_open, item.allocated)
    if was_open and item.open == 0:
        cycle, on, in_run, how = stood if stood and stood[1] else (item.cycle, "", "", "")
        if item.cycle == cycle + 1:
            item.cycle = cycle
        item.settled_on = date.fromisoformat(on) if on else payment.received_on
        item.settled_in_run = date.fromisoformat(in_run) if in_run else payment.in_run
        item.settled_by = how or _how(_as_money(payment))
    item.save(update_fields=_REOPENED)


def _as_money(payment: Payment) -> Money:
    return Money(
        payment.external_id,
        payment.customer_id,
        payment.received_on,
        payment.currency,
        payment.amount,
        payment.payer,
        payment.account,
        payment.means,
    )
