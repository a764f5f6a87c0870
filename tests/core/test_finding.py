"""Names, numbers and amounts as people type them into a search."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.finding import amounts_of, foldable, folded_number, marked, minors, wanted


@pytest.mark.parametrize("typed", ["F-2026-0045", "f 2026/45", "F2026-45", "f_2026_000045"])
def test_a_number_however_written_is_the_same(typed: str) -> None:
    assert wanted(typed).number == folded_number("F-2026-0045").partition(" ")[0]


@pytest.mark.parametrize("typed", ["1.234,50", "1,234.50", "1234.5", "1234,50", "1 234,50 €", "EUR 1'234.50"])
def test_an_amount_however_written_is_the_same(typed: str) -> None:
    assert list(amounts_of(typed)) == [Decimal("1234.50")]


def test_a_point_before_three_figures_is_a_thousand_in_euros_and_may_be_either_in_dinars() -> None:
    readings = list(amounts_of("1.234"))
    assert {minors(one, "EUR") for one in readings} == {123_400, None}
    assert {minors(one, "KWD") for one in readings} == {1_234_000, 1_234}


@pytest.mark.parametrize("typed", ["", "abc", "12.34.5", "1,2,3", "F-12", "--5"])
def test_what_is_no_amount_is_none(typed: str) -> None:
    assert not list(amounts_of(typed))


def test_a_name_is_found_with_and_without_accents_and_legal_form() -> None:
    assert all(word in foldable("Panadería Núñez, S.L.") for word in wanted("nunez panaderia").words)
    assert "sarl" in foldable("Crêperie Ty SARL")


def test_what_was_searched_for_is_marked_with_its_accents() -> None:
    assert marked("Panadería Núñez", ("nunez",)) == (("Panadería ", False), ("Núñez", True))


@given(st.text(), st.lists(st.text(max_size=5), max_size=4))
def test_marking_loses_no_sign(text: str, words: list[str]) -> None:
    assert "".join(piece for piece, _ in marked(text, tuple(words))) == text


@given(st.text(max_size=400))
def test_anything_can_be_searched_for(text: str) -> None:
    want = wanted(text)
    assert "\0" not in want.text
    assert len(folded_number(text)) <= 400
    assert foldable(text).startswith(" ")
