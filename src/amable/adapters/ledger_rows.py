"""Which rows of somebody's table are items, and which are totals, notes, names of groups or headings again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.adapters.tables import Row, clean

_TOTAL: Final = re.compile(
    r"(?:grand |sub|sum )?(?:totals?|totales|totale|totaux|totalul|suma|somme|sumas|sous-total)\b"
    r"(?: (?:general|generala|for|de|del|pour|pentru|cliente?|customer)\b.*|.*)",
    re.IGNORECASE,
)
_GROUP_LABEL: Final = re.compile(r"(?:cliente?|customer|debtor|partener|tiers|contacto?)\s*[:.]\s*", re.IGNORECASE)
_GROUP_NUMBER: Final = re.compile(r"(\d[\d.]{2,})(?:\s*[-–:]\s*|\s+)(\D.*)")


class Places(NamedTuple):
    """Where the cells stand that tell an item from other rows; in `group` a row names the customer of others."""

    number: tuple[int, ...]
    dates: tuple[int, ...]
    amounts: tuple[int, ...]
    group: int | None = None


class Sifted(NamedTuple):
    """The items, with the customer of their group by line, and how many rows were left out and why."""

    rows: tuple[Row, ...]
    groups: dict[int, str]
    left_out: Counter[str]


def sift(rows: Sequence[Row], headings: Sequence[str], places: Places) -> Sifted:
    """Leave out what cannot be an item. A row with a number, or with an amount and no word of a total, always stays."""
    kept: list[Row] = []
    groups: dict[int, str] = {}
    left_out: Counter[str] = Counter()
    group = ""
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [place for place, cell in enumerate(cells) if cell]
        why = _no_item(cells, filled, headings, places)
        if why == "groups":
            group = _GROUP_LABEL.sub("", cells[filled[0]])
        if why:
            left_out[why] += 1
            continue
        if group:
            groups[row.line] = group
        kept.append(row)
    return Sifted(tuple(kept), groups, left_out)


def group_column(rows: Sequence[Row], number: tuple[int, ...]) -> int | None:
    """The column in which rows with one cell name the customer of the rows below, which leave that column empty."""
    alone: Counter[int] = Counter()
    among_items: Counter[int] = Counter()
    items = 0
    for row in rows:
        filled = [place for place, cell in enumerate(row.cells) if cell and clean(cell)]
        if len(filled) == 1 and not _TOTAL.fullmatch(anyascii(clean(row.cells[filled[0]]))):
            alone[filled[0]] += 1
        elif len(filled) > 2 and any(place in filled for place in number):
            items += 1
            among_items.update(filled)
    able = (place for place, _ in alone.most_common() if place not in number and among_items[place] * 20 <= items)
    return next(able, None) if items else None


def parted(group: str) -> Mapping[str, str]:
    """The customer a group row names, its number apart when it begins with one: `430000123 Forn de la Plaça`."""
    found = _GROUP_NUMBER.fullmatch(group)
    return {"customer_id": found[1], "customer_name": found[2]} if found else {"customer_name": group}


def first_lines(rows: Sequence[Row], number: tuple[int, ...], facts: Sequence[int]) -> tuple[Row, ...]:
    """Of rows that are lines of one invoice the first; one that contradicts it in its facts stays, to be listed."""
    first: dict[tuple[str, ...], tuple[str, ...]] = {}
    kept: list[Row] = []
    for row in rows:
        key, said = _cells(row, number), _cells(row, facts)
        if any(key) and first.get(key) == said:
            continue
        first.setdefault(key, said)
        kept.append(row)
    return tuple(kept)


def _cells(row: Row, places: Sequence[int]) -> tuple[str, ...]:
    return tuple(clean(row.cells[place]) if place < len(row.cells) else "" for place in places)


def _no_item(cells: Sequence[str], filled: Sequence[int], headings: Sequence[str], places: Places) -> str:
    """Why a row is no item; empty when it is one, or may be."""
    told = set(filled)
    numbered, dated, worth = (not told.isdisjoint(where) for where in (places.number, places.dates, places.amounts))
    again = sum(1 for place in filled if place < len(headings) and cells[place] == headings[place])
    if len(filled) > 2 and again * 2 > len(filled):
        return "repeated"
    if not (numbered and dated) and any(_TOTAL.fullmatch(anyascii(cells[place])) for place in filled):
        return "totals"
    if list(filled) == [places.group]:
        return "groups"
    if worth:
        return "totals" if told.issubset(places.amounts) else ""
    return "notes" if len(filled) == 1 or not (numbered or dated) else ""
