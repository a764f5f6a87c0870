"""How many messages may leave in a stretch of time: a bucket that fills evenly, kept as one moment.

The moment says when the bucket is full again (the generic cell rate algorithm, ITU-T I.371): what is taken moves it on,
and time catches up with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_SURGE: Final = timedelta(seconds=3)  # of the rate may leave at once: a twentieth of a minute's


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a minute."""

    per_minute: int

    @property
    def interval(self) -> timedelta:
        """The time one message stands for."""
        return timedelta(minutes=1) / self.per_minute

    @property
    def at_once(self) -> int:
        """How many may leave together after a rest."""
        return max(1, _SURGE // self.interval)

    def left(self, full_on: datetime | None, now: datetime) -> int:
        """How many may leave now."""
        if full_on is None or full_on <= now:
            return self.at_once
        return max(0, (now + self.at_once * self.interval - full_on) // self.interval)

    def taken(self, full_on: datetime | None, now: datetime, count: int) -> datetime:
        """When the bucket is full again once so many more have left."""
        return (now if full_on is None else max(full_on, now)) + count * self.interval

    def next_on(self, full_on: datetime | None, now: datetime, place: int = 1) -> datetime:
        """When the first (or the one in that place) of those that wait may leave."""
        if full_on is None:
            return now
        return max(now, full_on - (self.at_once - place) * self.interval)
