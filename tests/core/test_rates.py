"""A rate holds over any stretch of time, whoever asks and however often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from amable.core.rates import Rate

START = datetime(2026, 3, 17, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_slow_mailbox_takes_one_at_a_time() -> None:
    rate = Rate(1)
    assert rate.left(None, START) == 1
    full = rate.taken(None, START, 1)
    assert rate.left(full, START) == 0
    assert rate.left(full, START + 59 * SECOND) == 0
    assert rate.next_on(full, START) == START + 60 * SECOND
    assert rate.left(full, START + 60 * SECOND) == 1


def test_what_waits_together_leaves_one_after_the_other() -> None:
    rate = Rate(60)
    full = rate.taken(None, START, rate.left(None, START))
    assert [rate.next_on(full, START, place) for place in (1, 2, 3)] == [START + n * SECOND for n in (1, 2, 3)]


def test_a_rest_is_not_made_up_for() -> None:
    rate = Rate(60)
    full = rate.taken(None, START, 1)
    assert rate.left(full, START + timedelta(hours=3)) == rate.at_once == 3


@given(st.integers(1, 6000), st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 500)), max_size=60))
def test_no_minute_has_more_than_its_rate_and_a_twentieth(per_minute: int, asking: list[tuple[int, int]]) -> None:
    rate = Rate(per_minute)
    now, full = START, None
    left: list[tuple[datetime, int]] = []
    for pause, wanted in asking:
        now += timedelta(milliseconds=pause)
        if count := min(wanted, rate.left(full, now)):
            full = rate.taken(full, now, count)
            left.append((now, count))
    for begin, _ in left:
        within = sum(count for at, count in left if begin <= at < begin + timedelta(minutes=1))
        assert within <= per_minute + rate.at_once
        assert rate.at_once <= max(1, per_minute / 20)


@given(st.integers(1, 6000))
def test_whoever_asks_when_told_gets_one(per_minute: int) -> None:
    rate = Rate(per_minute)
    now, full = START, None
    for _ in range(20):
        full = rate.taken(full, now, rate.left(full, now))
        now = rate.next_on(full, now)
        assert rate.left(full, now) >= 1
