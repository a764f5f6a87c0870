"""How well payments find their items over a made-up year: `make matching-quality`.

The year is taken in week by week, as bank files are: each week the index knows what is open that morning, and whose an
account is where its owner has paid from it. What is not booked unasked a person books as it truly is.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Final

from amable.core.matching import (
    Index,
    Match,
    OpenItem,
    PastPayment,
    PastPayments,
    Payer,
    Received,
    Share,
    match,
    match_return,
)
from amable.core.payer_names import same_name
from tests.samples.paying_year import DAYS, FIRST_DAY, NUMBERINGS, Customer, Issued, Paid, Year, make

PRECISION: Final = 0.999  # of what is booked unasked, what is right
RECALL: Final = 0.90  # of what pays items, what is booked unasked
TOP_THREE: Final = 0.95  # of what pays items and is not booked, where the truth is among the first three proposals

_STATED: Final = "series"  # the way of numbering all gates are for; of the others only that nothing is booked wrongly

# What became of a payment.
OUTCOMES: Final = ("right", "wrong", "first", "second", "third", "later", "missed", "silent")


@dataclass(slots=True)
class Scores:
    """How many payments of each habit came to what; `wrong` are booked wrongly, with what was booked instead."""

    by_habit: dict[str, Counter[str]] = field(default_factory=dict)
    mistakes: list[tuple[Paid, Match | None]] = field(default_factory=list)
    misses: list[tuple[Paid, tuple[Match, ...]]] = field(default_factory=list)

    def count(self, habit: str, outcome: str) -> None:
        self.by_habit.setdefault(habit, Counter())[outcome] += 1

    def total(self, *outcomes: str) -> int:
        return sum(counted[outcome] for counted in self.by_habit.values() for outcome in outcomes)

    @property
    def precision(self) -> float:
        return _share(self.total("right"), self.total("right", "wrong"))

    @property
    def recall(self) -> float:
        return _share(self.total("right"), self.total(*(o for o in OUTCOMES if o != "silent")))

    @property
    def top_three(self) -> float:
        return _share(self.total("first", "second", "third"), self.total("first", "second", "third", "later", "missed"))

    @property
    def good_enough(self) -> bool:
        return self.precision >= PRECISION and self.recall >= RECALL and self.top_three >= TOP_THREE


def _share(some: int, all_: int) -> float:
    return some / all_ if all_ else 1.0


class _Books:
    """What is open as the year goes on, and what was learned of payers."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.open = {item.id: item.total for item in year.items}
        self.accounts = {customer.id: set(customer.known) for customer in year.customers}
        self.names: dict[int, set[str]] = {}
        self.past = PastPayments(())

    def index(self, upto: int) -> Index:
        """What a bank file taken in on this day of the year is matched with."""
        last = FIRST_DAY + timedelta(upto)
        items = (_open(item, self.open[item.id]) for item in self.year.items if item.issued <= last)
        return Index((item for item in items if item.open), (self._payer(one) for one in self.year.customers))

    def _payer(self, customer: Customer) -> Payer:
        names = (customer.name, *sorted(self.names.get(customer.id, ())))
        return Payer(customer.id, names, tuple(sorted(self.accounts.get(customer.id, ()))), customer.tax_id)

    def book(self, paid: Paid, place: int, index: Index) -> None:
        """Book a payment as it truly is, and learn of its payer what the product learns."""
        shares = [Share(item, amount) for item, amount in paid.truth]
        if paid.let_off:
            shares[0] = shares[0]._replace(let_off=paid.let_off)
        index.book(Match(paid.whose, tuple(shares), 0, False, ()))
        for share in shares:
            self.open[share.item] -= share.amount + share.let_off
        if paid.whose is None:
            return
        if len({self.year.items[share.item].customer for share in shares}) < 2:
            self.names.setdefault(paid.whose, set()).add(paid.name)
            if paid.iban and same_name(paid.name, self.year.customers[paid.whose].name):
                self.accounts.setdefault(paid.whose, set()).add(paid.iban)
        numbers = tuple(self.year.items[share.item].number for share in shares)
        self.past.add(
            PastPayment(
                place,
                paid.whose,
                paid.amount,
                "EUR",
                paid.day,
                paid.name,
                paid.iban,
                paid.reference,
                paid.end_to_end,
                numbers,
            )
        )

    def take_back(self, place: int, index: Index) -> None:
        """Open again what a payment had paid."""
        back = self.year.payments[place]
        for item, amount in back.truth:
            self.open[item] += amount + (back.let_off if item == back.truth[0][0] else 0)
            index.reopen(_open(self.year.items[item], self.open[item]))


def _open(item: Issued, open_: int) -> OpenItem:
    return OpenItem(
        item.id, item.customer, item.number, "EUR", open_, item.due, item.total, item.order, item.reference,
        item.discount_percent, item.discount_until,
    )  # fmt: skip


def replay(year: Year, *, days: int = 7) -> Scores:
    """Take a year in, a bank file every so many days, and say what became of each payment."""
    scores, books = Scores(), _Books(year)
    numbered = list(enumerate(year.payments))
    for week, lines in groupby(numbered, key=lambda one: (one[1].day - FIRST_DAY).days // days):
        index = books.index(min((week + 1) * days, DAYS) - 1)
        for place, paid in lines:
            if paid.takes_back is None:
                scores.count(paid.habit, _judge(paid, match(_received(paid), index), scores))
                books.book(paid, place, index)
            else:
                scores.count(paid.habit, _judge_return(paid, books.past, scores))
                books.take_back(paid.takes_back, index)
    return scores


def _received(paid: Paid) -> Received:
    return Received(paid.amount, "EUR", paid.name, paid.iban, paid.text, paid.reference, paid.end_to_end, paid.day)


def _judge(paid: Paid, readings: tuple[Match, ...], scores: Scores) -> str:
    truth = {item: (amount, 0) for item, amount in paid.truth}
    if paid.let_off:
        item, amount = paid.truth[0]
        truth[item] = amount, paid.let_off

    def right(reading: Match) -> bool:
        return {share.item: (share.amount, share.let_off) for share in reading.shares} == truth

    if readings and readings[0].sure:
        if right(readings[0]):
            return "right"
        scores.mistakes.append((paid, readings[0]))
        return "wrong"
    if not truth:
        return "silent"  # rightly: it pays nothing there is
    place = next((place for place, reading in enumerate(readings) if right(reading)), None)
    if place is None or place > 2:
        scores.misses.append((paid, readings))
    return "missed" if place is None else ("first", "second", "third", "later", "later")[place]


def _judge_return(paid: Paid, past: PastPayments, scores: Scores) -> str:
    found = match_return(_received(paid), past)
    if found and found[0].sure:
        if found[0].payment == paid.takes_back:
            past.book(found[0])
            return "right"
        scores.mistakes.append((paid, None))
        return "wrong"
    place = next((place for place, one in enumerate(found) if one.payment == paid.takes_back), None)
    if place is not None:
        past.book(found[place])
        return ("first", "second", "third", "later", "later")[place]
    return "missed"


def table(scores: Scores) -> Iterator[str]:
    """What became of each habit, in lines."""
    yield f"{'habit':28}" + "".join(f"{outcome:>8}" for outcome in OUTCOMES)
    for habit, counted in sorted(scores.by_habit.items(), key=lambda one: -one[1].total()):
        yield f"{habit:28}" + "".join(f"{counted[outcome] or '·':>8}" for outcome in OUTCOMES)
    yield f"{'all':28}" + "".join(f"{scores.total(outcome):>8}" for outcome in OUTCOMES)
    yield f"precision {scores.precision:.4%}  recall {scores.recall:.2%}  among the first three {scores.top_three:.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--payments", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=2025)
    parser.add_argument("--numbering", nargs="*", choices=sorted(NUMBERINGS), default=["series"])
    parser.add_argument("--mistakes", type=int, default=20, help="how many payments booked wrongly are shown")
    parser.add_argument("--misses", type=int, default=0, help="how many payments whose truth is not proposed are shown")
    asked = parser.parse_args()
    good = True
    for numbering in asked.numbering:
        year = make(
            customers=asked.customers, items=asked.items, payments=asked.payments, numbering=numbering, seed=asked.seed
        )
        scores = replay(year)
        print(f"\nnumbers like {NUMBERINGS[numbering](2025, 12)}")
        print("\n".join(table(scores)))
        for paid, booked in scores.mistakes[: asked.mistakes]:
            print("  wrong:", paid, booked)
        for missed, readings in scores.misses[: asked.misses]:
            print("  missed:", missed, readings)
        good = good and (scores.good_enough if numbering == _STATED else scores.precision >= PRECISION)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
