"""Working days, windows and the moment a message may leave."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.days import Calendar, hours_left, leaving_moment, terms_end
from tests.cast import MADRID, SAN_JOSE, VALENCIA

FRIDAY, SATURDAY, MONDAY = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 9)
MEXICO, TOKYO = ZoneInfo("America/Mexico_City"), ZoneInfo("Asia/Tokyo")
TODAY = date(2026, 3, 17)
GULF = Calendar("AE", {}, frozenset({4, 5}))

some_days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def madrid(hour: int, minute: int = 0, day: date = TODAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=MADRID)


@pytest.mark.parametrize(
    ("calendar", "day", "works"),
    [(VALENCIA, FRIDAY, True), (VALENCIA, SATURDAY, False), (VALENCIA, SAN_JOSE, False), (GULF, FRIDAY, False)],
)
def test_a_working_day_is_neither_weekend_nor_holiday(calendar: Calendar, day: date, works: bool) -> None:
    assert calendar.works(day) is works


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (FRIDAY, 1, MONDAY),
        (SATURDAY, 1, MONDAY),
        (MONDAY, -1, FRIDAY),
        (date(2026, 3, 18), 1, date(2026, 3, 20)),  # over San José
        (date(2026, 4, 2), 1, date(2026, 4, 7)),  # over Easter
        (FRIDAY, 0, FRIDAY),
        (SATURDAY, 0, SATURDAY),
    ],
)
def test_the_anchor_day_is_not_counted(day: date, count: int, expected: date) -> None:
    assert VALENCIA.add(day, count) == expected


@given(some_days, st.integers(1, 15))
def test_working_days_there_and_back_lead_home(day: date, count: int) -> None:
    there = VALENCIA.add(day, count)
    assert VALENCIA.works(there)
    assert VALENCIA.add(there, -count) == VALENCIA.on_or_before(day)
    assert sum(VALENCIA.works(day + timedelta(days=n)) for n in range(1, (there - day).days + 1)) == count


@given(some_days)
def test_the_nearest_working_days_enclose_a_day(day: date) -> None:
    assert VALENCIA.on_or_before(day) <= day <= VALENCIA.on_or_after(day)
    assert VALENCIA.on_or_before(VALENCIA.on_or_after(day)) == VALENCIA.on_or_after(day)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (FRIDAY, date(2026, 3, 11), date(2026, 3, 10)),  # a Tuesday in it
        (date(2026, 3, 11), date(2026, 3, 13), date(2026, 3, 11)),  # else a Wednesday
        (date(2026, 3, 12), date(2026, 3, 13), date(2026, 3, 12)),  # else a Thursday
        (SAN_JOSE, date(2026, 3, 21), date(2026, 3, 20)),  # a Thursday that is a holiday counts for nothing
        (FRIDAY, MONDAY, FRIDAY),  # else its first working day
        (SATURDAY, date(2026, 3, 8), MONDAY),  # no working day in it: the first after it
    ],
)
def test_the_preferred_day_of_a_window(start: date, end: date, expected: date) -> None:
    assert VALENCIA.preferred(start, end) == expected


@given(some_days, st.integers(0, 10))
def test_a_window_never_leaves_before_it_opens(start: date, length: int) -> None:
    day = VALENCIA.preferred(start, start + timedelta(days=length))
    assert day >= start
    assert VALENCIA.works(day)


def test_payment_terms_are_calendar_days() -> None:
    assert terms_end(date(2026, 1, 31), 30) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("now", "zone", "left"),
    [
        (None, TOKYO, True),  # a run for a bare date has the whole day ahead of it
        (madrid(3), MADRID, True),
        (madrid(6, 30), MADRID, True),
        (madrid(10), MADRID, True),
        (madrid(17, 59), MADRID, True),
        (madrid(18), MADRID, False),
        (madrid(20, 30), MADRID, False),
        (madrid(20, 30), MEXICO, True),  # 13:30 there
        (madrid(3), MEXICO, True),  # still yesterday there
        (madrid(3), TOKYO, True),  # 11:00 there
        (madrid(10), TOKYO, False),  # 18:00 there
        (madrid(20, 30), TOKYO, False),  # tomorrow there
    ],
)
def test_a_message_leaves_while_the_recipients_working_day_lasts(
    now: datetime | None, zone: ZoneInfo, left: bool
) -> None:
    assert hours_left(TODAY, now, zone) is left


@pytest.mark.parametrize("business", [True, False])
@pytest.mark.parametrize("zone", [MADRID, MEXICO, TOKYO])
@given(key=st.text(max_size=20))
def test_the_minute_is_the_messages_own(key: str, zone: ZoneInfo, business: bool) -> None:
    moment = leaving_moment(key, TODAY, None, zone, business=business)
    assert (moment.date(), moment.hour, moment.tzinfo) == (TODAY, 5 if business else 8, zone)
    assert moment.minute % 5
    assert moment == leaving_moment(key, TODAY, None, zone, business=business)


def test_different_messages_leave_at_different_minutes() -> None:
    moments = {leaving_moment(f"key {n}", TODAY, None, MADRID, business=True).minute for n in range(200)}
    assert len(moments) > 30


@pytest.mark.parametrize(
    ("now", "zone", "earliest", "latest"),
    [
        (madrid(3), MADRID, (5, 1), (5, 59)),
        (madrid(6, 30), MADRID, (8, 0), (8, 0)),  # after five and before eight: at eight
        (madrid(10), MADRID, (10, 0), (10, 0)),  # at once
        (madrid(20, 30), MEXICO, (13, 30), (13, 30)),
        (madrid(3), MEXICO, (5, 1), (5, 59)),
        (madrid(3), TOKYO, (11, 0), (11, 0)),
    ],
)
def test_a_run_during_the_day_leaves_at_once(
    now: datetime, zone: ZoneInfo, earliest: tuple[int, int], latest: tuple[int, int]
) -> None:
    moment = leaving_moment("key", TODAY, now, zone, business=True)
    assert moment.date() == TODAY
    assert earliest <= (moment.hour, moment.minute) <= latest


def test_a_consumer_is_not_written_to_before_eight() -> None:
    assert leaving_moment("key", TODAY, madrid(6, 30), MADRID, business=False).hour == 8
