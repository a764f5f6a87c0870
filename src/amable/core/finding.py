"""How names and numbers are written down so that whoever searches finds them, and what a search may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.core.money import exponent
from amable.core.payer_names import words_and_form

_WORD: Final = re.compile(r"[a-z0-9]+")
_GROUP: Final = re.compile(r"[a-z]+|[0-9]+")
_AMOUNT: Final = re.compile(r"[0-9][0-9.,'\u00a0\u202f \u2019]*")
_CURRENCY: Final = re.compile(r"(?:€|\$|£|eur|ron|lei|usd|gbp|chf)", re.IGNORECASE)
_LONGEST_KEPT: Final = 400  # it stands in an index
LONGEST: Final = 200  # signs of a search that mean anything
_MOST_WORDS: Final = 20


def words_of(search: str) -> list[str]:
    """The words of a search that count: each asks the database once more, and a whole book may be pasted into it."""
    return search[:LONGEST].split()[:_MOST_WORDS]


@lru_cache(maxsize=4096)
def letters(text: str) -> str:
    """Small ASCII letters and digits, words apart by a space: `Panadería Núñez, S.L.` is `panaderia nunez s l`."""
    plain = text if text.isascii() else anyascii(text)
    return " ".join(_WORD.findall(plain.lower()))


@lru_cache(maxsize=32_768)
def foldable(name: str) -> str:
    """A name as it is searched in: its words with a space before each, and after a bar without its legal form."""
    whole = letters(name)
    short = " ".join(words_and_form(name)[0])
    return f" {whole}" if short in whole else f" {whole} | {short}"


def folded_number(number: str) -> str:
    """An invoice number as it is searched in: `-f-2026-45-` without leading zeros, and `f20260045` in one piece."""
    return f"-{''.join(f'{group}-' for group in _groups(number))} {in_one_piece(number)}"[:_LONGEST_KEPT]


def in_one_piece(number: str) -> str:
    """Only the letters and figures of a number."""
    return "".join(_GROUP.findall((number if number.isascii() else anyascii(number)).lower()))


def _groups(number: str) -> list[str]:
    plain = number if number.isascii() else anyascii(number)
    groups = _GROUP.findall(plain.lower())
    return [group.lstrip("0") or "0" if group.isdigit() else group for group in groups]


class Wanted(NamedTuple):
    """What a search may mean: words of a name, a number however written, amounts in major units, and the text itself.

    `words` are folded. `number` and `piece` are as `folded_number` writes them, empty when it has no figures.
    """

    text: str
    words: tuple[str, ...]
    number: str
    piece: str
    amounts: tuple[Decimal, ...]


def wanted(typed: str) -> Wanted:
    """Read what was typed into the search."""
    text = " ".join(typed.replace("\0", "").split())[:LONGEST]
    number, piece = "", ""
    if any(sign.isdigit() for sign in text):
        number, _, piece = folded_number(text).partition(" ")
    return Wanted(text, tuple(letters(text).split()), number, piece, tuple(amounts_of(text)))


def amounts_of(text: str) -> Iterator[Decimal]:
    """The amounts a text may mean: `1.234,50`, `1234.5`, `1 234,50 €`; `1.234` is a thousand and also one and a bit."""
    bare = _CURRENCY.sub("", text).strip()
    if not _AMOUNT.fullmatch(bare):
        return
    plain = re.sub(r"[ '\u00a0\u202f\u2019]", "", bare)
    seen: set[Decimal] = set()
    for point, group in ((",", "."), (".", ",")):
        whole, _, cents = plain.rpartition(point) if point in plain else (plain, "", "")
        if point in whole or group in cents or not _grouped(whole, group):
            continue
        try:
            amount = Decimal(f"{whole.replace(group, '')}.{cents or '0'}")
        except InvalidOperation:
            continue
        if amount not in seen:
            seen.add(amount)
            yield amount


def _grouped(whole: str, group: str) -> bool:
    """Whether what stands before the decimal sign is plain figures, or groups of three."""
    parts = whole.split(group)
    return all(part.isdigit() for part in parts) and (len(parts) == 1 or all(len(part) == 3 for part in parts[1:]))


def minors(amount: Decimal, currency: str) -> int | None:
    """The amount in the minor units of a currency, None when it has not so many decimals."""
    scaled = amount.scaleb(exponent(currency))
    return int(scaled) if scaled == scaled.to_integral_value() and abs(scaled) < 10**15 else None


def marked(text: str, words: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """A text in pieces, with whether each is what was searched for, for showing; accents are kept in it."""
    if not words:
        return ((text, False),)
    folded = [anyascii(sign).lower() or " " for sign in text]
    places: list[int] = []  # where each folded sign stands in the text
    for place, signs in enumerate(folded):
        places += [place] * len(signs)
    whole = "".join(folded)
    hits = [False] * len(text)
    for word in words:
        at = whole.find(word)
        while word and at >= 0:
            for place in places[at : at + len(word)]:
                hits[place] = True
            at = whole.find(word, at + 1)
    cuts = [0, *(n for n in range(1, len(text)) if hits[n] != hits[n - 1]), len(text)]
    return tuple((text[one:other], hits[one]) for one, other in pairwise(cuts) if other > one)
