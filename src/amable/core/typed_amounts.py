"""Reads an amount as a person types it into a form, and refuses what could mean two things."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from amable.core.languages import locale
from amable.core.money import exponent

_SPACES: Final = re.compile(r"[\s\u00a0\u202f\u2009'’]")
_PLAIN: Final = re.compile(r"\d{1,15}")
_DECIMAL: Final = re.compile(r"(\d{1,15})[.,](\d+)")
_GROUPED: Final = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?:([.,])(\d+))?")


def read_amount(text: str, currency: str, language: str) -> int | None:
    """What was typed, in minor units of the currency; None when it is no amount, or could be two.

    A sign of groups counts as one only where nothing else is possible (`1.234,50`) or where it is the reader's own
    (`1.234` in Spanish); decimals the currency does not have are never rounded.
    """
    figure = _SPACES.sub("", text).replace("−", "-").replace("–", "-")
    sign, figure = (-1, figure[1:]) if figure.startswith("-") else (1, figure)
    if not figure.isascii():
        return None
    decimals = exponent(currency)
    if _PLAIN.fullmatch(figure):
        return sign * _minor(figure, "", decimals)
    if (simple := _DECIMAL.fullmatch(figure)) and len(simple[2]) <= decimals and len(simple[2]) != 3:
        return sign * _minor(simple[1], simple[2], decimals)
    grouped = _GROUPED.fullmatch(figure)
    if not grouped or len(figure) > 20:
        return None
    group, point, fraction = grouped.groups()
    if point == group or (not point and figure.count(group) == 1 and group != _group_sign(language)):
        return None
    if fraction is not None and len(fraction) > decimals:
        return None
    whole = figure.partition(point)[0] if point else figure
    return sign * _minor(whole.replace(group, ""), fraction or "", decimals)


def _minor(whole: str, fraction: str, decimals: int) -> int:
    return int(Decimal(f"{whole}.{fraction or 0}").scaleb(decimals))


def _group_sign(language: str) -> str:
    return str(locale(language).number_symbols["latn"]["group"])
