"""Days: working days of a calendar, offsets from an anchor day, and the moment a message may leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

ONE_DAY: Final = timedelta(days=1)
SATURDAY_SUNDAY: Final = frozenset({5, 6})
PREFERRED_WEEKDAYS: Final = (1, 2, 3)  # Tuesday, Wednesday, Thursday

_MINUTES: Final = tuple(minute for minute in range(60) if minute % 5)
_BUSINESS_FROM: Final = 5  # email to businesses from 05:00 to 05:59
_CONSUMER_FROM: Final = 8  # email to consumers and SMS from 08:00 (12 CFR 1006.6(b), the strictest we know)
CALLS: Final = (time(9), time(20))  # calls, on the clock of whoever is called
_AT_ONCE: Final = (time(8), time(18))  # a run or an approval during the day leaves at once between these


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked in a place. Built once per country and region; `holidays` names each public holiday."""

    place: str = ""
    holidays: Mapping[date, str] = field(default_factory=dict)
    weekend: frozenset[int] = SATURDAY_SUNDAY

    def works(self, day: date) -> bool:
        """Neither weekend nor public holiday."""
        return day.weekday() not in self.weekend and day not in self.holidays

    def on_or_after(self, day: date) -> date:
        """The first working day from `day` on."""
        while not self.works(day):
            day += ONE_DAY
        return day

    def on_or_before(self, day: date) -> date:
        """The last working day up to `day`."""
        while not self.works(day):
            day -= ONE_DAY
        return day

    def add(self, day: date, count: int) -> date:
        """The working day `count` after `day` (before it when negative); the anchor day itself is not counted."""
        step = ONE_DAY if count >= 0 else -ONE_DAY
        left = abs(count)
        while left:
            day += step
            if self.works(day):
                left -= 1
        return day

    def preferred(self, start: date, end: date) -> date:
        """The first Tuesday from `start` to `end`, else Wednesday, else Thursday, else the first working day.

        Only working days count. When the window holds none, the first working day after it.
        """
        days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        worked = [day for day in days if self.works(day)]
        for weekday in PREFERRED_WEEKDAYS:
            for day in worked:
                if day.weekday() == weekday:
                    return day
        return worked[0] if worked else self.on_or_after(start)


def terms_end(issued: date, days: int) -> date:
    """The due date of payment terms of so many calendar days from the issue date."""
    return issued + timedelta(days=days)


def hours_left(today: date, now: datetime | None, zone: ZoneInfo) -> bool:
    """Whether a message can still leave on `today`, seen from the recipient's zone.

    A run for a bare date (`now` is None) has the whole day ahead of it. In the evening, or where the recipient's
    day is already over, nothing leaves any more; before the day begins there it leaves when it begins.
    """
    if now is None:
        return True
    local = now.astimezone(zone)
    if local.date() != today:
        return local.date() < today
    return local.time() < _AT_ONCE[1]


def leaving_moment(key: str, today: date, now: datetime | None, zone: ZoneInfo, *, business: bool) -> datetime:
    """The aware moment at which a message allowed on `today` leaves, in the recipient's zone.

    Businesses are written to from 05:00 to 05:59 and consumers from 08:00 to 08:59, at a minute that is derived from
    the message's key and never a multiple of five. A run during the day leaves at once.
    """
    minute = _MINUTES[int.from_bytes(sha256(key.encode()).digest()[:4], "big") % len(_MINUTES)]
    hour = _BUSINESS_FROM if business else _CONSUMER_FROM
    planned = datetime(today.year, today.month, today.day, hour, minute, tzinfo=zone)
    if now is None:
        return planned
    local = now.astimezone(zone).replace(microsecond=0)
    if local <= planned:
        return planned
    at_once = datetime.combine(today, _AT_ONCE[0], zone)
    return max(local, at_once)


def last_moment(today: date, zone: ZoneInfo) -> datetime:
    """The moment from which nothing leaves any more on a day, in the recipient's zone."""
    return datetime.combine(today, _AT_ONCE[1], zone)
