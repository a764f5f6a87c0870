"""Invented payers who answer what a procedure says to them: how long they take to pay, and how often they hear.

Every chance is drawn from a digest of the seed and of what is asked, so that the same seed tells the same lives, one
payer's do not depend on another's, and nothing here is random.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from math import log, sqrt
from statistics import NormalDist, fmean, stdev
from typing import Final, NamedTuple

from amable.core.days import ONE_DAY, Calendar
from amable.core.payers import Promised, profile
from amable.core.planning import Dossier, Item, Kind, Promise, decide
from amable.core.procedure import MESSAGES, TASKS, Act, Procedure
from amable.core.replay import Record

PATIENCE: Final = 120  # days after the due date for which an invoice is followed
_FIRST_DAY: Final = date(2026, 1, 5)
_APART: Final = 45  # days between a payer's invoices
_TERMS: Final = 30
_AMOUNT: Final = 500_00
_ANSWER_DAYS: Final = (1, 3)
_PROMISED_DAYS: Final = (5, 12)
_DISPUTE_DAYS: Final = (10, 30)
_Z: Final = NormalDist().inv_cdf(0.975)


class Temperament(NamedTuple):
    """How a kind of payer behaves; chances are between 0 and 1, `share` is how many of all payers are of this kind.

    `on_time` is the chance to pay by the due date unasked, `daily` the chance to pay on any day after it. A message
    before the due date brings payment on that date with `heeds_before`; one after it, or a call, within `delay` days
    with `heeds_message` or `heeds_call`. An overdue message is answered by a promise or a dispute with these chances;
    `keeps` is the chance that a promise is kept.
    """

    name: str
    share: float
    on_time: float
    daily: float
    heeds_before: float
    heeds_message: float
    heeds_call: float
    delay: tuple[int, int] = (1, 5)
    promises: float = 0.0
    keeps: float = 0.0
    disputes: float = 0.0


# Invented, with the shape of a real ledger: a third is late, most by days, a few for good.
PEOPLE: Final = (
    Temperament("punctual", 0.45, 0.93, 0.25, 0.8, 0.7, 0.9, (0, 3), 0.05, 0.98),
    Temperament("forgetful", 0.28, 0.30, 0.03, 0.5, 0.6, 0.9, (1, 5), 0.10, 0.90),
    Temperament("short_of_cash", 0.12, 0.10, 0.03, 0.1, 0.15, 0.35, (3, 10), 0.40, 0.60),
    Temperament("disputing", 0.06, 0.30, 0.02, 0.2, 0.2, 0.4, (2, 6), 0.05, 0.80, 0.35),
    Temperament("silent", 0.06, 0.15, 0.015, 0.1, 0.15, 0.3, (2, 8)),
    Temperament("bad_faith", 0.03, 0.02, 0.002, 0.01, 0.03, 0.08, (5, 15), 0.35, 0.05, 0.10),
)


class Lived(NamedTuple):
    """What one payer's invoices came to: mean days from due date to payment, contacts per invoice, unpaid invoices."""

    temperament: str
    days: float
    contacts: float
    unpaid: int


class Interval(NamedTuple):
    """A mean and its 95 % confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def real(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


def simulate(
    procedure: Procedure,
    payers: int,
    seed: int,
    *,
    arm: str = "A",
    invoices: int = 4,
    people: Sequence[Temperament] = PEOPLE,
    calendar: Calendar | None = None,
) -> tuple[Lived, ...]:
    """The lives of so many payers under a procedure. A payer of a seed has the same temperament in every arm.

    The arms of a comparison share the people and not their luck, so that a procedure compared with itself differs by
    chance, as two groups of real customers would.
    """
    place = calendar or Calendar()
    return tuple(
        _Payer(_temperament(people, seed, n), f"{seed}|{arm}|{n}", procedure, invoices, place).live()
        for n in range(payers)
    )


def interval(values: Sequence[float]) -> Interval:
    """The mean of independent values with its interval, by the normal approximation."""
    mean = fmean(values)
    half = _Z * stdev(values) / sqrt(len(values)) if len(values) > 1 else float("inf")
    return Interval(mean, mean - half, mean + half)


def difference(one: Sequence[float], other: Sequence[float]) -> Interval:
    """How much more the other comes to, payer by payer: their temperaments cancel out."""
    return interval([b - a for a, b in zip(one, other, strict=True)])


def _temperament(people: Sequence[Temperament], seed: int, payer: int) -> Temperament:
    mark = _chance(f"{seed}|temperament|{payer}") * sum(kind.share for kind in people)
    for kind in people:
        mark -= kind.share
        if mark < 0:
            return kind
    return people[-1]


def _chance(what: str) -> float:
    """A number from 0 up to 1 that what is asked always gets again."""
    return int.from_bytes(blake2b(what.encode(), digest_size=7).digest(), "big") / 2**56


@dataclass(slots=True)
class _Debt:
    """An invoice in the payer's drawer: when it will be paid as things stand, and what they said about it."""

    item: Item
    pays_on: date | None
    paid_on: date | None = None
    promise: Promise | None = None
    disputed_until: date | None = None
    contacts: int = 0


@dataclass(slots=True)
class _Payer:
    """One payer on the way through the days."""

    temperament: Temperament
    luck: str
    procedure: Procedure
    invoices: int
    calendar: Calendar
    debts: dict[int, _Debt] = field(default_factory=dict)
    promises: dict[int, date] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    unanswered: int = 0

    def live(self) -> Lived:
        record = Record(self.procedure)
        due = [_FIRST_DAY + timedelta(days=_TERMS + n * _APART) for n in range(self.invoices)]
        look, day, last = _FIRST_DAY, _FIRST_DAY, due[-1] + timedelta(days=PATIENCE)
        while day <= last:
            news = self.wake(day, due)
            if (news or look <= day) and (items := tuple(self.items(day, record))):
                decision = decide(self.dossier(day, items, record), day)
                look = decision.look_again or last
                for planned in decision.planned:
                    record.keep(planned, day)
                    if planned.act in MESSAGES or planned.act in TASKS - {Act.CHECK}:
                        self.hear(planned.act, [line.item for line in planned.lines], day)
            day += ONE_DAY
        late = [((debt.paid_on or debt.item.due + timedelta(days=PATIENCE)) - debt.item.due).days for debt in self.all]
        contacts = len(record.contacts) / self.invoices
        unpaid = sum(debt.paid_on is None for debt in self.all)
        return Lived(self.temperament.name, fmean(late), contacts, unpaid)

    @property
    def all(self) -> list[_Debt]:
        return list(self.debts.values())

    def wake(self, day: date, due: Sequence[date]) -> bool:
        """Invoices arrive, are paid, and disputes end; whether anything changed."""
        news = False
        for number, on in enumerate(due):
            if on - timedelta(days=_TERMS) == day:
                item = Item(number, Kind.INVOICE, str(number), "EUR", _AMOUNT, on, issued=day)
                self.debts[number] = _Debt(item, self.unasked(number, on))
                news = True
        for debt in self.debts.values():
            given_up = debt.item.due + timedelta(days=PATIENCE)
            if debt.paid_on is not None or day > given_up:
                continue
            if debt.pays_on is not None and debt.pays_on <= day < given_up:
                debt.paid_on, self.unanswered, news = day, 0, True
            elif day in (given_up, debt.disputed_until):
                news = True
        return news

    def unasked(self, number: int, due: date) -> date:
        """The day on which an invoice is paid without a word."""
        kind = self.temperament
        if self.draw(f"unasked|{number}") < kind.on_time:
            return due - timedelta(days=self.between(f"early|{number}", (0, 5)))
        wait = log(1 - self.draw(f"late|{number}")) / log(1 - kind.daily) if 0 < kind.daily < 1 else PATIENCE * 2
        return due + timedelta(days=1 + min(int(wait), PATIENCE * 2))

    def items(self, day: date, record: Record) -> Iterator[Item]:
        """What is open, as the creditor knows it."""
        for number, debt in self.debts.items():
            if debt.paid_on is not None or day >= debt.item.due + timedelta(days=PATIENCE):
                continue
            contested = debt.disputed_until is not None and day < debt.disputed_until
            yield debt.item._replace(
                told=tuple(record.told[number]), promise=debt.promise, disputed=_AMOUNT if contested else 0
            )

    def dossier(self, day: date, items: tuple[Item, ...], record: Record) -> Dossier:
        settled = [(debt.item.due, debt.paid_on) for debt in self.all if debt.paid_on is not None]
        unpaid = [debt.item.due for debt in self.all if debt.paid_on is None]
        promises = [Promised(by, self.debts[number].paid_on) for number, by in self.promises.items()]
        known = profile(settled, unpaid, day, promises=promises, answers=self.answers, silent=self.unanswered)
        return Dossier(
            1, self.procedure, items, self.calendar, self.calendar, contacts=tuple(record.contacts), profile=known
        )

    def hear(self, act: Act, numbers: Sequence[int], day: date) -> None:
        """A message or call reaches the payer, who may pay, promise, dispute or say nothing."""
        kind, answered = self.temperament, False
        for number in numbers:
            debt = self.debts[number]
            debt.contacts += 1
            word = f"{number}|{debt.contacts}"
            if day <= debt.item.due:
                if self.draw(f"before|{word}") < kind.heeds_before:
                    self.pay(debt, debt.item.due)
                continue
            heeds = kind.heeds_message if act in MESSAGES else kind.heeds_call
            if self.draw(f"heeds|{word}") < heeds:
                self.pay(debt, day + timedelta(days=self.between(f"delay|{word}", kind.delay)))
            elif self.draw(f"promises|{word}") < kind.promises:
                answered = True
                by = day + timedelta(days=self.between(f"by|{word}", _PROMISED_DAYS))
                debt.promise = Promise(_AMOUNT, by)
                self.promises.setdefault(number, by)
                if self.draw(f"keeps|{word}") < kind.keeps:
                    self.pay(debt, by)
            elif debt.disputed_until is None and self.draw(f"disputes|{word}") < kind.disputes:
                answered = True
                debt.disputed_until = day + timedelta(days=self.between(f"dispute|{word}", _DISPUTE_DAYS))
                debt.pays_on = max(debt.pays_on, debt.disputed_until) if debt.pays_on else None
        if answered:
            self.unanswered = 0
            self.answers.append(self.between(f"answer|{day}", _ANSWER_DAYS))
        elif act in MESSAGES:
            self.unanswered += 1

    def pay(self, debt: _Debt, on: date) -> None:
        """A word can bring payment nearer, never put it off."""
        debt.pays_on = min(debt.pays_on, on) if debt.pays_on else on

    def draw(self, what: str) -> float:
        return _chance(f"{self.luck}|{what}")

    def between(self, what: str, days: tuple[int, int]) -> int:
        return days[0] + int(self.draw(what) * (days[1] - days[0] + 1))
