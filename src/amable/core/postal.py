"""Puts a postal address as a ledger has it into the lines of an envelope, and knows on which side its window is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from babel import Locale

from amable.core.languages import say
from amable.core.marked import clean

MOST_LINES: Final = 6  # what a DL window shows at a readable size
_LONGEST: Final = 120  # characters of a line; what is longer is no address

# Where the window of the usual business envelope is on the right: NF Z 11-001 in France, `americano` in Spain.
_RIGHT: Final = frozenset({"AD", "BE", "ES", "FR", "IT", "LU", "MC", "PT", "RO", "SM"})

# A postal code that opens a piece of an address: 46003, F-75001, 1012 AB, SW1A 2AA, 00-950, 1000-205.
_CODE: Final = re.compile(
    r"(?:[A-Z]{1,2}-)?(?:\d{4} ?[A-Z]{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{4,6})\b"  # most of Europe
    r"|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b"  # Great Britain
)
_AFTER_TOWN: Final = re.compile(r"\s*(?:\(.*\)|\bCEDEX\b.*)$", re.IGNORECASE)
_IN_ONE: Final = re.compile(r"(?<=[^\s,;]) (?=\d{5,6} [^\W\d_]{2})")  # "Calle de la Paz 1 46003 Valencia"


def lines(address: str) -> tuple[str, ...]:
    """The lines of an address: as written when it has several, else cut at its postal code, else at its commas."""
    written = [piece for line in re.split(r"[\n\r\x0b\x0c\x85\u2028\u2029]+", address) if (piece := _tidy(line))]
    if len(written) > 1 or not written:
        return tuple(written)
    pieces = [piece for part in re.split(r"[,;|]", _IN_ONE.sub(", ", written[0], 1)) if (piece := _tidy(part))]
    town = next((place for place, piece in enumerate(pieces) if place and _CODE.match(piece)), None)
    if town is None:
        return tuple(pieces)
    return (", ".join(pieces[:town]), *pieces[town:])


def deliverable(address: str) -> bool:
    """Whether a letter could arrive: a street and a town, or what comes close to them."""
    found = lines(address)
    return len(found) > 1 and all(any(map(str.isalnum, line)) for line in found[:2])


def town(address: str) -> str:
    """The town of an address whose last lines begin with a postal code; empty when that cannot be told."""
    for line in reversed(lines(address)):
        if found := _CODE.match(line):
            name = _AFTER_TOWN.sub("", line[found.end() :]).strip(" ,-")
            return name if name and not any(map(str.isdigit, name)) else ""
    return ""


def block(name: str, contact: str, address: str, language: str, *, abroad: str = "") -> list[str]:
    """What stands in the window: who, to whose attention (in the reader's language), where, and the country `abroad`.

    Of an address of many lines the first share one, so that none is lost and the block still fits.
    """
    found = [clean(name)]
    if contact and clean(contact) != found[0]:
        found.append(say("letter.attention", language, name=clean(contact)))
    where = [line for line in lines(address) if line.casefold() != abroad.casefold()]
    found += _joined(where, MOST_LINES - len(found) - bool(abroad))
    if abroad:
        found.append(abroad.upper())
    return [line[:_LONGEST] for line in found]


def abroad(country: str, home: str, language: str) -> str:
    """The name of a country another than `home`, in the language of the post that reads it first; else nothing."""
    if not country or not home or country == home:
        return ""
    return str(Locale(language).territories.get(country, country))


def window_on_the_right(country: str) -> bool:
    """Whether business envelopes of a country have their window on the right."""
    return country in _RIGHT


def _joined(found: Sequence[str], room: int) -> list[str]:
    """No more lines than there is room for: the first ones share a line, the town keeps its own."""
    kept = list(found)
    while len(kept) > room > 0:
        kept[:2] = [", ".join(kept[:2])]
    return kept


def _tidy(text: str) -> str:
    return " ".join(clean(text).split()).strip(" ,;")
