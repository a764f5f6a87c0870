"""A made-up year of payments: what is booked unasked is right, most is, and of the rest the truth is proposed."""

from __future__ import annotations

import pytest

from tests.rig.matching_quality import PRECISION, RECALL, TOP_THREE, replay, table
from tests.samples.paying_year import NUMBERINGS, SHARES, make


def test_a_year_of_payments_finds_its_items() -> None:
    year = make(customers=1_000, items=10_000, payments=6_000)
    assert {paid.habit for paid in year.payments} == set(SHARES)
    scores = replay(year, days=14)
    told = "\n".join(table(scores))
    assert scores.precision >= PRECISION, f"{told}\n{scores.mistakes}"
    assert scores.recall >= RECALL, told
    assert scores.top_three >= TOP_THREE, told


@pytest.mark.parametrize("numbering", sorted(NUMBERINGS.keys() - {"series"}))
def test_nothing_is_booked_wrongly_however_invoices_are_numbered(numbering: str) -> None:
    scores = replay(make(customers=60, items=600, payments=360, numbering=numbering), days=28)
    assert scores.mistakes == []
    assert scores.recall >= RECALL - 0.05, "\n".join(table(scores))


def test_a_year_is_the_same_each_time() -> None:
    assert make(customers=20, items=200, payments=100) == make(customers=20, items=200, payments=100)
