"""Which rows of somebody's table are items, and which are totals, notes, names of groups or headings again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.adapters import amounts
from amable.adapters.tables import Figure, Row, clean
from amable.core.headings import is_age

_TOTAL: Final = re.compile(
    r"(?:grand |sub|sum )?(?:totals?|totales|totale|totaux|totalul|suma|somme|sumas|sous-total)\b"
    r"(?: (?:general|generala|for|de|del|pour|pentru|cliente?|customer)\b.*|.*)"
    r"|(?:%|percent(?:age)?|porcentaje|procentaj|procent|pourcentage) .*",
    re.IGNORECASE,
)
_BARE_TOTAL: Final = re.compile(
    r"\W*(?:grand |sub|sum )?(?:totals?|totales|totale|totaux|totalul|suma|somme|sumas|sous-total)"
    r"(?: (?:general|generala|cliente?|customer|cuenta|cont|compte|account))?\W*",
    re.IGNORECASE,
)
_GRAND_TOTALS: Final = 3  # rows that may add up everything without saying so
_GROUP_LABEL: Final = re.compile(
    r"(?:cliente?|customer|debtor|partener|tiers|contacto?)\s*[:.]\s*|(?:cuenta|cta|compte|cont|account|a/c)\s*:\s*",
    re.IGNORECASE,
)
_GROUP_NUMBER: Final = re.compile(r"(\d[\d.]{2,}|\d{3}[A-Z][A-Z0-9]+)(?:\s*[-–:]\s*|\s+)(\D.*)")
_FIGURE: Final = re.compile(r"[^\w@]*(?:\w{1,3}\W+)?[-+(]?\d[\d.,' \u00a0\u202f]*\)?(?:\W*\w{1,3})?")
# What a row that names a customer says of them, each by what it begins with or is made of.
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
    (
        "customer_id",
        re.compile(
            r"(?:a/c(?: ref)?|(?:customer|client|account) (?:no\.?|number|code|ref)|cuenta|cta|cod(?:igo|ul)?\.?"
            r"(?: (?:de )?client[e]?)?|cont|n[°º]? ?(?:de )?compte|compte)\s*[:]\s*(\S.*)",
            re.IGNORECASE,
        ),
    ),
    ("contact_name", re.compile(r"(?:contact|contacto|persoana de contact)\s*[:]\s*(\S.*)", re.IGNORECASE)),
    (
        "customer_name",
        re.compile(
            r"(?:name|nombre|raz[oó]n social|nume|denumire|nom|raison sociale|cliente?|customer|debtor|partener|tiers)"
            r"\s*[:]\s*(\S.*)",
            re.IGNORECASE,
        ),
    ),
)  # fmt: skip
_NAMING: Final = re.compile(
    r"(?:name|nombre|raz[oó]n social|nume|denumire|nom|raison sociale|cliente?|customer|debtor|partener|tiers)"
    r"(?: name)?\s*[:.]?",
    re.IGNORECASE,
)


class Places(NamedTuple):
    """Where the cells stand that tell an item from other rows; in `group` a row names the customer of others.

    `amounts` are those of our columns, `ages` columns of amounts by age.
    """

    number: tuple[int, ...]
    dates: tuple[int, ...]
    amounts: tuple[int, ...]
    group: int | None = None
    ages: tuple[int, ...] = ()


class Sifted(NamedTuple):
    """The items, with what their group says of its customer by line, and how many rows were left out and why."""

    rows: tuple[Row, ...]
    groups: dict[int, Mapping[str, str]]
    left_out: Counter[str]


def sift(
    rows: Sequence[Row], headings: Sequence[str], places: Places, owner: Mapping[str, str] | None = None
) -> Sifted:
    """Leave out what cannot be an item. A row with a number, or with an amount and no word of a total, always stays.

    `owner` is the customer of the rows before any that names one.
    """
    kept: list[Row] = []
    groups: dict[int, Mapping[str, str]] = {}
    left_out: Counter[str] = Counter()
    group: Mapping[str, str] = owner or {}
    summed = _summed(rows, places)
    alone = places.group is not None and (places.group not in places.number or _introduces(rows, places.group, places))
    totals_close = places.group is not None and _totals_close(rows, places)
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [place for place, cell in enumerate(cells) if cell]
        why = summed.get(row.line, "") or _no_item(cells, filled, headings, places, group if alone else None)
        if why == "groups":
            group = _said(cells, filled, places) or _parted(cells[filled[0]])
        elif (why == "totals" and (totals_close or _closes(cells, filled, group))) or (
            not why and places.group in places.number and not _any(filled, places.dates)
        ):
            group = {}  # the total of its rows was given, or another may have been named: whose the next are is unknown
        if why:
            left_out[why] += 1
            continue
        if group:
            groups[row.line] = group
        kept.append(row)
    return Sifted(tuple(kept), groups, left_out)


def group_column(rows: Sequence[Row], places: Places) -> int | None:
    """The column in which rows name the customer of the rows below.

    They do so in a cell of their own, in a column those leave empty or keep their days in; or in that of the numbers,
    if they show that they speak of a customer: by their own number before the name, a tax number, an address or a
    telephone beside it, by sums that are those of the rows below, or by the rows below, numbered with figures, each
    time beginning right after.
    """
    alone: Counter[int] = Counter()
    telling: Counter[int] = Counter()
    among_items: Counter[int] = Counter()
    named: dict[int, str] = {}
    closed: set[int] = set()  # columns where a total names again who was named: of these the leftmost is the customer's
    items = 0
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [place for place, cell in enumerate(cells) if cell]
        if filled and _said(cells, filled, places._replace(group=filled[0])):
            telling[filled[0]] += 1
        elif len(filled) == 1 and not _TOTAL.fullmatch(anyascii(cells[filled[0]])) and _names(cells[filled[0]]):
            alone[filled[0]] += 1
            named[filled[0]] = cells[filled[0]]
        elif filled and _TOTAL.fullmatch(anyascii(cells[filled[0]])):
            if filled[0] in named and cells[filled[0]].endswith(named[filled[0]]):
                closed.add(filled[0])
        elif len(filled) > 2 and any(place in filled for place in places.number):
            items += 1
            among_items.update(filled)
    if not items:
        return None
    if _summed(rows, places):
        return min(places.number)
    able = (
        place
        for place in (*sorted(closed), *(place for place, _ in alone.most_common()))
        if (place not in places.number and among_items[place] * 20 <= items)
        or place in places.dates
        or (place in places.number and _introduces(rows, place, places))
    )
    return next(able, None if not telling else telling.most_common(1)[0][0])


def stands_alone(row: Row) -> bool:
    """Whether a row says one thing only, or is a total by its first word: nothing that tells what its columns are."""
    filled = [cell for cell in map(clean, row.cells) if cell]
    return len(filled) < 2 or _TOTAL.fullmatch(anyascii(filled[0])) is not None


def owner_above(rows: Iterable[Row]) -> dict[str, str]:
    """The customer that the rows above a table's headings name with a word for it: `Cliente: Forn de la Plaça`."""
    for row in rows:
        cells = [cell for cell in map(clean, row.cells) if cell]
        for place, cell in enumerate(cells):
            if (said := _labelled(cell)) and (said[0] == "customer_name" or "customer_id" in _parted(cell)):
                return _parted(cell)
            if place + 1 < len(cells) and _NAMING.fullmatch(cell):
                return _parted(cells[place + 1])
    return {}


def _names(text: str) -> bool:
    """Whether a cell could name a customer: words, and not those of an age."""
    return any(letter.isalpha() for letter in text) and not is_age(text)


def _introduces(rows: Sequence[Row], place: int, places: Places) -> bool:
    """Whether every cell alone in the column of numbers is followed by an item, and only items have figures in it.

    A name may have figures where the total of its rows says it again.
    """
    again = {
        " ".join(words[at:])
        for row in rows
        for text in map(clean, row.cells[place : place + 1])
        if _TOTAL.fullmatch(anyascii(text))
        for words in (text.split(" "),)
        for at in (1, 2, 3)
    }
    before = False
    for row in rows:
        cells = [clean(cell) for cell in row.cells]
        filled = [at for at, cell in enumerate(cells) if cell]
        if not filled or any(_TOTAL.fullmatch(anyascii(cells[at])) for at in filled):
            if before:
                return False
            continue
        alone = filled == [place]
        if before and (alone or not _any(filled, places.dates)):
            return False
        if alone and not _names(cells[place]):
            return False
        if alone and any(sign.isdigit() for sign in cells[place]) and cells[place] not in again:
            return False
        if not alone and place in filled and not any(sign.isdigit() for sign in cells[place]):
            return False
        before = alone
    return not before


def _summed(rows: Sequence[Row], places: Places) -> dict[int, str]:
    """The rows that name a customer and add up the rows below, by line, and those that add up everything.

    Such a row has words where items have their number, no day, and amounts only. It is believed where these are, to the
    cent, the sums of the rows with a day that follow until the next one.
    """
    columns = (*places.amounts, *places.ages)
    if not places.dates or not places.number or not columns:
        return {}
    named: list[tuple[Row, list[Row]]] = []
    dated: list[Row] = []
    for row in rows:
        if any(row.cells[place].strip() for place in places.dates if place < len(row.cells)):
            dated.append(row)
            if named:
                named[-1][1].append(row)
            continue
        filled = [place for place, cell in enumerate(row.cells) if clean(cell)]
        name = clean(row.cells[filled[0]]) if len(filled) > 1 and filled[0] in places.number else ""
        if _names(name) and not _TOTAL.fullmatch(anyascii(name)) and {*columns}.issuperset(filled[1:]):
            named.append((row, []))
    found = {head.line: "groups" for head, below in named if below and _adds_up(head, below, columns)}
    if found:
        heads = [head for head, below in named if not below][:_GRAND_TOTALS]
        found |= {head.line: "totals" for head in heads if _adds_up(head, dated, columns)}
    return found


def _adds_up(head: Row, below: Sequence[Row], columns: Sequence[int]) -> bool:
    """Whether the amounts of a row are the sums of others, read with the same decimal sign; some of them are not 0.

    A column that the others leave empty says nothing.
    """
    for point in (True, False):
        given = []
        for place in columns:
            if any(clean(row.cells[place]) for row in below if place < len(row.cells)):
                parts = [_amount(row, place, point) for row in below]
                added = None if None in parts else sum(filter(None, parts), Decimal(0))
                given.append((_amount(head, place, point), added))
        if any(added for _, added in given) and all(total is not None and total == added for total, added in given):
            return True
    return False


def _amount(row: Row, place: int, point: bool) -> Decimal | None:
    """The amount in a cell, 0 where it is empty, None where it is none."""
    cell = row.cells[place] if place < len(row.cells) else ""
    text = clean(cell)
    if not text:
        return Decimal(0)
    written = amounts.parse(text)
    if written is None:
        return None
    return written.point if point or isinstance(cell, Figure) else written.comma


def _totals_close(rows: Sequence[Row], places: Places) -> bool:
    """Whether totals stand at the end of a customer's rows: most are not followed by an item, as those of pages are."""
    totals = followed = 0
    before = False
    for row in rows:
        numbered, dated = (
            any(row.cells[place].strip() for place in where if place < len(row.cells))
            for where in (places.number, places.dates)
        )
        if numbered and dated:
            followed += before
            before = False
            continue
        before = any(_TOTAL.fullmatch(anyascii(clean(cell))) for cell in row.cells if cell)
        totals += before
    return followed * 2 < totals


def _closes(cells: Sequence[str], filled: Sequence[int], group: Mapping[str, str]) -> bool:
    """Whether a row of totals names the group it adds up: what follows is no longer its."""
    name = group.get("customer_name", "")
    return bool(name) and any(cells[place] != name and cells[place].endswith(name) for place in filled)


def _said(cells: Sequence[str], filled: Sequence[int], places: Places) -> Mapping[str, str]:
    """What a row that names a customer where items have their number says of them; nothing where it is no such row."""
    if not filled or filled[0] != places.group or not places.dates:
        return {}
    name = cells[filled[0]]
    if not _names(name) or _TOTAL.fullmatch(anyascii(name)):
        return {}
    beside: dict[str, str] = {}
    for place in filled[1:]:
        said = _labelled(cells[place])
        if (place in places.dates and said is None) or (said is None and _FIGURE.fullmatch(cells[place])):
            return {}
        if said is not None:
            beside.setdefault(*said)
    first = _labelled(name)
    told = _parted(name)
    if first and first[0] == "customer_id" and "customer_id" not in told:
        told = {"customer_id": first[1]}
    if filled[0] not in places.number and not beside:
        return {}
    known = beside or "customer_id" in told or _GROUP_LABEL.match(name)
    return told | beside if known and ("customer_name" in told or "customer_name" in beside or first) else {}


def _labelled(text: str) -> tuple[str, str] | None:
    return next(((what, found[1].strip()) for what, form in _SAID if (found := form.fullmatch(text))), None)


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


def _no_item(
    cells: Sequence[str],
    filled: Sequence[int],
    headings: Sequence[str],
    places: Places,
    group: Mapping[str, str] | None,
) -> str:
    """Why a row is no item; empty when it is one, or may be. `group` is None where no cell alone names a customer."""
    told = set(filled)
    numbered, dated, worth = (
        _any(told, where) for where in (places.number, places.dates, (*places.amounts, *places.ages))
    )
    again = sum(1 for place in filled if place < len(headings) and cells[place] == headings[place])
    if len(filled) > 2 and again * 2 > len(filled):
        return "repeated"
    if (
        group is not None
        and list(filled) == [places.group]
        and _names(cells[filled[0]])
        and not _is_total(cells[filled[0]], group)
    ):
        return "groups"
    if not (numbered and dated) and any(_TOTAL.fullmatch(anyascii(cells[place])) for place in filled):
        return "totals"
    if _said(cells, filled, places):
        return "groups"
    if worth:
        return "totals" if told.issubset((*places.amounts, *places.ages)) else ""
    return "notes" if len(filled) == 1 or not (numbered or dated) else ""


def _is_total(text: str, group: Mapping[str, str]) -> bool:
    """Whether a cell alone stands for a total: no customer called Total, unless that is whose rows end here."""
    name = group.get("customer_name", "")
    plain = anyascii(text)
    return _TOTAL.fullmatch(plain) is not None and (
        _BARE_TOTAL.fullmatch(plain) is not None or bool(name and text.endswith(name))
    )
