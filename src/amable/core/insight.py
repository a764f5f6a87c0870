"""Insight: what a book of receivables came to over months, what brought money, whose call comes first.

Amounts are integer minor units of one currency; a month is written as its first day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from statistics import median
from typing import Final, NamedTuple

WITHIN: Final = 14  # days after a word in which money is put down to it
SALES_MONTHS: Final = 4  # the simple DSO looks at this month so far and the three before it
MOST_DAYS: Final = 90  # later than this makes nobody more urgent


# --- months ----------------------------------------------------------------------------------------------------------


def month_of(day: date) -> date:
    """The month a day is in."""
    return day.replace(day=1)


def months(today: date, count: int) -> list[date]:
    """So many months up to that of today, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(last - count + 1, last + 1)]


def days_in(month: date, today: date) -> int:
    """How many days of a month there have been by today."""
    following = (month + timedelta(days=31)).replace(day=1)
    return (min(following, today + timedelta(days=1)) - month).days


class Stretch(NamedTuple):
    """An amount that was open from within the month `begins` on, until within `ends` (None: it still is).

    Its `claims`, what of it invoices ask for, are past due at the end of the month `due` and of every later one;
    credit notes never are.
    """

    begins: date
    due: date
    ends: date | None
    amount: int
    claims: int


class Stock(NamedTuple):
    """What was owed at the end of a month, and what of it was past due."""

    owed: int
    overdue: int


def stock(stretches: Iterable[Stretch], month: date) -> Stock:
    """What was open at the end of a month."""
    there = [one for one in stretches if one.begins <= month and (one.ends is None or one.ends > month)]
    return Stock(sum(one.amount for one in there), sum(one.claims for one in there if one.due <= month))


# --- days sales outstanding ------------------------------------------------------------------------------------------


class Billed(NamedTuple):
    """What was invoiced in a month less what was credited, and how many days of it there were."""

    month: date
    days: int
    amount: int


class Counted(NamedTuple):
    """A month of the count-back: what of its billing is taken to be unpaid, and the days that stands for."""

    month: date
    billed: int
    unpaid: int
    days: Fraction


class CountBack(NamedTuple):
    """Days sales outstanding by counting back; `beyond` says that more is owed than all these months billed."""

    days: int
    beyond: bool
    steps: tuple[Counted, ...]


def count_back(owed: int, billed: Iterable[Billed]) -> CountBack:
    """How many days of billing what is owed comes to, from the newest month back.

    A month whose whole billing is still owed counts with all its days, the last one with its part. A month in which
    nothing was billed counts whole when what is left lies before it.
    """
    left, steps = owed, []
    for month, days, amount in billed:
        if left <= 0:
            break
        unpaid = min(left, max(amount, 0))
        share = Fraction(unpaid, amount) if amount > 0 else Fraction(1)
        steps.append(Counted(month, amount, unpaid, days * share))
        left -= unpaid
    return CountBack(_whole(sum((step.days for step in steps), Fraction(0))), left > 0, tuple(steps))


def simple_dso(owed: int, billed: Sequence[Billed]) -> int | None:
    """What is owed over what was billed, times the days in which it was; None where nothing was billed."""
    lately = billed[:SALES_MONTHS]
    amount = sum(one.amount for one in lately)
    return _whole(Fraction(max(owed, 0) * sum(one.days for one in lately), amount)) if amount > 0 else None


def _whole(days: Fraction) -> int:
    """A half rounded up."""
    return int(days + Fraction(1, 2))


def percent(part: int, whole: int) -> int:
    """A share in whole per cent, a half rounded up."""
    return _whole(Fraction(100 * part, whole)) if whole > 0 else 0


# --- what brought money ----------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """A step carried out about an item."""

    item: int
    day: date
    step: str


class Came(NamedTuple):
    """Money that came for an item."""

    item: int
    day: date
    amount: int


class Brought(NamedTuple):
    """What came after a step; no `step` where no word went before. `days` is the median from the word to the money."""

    step: str
    amount: int
    payments: int
    days: int | None


def brought(came: Iterable[Came], told: Iterable[Told], within: int = WITHIN) -> list[Brought]:
    """What came within so many days of each step, the most first: money is put down to the last word before its day."""
    said: dict[int, list[tuple[date, str]]] = defaultdict(list)
    for item, day, step in told:
        said[item].append((day, step))
    for words in said.values():
        words.sort()
    amounts: dict[str, int] = defaultdict(int)
    waits: dict[str, list[int]] = defaultdict(list)
    for item, day, amount in came:
        words = said.get(item, [])
        place = bisect_left(words, (day, ""))  # a word of the same day went too late for a transfer
        step, after = (words[place - 1][1], (day - words[place - 1][0]).days) if place else ("", 0)
        step = step if after <= within else ""
        amounts[step] += amount
        waits[step].append(after)
    rows = [
        Brought(step, amount, len(waits[step]), round(median(waits[step])) if step else None)
        for step, amount in amounts.items()
    ]
    return sorted(rows, key=lambda row: (not row.step, -row.amount, row.step))


# --- promises --------------------------------------------------------------------------------------------------------


class Word(StrEnum):
    """What became of a promise."""

    KEPT = "kept"
    LATE = "late"
    BROKEN = "broken"
    WAITING = "waiting"


def word(left: int, paid_on: date | None, until: date, today: date) -> Word:
    """What became of a promise of which `left` is still to come, and which money may keep until a day.

    What was paid on a day nobody knows was kept.
    """
    if left > 0:
        return Word.WAITING if today <= until else Word.BROKEN
    return Word.LATE if paid_on is not None and paid_on > until else Word.KEPT


# --- who to call first -----------------------------------------------------------------------------------------------


class Owing(NamedTuple):
    """What a customer has past due, since how many days the oldest of it, and what is known of them.

    `usually` is by how many days late they usually pay, None while nobody can know.
    """

    overdue: int
    late: int
    usually: int | None
    broke: bool

    @property
    def beyond(self) -> int:
        """How many days later than they usually pay; than the due date where no habit is known."""
        return self.late - (self.usually or 0)

    @property
    def urgency(self) -> int:
        """What is past due, times the days beyond their habit (1 to 90); twice that after a broken promise."""
        return self.overdue * min(max(self.beyond, 1), MOST_DAYS) * (2 if self.broke else 1)


def first_to_call(owing: Mapping[int, Owing], most: int) -> list[int]:
    """The customers by urgency, the most urgent first."""
    return sorted(owing, key=lambda customer: (-owing[customer].urgency, customer))[:most]
