"""What a history says: who is late by habit, who is new, and who may be written to sooner."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amable.core.payers import Profile, profile

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
