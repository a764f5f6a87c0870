"""Counts what a text message takes: which alphabet it needs, and into which segments a network cuts it.

Sources: 3GPP TS 23.038 (the alphabets) and TS 23.040 (concatenation).
"""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

GSM: Final = "GSM-7"
UCS: Final = "UCS-2"
MOST_SEGMENTS: Final = 2

_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_TWICE: Final = frozenset("^{}\\[~]|€\f")  # an escape and a septet
_ONE: Final = {GSM: 160, UCS: 70}  # what one message holds: septets, or UTF-16 code units
_EACH: Final = {GSM: 153, UCS: 67}  # what each of several holds, beside its header
_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("’‘ʼ´`′", "'"),
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009\t", " "),
        "…": "...",
        "·": ".",
        "œ": "oe",
        "Œ": "OE",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
    }
)


class Counted(NamedTuple):
    """A text as a network sends it. `units` are septets or UTF-16 code units; `parts` joined are the text."""

    alphabet: str
    units: int
    parts: tuple[str, ...]

    @property
    def room(self) -> int:
        """How many units so many segments hold."""
        n = len(self.parts)
        return _ONE[self.alphabet] if n == 1 else n * _EACH[self.alphabet]


def count(text: str) -> Counted:
    """The alphabet a text needs and its segments; neither an escape nor a surrogate pair is ever cut in two."""
    alphabet = GSM if all(sign in _GSM7 or sign in _GSM7_TWICE for sign in text) else UCS
    weights = [_weight(sign, alphabet) for sign in text]
    units = sum(weights)
    if units <= _ONE[alphabet]:
        return Counted(alphabet, units, (text,))
    parts: list[str] = []
    start = size = 0
    for place, weight in enumerate(weights):
        if size + weight > _EACH[alphabet]:
            parts.append(text[start:place])
            start, size = place, 0
        size += weight
    return Counted(alphabet, units, (*parts, text[start:]))


def segments(text: str) -> int:
    """How many messages a text takes."""
    return len(count(text).parts)


def fitting(text: str) -> str:
    """The text as written where that takes two messages at most; else its accents are left out where that saves one.

    One `ș` makes a network count every letter twice. People who write by thumb leave it out, and nobody misses it: `ș`
    becomes `s`. Links stay as they are, as do letters that are no accented Latin ones.
    """
    before = segments(text)
    if before <= MOST_SEGMENTS:
        return text
    plainer = " ".join(word if "://" in word else "".join(map(_in_gsm, word)) for word in text.split(" "))
    return plainer if segments(plainer) < before else text


def _in_gsm(sign: str) -> str:
    """A sign in the GSM alphabet, itself when there is no plainer way to write it."""
    if sign in _GSM7 or sign in _GSM7_TWICE:
        return sign
    plainer = sign.translate(_SIGNS)
    if plainer == sign:
        plainer = "".join(c for c in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(c))
    return plainer if all(c in _GSM7 for c in plainer) else sign


def _weight(sign: str, alphabet: str) -> int:
    return 1 + (sign in _GSM7_TWICE if alphabet == GSM else ord(sign) > 0xFFFF)
