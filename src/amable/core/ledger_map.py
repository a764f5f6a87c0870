"""The map of a ledger: which heading is which of our columns, and the few things a file cannot tell by itself.

One line each, `heading: column`, or a setting: `dates: day first`, `decimal: comma`, `sheet: Invoices`,
`terms: 30 days`, `currency: EUR`, `ledger: additions`. A heading that is to be left alone is mapped to `ignore`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from amable.core.money import known

IGNORE: Final = "ignore"
LONGEST_TERMS: Final = 365

_CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "dates": {"day first": "day", "month first": "month"},
    "decimal": {"comma": ",", "point": "."},
    "ledger": {"complete": "complete", "additions": "additions"},
}
_DAYS: Final = re.compile(r"(\d{1,3})(?: days?)?")
_BARE: Final = re.compile(r"[^\W\d_][\w .()/ºª+-]*")
_WORDS_OF_YAML: Final = frozenset(("yes", "no", "true", "false", "null", "on", "off", "y", "n"))


class LedgerMap(NamedTuple):
    """A map as it was read. `headings` keeps the lines that are about headings; the others are empty where not said."""

    headings: dict[str, str]
    dates: str = ""
    decimal: str = ""
    sheet: str = ""
    terms: str = ""
    currency: str = ""
    ledger: str = ""


def read(lines: Mapping[str, str], columns: Iterable[str]) -> LedgerMap:
    """Tell settings from headings: a line whose value is one of our columns is about a heading, whatever its name."""
    ours = {*columns, IGNORE}
    headings: dict[str, str] = {}
    settings: dict[str, str] = {}
    for name, value in lines.items():
        key, meaning = name.strip().casefold(), _setting(name.strip().casefold(), " ".join(value.split()))
        if meaning and _folded(value) not in ours:
            settings[key] = meaning
        else:
            headings[name] = value
    return LedgerMap(headings, **settings)


def line(name: str, value: str) -> str:
    """One line of a map, as a person may copy it into the file."""
    return f"{_written(name)}: {_written(value)}"


def _setting(key: str, value: str) -> str:
    if key in _CHOICES:
        return _CHOICES[key].get(value.casefold(), "")
    if key == "terms":
        found = _DAYS.fullmatch(value.casefold())
        return found[1] if found and int(found[1]) <= LONGEST_TERMS else ""
    if key == "currency":
        return value.upper() if known(value.upper()) else ""
    return value if key == "sheet" else ""


def _folded(column: str) -> str:
    return re.sub(r"[\s-]+", "_", column.strip().casefold())


def _written(text: str) -> str:
    if _BARE.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML and text == text.strip():
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"
