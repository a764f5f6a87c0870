"""Every local day of every zone has exactly one moment to leave at, and working days agree with a naive count."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from amable.core.days import Calendar, leaving_moment
from tests.material import DATA, material

ZONES = "calendar/tz_transitions.csv"
HOLIDAYS = "calendar/holidays"
PLACES = sorted(path.stem for path in (DATA / HOLIDAYS).glob("*.json")) or ["none"]
DAY = timedelta(days=1)
# Zones of the same material that changed their clocks in none of these years, so that the table has no row of them.
NEVER_CHANGE = ("Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Asia/Dubai", "America/Bogota", "Africa/Lagos")


@pytest.fixture(scope="module")
def transitions() -> dict[str, list[dict[str, str]]]:
    """Every clock change of 2010 to 2037, by zone."""
    found: dict[str, list[dict[str, str]]] = {}
    with material(ZONES).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["zone"], []).append(row)
    return found


@pytest.mark.parametrize("business", [True, False])
def test_every_local_day_has_exactly_one_moment_to_leave_at(
    transitions: dict[str, list[dict[str, str]]], business: bool
) -> None:
    """In 30 zones and 28 years: on its own day, after that of the day before, and at a local time that exists once.

    Samoa crossed the date line at the end of 2011 and had no 30 December: nobody there is to be written to on it.
    """
    zones = dict.fromkeys(NEVER_CHANGE, ()) | transitions
    assert len(zones) == 30
    missing: list[tuple[str, date]] = []
    for name, changes in zones.items():
        zone = ZoneInfo(name)
        gaps = [(row["local_before"], row["local_after"]) for row in changes if row["kind"] == "gap"]
        twice = [(row["local_after"], row["local_before"]) for row in changes if row["kind"] == "overlap"]
        strange = [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in (*gaps, *twice)]
        by_day: dict[date, list[tuple[datetime, datetime]]] = {}
        for start, end in strange:
            for n in range((end.date() - start.date()).days + 1):
                by_day.setdefault(start.date() + n * DAY, []).append((start, end))
        before = datetime.min.replace(tzinfo=UTC)
        day = date(2010, 1, 1)
        while day.year < 2038:
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a local time, as the table has it
            if any(start <= midnight and midnight + DAY <= end for start, end in by_day.get(day, ())):
                missing.append((name, day))
                day += DAY
                continue
            moment = leaving_moment(f"{name}{day}", day, None, zone, business=business)
            universal = moment.astimezone(UTC)
            assert moment.date() == day
            assert universal.astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None)
            assert universal > before
            assert not any(start <= moment.replace(tzinfo=None) < end for start, end in by_day.get(day, ()))
            before = universal
            day += DAY
    assert missing == [("Pacific/Apia", date(2011, 12, 30))]


def test_a_run_at_any_moment_of_a_day_of_change_leaves_once_and_on_that_day(
    transitions: dict[str, list[dict[str, str]]],
) -> None:
    for name, changes in transitions.items():
        zone = ZoneInfo(name)
        for row in changes[::4]:
            day = datetime.fromisoformat(row["local_after"]).date()
            first = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
            for half_hours in range(36):
                now = first + timedelta(minutes=30 * half_hours)
                if now.astimezone(zone).date() != day:
                    continue
                moment = leaving_moment("key", day, now, zone, business=True)
                assert moment.date() == day
                assert moment.astimezone(UTC) >= now


@pytest.mark.parametrize("place", PLACES)
def test_working_days_equal_a_naive_count(place: str) -> None:
    """Ten years of a calendar: `add`, `on_or_before`, `on_or_after` and `preferred` against lists of days."""
    material(HOLIDAYS)
    named = json.loads(material(HOLIDAYS, f"{place}.json").read_text("utf-8"))
    holidays = {date.fromisoformat(day): name for day, name in named.items()}
    calendar = Calendar(place, holidays)
    first, last = date(2019, 12, 1), date(2030, 2, 28)
    everything = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    worked = [day for day in everything if day.isoweekday() <= 5 and day not in holidays]
    place_of = {day: n for n, day in enumerate(worked)}
    day = date(2020, 1, 1)
    before = sum(other < day for other in worked)
    while day < date(2030, 1, 1):
        works = day in place_of
        assert calendar.works(day) is works
        assert calendar.on_or_after(day) == worked[before]
        assert calendar.on_or_before(day) == (day if works else worked[before - 1])
        for count in (1, 4, 5, 10):
            assert calendar.add(day, count) == worked[before + works + count - 1]
            assert calendar.add(day, -count) == worked[before - count]
        window = [other for other in (day + timedelta(days=n) for n in range(4)) if other in place_of]
        choice = [other for weekday in (2, 3, 4) for other in window if other.isoweekday() == weekday]
        wanted = (choice or window or [worked[before]])[0]
        assert calendar.preferred(day, day + timedelta(days=3)) == wanted
        before += works
        day += DAY
