"""Payers: what a customer's history says about how to write to them, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import median
from typing import Final, NamedTuple

LATE_DAYS: Final = 10  # a median beyond this, over at least three items, is a habit
LATE_ITEMS: Final = 3
REGULAR_ITEMS: Final = 2  # settled items from which on a customer is no longer new
QUICK_DAYS: Final = 1  # an answer within a day is a quick one
OBSERVATIONS: Final = 2  # nothing is concluded from fewer

effect_params = dict[str, object]


class Profile(NamedTuple):
    """How a customer pays and answers.

    `settled` counts the items ever settled, `on_time` those of them paid by their due date; `median_late` is the median
    of the days late over the `observed` items, unpaid ones included. `silent` counts messages proven delivered and
    never answered; `paid_since` says that money came in after them.
    """

    settled: int = 0
    median_late: float | None = None
    observed: int = 0
    answers_quickly: bool = False
    keeps_promises: bool = False
    silent: int = 0
    paid_since: bool = False
    on_time: int = 0
    promises_kept: int = 0
    promises_broken: int = 0
    answers: int = 0

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
        return -1 if self.silent >= OBSERVATIONS and not self.paid_since else 0

    def earlier(self, days: int) -> effect_params:
        """Why the first reminder comes so many days earlier: the rule and its parameters."""
        late = int(self.median_late or 0)
        return {"effect": "effect.earlier", "effect_n": days, "effect_late": late, "effect_items": self.observed}

    def paced(self) -> effect_params:
        """Why an interval is at one of its bounds: the rule and its parameters, empty when it is not."""
        if self.pace < 0:
            return {"effect": "effect.shorter", "effect_n": self.silent}
        if self.pace > 0:
            why = "effect.wider_answers" if self.answers_quickly else "effect.wider_promises"
            return {"effect": why}
        return {}

    def worded(self, variant: str) -> effect_params:
        """Why a message is in words for a regular or a new customer; empty when its words are for anyone."""
        return {"effect": f"effect.{variant}", "effect_n": self.settled} if variant in ("regular", "new") else {}

    def facts(self) -> effect_params:
        """What is known of the payer, by name; what is not known is left out."""
        return {name: value for name, value in self._asdict().items() if value}


class Promised(NamedTuple):
    """A promise to pay by a day, and when the item was settled, if it was."""

    by: date
    settled_on: date | None


def profile(
    settled: Iterable[tuple[date, date]],
    unpaid: Iterable[date],
    today: date,
    *,
    promises: Iterable[Promised] = (),
    answers: Sequence[int] = (),
    silent: int = 0,
    paid_since: bool = False,
) -> Profile:
    """The profile of (due, settled on) pairs and the due dates of unpaid items, which count as late while open.

    `answers` are the days between a message and its answer. A promise counts once it was kept or its day is over; a
    single broken one is forgiven only after two more were kept.
    """
    paid = [(on - due).days for due, on in settled]
    late = paid + [days for due in unpaid if (days := (today - due).days) > 0]
    kept = broken = 0
    for promise in promises:
        if promise.settled_on is not None and promise.settled_on <= promise.by:
            kept += 1
        elif promise.by < today:
            broken += 1
    return Profile(
        settled=len(paid),
        median_late=median(late) if late else None,
        observed=len(late),
        answers_quickly=len(answers) >= OBSERVATIONS and median(answers) <= QUICK_DAYS,
        keeps_promises=kept - 2 * broken >= OBSERVATIONS,
        silent=silent,
        paid_since=paid_since,
        on_time=sum(days <= 0 for days in paid),
        promises_kept=kept,
        promises_broken=broken,
        answers=len(answers),
    )
