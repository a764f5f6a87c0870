"""How many text messages a text takes, and where a network cuts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.sms import GSM, UCS, count, fitting, segments

GSM_LETTERS = "abcXYZ 0123,.:@£ñÑüàé€[]{}^|~\\\n"
ANY = st.text(st.one_of(st.sampled_from(GSM_LETTERS), st.characters(exclude_categories=["Cs"])), max_size=500)
IN_GSM = st.text(st.sampled_from(GSM_LETTERS), max_size=700)


@pytest.mark.parametrize(
    ("text", "alphabet", "units", "parts"),
    [
        ("", GSM, 0, 1),
        ("a" * 160, GSM, 160, 1),
        ("a" * 161, GSM, 161, 2),
        ("a" * 306, GSM, 306, 2),
        ("a" * 307, GSM, 307, 3),
        ("€" * 80, GSM, 160, 1),
        ("a" * 152 + "€" + "a" * 153, GSM, 307, 3),  # the escape moves on whole, and the last one overflows
        ("a" * 151 + "€" + "a" * 153, GSM, 306, 2),
        ("ș" * 70, UCS, 70, 1),
        ("ș" * 71, UCS, 71, 2),
        ("ș" * 134, UCS, 134, 2),
        ("ș" * 135, UCS, 135, 3),
        ("🙂" * 35, UCS, 70, 1),
        ("🙂" * 67, UCS, 134, 3),  # a pair is never cut: 66 units, 66, and the last one
        ("Panadería", UCS, 9, 1),  # the Spanish í is not in the alphabet, the ñ is
        ("España, café à 5 €", GSM, 19, 1),
    ],
)
def test_a_text_is_counted_as_a_network_counts(text: str, alphabet: str, units: int, parts: int) -> None:
    counted = count(text)
    assert (counted.alphabet, counted.units, len(counted.parts)) == (alphabet, units, parts)


@given(ANY)
def test_the_segments_are_the_text_and_each_fits(text: str) -> None:
    counted = count(text)
    assert "".join(counted.parts) == text
    assert counted.units <= counted.room
    if len(counted.parts) > 1:
        for part in counted.parts:
            assert part
            assert count(part).units <= 153 if counted.alphabet == GSM else len(part.encode("utf-16-le")) <= 2 * 67


@given(IN_GSM)
def test_no_escape_is_cut_in_two(text: str) -> None:
    counted = count(text)
    assert counted.alphabet == GSM
    for part in counted.parts:
        assert sum(1 + (sign in "€[]{}^|~\\") for sign in part) <= (160 if len(counted.parts) == 1 else 153)


@given(ANY, st.sampled_from("aș€🙂"))
def test_a_longer_text_never_takes_fewer(text: str, more: str) -> None:
    assert segments(text) <= segments(text + more)


def test_accents_stay_where_two_messages_suffice() -> None:
    text = "Panadería Núñez: factura F-1 (500,00 €), vencida el 3 de marzo y pendiente. Dudas: 960 000 001."
    assert segments(text) == 2
    assert fitting(text) == text


def test_accents_are_left_out_where_they_would_make_it_three() -> None:
    text = "Țesătoria Brașov: plata facturii F-1 (500,00 lei, termen 3 martie) nu ne-a ajuns. " + "Numai bine! " * 6
    assert segments(text) == 3
    plainer = fitting(text)
    assert segments(plainer) == 1
    assert plainer.startswith("Tesatoria Brasov: plata facturii F-1")


def test_a_link_and_another_script_keep_their_letters() -> None:
    text = "Ștefan “SRL” https://pay.example/Ș1 Москва " + "ț" * 140
    assert "https://pay.example/Ș1 Москва" in fitting(text)


@given(ANY)
def test_leaving_accents_out_never_costs_more(text: str) -> None:
    plainer = fitting(text)
    assert segments(plainer) <= max(segments(text), 2)
    assert plainer == text or segments(plainer) < segments(text)
