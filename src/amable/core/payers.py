"""Payers: what a customer's history says about how to write to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from statistics import median
from typing import Final, NamedTuple

LATE_DAYS: Final = 10  # a median beyond this, over at least three items, is a habit
LATE_ITEMS: Final = 3
REGULAR_ITEMS: Final = 2  # settled items from which on a customer is no longer new
FIRMER_OBSERVATIONS: Final = 2  # never firmer on fewer


class Profile(NamedTuple):
    """How a customer pays and answers. `silent` counts messages proven delivered and never answered."""

    settled: int = 0
    median_late: float | None = None
    observed: int = 0
    answers_quickly: bool = False
    keeps_promises: bool = False
    silent: int = 0
    paid_since: bool = False

    @property
    def relationship(self) -> str:
        """`regular`, or `new` while fewer than two items were ever settled."""
        return "regular" if self.settled >= REGULAR_ITEMS else "new"

    @property
    def habitually_late(self) -> bool:
        """Median more than ten days late over at least three items."""
        return self.observed >= LATE_ITEMS and self.median_late is not None and self.median_late > LATE_DAYS

    @property
    def pace(self) -> int:
        """1 widens intervals, -1 shortens them: never on fewer than two observations, nor after money came in."""
        if self.answers_quickly or self.keeps_promises:
            return 1
        return -1 if self.silent >= FIRMER_OBSERVATIONS and not self.paid_since else 0


def profile(settled: Iterable[tuple[date, date]], unpaid: Iterable[date], today: date) -> Profile:
    """The profile of (due, settled on) pairs and the due dates of unpaid items, which count as late while open."""
    paid = [(on - due).days for due, on in settled]
    late = paid + [days for due in unpaid if (days := (today - due).days) > 0]
    return Profile(settled=len(paid), median_late=median(late) if late else None, observed=len(late))
