"""Agreements: whether a promise or plan is still waited for, why one cannot be recorded. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from amable.core.days import Calendar
from amable.core.money import Money

LONGEST_PROMISE: Final = 92  # days; who asks for more wants a plan, and a person should decide it as one
LONGEST_PLAN: Final = 731  # days from today to the last instalment
MOST_INSTALMENTS: Final = 36


class Ground(StrEnum):
    """Why a customer disputes an item."""

    NOT_RECEIVED = "not_received"
    FAULTY = "faulty"
    QUANTITY = "quantity"
    PRICE = "price"
    TERMS = "terms"
    PAID = "paid"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Standing(StrEnum):
    """What became of an agreement so far. `open` and `kept` are promises and plans, the next three are disputes."""

    WAITING = "waiting"
    KEPT = "kept"
    BROKEN = "broken"
    ENDED = "ended"
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


class Refusal(NamedTuple):
    """Why something cannot be recorded: the sentence is `agreement.<rule>`."""

    rule: str
    params: Mapping[str, object] = {}


class Instalment(NamedTuple):
    """So much by that day."""

    due: date
    amount: int


def waited_for(on: date, today: date, calendar: Calendar, bank_until: date | None) -> date | None:
    """The day until which money due on `on` is waited for, None when it has had its time.

    It is judged on the first working day after `on` for which there is bank data; where no bank file was ever given, on
    the first working day after it. `calendar` is the creditor's.
    """
    judged = calendar.add(on, 1)
    if today < judged:
        return judged
    if bank_until is None or bank_until >= judged:
        return None
    return calendar.add(today, 1)


def left_of(amount: int, open_then: int, open_now: int) -> int:
    """What of a promised amount is still to come, when the item had `open_then` open as it was promised."""
    return max(0, min(amount - (open_then - open_now), open_now))


def next_instalment(instalments: Iterable[Instalment], paid: int) -> Instalment | None:
    """The first instalment that what was paid so far does not cover, None when it covers them all."""
    owed = 0
    for instalment in sorted(instalments):
        owed += instalment.amount
        if owed > paid:
            return instalment
    return None


def shared_out(amount: int, items: Sequence[tuple[int, int]]) -> dict[int, int]:
    """An amount over (item, open amount) in their order: each gets what it still needs while there is some."""
    shares: dict[int, int] = {}
    for item, open_ in items:
        if share := min(amount, open_):
            shares[item] = share
            amount -= share
    return shares


def instalments_of(total: int, number: int, first: date, every: int) -> tuple[Instalment, ...]:
    """A total in equal parts, `every` days apart; the first parts take the minor units that are left over."""
    part, left = divmod(total, number)
    return tuple(
        Instalment(first + timedelta(days=every * place), part + (1 if place < left else 0)) for place in range(number)
    )


def refuse_promise(amount: int, on: date, today: date, owed: int, currency: str) -> Refusal | None:
    """Why a promise cannot be recorded."""
    if not owed:
        return Refusal("nothing_owed")
    if amount <= 0:
        return Refusal("no_amount")
    if amount > owed:
        return Refusal("more_than_owed", {"owed": Money(owed, currency)})
    if on < today:
        return Refusal("day_over", {"day": on})
    if on > today + timedelta(days=LONGEST_PROMISE):
        return Refusal("promise_too_far", {"n": LONGEST_PROMISE})
    return None


def refuse_part(part: int, open_: int, currency: str) -> Refusal | None:
    """Why this part of an item cannot be disputed."""
    if part <= 0:
        return Refusal("no_amount")
    return Refusal("more_than_open", {"open": Money(open_, currency)}) if part > open_ else None


def refuse_plan(instalments: Sequence[Instalment], today: date, owed: int, currency: str) -> Refusal | None:
    """Why a plan cannot be recorded: its instalments must add up to what it stands in place of."""
    if not owed:
        return Refusal("nothing_owed")
    if len(instalments) < 2:
        return Refusal("one_instalment")
    if len(instalments) > MOST_INSTALMENTS:
        return Refusal("too_many_instalments", {"n": MOST_INSTALMENTS})
    if any(one.amount <= 0 for one in instalments):
        return Refusal("no_amount")
    days = [one.due for one in instalments]
    if min(days) < today:
        return Refusal("day_over", {"day": min(days)})
    if len(set(days)) < len(days):
        return Refusal("day_twice")
    if max(days) > today + timedelta(days=LONGEST_PLAN):
        return Refusal("plan_too_long", {"n": LONGEST_PLAN // 365})
    total = sum(one.amount for one in instalments)
    if total != owed:
        return Refusal("does_not_add_up", {"total": Money(total, currency), "owed": Money(owed, currency)})
    return None
