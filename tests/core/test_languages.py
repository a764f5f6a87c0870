"""Amounts and counts look to every reader as Babel, which knows the habits of every country, would show them."""

from __future__ import annotations

import re

import pytest
from babel.numbers import format_currency, format_decimal, list_currencies
from hypothesis import given
from hypothesis import strategies as st

from amable.core import languages
from amable.core.languages import LANGUAGES, locale, show_money, show_number
from amable.core.money import Money

COUNTRIES = ("", *sorted(languages._SPOKEN), "DE")
READERS = st.tuples(st.sampled_from(LANGUAGES), st.sampled_from(COUNTRIES))
AMOUNTS = st.one_of(st.integers(-2_000, 2_000), st.integers(-(10**15), 10**15))


def by_babel(money: Money, language: str, country: str) -> str:
    """As Babel writes it, only that letters never touch figures: CLDR asks for that, and Babel leaves it out."""
    written = format_currency(money.amount, money.currency, locale=locale(language, country))
    return re.sub(r"(?<=[A-Za-z])(?=[\d-])|(?<=\d)(?=[A-Za-z])", "\u00a0", written)


@given(AMOUNTS, st.sampled_from(sorted(list_currencies())), READERS)
def test_an_amount_looks_as_babel_writes_it(minor: int, currency: str, reader: tuple[str, str]) -> None:
    assert show_money(Money(minor, currency), *reader) == by_babel(Money(minor, currency), *reader)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_no_country_is_left_to_chance(language: str, country: str) -> None:
    """India counts in lakhs, Costa Rica groups with spaces, Chile puts the minus after the currency."""
    for minor in (0, 1, -1, 99, -100, 99_999, 100_000, 123_456_789, -123_456_789, 12_345_678_901_234):
        for currency in ("EUR", "JPY", "KWD"):
            money = Money(minor, currency)
            assert show_money(money, language, country) == by_babel(money, language, country)


@given(st.integers(-2_000, 2_000_000), READERS)
def test_a_count_looks_as_babel_writes_it(number: int, reader: tuple[str, str]) -> None:
    assert show_number(number, *reader) == format_decimal(number, locale=locale(*reader))
