"""What a history says: who is late by habit, who is new, and who may be written to sooner."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amable.core.payers import Profile, Promised, profile

TODAY = date(2026, 3, 17)


def paid(*late: int) -> list[tuple[date, date]]:
    return [(TODAY - timedelta(days=100), TODAY - timedelta(days=100 - days)) for days in late]


def unpaid(*late: int) -> list[date]:
    return [TODAY - timedelta(days=days) for days in late]


@pytest.mark.parametrize(
    ("settled", "open_items", "habitual"),
    [
        (paid(11, 12, 30), [], True),
        (paid(10, 10, 30), [], False),  # the median, and more than ten
        (paid(40, 40), [], False),  # at least three items
        (paid(40), unpaid(20, 30), True),  # unpaid items count as late for as long as they are open
        (paid(40), unpaid(20, -5), False),  # not yet due says nothing
        ([], [], False),
    ],
)
def test_habitually_late_is_a_median_of_more_than_ten_days_over_three_items(
    settled: list[tuple[date, date]], open_items: list[date], habitual: bool
) -> None:
    assert profile(settled, open_items, TODAY).habitually_late is habitual


@pytest.mark.parametrize(("count", "relationship"), [(0, "new"), (1, "new"), (2, "regular")])
def test_a_customer_is_new_until_two_items_were_settled(count: int, relationship: str) -> None:
    assert profile(paid(*[0] * count), unpaid(5, 5, 5), TODAY).relationship == relationship


@pytest.mark.parametrize(
    ("known", "pace"),
    [
        (Profile(), 0),
        (Profile(answers_quickly=True), 1),
        (Profile(keeps_promises=True), 1),
        (Profile(keeps_promises=True, silent=5), 1),
        (Profile(silent=1), 0),  # never firmer on fewer than two observations
        (Profile(silent=2), -1),
        (Profile(silent=2, paid_since=True), 0),  # never firmer after money came in
    ],
)
def test_the_pace(known: Profile, pace: int) -> None:
    assert known.pace == pace


@pytest.mark.parametrize(
    ("promises", "keeps"),
    [
        ([(5, 3), (5, 5)], True),
        ([(5, 3)], False),  # never on fewer than two
        ([(5, 3), (5, 5), (5, 6)], False),
        ([(5, 3), (5, 5), (5, 4), (5, 1), (5, 9)], True),
        ([(5, 3), (5, 5), (-5, None)], True),  # its day has not come
        ([(5, 3), (5, 5), (5, None)], False),
    ],
)
def test_who_keeps_promises_has_kept_two_and_two_more_for_each_broken_one(
    promises: list[tuple[int, int | None]], keeps: bool
) -> None:
    """Each a promise for a day gone by (to come when negative), and the days until it was settled, if it was."""
    due = TODAY - timedelta(days=30)
    made = [
        Promised(
            TODAY - timedelta(days=20) if by > 0 else TODAY + timedelta(days=5), on and due + timedelta(days=5 + on)
        )
        for by, on in promises
    ]
    found = profile([], [], TODAY, promises=made)
    assert found.keeps_promises is keeps


@pytest.mark.parametrize(("answers", "quick"), [([0, 1], True), ([0], False), ([0, 5, 6], False), ([], False)])
def test_who_answers_within_a_day(answers: list[int], quick: bool) -> None:
    assert profile([], [], TODAY, answers=answers).answers_quickly is quick


def test_the_share_paid_on_time() -> None:
    found = profile(paid(-3, 0, 4), unpaid(5), TODAY)
    assert (found.on_time, found.settled, found.observed) == (2, 3, 4)
