"""Which rows of somebody's table are items, and which are totals, notes, names of groups or headings again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
_FIGURE: Final = re.compile(r"[^\w@]*(?:\w{1,3}\W+)?[-+(]?\d[\d.,' \u00a0\u202f]*\)?(?:\W*\w{1,3})?")
# What a row that names a customer says of them beside the name, each by what it begins with or is made of.
_SAID: Final = (
    ("email", re.compile(r"(?:e-?mail\s*[:.]\s*)?(\S.*@.*)", re.IGNORECASE)),
    (
        "tax_id",
        re.compile(
            r"(?:c\.?u\.?i|c\.?i\.?f|c\.?f|n\.?i\.?f|v\.?a\.?t|t\.?v\.?a|tax id|siren|siret)\b\.?\s*(?:no\.?|nr\.?)?\s*"
            r"[:.]?\s*([a-z]{0,3}[\s.-]?\d[\da-z .-]{4,})",
            re.IGNORECASE,
        ),
    ),
    (
        "phone",
        re.compile(r"(?:tel[eé]?fono?|telefon|t[eé]l|tel|phone)\.?\s*[:.]?\s*(\+?[\d ()./-]{6,})", re.IGNORECASE),
    ),
)


class Places(NamedTuple):
    """Where the cells stand that tell an item from other rows; in `group` a row names the customer of others."""

    number: tuple[int, ...]
    dates: tuple[int, ...]
    amounts: tuple[int, ...]
    group: int | None = None


class Sifted(NamedTuple):
    """The items, with what their group says of its customer by line, and how many rows were left out and why."""

    rows: tuple[Row, ...]
    groups: dict[int, Mapping[str, str]]
    left_out: Counter[str]


def sift(rows: Sequence[Row], headings: Sequence[str], places: Places) -> Sifted:
    """Leave out what cannot be an item. A row with a number, or with an amount and no word of a total, always stays."""
    kept: list[Row] = []
    groups: dict[int, Mapping[str, str]] = {}
    left_out: Counter[str] = Counter()
    group: Mapping[str, str] = {}
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [place for place, cell in enumerate(cells) if cell]
        why = _no_item(cells, filled, headings, places)
        if why == "groups":
            group = _said(cells, filled, places) or _parted(cells[filled[0]])
        elif not why and places.group in places.number and not _any(filled, places.dates):
            group = {}  # it may have named somebody: whose the next ones are is not known
        if why:
            left_out[why] += 1
            continue
        if group:
            groups[row.line] = group
        kept.append(row)
    return Sifted(tuple(kept), groups, left_out)


def group_column(rows: Sequence[Row], places: Places) -> int | None:
    """The column in which rows name the customer of the rows below.

    They do so in a cell of their own, in a column those leave empty; or in that of the numbers, if they show that they
    speak of a customer: by their own number before the name, or a tax number, an address or a telephone beside it.
    """
    alone: Counter[int] = Counter()
    telling: Counter[int] = Counter()
    among_items: Counter[int] = Counter()
    items = 0
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [place for place, cell in enumerate(cells) if cell]
        if filled and filled[0] in places.number and _said(cells, filled, places._replace(group=filled[0])):
            telling[filled[0]] += 1
        elif len(filled) == 1 and not _TOTAL.fullmatch(anyascii(cells[filled[0]])):
            alone[filled[0]] += 1
        elif len(filled) > 2 and any(place in filled for place in places.number):
            items += 1
            among_items.update(filled)
    if not items:
        return None
    able = (
        place for place, _ in alone.most_common() if place not in places.number and among_items[place] * 20 <= items
    )
    return next(able, None if not telling else telling.most_common(1)[0][0])


def _said(cells: Sequence[str], filled: Sequence[int], places: Places) -> Mapping[str, str]:
    """What a row that names a customer where items have their number says of them; nothing where it is no such row."""
    if not filled or filled[0] != places.group or places.group not in places.number or not places.dates:
        return {}
    name = cells[filled[0]]
    if not any(letter.isalpha() for letter in name) or _TOTAL.fullmatch(anyascii(name)):
        return {}
    beside: dict[str, str] = {}
    for place in filled[1:]:
        said = next(((what, found[1]) for what, form in _SAID if (found := form.fullmatch(cells[place]))), None)
        if place in places.dates or (said is None and _FIGURE.fullmatch(cells[place])):
            return {}
        if said is not None:
            beside[said[0]] = said[1].strip()
    told = _parted(name)
    return told | beside if beside or "customer_id" in told or _GROUP_LABEL.match(name) else {}


def _parted(group: str) -> dict[str, str]:
    """The customer a group row names, its number apart when it begins with one: `430000123 Forn de la Plaça`."""
    name = _GROUP_LABEL.sub("", group)
    found = _GROUP_NUMBER.fullmatch(name)
    return {"customer_id": found[1], "customer_name": found[2]} if found else {"customer_name": name}


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


def _any(filled: Collection[int], where: Sequence[int]) -> bool:
    return any(place in filled for place in where)


def _no_item(cells: Sequence[str], filled: Sequence[int], headings: Sequence[str], places: Places) -> str:
    """Why a row is no item; empty when it is one, or may be."""
    told = set(filled)
    numbered, dated, worth = (_any(told, where) for where in (places.number, places.dates, places.amounts))
    again = sum(1 for place in filled if place < len(headings) and cells[place] == headings[place])
    if len(filled) > 2 and again * 2 > len(filled):
        return "repeated"
    if not (numbered and dated) and any(_TOTAL.fullmatch(anyascii(cells[place])) for place in filled):
        return "totals"
    if (list(filled) == [places.group] and not numbered) or _said(cells, filled, places):
        return "groups"
    if worth:
        return "totals" if told.issubset(places.amounts) else ""
    return "notes" if len(filled) == 1 or not (numbered or dated) else ""
