"""Amounts typed into a form: read as people of four languages write them, never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.languages import LANGUAGES, show_amount
from amable.core.money import Money
from amable.core.typed_amounts import read_amount


@given(
    minor=st.integers(-(10**12), 10**12),
    currency=st.sampled_from(("EUR", "RON", "JPY")),
    language=st.sampled_from(LANGUAGES),
)
def test_what_is_shown_can_be_typed(minor: int, currency: str, language: str) -> None:
    assert read_amount(show_amount(Money(minor, currency), language), currency, language) == minor


@pytest.mark.parametrize(
    ("typed", "language", "minor"),
    [
        ("1234", "es", 1234_00),
        ("1234,5", "es", 1234_50),
        ("1234.5", "es", 1234_50),
        ("1.234", "es", 1234_00),
        ("1,234", "en", 1234_00),
        ("1.234,50", "en", 1234_50),
        ("1 234,50", "fr", 1234_50),
        ("−50", "en", -50_00),
        # what could be two amounts, or none
        ("1,234", "es", None),
        ("1.234", "en", None),
        ("1.234", "fr", None),
        ("1,2345", "en", None),
        ("1.234,567", "es", None),
        ("12,34,567", "en", None),
        ("1.234.5", "es", None),
        ("", "en", None),
        ("abc", "en", None),
        ("５", "en", None),
        ("1e3", "en", None),
        ("--5", "en", None),
    ],
)
def test_an_amount_is_read_or_refused(typed: str, language: str, minor: int | None) -> None:
    assert read_amount(typed, "EUR", language) == minor


@given(st.text(max_size=30), st.sampled_from(LANGUAGES))
def test_nothing_typed_breaks_it(typed: str, language: str) -> None:
    assert read_amount(typed, "EUR", language) is None or any(sign.isdigit() for sign in typed)
