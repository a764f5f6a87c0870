"""Money: integer minor units with an ISO 4217 currency; Decimal only at the edges."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from babel.numbers import get_currency_precision, is_currency


class TooPreciseError(ValueError):
    """An amount has more decimals than its currency."""


class Money(NamedTuple):
    """An amount in the minor units of its currency (cents of EUR, whole yen)."""

    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The amount in major units, with exactly the currency's decimals."""
        return from_minor(self.minor, self.currency)


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217: EUR 2, JPY 0, KWD 3)."""
    return int(get_currency_precision(currency))


@lru_cache(maxsize=512)
def known(currency: str) -> bool:
    """Whether this is a three-letter ISO 4217 code, in capitals."""
    return len(currency) == 3 and currency.isascii() and currency.isupper() and bool(is_currency(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units; raises TooPreciseError when the currency has fewer decimals."""
    scaled = amount.scaleb(exponent(currency))
    whole = int(scaled)
    if scaled != whole:
        raise TooPreciseError(f"{amount} {currency}")
    return whole


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount in major units, with exactly the currency's decimals."""
    return Decimal(minor).scaleb(-exponent(currency))
