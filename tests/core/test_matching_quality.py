"""A made-up year of payments: what is booked unasked is right, most is, and of the rest the truth is proposed."""

from __future__ import annotations

import pytest

from tests.rig.matching_quality import PRECISION, RECALL, TOP_THREE, replay, table
from tests.samples.paying_year import NUMBERINGS, SHARES, make


@pytest.mark.parametrize("numbering", NUMBERINGS)
def test_a_year_of_payments_finds_its_items(numbering: str) -> None:
    year = make(customers=150, items=1_500, payments=900, numbering=numbering)
    scores = replay(year, days=30)
    told = "\n".join(table(scores))
    assert not scores.mistakes or scores.precision >= PRECISION, f"{told}\n{scores.mistakes}"
    assert scores.recall >= RECALL, told
    assert scores.top_three >= TOP_THREE, told


def test_a_year_has_every_habit_and_is_the_same_each_time() -> None:
    year = make(customers=150, items=1_500, payments=900)
    assert {paid.habit for paid in year.payments} == set(SHARES)
    assert make(customers=150, items=1_500, payments=900).payments == year.payments
