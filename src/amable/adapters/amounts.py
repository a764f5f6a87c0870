"""Amounts as people write them, with a decimal comma or point: what a whole column says about which one it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from amable.core.money import exponent, known

_LONGEST: Final = 64
_LARGEST: Final = Decimal(10) ** 12
_MINUSES: Final = str.maketrans(
    {**dict.fromkeys("−–‐‑﹣－", "-"), **dict.fromkeys("\u00a0\u202f\u2009\u2007\t", " "), "’": "'", "´": "'"}
)
_DOLLARS: Final = frozenset(
    ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "ARS", "CLP", "COP", "DOP", "UYU", "TWD", "BRL")
)
_CROWNS: Final = frozenset(("SEK", "NOK", "DKK", "ISK", "CZK"))
_SIGNS: Final[Mapping[str, frozenset[str]]] = {
    "€": frozenset(("EUR",)),
    "euro": frozenset(("EUR",)),
    "euros": frozenset(("EUR",)),
    "£": frozenset(("GBP",)),
    "lei": frozenset(("RON", "MDL")),
    "leu": frozenset(("RON", "MDL")),
    "$": _DOLLARS,
    "us$": frozenset(("USD",)),
    "ca$": frozenset(("CAD",)),
    "c$": frozenset(("CAD",)),
    "a$": frozenset(("AUD",)),
    "r$": frozenset(("BRL",)),
    "mx$": frozenset(("MXN",)),
    "kr": _CROWNS,
    "kr.": _CROWNS,
    "kč": frozenset(("CZK",)),
    "zł": frozenset(("PLN",)),
    "ft": frozenset(("HUF",)),
    "fr.": frozenset(("CHF",)),
    "sfr": frozenset(("CHF",)),
    "лв": frozenset(("BGN",)),
    "лв.": frozenset(("BGN",)),
    "¥": frozenset(("JPY", "CNY")),
    "₺": frozenset(("TRY",)),
    "₴": frozenset(("UAH",)),
    "₽": frozenset(("RUB",)),
    "₹": frozenset(("INR",)),
    "₪": frozenset(("ILS",)),
    "₩": frozenset(("KRW",)),
}
_BARE: Final = re.compile(r"(-)?(\d[\d.,]{0,30})")
_WORD: Final = r"[^\d\s.,'()+-]{1,5}\.?"
_FIGURE: Final = r"\d(?:[\d.,' ]*\d)?|[.,]\d+"
_SHAPE: Final = re.compile(
    rf"(?:({_WORD}) *)?(\()? *([-+])? *(?:({_WORD}) *)?([-+])? *"
    rf"(?P<figure>{_FIGURE})(?P<power>[eE][+-]?\d{{1,2}})?"
    rf" *([-+])? *(?:({_WORD}) *)?(\))? *(?:({_WORD}))?"
)
_WORDS: Final = (1, 4, 9, 11)
_TURNS: Final = (3, 5, 8)
_GROUPED: Final = {
    ",": re.compile(r"(\d+|[1-9]\d{0,2}([.' ])\d{3}(?:\2\d{3})*)?(?:,(\d+))?"),
    ".": re.compile(r"(\d+|[1-9]\d{0,2}([,' ])\d{3}(?:\2\d{3})*)?(?:\.(\d+))?"),
}
_PLACES: Final = Decimal("0.0001")
_DIGITS_OF_FLOATS: Final = 14
_NOISE: Final = Decimal("1E-13")


class Written(NamedTuple):
    """One amount before the decimal sign of its column is settled; None where the figure does not fit a reading.

    `currencies` are those its sign or code can mean; none when it carries neither.
    """

    comma: Decimal | None
    point: Decimal | None
    currencies: frozenset[str]

    @property
    def vote(self) -> str:
        """The decimal sign this figure proves, "?" when it can be read two ways, "" when both readings agree."""
        if self.comma is not None and self.point is not None:
            return "" if self.comma == self.point else "?"
        return "," if self.comma is not None else "."


class Verdict(NamedTuple):
    """How a column is read: its decimal sign, "" while nothing decides; and whether its figures contradict it often."""

    sign: str
    mixed: bool


def parse(text: str) -> Written | None:
    """The amount in a cell, signed, with its currency mark; None when it is no amount in any reading."""
    if bare := _BARE.fullmatch(text):
        return _written(bare[2], "", bool(bare[1]), frozenset())
    text = " ".join(text[: 2 * _LONGEST].translate(_MINUSES).split())
    if len(text) > _LONGEST or not (shape := _SHAPE.fullmatch(text)):
        return None
    if (shape[2] is None) != (shape[10] is None):
        return None
    turns = [shape[group] for group in _TURNS if shape[group]] + (["-"] if shape[2] else [])
    words = [currencies(shape[group]) for group in _WORDS if shape[group]]
    meant = frozenset.intersection(*words) if words else frozenset()
    if len(turns) > 1 or (words and not meant):
        return None
    return _written(shape["figure"], shape["power"] or "", turns == ["-"], meant)


def currencies(word: str) -> frozenset[str]:
    """The ISO 4217 currencies that a code or sign can mean; none when it means no money."""
    code = word.upper().rstrip(".")
    return frozenset((code,)) if known(code) else _SIGNS.get(word.lower(), frozenset())


def the_currency(meant: frozenset[str]) -> str:
    """The one currency meant, "" when it cannot be told; lei without more said are Romanian."""
    if "RON" in meant:
        return "RON"
    return next(iter(meant)) if len(meant) == 1 else ""


def settle(votes: Mapping[str, int]) -> Verdict:
    """The sign the greater part of the deciding cells prove. It is mixed when more than one in ten prove the other."""
    comma, point = votes.get(",", 0), votes.get(".", 0)
    if comma == point:
        return Verdict("", comma > 0)
    return Verdict("," if comma > point else ".", min(comma, point) * 10 > comma + point)


def too_large(amount: Decimal) -> bool:
    """Whether no invoice can be meant any more."""
    return abs(amount) >= _LARGEST


def exact(amount: Decimal, currency: str) -> Decimal | None:
    """The amount with its currency's decimals; None when it has more. Without currency up to three decimals stay."""
    plain = amount.quantize(_smallest(currency))
    if plain == amount:
        return plain
    finer = amount.quantize(Decimal("0.001"))
    return finer if not currency and finer == amount else None


@lru_cache(maxsize=256)
def _smallest(currency: str) -> Decimal:
    """The smallest unit of a currency, a hundredth where none is named."""
    return Decimal(1).scaleb(-(exponent(currency) if currency else 2))


def _written(figure: str, power: str, negative: bool, meant: frozenset[str]) -> Written | None:
    comma, point = _value(figure, ",", power, negative), _value(figure, ".", power, negative)
    return None if comma is None and point is None else Written(comma, point, meant)


def _value(figure: str, sign: str, power: str, negative: bool) -> Decimal | None:
    fits = _GROUPED[sign].fullmatch(figure)
    if fits is None or (power and fits[2]):
        return None
    whole, group, decimals = fits.groups()
    if group:
        whole = whole.replace(group, "")
    amount = Decimal(f"{whole or 0}.{decimals or 0}{power}")
    if len(figure) > _DIGITS_OF_FLOATS:
        amount = _without_noise(amount)
    return -amount if negative and amount else amount


def _without_noise(amount: Decimal) -> Decimal:
    """The number a binary fraction stood for: 119.99999999999999 is 120, when 14 digits or more say so."""
    if len(amount.as_tuple().digits) < _DIGITS_OF_FLOATS or too_large(amount):
        return amount
    near = amount.quantize(_PLACES)
    return near if abs(near - amount) <= max(Decimal(1), abs(amount)) * _NOISE else amount
