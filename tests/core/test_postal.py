"""A postal address in lines, as it stands in the window of an envelope."""

from __future__ import annotations

import pytest

from amable.core.postal import MOST_LINES, abroad, block, deliverable, lines, town


@pytest.mark.parametrize(
    ("written", "shown", "town_of_it"),
    [
        ("Calle de la Paz 1, 46003 Valencia", ("Calle de la Paz 1", "46003 Valencia"), "Valencia"),
        ("Calle Mayor 5, 2º B, 46001 Valencia", ("Calle Mayor 5, 2º B", "46001 Valencia"), "Valencia"),
        ("Calle Mayor 5 46001 Valencia", ("Calle Mayor 5", "46001 Valencia"), "Valencia"),
        ("C/ Sol 3, 28013 Madrid (Madrid)", ("C/ Sol 3", "28013 Madrid (Madrid)"), "Madrid"),
        ("Str. Lalelelor 5, 010101 București", ("Str. Lalelelor 5", "010101 București"), "București"),
        ("12 rue de la Paix; 75002 PARIS CEDEX 02", ("12 rue de la Paix", "75002 PARIS CEDEX 02"), "PARIS"),
        ("Keizersgracht 1, 1015 CJ Amsterdam", ("Keizersgracht 1", "1015 CJ Amsterdam"), "Amsterdam"),
        ("10 Downing Street, London, SW1A 2AA", ("10 Downing Street, London", "SW1A 2AA"), ""),
        ("The Old Mill\nHigh Street\nYork YO1 7HH", ("The Old Mill", "High Street", "York YO1 7HH"), ""),
        ("Calle Sol 3, Lugo", ("Calle Sol 3", "Lugo"), ""),
        ("  ,, ; ", (), ""),
        ("", (), ""),
    ],
)
def test_an_address_finds_its_lines(written: str, shown: tuple[str, ...], town_of_it: str) -> None:
    assert lines(written) == shown
    assert town(written) == town_of_it


@pytest.mark.parametrize(
    ("written", "arrives"),
    [("Calle Sol 3, 27001 Lugo", True), ("Lugo", False), ("", False), ("-, -", False), ("Calle Sol 3", False)],
)
def test_a_letter_needs_a_street_and_a_town(written: str, arrives: bool) -> None:
    assert deliverable(written) is arrives


def test_the_window_says_to_whom_where_and_in_which_country() -> None:
    there = abroad("FR", "ES", "es")
    shown = block("Pâtisserie Morel", "Léa Morel", "12 rue de la Paix, 75002 Paris, Francia", "fr", abroad=there)
    assert shown == ["Pâtisserie Morel", "À l’attention de Léa Morel", "12 rue de la Paix", "75002 Paris", "FRANCIA"]
    assert abroad("ES", "ES", "es") == ""


def test_a_long_address_loses_nothing_and_fits_the_window() -> None:
    written = "Nave 3\nPolígono Sur\nParcela 14\nCalle de los Oficios 7\n46980 Paterna\nValencia"
    shown = block("Miró", "Ana", written, "es", abroad="ESPAÑA")
    assert len(shown) == MOST_LINES
    for word in ("Nave 3", "Parcela 14", "Oficios", "46980 Paterna", "ESPAÑA"):
        assert any(word in line for line in shown), word


def test_whoever_is_also_the_contact_is_named_once() -> None:
    assert block("Ana Miró", "Ana Miró", "Sol 3, 27001 Lugo", "es") == ["Ana Miró", "Sol 3", "27001 Lugo"]
