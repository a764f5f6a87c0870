"""Invented payers: the same seed tells the same lives, and what was planted is found again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amable.core.planning import Dossier
from amable.core.procedure import MESSAGES
from amable.core.replay import rehearse
from amable.core.simulator import PATIENCE, PEOPLE, Temperament, difference, interval, simulate
from tests.cast import invoice, procedure

# Pays two days after the first message that finds the invoice overdue, and never unasked.
HEEDING = Temperament("forgetful", 1.0, 0.0, 0.0001, 0.0, 1.0, 1.0, (2, 2))
# The same, but deaf to half of what is said.
HALF_HEEDING = HEEDING._replace(heeds_message=0.4)
DEAF = HEEDING._replace(heeds_message=0.0, heeds_call=0.0)


def days(lived: object) -> list[float]:
    return [one.days for one in lived]  # type: ignore[attr-defined]


def test_the_same_seed_tells_the_same_lives() -> None:
    assert simulate(procedure(), 30, 7) == simulate(procedure(), 30, 7)
    assert simulate(procedure(), 30, 7) != simulate(procedure(), 30, 8)


def test_more_payers_change_nothing_about_the_first() -> None:
    assert simulate(procedure(), 40, 7)[:15] == simulate(procedure(), 15, 7)


def test_the_arms_share_the_people_and_not_their_luck() -> None:
    one, other = simulate(procedure(), 60, 3, arm="A"), simulate(procedure(), 60, 3, arm="B")
    assert [a.temperament for a in one] == [b.temperament for b in other]
    assert one != other


def test_every_temperament_has_its_share() -> None:
    lived = simulate(procedure(), 600, 1, invoices=1)
    for kind in PEOPLE:
        share = sum(one.temperament == kind.name for one in lived) / 600
        assert share == pytest.approx(kind.share, abs=0.06)


def test_the_days_of_a_payer_who_always_heeds_follow_from_the_procedure_alone() -> None:
    """Two days after the day on which the procedure first speaks of an overdue invoice."""
    lived = simulate(procedure(), 5, 1, invoices=1, people=(HEEDING,))
    due = date(2026, 2, 4)  # that of a payer's first invoice
    item = invoice(1, due=due)
    spoken = rehearse(Dossier(1, procedure(), (item,)), due - timedelta(days=30), due + timedelta(days=40))
    first = next(one.day for one in spoken if one.act in MESSAGES and one.day > due)
    assert days(lived) == [(first - due).days + 2] * 5


def test_who_heeds_nothing_pays_nothing_and_counts_with_our_patience() -> None:
    lived = simulate(procedure(), 10, 1, invoices=1, people=(DEAF,))
    assert sum(one.unpaid for one in lived) >= 9
    assert max(days(lived)) == PATIENCE


def test_the_more_firmly_payers_heed_the_sooner_they_pay() -> None:
    always, half = (simulate(procedure(), 60, 2, people=(kind,), invoices=2) for kind in (HEEDING, HALF_HEEDING))
    found = difference(days(always), days(half))
    assert found.real
    assert found.low > 0


def test_a_procedure_against_itself_differs_by_chance_alone() -> None:
    """A 95 % interval holds the planted zero for about 95 % of the seeds; fewer than 88 of 100 would be no chance."""
    holds = 0
    for seed in range(100):
        one, other = (simulate(procedure(), 30, seed, arm=arm, invoices=1) for arm in "AB")
        holds += not difference(days(one), days(other)).real
    assert 88 <= holds <= 100


def test_a_gentler_procedure_is_found_to_be_slower_for_payers_who_heed() -> None:
    """Planted: the gentle procedure speaks of an overdue invoice later, and these payers pay when spoken to."""
    found = []
    for seed in range(20):
        one = simulate(procedure(), 30, seed, arm="A", invoices=1, people=(HALF_HEEDING,))
        other = simulate(procedure("gentle"), 30, seed, arm="B", invoices=1, people=(HALF_HEEDING,))
        found.append(difference(days(one), days(other)))
    assert sum(one.low > 0 for one in found) >= 18
    assert not any(one.high < 0 for one in found)


def test_the_interval_of_known_values() -> None:
    found = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3
    assert found.high - 3 == pytest.approx(1.96 * 1.5811 / 5**0.5, abs=0.001)
    assert interval([4.0]).high == float("inf")
