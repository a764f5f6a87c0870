"""Money divided among items: all of it goes somewhere, nothing goes where it does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.allocating import RefusedError, Room, divide, fill, room
from amable.core.matching import Certainty, certainty

_ROOMS = st.lists(st.tuples(st.integers(1, 3), st.integers(-500, 500)), min_size=1, max_size=5).map(
    lambda facts: {n: Room(n, customer, f"F{n}", "EUR", left) for n, (customer, left) in enumerate(facts)}
)


@given(
    amount=st.integers(1, 1000),
    rooms=_ROOMS,
    shares=st.dictionaries(st.integers(0, 4), st.integers(-600, 600), max_size=4),
    rest_for=st.sampled_from((None, 1, 2, 3)),
)
def test_a_division_gives_all_the_money_and_no_more(
    amount: int, rooms: dict[int, Room], shares: dict[int, int], rest_for: int | None
) -> None:
    shares = {item: share for item, share in shares.items() if item in rooms}
    try:
        parts = divide(amount, "EUR", shares, rooms, rest_for)
    except RefusedError:
        return
    assert sum(part.amount for part in parts) == amount
    assert all(part.amount > 0 and part.unapplied >= 0 for part in parts)
    assert len({part.customer for part in parts}) == len(parts)
    given_ = {share.item: share.amount for part in parts for share in part.shares}
    assert given_ == {item: share for item, share in shares.items() if share}
    for part in parts:
        for share in part.shares:
            assert rooms[share.item].customer == part.customer
            assert 0 < abs(share.amount) <= abs(rooms[share.item].room)
            assert share.amount * rooms[share.item].room > 0


@given(total=st.integers(-1000, 1000), allocated=st.integers(-1000, 1000))
def test_what_fits_never_turns_an_item_round(total: int, allocated: int) -> None:
    left = room(total, allocated)
    assert abs(left) <= max(abs(total), abs(total - allocated))
    assert left * total >= 0


def test_the_oldest_are_paid_first_and_credit_notes_left_alone() -> None:
    rooms = (Room(1, 1, "F1", "EUR", 100), Room(2, 1, "AB", "EUR", -30), Room(3, 1, "F2", "EUR", 80))
    assert fill(150, rooms) == {1: 100, 3: 50}
    assert fill(1000, rooms) == {1: 100, 3: 80}
    assert fill(0, rooms) == {}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), Certainty.PAYER),
        (("iban", "name", "no_item"), Certainty.PAYER),
        (("name", "one_amount"), Certainty.FAIR),
        (("iban", "one_amount"), Certainty.STRONG),
        (("number", "exact"), Certainty.STRONG),
        (("number", "exact", "other_name"), Certainty.FAIR),
        (("number", "one_of_several"), Certainty.FAIR),
        (("number", "other_currency"), Certainty.PAYER),
    ],
)
def test_how_sure_a_proposal_is(rules: tuple[str, ...], expected: Certainty) -> None:
    assert certainty(rules) is expected
