"""Knows how money received may be divided among items, and why a division a person asks for cannot be.

Amounts are integer minor units. Whatever is refused is refused whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from amable.core.matching import Share
from amable.core.money import Money


class RefusedError(ValueError):
    """What a person asked for cannot be: the sentence `allocation.<rule>` says why, and what to do."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(f"{rule} {params}")
        self.rule, self.params = rule, params


class Room(NamedTuple):
    """An item and how much money still fits on it: below zero for a credit note, which is used up."""

    item: int
    customer: int
    number: str
    currency: str
    room: int


class Part(NamedTuple):
    """What one customer is said to have paid. The shares and `unapplied` add up to the amount."""

    customer: int
    shares: tuple[Share, ...]
    unapplied: int

    @property
    def amount(self) -> int:
        """What of the money is theirs."""
        return sum(share.amount for share in self.shares) + self.unapplied


def room(total: int, allocated: int) -> int:
    """How much money still fits on an item: its total less what was set against it already.

    Where the ledger shows no credit this is what is open. What the ledger already calls paid still has room: the bank
    line may be the very money the ledger saw.
    """
    return max(0, total - allocated) if total >= 0 else min(0, total - allocated)


def divide(
    amount: int,
    currency: str,
    shares: Mapping[int, int],
    rooms: Mapping[int, Room],
    rest_for: int | None = None,
    let_off: Mapping[int, int] | None = None,
) -> tuple[Part, ...]:
    """Divide money among items, by customer; what is left over stays with one of them as unapplied cash.

    `shares` is by item, below zero for a credit note used up with it; shares of nothing are left out. Without
    `rest_for` a rest belongs to the one customer there is. `let_off` are the discounts that go with the shares. Raises
    RefusedError.
    """
    off = let_off or {}
    shares = {item: share for item, share in shares.items() if share}
    for item, share in shares.items():
        check(rooms[item], share + off.get(item, 0), currency)
    rest = amount - sum(shares.values())
    if rest < 0:
        raise RefusedError("more_than_came", over=Money(-rest, currency))
    customers = list(dict.fromkeys(rooms[item].customer for item in shares))
    if rest and rest_for is None:
        if not customers:
            raise RefusedError("nothing_chosen")
        if len(customers) > 1:
            raise RefusedError("whose_rest", rest=Money(rest, currency))
        rest_for = customers[0]
    if rest and rest_for is not None and rest_for not in customers:
        customers.append(rest_for)
    parts = tuple(
        Part(
            customer,
            tuple(
                Share(item, share, off.get(item, 0))
                for item, share in sorted(shares.items())
                if rooms[item].customer == customer
            ),
            rest if customer == rest_for else 0,
        )
        for customer in customers
    )
    for part in parts:
        if part.amount <= 0:
            raise RefusedError("credit_alone", number=rooms[part.shares[0].item].number)
    return parts


def check(item: Room, share: int, currency: str) -> None:
    """Refuse a share that the item has no room for."""
    if item.currency != currency:
        raise RefusedError("other_currency", number=item.number, currency=item.currency, paid=currency)
    if share * item.room < 0:
        raise RefusedError("wrong_sign", number=item.number)
    if abs(share) > abs(item.room):
        raise RefusedError("more_than_open", number=item.number, open=Money(item.room, currency))


def fill(amount: int, rooms: tuple[Room, ...]) -> dict[int, int]:
    """The shares that pay these items one after the other, as far as the money goes; credit notes are left out."""
    shares: dict[int, int] = {}
    for item in rooms:
        share = min(item.room, amount)
        if share > 0:
            shares[item.item] = share
            amount -= share
    return shares
