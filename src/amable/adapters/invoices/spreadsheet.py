"""A ledger as a table, one row an item: anybody's headings, the whole file heard before any row is believed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from amable.adapters import (
    amounts,
    dates,
    enclosures,
    ledger_rows,
    likeness,
    reasons_to_wait,
    tables,
    vocabulary,
    workbooks,
)
from amable.core import headings as wording
from amable.core import ledger_map
from amable.core.customer_keys import read_name
from amable.core.headings import Choice, Guess, Seen
from amable.core.ledger_map import LedgerMap
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Column, ItemRecord, Progress, Understood, unwatched

_TEXTS: Final = (
    "customer_name", "contact_name", "phone", "address", "segment", "account_manager", "payment_method", "description",
)  # fmt: skip
_IDENTIFIERS: Final = (
    "customer_id", "invoice_number", "series", "instalment", "tax_id", "po_number", "payment_reference", "applies_to",
)  # fmt: skip
_DATES: Final = (
    "issue_date", "due_date", "settled_date", "promise_date", "pause_until", "delivered_date",
    "discount_until",
)  # fmt: skip
_AMOUNTS: Final = ("total", "open_amount", "paid_amount")
_OTHERS: Final = (
    "email", "account_manager_email", "terms_days", "currency", "disputed", "opt_out", "kind", "language", "country",
    "region", "timezone", "pdf", "status", "document_type", "discount_percent", "ageing",
)  # fmt: skip
COLUMNS: Final = frozenset((*_TEXTS, *_IDENTIFIERS, *_DATES, *_AMOUNTS, *_OTHERS))
# What a ledger cannot do without: each line one thing, and the columns that are one way of saying it.
_REQUIRED: Final = (
    (("customer_id",), ("customer_name",)),
    (("invoice_number",),),
    (("due_date",), ("issue_date", "terms_days")),
    (("total",), ("open_amount",)),
)
# What two headings could be and must be asked about, unless another column says the same.
_ASKED: Final[Mapping[str, str]] = {
    "customer_id": "customer_name", "customer_name": "customer_id", "invoice_number": "", "series": "", "due_date": "",
    "open_amount": "", "total": "open_amount", "paid_amount": "open_amount", "status": "open_amount",
    "settled_date": "open_amount", "issue_date": "due_date", "terms_days": "due_date", "currency": "", "instalment": "",
}  # fmt: skip
# What stands once in cells merged over the rows of one customer.
_OF_CUSTOMER: Final = frozenset(
    ("customer_id", "customer_name", "tax_id", "email", "phone", "address", "country", "contact_name", "currency")
)
# What several headings may say together.
_SEVERAL: Final = frozenset(("status", "ageing"))
_OF_GUESSING: Final = frozenset(("heading_wanted", "heading_unclear", "headings_missing"))
_ASKED_AT_ONCE: Final = 2  # more missing columns than that, and the table is no ledger
_MOST_ANSWERS: Final = 6
_FIRST_ROWS: Final = 4
_FIRST_LINES: Final = 10
_LOOKED_AT: Final = 2_000  # rows

_LARGE: Final = 8 * 2**20  # bytes from which on the head of a text is looked at before all of it is read
_HEAD: Final = 2**18
_LONGEST_IDENTIFIER: Final = 200
_LONGEST_DESCRIPTION: Final = 500
_LONGEST_ADDRESS: Final = 254
_MOST_HEADINGS: Final = 60
_MOST_SHEETS: Final = 6
_DAYS_TO_1904: Final = 1462  # from the day zero of other spreadsheets
_REMEMBERED: Final = 65_536  # distinct cells; names, addresses and words come again and again in a ledger
_NOT_TABLES: Final = (b"<", b"{", b"[", b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_FLOAT: Final = re.compile(r"(\d+)\.0+")
_EVENING: Final = re.compile(r"[T ]2[1-3]:\d\d")
_PERCENT: Final = re.compile(r"(\d{1,2})(?:[.,](\d{1,2})0*)?\s?%?", re.ASCII)
_REGION: Final = re.compile(r"(?:([A-Z]{2})-)?([A-Z0-9]{1,3})")
_ADDRESS: Final = re.compile(
    r"[^@\s<>\"',;:()\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])"
)


class _Heading(NamedTuple):
    """One of our columns in this file: where it stands and how its heading is written there."""

    place: int
    written: str


class _Entry(NamedTuple):
    """The cells of a row that say something, cleaned, by column of ours."""

    line: int
    texts: dict[str, str]


class _Unfit(NamedTuple):
    """Why a cell cannot be used: a rule and what its sentence needs. It rejects the row unless it is bearable."""

    rule: str
    params: Mapping[str, object] = {}
    bearable: bool = False


class _Sum(NamedTuple):
    """An amount, the cell it was written in, and the currencies that a sign or code in that cell can mean."""

    amount: Decimal
    text: str
    currencies: frozenset[str]


class _Region(NamedTuple):
    """The subdivision of ISO 3166-2, and the country written before it, if any."""

    country: str
    code: str


_Parser = Callable[[str], object]


class _Reading(NamedTuple):
    """How one sheet is read: its table, where our columns stand, and why it cannot be read as it is.

    `states` are columns that say what became of an invoice beside that one, `ages` those in one of which stands what is
    open. `owner` is the customer of all rows that name none, `ignored` are columns that a map leaves alone.
    """

    sheet: tables.Sheet
    table: tables.Table
    told: LedgerMap
    headings: dict[str, _Heading]
    why: dict[str, str]
    refusals: list[Complaint]
    above: int = 0
    group: int | None = None
    plain: bool = True
    states: tuple[_Heading, ...] = ()
    ages: tuple[_Heading, ...] = ()
    owner: Mapping[str, str] = {}
    ignored: frozenset[int] = frozenset()


class Spreadsheet:
    """Reads ledgers as tables: text or workbooks, under our headings, mapped ones, or any that can be guessed."""

    def recognises(self, data: bytes) -> bool:
        """Whether this is text that could be a table, or a workbook; an empty file is, so that somebody says so."""
        head = data[:512]
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) or workbooks.recognises(data):
            return True
        return b"\x00" not in head and not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_NOT_TABLES)

    def read(
        self, data: bytes, *, folders: Sequence[Path], heading_map: dict[str, str], progress: Progress = unwatched
    ) -> list[ItemRecord | Complaint | Understood]:
        """Every usable row as an item, in the order of the file, and a complaint for each thing that is wrong.

        What makes the file doubtful as a whole (columns missing, amounts or dates that can be read two ways) comes
        back without any item. A bad email address or PDF does not keep its item from landing, without it.
        """
        told = ledger_map.read(heading_map, COLUMNS)
        known = {*COLUMNS, *map(tables.fold_heading, told.headings)}

        def is_known(cell: str) -> bool:
            return tables.fold_heading(cell) in known

        is_workbook = workbooks.recognises(data)
        if not is_workbook and len(data) > _LARGE and (refusals := _refused_by_its_head(data, told, is_known)):
            return [*refusals]
        sheets = workbooks.read(data) if is_workbook else (tables.read(data, is_known, progress),)
        if not sheets[0].rows:
            return list(sheets[0].complaints)
        readings = [_reading(sheet, told, is_known) for sheet in sheets]
        chosen, refusals = _ledgers(readings, told.sheet)
        if refusals:
            return [*filter(None, (_understood([reading]) for reading in chosen)), *refusals]
        return [*_read(chosen, folders, progress), *_about_sheets(readings, chosen, told.sheet)]


def _refused_by_its_head(data: bytes, told: LedgerMap, known: Callable[[str], bool]) -> Sequence[Complaint]:
    """Why a large file is no ledger, where its first rows say so: the rest need not be read."""
    head = data[:_HEAD]
    if b"\0" in head:
        return []
    sheet = tables.read(head[: head.rfind(b"\n") + 1] or head, known)
    if not sheet.rows:
        return sheet.complaints
    reading = _reading(sheet, told, known)
    return reading.refusals if any(one.rule == "headings_missing" for one in reading.refusals) else []


def _ledgers(readings: Sequence[_Reading], name: str) -> tuple[list[_Reading], list[Complaint]]:
    """The sheets that are ledgers: one, or all of those with the same headings; else what is wrong, or a question."""
    if name and readings[0].sheet.name:
        named = [reading for reading in readings if reading.sheet.name.casefold() == name.casefold()]
        if not named:
            sheets = _listed(reading.sheet.name for reading in readings)
            return [], [Complaint("sheet_unknown", params={"name": tables.shown(name), "found": sheets})]
        readings = named
    able = [reading for reading in readings if not reading.refusals] or _of_customers(readings)
    if not able:
        nearest = max(readings, key=lambda reading: (_asks(reading), len(reading.headings)))
        return [nearest], nearest.refusals
    if len({_alike(reading) for reading in able}) == 1:
        return able, []
    answers = tuple(ledger_map.line("sheet", reading.sheet.name) for reading in able)
    params: dict[str, object] = {"found": _listed(reading.sheet.name for reading in able)}
    return [], [Complaint("sheets_several", params=params, answers=answers)]


def _of_customers(readings: Sequence[_Reading]) -> list[_Reading]:
    """The sheets of one customer each, called as the customer: two or more with the same columns, and nobody named.

    None where one of them is called as sheets, months or lists are: then whose its rows are is not known.
    """
    if len(readings) < 2:
        return []
    tried = [
        _guessed(reading._replace(owner={"customer_name": reading.sheet.name}))
        for reading in readings
        if all(refusal.rule in _OF_GUESSING for refusal in reading.refusals)
    ]
    able = [reading for reading in tried if not reading.refusals]
    if len(able) < 2 or any(vocabulary.is_sheet_name(reading.sheet.name) for reading in able):
        return []
    return able if len({_alike(reading) for reading in able}) == 1 else []


def _alike(reading: _Reading) -> tuple[object, ...]:
    """What sheets of one ledger have in common: all headings; those of our columns where each is of one customer."""
    if not reading.owner:
        return tuple(map(tables.fold_heading, reading.table.headings))
    several = [("status", heading) for heading in reading.states] + [("ageing", heading) for heading in reading.ages]
    columns = (*reading.headings.items(), *several)
    return (frozenset((column, tables.fold_heading(heading.written)) for column, heading in columns),)


def _about_sheets(readings: Sequence[_Reading], chosen: Sequence[_Reading], named: str) -> list[Complaint]:
    """Which sheets were taken for a customer each, and which were left alone where nobody chose one.

    Where one of these seems to hold invoices it is no mere notice: what is in it is not missing from the ledger.
    """
    told = []
    if any(reading.owner.get("customer_name") == reading.sheet.name for reading in chosen if reading.sheet.name):
        found = _listed(f"“{reading.sheet.name}”" for reading in chosen)
        told.append(Complaint("sheets_of_customers", params={"found": found}, notice=True))
    taken = {reading.sheet.name for reading in chosen}
    others = [reading for reading in readings if reading.sheet.name not in taken and not named]
    for harmless in (True, False):
        left = [f"“{reading.sheet.name}”" for reading in others if harmless != ("invoice_number" in reading.headings)]
        if left:
            told.append(Complaint("sheets_left", params={"found": _listed(left)}, notice=harmless))
    return told


def _asks(reading: _Reading) -> bool:
    return all(refusal.answers for refusal in reading.refusals)


class _Prepared(NamedTuple):
    """The rows of a sheet in our columns, those that end too early, and how many rows are no items."""

    reading: _Reading
    entries: list[_Entry]
    ragged: list[Complaint]
    left_out: Counter[str]


def _prepared(reading: _Reading) -> _Prepared:
    rows, groups, left_out = _sifted(reading)
    entries, ragged = _entries(rows, reading)
    currency = reading.told.currency or _named_currency(reading)
    for entry in entries:
        _complete(entry, reading, groups, currency)
    return _Prepared(reading, entries, ragged, left_out)


def _read(
    readings: Sequence[_Reading], folders: Sequence[Path], progress: Progress
) -> list[ItemRecord | Complaint | Understood]:
    """The items and complaints of sheets with the same columns, and how they were understood."""
    first = readings[0]
    told = first.told
    if not any(reading.table.rows or reading.table.complaints for reading in readings):
        return [*filter(None, [_understood(readings)]), Complaint("rows_missing")]
    prepared = [_prepared(reading) for reading in readings]
    left_out = sum((sheet.left_out for sheet in prepared), Counter[str]())
    parsers, settled, refusals = _parsers([entry for one in prepared for entry in one.entries], first, folders)
    if refusals:
        return [*filter(None, [_understood(readings, left_out)]), *refusals]
    found: list[ItemRecord | Complaint] = []
    for sheet in prepared:
        answers, counts = _items(sheet.entries, sheet.reading, parsers, progress)
        left_out += counts
        of_sheet = sorted((*sheet.reading.table.complaints, *sheet.ragged, *answers), key=lambda one: one.line or 0)
        of_sheet += [*_due_before_issue(answers), *_by_terms(sheet), *_days_in_utc(sheet), *_remarks(sheet)]
        found += [_in_sheet(one, sheet.reading) for one in of_sheet] if len(readings) > 1 else of_sheet
    settings = {"sheet": told.sheet, "terms": f"{told.terms} days" if told.terms else "", "currency": told.currency}
    understood = _understood(readings, left_out, {**settings, **settled})
    return [*filter(None, [understood]), *found]


def _in_sheet(one: ItemRecord | Complaint, reading: _Reading) -> ItemRecord | Complaint:
    """A complaint about a line says of which sheet, where there are several."""
    if isinstance(one, ItemRecord):
        return one
    return replace(one, params={**one.params, "sheet": reading.sheet.name})


def _due_before_issue(found: Sequence[ItemRecord | Complaint]) -> list[Complaint]:
    """A notice about invoices that fall due before they were issued: they are kept as they say."""
    lines = [
        one.line
        for one in found
        if isinstance(one, ItemRecord) and one.due_date and one.issue_date and one.due_date < one.issue_date
    ]
    if not lines:
        return []
    params: dict[str, object] = {"n": len(lines), "lines": _listed(map(str, lines[:_FIRST_LINES]))}
    params["lines"] = f"{params['lines']}{', …' if len(lines) > _FIRST_LINES else ''}"
    return [Complaint("due_before_issue", field="due_date", params=params, notice=True)]


def _by_terms(sheet: _Prepared) -> list[Complaint]:
    """A notice about rows whose due date only the terms of a map tell."""
    terms, headings = sheet.reading.told.terms, sheet.reading.headings
    if not terms or "terms_days" in headings:
        return []
    dueless = [one for one in sheet.entries if "issue_date" in one.texts and "due_date" not in one.texts]
    params: dict[str, object] = {"n": len(dueless), "days": int(terms)}
    return [Complaint("due_by_terms", params=params, notice=True)] if dueless else []


def _days_in_utc(sheet: _Prepared) -> list[Complaint]:
    """A notice about days stated in UTC late in the evening, where it may be the next day already."""
    columns = {column: heading for column, heading in sheet.reading.headings.items() if column in _DATES}
    named = {column: heading for column, heading in columns.items() if "UTC" in heading.written.upper()}
    lines = [entry.line for entry in sheet.entries if any(_EVENING.search(entry.texts.get(c, "")) for c in named)]
    if not lines:
        return []
    params: dict[str, object] = {"found": _listed(heading.written for heading in named.values()), "n": len(lines)}
    return [Complaint("days_in_utc", params=params, notice=True)]


def _remarks(sheet: _Prepared) -> list[Complaint]:
    """A notice about each column that nothing is done with, and that speaks of a dispute, a promise or the like."""
    reading = sheet.reading
    if reading.plain:
        return []
    told = []
    read = {heading.place for column, heading in reading.headings.items() if column != "description"}
    lines = {entry.line for entry in sheet.entries}
    rows = [row for row in reading.table.rows if row.line in lines]
    for place, heading in enumerate(reading.table.headings):
        if not heading or place in read:
            continue
        telling = reasons_to_wait.tell(
            (row.line, row.cells[place]) for row in rows if place < len(row.cells) and row.cells[place]
        )
        if 0 < telling.rows <= max(len(rows) // 2, 1):  # what most rows say is what is sold
            params: dict[str, object] = {"heading": tables.shown(heading), "n": telling.rows, "found": telling.first}
            told.append(Complaint("remarks_tell", params=params, notice=True))
    return told


# --- Headings ---------------------------------------------------------------------------------------------------------


def _reading(sheet: tables.Sheet, told: LedgerMap, known: Callable[[str], bool]) -> _Reading:
    """Find the headings of a sheet and say which is which: by our names, by the map, else by guessing."""
    found = wording.find(tables.top(sheet), known)
    table = _named(tables.below(sheet, found))
    meanings = {tables.fold_heading(theirs): tables.fold_heading(ours) for theirs, ours in told.headings.items()}
    headings, several, refusals = _place(table.headings, meanings)
    ignored = {
        place for place, heading in enumerate(table.headings) if meanings.get(tables.fold_heading(heading)) == "ignore"
    }
    why = {
        column: "map" if tables.fold_heading(table.headings[heading.place]) in meanings else "ours"
        for column, heading in headings.items()
    }
    taken = {heading.place for heading in (*headings.values(), *several["status"], *several["ageing"])} | ignored
    unknown = [place for place, heading in enumerate(table.headings) if heading and place not in taken]
    plain = not unknown and not told.headings and found.first == 0 and found.lines == 1
    reading = _Reading(
        sheet, table, told, headings, why, refusals, found.first, None, plain and not _unnamed(sheet),
        several["status"], several["ageing"],
    )  # fmt: skip
    owner = ledger_rows.owner_above(sheet.rows[: found.first]) if found.first and not reading.plain else {}
    return reading if refusals else _guessed(reading._replace(owner=owner, ignored=frozenset(ignored)))


def _unnamed(sheet: tables.Sheet) -> bool:
    """Whether the sheet is one of a workbook, where an empty cell may be an error or a formula nobody computed."""
    return bool(sheet.name)


def _guessed(reading: _Reading) -> _Reading:
    """Add what the names and values of the other headings mean; ask where it cannot be told."""
    table, ignored = reading.table, reading.ignored
    if reading.plain and not _unsaid(reading, None):
        return reading
    columns = likeness.columns(table)
    ages = [place for place in wording.ages(table.headings) if place not in ignored]
    states = [place for place in wording.states(table.headings) if place not in ignored]
    known = {column: Choice(heading.place, "") for column, heading in reading.headings.items()}
    taken = {*ignored, *ages, *(heading.place for heading in (*reading.states, *reading.ages))}
    if len(states) > 1:
        taken |= {place for place in states if place != (known["status"].place if "status" in known else states[0])}
    guess = wording.guess(columns, known, taken) if any(table.headings) else Guess(known, {})
    headings, why = dict(reading.headings), dict(reading.why)
    for column, choice in guess.choices.items():
        if column not in headings:
            headings[column] = _Heading(choice.place, tables.shown(table.headings[choice.place]))
            why[column] = choice.why
    if why.get("customer_id") == "name" and not _is_customers(table, headings):
        del headings["customer_id"], why["customer_id"]
    guessed = _numbered_by_reference(reading._replace(headings=headings, why=why))
    if "status" in headings:
        more = (_Heading(place, tables.shown(table.headings[place])) for place in states)
        taken_states = {headings["status"].place, *(state.place for state in reading.states)}
        guessed = guessed._replace(states=(*reading.states, *(one for one in more if one.place not in taken_states)))
    guessed = _asked_or_open(guessed)
    guessed = _aged(guessed, [_Heading(place, tables.shown(table.headings[place])) for place in ages])
    guessed = _grouped(guessed)
    if guessed.group is None and {"customer_id", "customer_name"} & guessed.headings.keys():
        guessed = guessed._replace(owner={})  # who stands above may be anybody, the creditor too
    if "invoice_number" not in headings and guessed.group is None:
        guessed = _numbered_by_group(guessed)
    refusals = _doubts_of_headings(guess, guessed.headings, columns) or _missing_headings(guessed, columns)
    unsure = any(reason in ("name", "values") for reason in guessed.why.values()) or guessed.group is not None
    return guessed._replace(refusals=refusals, plain=reading.plain and not unsure and not guessed.owner)


def _grouped(reading: _Reading) -> _Reading:
    """Find the rows that name a customer; an account of the books says nobody's name where they do."""
    customer = reading.headings.get("customer_id")
    if (
        customer
        and "customer_name" not in reading.headings
        and reading.why["customer_id"] == "name"
        and wording.names_account_only(reading.table.headings[customer.place])
    ):
        headings = {column: heading for column, heading in reading.headings.items() if column != "customer_id"}
        tried = reading._replace(headings=headings)
        if (group := _group(tried)) is not None or _numbered_by_group(tried).group is not None:
            return tried._replace(group=group)
    return reading._replace(group=_group(reading))


def _numbered_by_reference(reading: _Reading) -> _Reading:
    """Where the kinds of documents are those of Sage, `Ref` is the invoice and `No` an entry of the books."""
    table, headings = reading.table, reading.headings
    number, kind = headings.get("invoice_number"), headings.get("document_type")
    if number is None or kind is None or reading.why["invoice_number"] not in ("name", "ours"):
        return reading
    if wording.ideas(table.headings[number.place]) != {"no"}:
        return reading
    free = [place for place, heading in enumerate(table.headings) if wording.ideas(heading) == {"ref"}]
    kinds = {tables.clean(row.cells[kind.place]) for row in table.rows if kind.place < len(row.cells)}
    if len(free) != 1 or len(kinds & vocabulary.SAGE_KINDS) == 0:
        return reading
    said = {**headings, "invoice_number": _Heading(free[0], tables.shown(table.headings[free[0]]))}
    return reading._replace(headings=said, why={**reading.why, "invoice_number": "name"})


def _group(reading: _Reading) -> int | None:
    """The column in which rows name the customer of others, unless a column of its own says who it is."""
    headings = reading.headings
    customer = headings.get("customer_name") or headings.get("customer_id")
    if reading.plain or "invoice_number" not in headings or (customer and _names_itself(reading, customer)):
        return None
    group = ledger_rows.group_column(reading.table.rows, _item_places(reading))
    return group if customer is None or customer.place == group else None


def _names_itself(reading: _Reading, customer: _Heading) -> bool:
    """Whether most of the first rows with a number and a day say whose they are in the customer's own column."""
    places = _item_places(reading)
    needed = (*places.number[:1], *places.dates[:1])
    named = [
        bool(tables.clean(row.cells[customer.place]))
        for row in reading.table.rows[:_LOOKED_AT]
        if max(*needed, customer.place) < len(row.cells) and all(row.cells[place].strip() for place in needed)
    ]
    return sum(named) * 2 > len(named)


def _numbered_by_group(reading: _Reading) -> _Reading:
    """A table whose first column has no heading, and numbers below names of customers whose sums prove them."""
    first = reading.table.headings[0] if reading.table.headings else ""
    if first != _unnamed_column(0) or 0 in _places(reading.headings, *reading.headings):
        return reading
    tried = reading._replace(headings={**reading.headings, "invoice_number": _Heading(0, first)})
    if _group(tried) != 0:
        return reading
    return tried._replace(group=0, why={**reading.why, "invoice_number": "values"})


def _asked_or_open(reading: _Reading) -> _Reading:
    """Where invoices that are paid show an amount due, it is what was asked for (Stripe), and not what is open."""
    table, headings = reading.table, reading.headings
    due, status = headings.get("open_amount"), headings.get("status")
    if due is None or status is None or reading.why["open_amount"] != "name":
        return reading
    meant = wording.ideas(table.headings[due.place])
    if "due" not in meant or "open" in meant or not any(_paid_and_due(row, status, due) for row in table.rows):
        return reading
    said = {column: heading for column, heading in headings.items() if column != "open_amount"}
    return reading._replace(headings={"total": due, **said}, why={"total": "name", **reading.why})


def _paid_and_due(row: tables.Row, status: _Heading, due: _Heading) -> bool:
    if max(status.place, due.place) >= len(row.cells):
        return False
    return vocabulary.status(tables.clean(row.cells[status.place])) == "paid" and bool(_of_age(row.cells[due.place]))


def _aged(reading: _Reading, ages: Sequence[_Heading]) -> _Reading:
    """Say what is open of an invoice where columns by age do: a total right of them, else the one of them it stands in.

    Where a column of its own says it, they are left alone.
    """
    headings = reading.headings
    if not ages or ("open_amount" in headings and not reading.ages):
        return reading
    total = headings.get("total")
    if (
        total
        and "open_amount" not in headings
        and reading.why["total"] != "map"
        and total.place > max(age.place for age in ages)
    ):
        said = {("open_amount" if column == "total" else column): heading for column, heading in headings.items()}
        why = {("open_amount" if column == "total" else column): reason for column, reason in reading.why.items()}
        reading = reading._replace(headings=said, why=why)
    return reading._replace(ages=tuple(sorted({*reading.ages, *ages})))


def _is_customers(table: tables.Table, headings: Mapping[str, _Heading]) -> bool:
    """Whether a column of numbers tells customers apart: not the account of what was sold, nor one number for all."""
    heading = table.headings[headings["customer_id"].place]
    if wording.names_account_only(heading) and wording.has_lines(table.headings):
        return False
    return _one_name_each(table, headings)


def _one_name_each(table: tables.Table, headings: Mapping[str, _Heading]) -> bool:
    """Whether a number goes with one name only: an account of the books, the same for all customers, is no number."""
    if "customer_name" not in headings:
        return True
    places = headings["customer_id"].place, headings["customer_name"].place
    names: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for row in table.rows:
        number, name = (tables.clean(row.cells[place]) if place < len(row.cells) else "" for place in places)
        if number and name:
            names[number].add(read_name(name).turned)
    return sum(1 for same in names.values() if len(same) > 1) * 10 <= len(names)


def _doubts_of_headings(guess: Guess, headings: Mapping[str, _Heading], columns: Sequence[Seen]) -> list[Complaint]:
    """A question for each column of ours that two headings could equally be, unless another column says the same."""
    return [
        _question("heading_unclear", column, columns, places)
        for column, places in guess.doubts.items()
        if column in _ASKED and _ASKED[column] not in headings
    ]


def _missing_headings(reading: _Reading, columns: Sequence[Seen]) -> list[Complaint]:
    """What a ledger cannot do without and no heading says: asked for where values offer it, else one complaint."""
    headings = reading.headings
    missing = _unsaid(reading, reading.group)
    if not missing:
        return []
    if not {"invoice_number", "issue_date", "due_date"} & headings.keys() and wording.ages(reading.table.headings):
        return [Complaint("ageing_by_customer")]
    used = {heading.place for heading in (*headings.values(), *reading.ages, *reading.states)}
    questions: list[Complaint] = []
    for ways in missing:
        column = ways[-1][0] if ways[-1][0] in ("customer_name", "open_amount") else ways[0][0]
        free = wording.candidates(
            column, columns, used if column != "due_date" else used - _places(headings, "issue_date")
        )
        answers = ("terms: 30 days",) if column == "due_date" and "issue_date" in headings else ()
        if free or answers:
            questions.append(_question("heading_wanted", column, columns, free, answers))
    if len(questions) == len(missing) <= _ASKED_AT_ONCE:
        return questions
    wanted = ", ".join(" / ".join(" + ".join(way) for way in ways) for ways in missing)
    found = _listed(tables.shown(seen.heading) for seen in columns if seen.heading)
    return [Complaint("headings_missing", params={"missing": wanted, "found": found})]


def _unsaid(reading: _Reading, group: int | None) -> list[tuple[tuple[str, ...], ...]]:
    """What a ledger cannot do without and neither a heading nor the map nor a group says."""
    placed = {*reading.headings}
    placed |= {"terms_days"} if reading.told.terms else set()
    placed |= {"customer_name"} if group is not None or reading.owner else set()
    placed |= {"open_amount"} if reading.ages else set()
    return [ways for ways in _REQUIRED if not any(placed.issuperset(way) for way in ways)]


def _places(headings: Mapping[str, _Heading], *columns: str) -> set[int]:
    return {headings[column].place for column in columns if column in headings}


def _at(headings: Mapping[str, _Heading], *columns: str) -> tuple[int, ...]:
    return tuple(headings[column].place for column in columns if column in headings)


def _question(
    rule: str, column: str, columns: Sequence[Seen], places: Sequence[int], more: tuple[str, ...] = ()
) -> Complaint:
    shown = places[:_MOST_ANSWERS]
    found = _listed(
        f"“{tables.shown(columns[place].heading)}” ({tables.shown(columns[place].sample)})" for place in shown
    )
    answers = tuple(ledger_map.line(columns[place].heading, column) for place in shown) + more
    return Complaint(rule, field=column, params={"column": column, "found": found or "–"}, answers=answers)


def _named(table: tables.Table) -> tables.Table:
    """The table with a name for every heading: a column without one is called by its letter, a twin by its number."""
    if not table.headings:
        return table
    width = len(table.headings)
    filled = {place for row in table.rows[:2000] for place, cell in enumerate(row.cells[:width]) if cell}
    times: Counter[str] = Counter()
    names: list[str] = []
    for place, heading in enumerate(table.headings):
        name = heading or (_unnamed_column(place) if place in filled else "")
        folded = tables.fold_heading(name)
        times[folded] += 1
        names.append(f"{name} ({times[folded]})" if name and times[folded] > 1 and folded not in COLUMNS else name)
    return tables.Table(tuple(names), table.rows, table.complaints)


def _unnamed_column(place: int) -> str:
    return f"column {_letter(place)}"


def _letter(place: int) -> str:
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(65 + place % 26)


def _understood(
    readings: Sequence[_Reading], left_out: Mapping[str, int] | None = None, settings: Mapping[str, str] | None = None
) -> Understood | None:
    """How sheets with the same columns were understood; nothing where they speak our own words and all are items."""
    reading = readings[0]
    if reading.plain and reading.told == LedgerMap({}):
        return None
    samples = {seen.heading: seen.sample for seen in likeness.samples(reading.table)}

    def column(heading: _Heading, name: str, why: str) -> tuple[int, Column]:
        return heading.place, Column(heading.written, name, why, samples.get(heading.written, ""))

    reason = "map" if reading.told.headings else "name"
    columns = sorted(
        (
            *(column(heading, name, reading.why[name]) for name, heading in reading.headings.items()),
            *(column(heading, "status", reason) for heading in reading.states),
            *(column(heading, "ageing", reason) for heading in reading.ages),
        )
    )
    if not _places(reading.headings, "customer_name", "customer_id"):
        if reading.group is not None:
            columns.insert(0, (reading.group, Column("", "customer_name", "group", "")))
        elif reading.owner:
            columns.insert(0, (0, Column("", "customer_name", "sheet", reading.owner["customer_name"])))
    used = {*(place for place, one in columns if one.heading), reading.group}
    alone = tuple(
        tables.shown(heading) for place, heading in enumerate(reading.table.headings) if heading and place not in used
    )
    lines = [ledger_map.line(name, value) for name, value in (settings or {}).items() if value]
    lines += [ledger_map.line(one.heading, one.column) for _, one in columns if one.heading]
    lines += [ledger_map.line(heading, ledger_map.IGNORE) for heading in alone]
    counts = Counter(left_out or {})
    counts["above"] += sum(one.above for one in readings)
    return Understood(
        tuple(one for _, one in columns),
        alone,
        _listed((one.sheet.name for one in readings), _MOST_SHEETS),
        dict(+counts),
        tuple(dict.fromkeys(lines)),
        tuple(tables.shown(heading) for heading in reading.table.headings),
        tuple(tuple(map(tables.shown, row.cells)) for row in reading.table.rows[:_FIRST_ROWS]),
    )


def _place(
    written: Sequence[str], meanings: Mapping[str, str]
) -> tuple[dict[str, _Heading], dict[str, tuple[_Heading, ...]], list[Complaint]]:
    """Which heading is which of our columns; one that the map explains comes before one that merely has our name.

    Beside them the headings of what several may say together: all ages, and states beside the first.
    """
    refusals = [
        Complaint("heading_map_unknown", field=ours, params={"heading": tables.shown(theirs), "column": ours})
        for theirs, ours in meanings.items()
        if ours not in COLUMNS and ours != ledger_map.IGNORE
    ]
    mapped: dict[str, list[_Heading]] = defaultdict(list)
    named: dict[str, list[_Heading]] = defaultdict(list)
    for index, heading in enumerate(written):
        folded = tables.fold_heading(heading)
        column, group = (meanings[folded], mapped) if folded in meanings else (folded, named)
        if column in COLUMNS:
            group[column].append(_Heading(index, tables.shown(heading)))
    places = {**named, **mapped}
    refusals += [
        Complaint("heading_twice", field=column, params={"column": column, "found": _listed(h.written for h in same)})
        for column, same in places.items()
        if len(same) > 1 and column not in _SEVERAL
    ]
    several = {"ageing": tuple(places.pop("ageing", ())), "status": tuple(places.get("status", ())[1:])}
    return {column: same[0] for column, same in places.items()}, several, refusals


def _listed(headings: Iterable[str], most: int = _MOST_HEADINGS) -> str:
    names = list(headings)
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


# --- Rows -------------------------------------------------------------------------------------------------------------


def _item_places(reading: _Reading) -> ledger_rows.Places:
    """Where the cells stand that tell an item from other rows."""
    headings = reading.headings
    return ledger_rows.Places(
        _at(headings, "invoice_number"), _at(headings, "due_date", "issue_date"), _at(headings, *_AMOUNTS),
        reading.group, wording.ages(reading.table.headings),
    )  # fmt: skip


def _sifted(
    reading: _Reading,
) -> tuple[Sequence[tables.Row], Mapping[int, Mapping[str, str]], Counter[str]]:
    """The rows that are items, what is said of their group by line, and how many are none. Our own form is sure."""
    rows, headings = reading.table.rows, reading.headings
    if reading.plain:
        return rows, {}, Counter()
    number = _at(headings, "series", "invoice_number")
    sifted = ledger_rows.sift(_unmerged(rows, reading), reading.table.headings, _item_places(reading), reading.owner)
    rows, left_out = sifted.rows, sifted.left_out
    if wording.has_lines(reading.table.headings):
        facts = _at(
            headings, "customer_id", "customer_name", "instalment", "due_date", "issue_date", "currency", *_AMOUNTS
        )
        firsts = ledger_rows.first_lines(rows, number, facts)
        left_out["lines"] += len(rows) - len(firsts)
        rows = firsts
    return rows, sifted.groups, left_out


def _unmerged(rows: Sequence[tables.Row], reading: _Reading) -> Sequence[tables.Row]:
    """What is said of a customer in cells merged over several rows, said in each of them. Never an amount."""
    by_line = {row.line: row for row in rows}
    places = {heading.place for column, heading in reading.headings.items() if column in _OF_CUSTOMER}
    for top, left, bottom, right in reading.sheet.merged:
        if left != right or left not in places or top + 1 not in by_line:
            continue
        for line in range(top + 2, bottom + 2):
            if line in by_line:
                by_line[line].cells[left] = by_line[top + 1].cells[left]
    return rows


def _entries(rows: Sequence[tables.Row], reading: _Reading) -> tuple[list[_Entry], list[Complaint]]:
    """The rows in our columns. A row that ends before one of them may have lost anything, a dispute or a promise."""
    entries: list[_Entry] = []
    ragged: list[Complaint] = []
    last = max(heading.place for heading in (*reading.headings.values(), *reading.states, *reading.ages))
    places = [(column, heading.place) for column, heading in reading.headings.items()]
    clean = lru_cache(_REMEMBERED)(tables.clean)
    for row in rows:
        if len(row.cells) <= last:
            params: dict[str, object] = {"cells": len(row.cells), "headings": len(reading.table.headings)}
            number = "".join(
                row.cells[place] for place in _at(reading.headings, "invoice_number") if place < len(row.cells)
            )
            ragged.append(Complaint("row_too_short", row.line, params=params, item=clean(number)))
            continue
        texts: dict[str, str] = {}
        for column, place in places:
            if cell := row.cells[place]:
                text = cell if isinstance(cell, tables.Figure) else clean(cell)
                if text:
                    texts[column] = text
        if reading.states:
            said = (clean(row.cells[heading.place]) for heading in reading.states)
            if state := vocabulary.together([*filter(None, (texts.get("status", ""), *said))]):
                texts["status"] = state
        if reading.ages:
            amounts_by_age = [cell for heading in reading.ages if (cell := _of_age(row.cells[heading.place]))]
            if len(amounts_by_age) == 1:
                texts.setdefault("open_amount", amounts_by_age[0])
        entries.append(_Entry(row.line, texts))
    return entries, ragged


def _of_age(cell: str) -> str:
    """What stands in a column by age; nothing where it is zero."""
    text = cell if isinstance(cell, tables.Figure) else tables.clean(cell)
    return text if any(sign in "123456789" for sign in text) or any(sign.isalpha() for sign in text) else ""


def _complete(entry: _Entry, reading: _Reading, groups: Mapping[int, Mapping[str, str]], currency: str) -> None:
    """Add to a row what the table says elsewhere: its group's customer, its number's series, terms and currency."""
    texts = entry.texts
    if "customer_name" not in texts and (group := groups.get(entry.line)):
        texts |= {column: text for column, text in group.items() if column not in texts}
    if (series := texts.pop("series", "")) and (number := texts.get("invoice_number", "")):
        number = _FLOAT.sub(r"\1", number)
        texts["invoice_number"] = number if series.isalpha() and number.startswith(series) else f"{series} {number}"
    if reading.told.terms and "due_date" not in texts:
        texts.setdefault("terms_days", reading.told.terms)
    if currency:
        texts.setdefault("currency", currency)


def _named_currency(reading: _Reading) -> str:
    """The one currency that the headings of amounts name: `Total (RON)`."""
    amounts_of = (heading for column, heading in reading.headings.items() if column in _AMOUNTS)
    headings = (heading.written for heading in (*amounts_of, *reading.ages))
    words = {word for heading in headings for word in wording.currency_words(heading)}
    meant = {currency for word in words if (currency := amounts.the_currency(amounts.currencies(word)))}
    return next(iter(meant)) if len(meant) == 1 else ""


# --- Cells ------------------------------------------------------------------------------------------------------------


def _parsers(
    entries: Sequence[_Entry], reading: _Reading, folders: Sequence[Path]
) -> tuple[dict[str, _Parser], dict[str, str], list[Complaint]]:
    """How each column of this file is read, once all its cells have told the decimal sign and the order of days.

    In between, the lines of a map that say what was decided.
    """
    amount = lru_cache(_REMEMBERED)(_amount)
    day = lru_cache(_REMEMBERED)(partial(_day, reading.sheet.from_1904))
    signs, unclear = _decimal_signs(entries, reading, amount)
    order, undated = _order_of_days(entries, reading, day)
    parsers: dict[str, _Parser] = {
        "description": _description,
        "email": _addresses,
        "account_manager_email": _addresses,
        "terms_days": _terms,
        "discount_percent": _percent,
        "currency": _currencies,
        "language": vocabulary.language,
        "region": _region,
        "disputed": partial(_word, vocabulary.truth, "boolean_unknown"),
        "opt_out": partial(_word, vocabulary.refused_channels, "opt_out_unknown"),
        "kind": partial(_word, vocabulary.kind, "kind_unknown"),
        "country": partial(_word, vocabulary.country, "country_unknown"),
        "timezone": partial(_word, vocabulary.timezone, "timezone_unknown"),
        "status": partial(_status, _says_open(reading)),
        "pdf": partial(_pdf, folders),
        **{column: partial(_identifier, _all_floats(entries, column)) for column in _IDENTIFIERS},
        **{column: partial(_sum, amount, signs[column]) for column in _AMOUNTS},
        **{column: partial(_date, day, order) for column in _DATES},
        "delivered_date": partial(_delivery, day, order),
    }
    decided = {
        "dates": {"day": "day first", "month": "month first"}.get(order.first, ""),
        "decimal": {",": "comma", ".": "point"}.get(signs["open_amount"].sign, ""),
    }
    return parsers, decided, [*unclear, *undated]


def _amount(text: str) -> amounts.Written | None:
    """An amount; a figure of a workbook has one reading only, and says nothing about how others are written."""
    written = amounts.parse(text)
    if written is None or not isinstance(text, tables.Figure):
        return written
    return written._replace(comma=written.point)


def _day(from_1904: bool, text: str) -> dates.Written | None:
    """A day; a bare number of days is counted from where its workbook begins."""
    if from_1904 and isinstance(text, tables.Figure) and text.isdigit():
        text = str(int(text) + _DAYS_TO_1904)
    return dates.parse(text)


def _decimal_signs(
    entries: Sequence[_Entry], reading: _Reading, parse: Callable[[str], amounts.Written | None]
) -> tuple[dict[str, amounts.Verdict], list[Complaint]]:
    """One reading for each column of amounts; a column that does not decide follows the others, or the map."""
    if reading.told.decimal:
        return dict.fromkeys(_AMOUNTS, amounts.Verdict(reading.told.decimal, mixed=False)), []
    votes = {column: _votes(entries, (column,), parse) for column in _AMOUNTS}
    own = {column: amounts.settle(votes[column]) for column in _AMOUNTS}
    decided = next((verdict for verdict in own.values() if verdict.sign), amounts.Verdict("", mixed=False))
    verdicts = {column: verdict if verdict.sign else decided for column, verdict in own.items()}
    doubtful = [column for column in _AMOUNTS if not verdicts[column].sign]
    answers = ("decimal: comma", "decimal: point")
    return verdicts, _doubts("amount_ambiguous", entries, _written(reading), doubtful, parse, answers)


def _order_of_days(
    entries: Sequence[_Entry], reading: _Reading, parse: Callable[[str], dates.Written | None]
) -> tuple[dates.Verdict, list[Complaint]]:
    """One order of day and month for all dates of the file, unless the map says it."""
    if reading.told.dates:
        return dates.Verdict(reading.told.dates, mixed=False), []
    verdict = dates.settle(_votes(entries, _DATES, parse))
    answers = ("dates: day first", "dates: month first")
    doubtful = () if verdict.first else _DATES
    return verdict, _doubts("dates_ambiguous", entries, reading.headings, doubtful, parse, answers)


def _votes(
    entries: Sequence[_Entry], columns: Iterable[str], parse: Callable[[str], amounts.Written | dates.Written | None]
) -> Counter[str]:
    """How many cells prove which reading."""
    texts = Counter(entry.texts[column] for column in columns for entry in entries if column in entry.texts)
    votes: Counter[str] = Counter()
    for text, times in texts.items():
        if (written := parse(text)) is not None:
            votes[written.vote] += times
    return votes


def _doubts(
    rule: str,
    entries: Sequence[_Entry],
    headings: Mapping[str, _Heading],
    columns: Sequence[str],
    parse: Callable[[str], amounts.Written | dates.Written | None],
    answers: tuple[str, ...],
) -> list[Complaint]:
    """A question about the file when cells of undecided columns can be read two ways; it names the first of them."""
    for entry in entries:
        for column in columns:
            text = entry.texts.get(column, "")
            written = parse(text) if text else None
            if written is not None and written.vote == "?":
                quoted = tables.shown(text)
                params = {"heading": headings[column].written, "line": entry.line, "value": quoted}
                return [Complaint(rule, field=column, value=quoted, params=params, answers=answers)]
    return []


def _all_floats(entries: Sequence[_Entry], column: str) -> bool:
    """Whether every identifier of the column went through a spreadsheet as a number: `2960623488.0`."""
    return all(_FLOAT.fullmatch(entry.texts[column]) for entry in entries if column in entry.texts)


def _identifier(noisy: bool, text: str) -> str | _Unfit:
    if len(text) > _LONGEST_IDENTIFIER:
        return _Unfit("identifier_too_long", {"limit": _LONGEST_IDENTIFIER})
    return str(text).partition(".")[0] if noisy else str(text)


def _description(text: str) -> str:
    return text[:_LONGEST_DESCRIPTION].rstrip()


def _sum(parse: Callable[[str], amounts.Written | None], verdict: amounts.Verdict, text: str) -> _Sum | _Unfit:
    written = parse(text)
    if written is None:
        return _Unfit("amount_unreadable")
    if written.vote == "?" and verdict.mixed:
        return _Unfit("amount_two_ways")
    if written.vote not in ("", "?", verdict.sign):
        return _Unfit("amount_other_sign", {"sign": "." if written.vote == "," else ","})
    amount = written.point if verdict.sign == "." else written.comma
    if amount is None:
        return _Unfit("amount_unreadable")
    return _Unfit("amount_implausible") if amounts.too_large(amount) else _Sum(amount, text, written.currencies)


def _currencies(text: str) -> frozenset[str] | _Unfit:
    return amounts.currencies(text) or _Unfit("currency_unreadable")


def _date(parse: Callable[[str], dates.Written | None], verdict: dates.Verdict, text: str) -> object:
    written = parse(text)
    if written is None:
        return _Unfit("date_unreadable")
    if written.vote == "?" and verdict.mixed:
        return _Unfit("date_two_ways")
    if written.vote not in ("", "?", verdict.first):
        return _Unfit("date_other_order")
    day = written.month_first if verdict.first == "month" else written.day_first
    if day is None:
        return _Unfit("date_impossible")
    return (
        day
        if day.year in dates.YEARS
        else _Unfit("date_far", {"first": str(dates.YEARS[0]), "last": str(dates.YEARS[-1])})
    )


def _status(beside_open_amount: bool, text: str) -> str | _Unfit:
    """What has become of an invoice; a word we do not know is harmless only where what is open is said beside it."""
    known = vocabulary.status(text) if len(text) <= _LONGEST_IDENTIFIER else None
    if known is None:
        return "" if beside_open_amount else _Unfit("status_unknown")
    return known


def _delivery(parse: Callable[[str], dates.Written | None], verdict: dates.Verdict, text: str) -> object:
    if parse(text) is not None:
        return _date(parse, verdict, text)
    return _word(vocabulary.delivery, "delivery_unknown", text)


def _word(meaning: Callable[[str], object | None], rule: str, text: str) -> object:
    """What a word means, when it is one of those we know."""
    known = meaning(text) if len(text) <= _LONGEST_IDENTIFIER else None
    return _Unfit(rule) if known is None else known


def _terms(text: str) -> int | _Unfit:
    number = _FLOAT.sub(r"\1", text)
    if not (number.isascii() and number.isdigit() and len(number) <= 4 and int(number) <= ledger_map.LONGEST_TERMS):
        return _Unfit("terms_unreadable", {"limit": ledger_map.LONGEST_TERMS})
    return int(number)


def _percent(text: str) -> Decimal | _Unfit:
    found = _PERCENT.fullmatch(text)
    share = Decimal(f"{found[1]}.{found[2] or 0}").normalize() if found else Decimal(0)
    return share if share > 0 else _Unfit("discount_unreadable", bearable=True)


def _region(text: str) -> _Region | _Unfit:
    found = _REGION.fullmatch(text.upper())
    country = vocabulary.country(found[1]) if found and found[1] else ""
    return _Region(country, found[2]) if found and country is not None else _Unfit("region_unknown")


def _addresses(text: str) -> str | _Unfit:
    """One or several email addresses, each of which can be written to as it stands."""
    found = [part for part in map(str.strip, re.split("[;,]", text)) if part]
    if found and text.isprintable() and all(len(a) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(a) for a in found):
        return ", ".join(found)
    return _Unfit("email_invalid", bearable=True)


def _pdf(folders: Sequence[Path], text: str) -> Path | _Unfit:
    answer = enclosures.find(text, folders)
    if isinstance(answer, Path):
        return answer
    return _Unfit(answer, {"limit": enclosures.LARGEST // 1024 // 1024}, bearable=True)


# --- Items ------------------------------------------------------------------------------------------------------------


def _items(
    entries: Sequence[_Entry], reading: _Reading, parsers: Mapping[str, _Parser], progress: Progress
) -> tuple[list[ItemRecord | Complaint], Counter[str]]:
    """The items of the rows that are right in themselves and among each other, and how many were void or paid."""
    headings, counts = reading.headings, Counter[str]()
    written = _written(reading) | {
        column: _Heading(0, column) for column in ("currency", "terms_days") if column not in headings
    }
    meanings = {column: lru_cache(_REMEMBERED)(parse) for column, parse in parsers.items()}
    spoken_of = frozenset(
        "delivered" if column == "delivered_date" else column for column in _spoken_of(reading, entries)
    )
    items: list[ItemRecord] = []
    complaints: list[Complaint] = []
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        if place % tables.TOLD_EVERY == 0:
            progress(place, len(entries), "checking")
        values: dict[str, Any] = {}
        rejected = False
        faults: list[Complaint] = []
        for column, text in entry.texts.items():
            parse = meanings.get(column)
            value = parse(text) if parse else str(text)
            if isinstance(value, _Unfit):
                faults.append(_about(entry, written.get(column, _Heading(0, column)), column, value))
                rejected = rejected or not value.bearable
            else:
                values[column] = value
        if values.get("status") == "void":
            counts["void"] += 1
            continue
        faults += _settle_discount(entry, headings, values)
        if _counts_from_its_day(entry, values):
            values["terms_days"] = 0
        wrong = [
            *_missing(entry, values),
            *_settled_but_open(entry, headings, values),
            *_settle_region(entry, headings, values),
            *_settle_money(entry, written, values),
        ]
        wrong += _settle_open(entry, reading, values) if not wrong and not rejected else []
        if key := _identity(values):
            lines[key].append(entry.line)
        if rejected or wrong:
            number = str(values.get("invoice_number", ""))
            complaints += [replace(fault, item=number) for fault in (*faults, *wrong)]
        else:
            complaints += faults
            counts["paid"] += values.get("status") == "paid"
            items.append(_item(entry.line, values, spoken_of))
    twins = {line: (same, key) for key, same in lines.items() if len(same) > 1 for line in same}
    for line, (same, key) in twins.items():
        other = next(one for one in same if one != line)
        params = {"number": tables.shown(key[1]), "line": other}
        complaints.append(Complaint("duplicate_in_file", line, "invoice_number", tables.shown(key[1]), params, key[1]))
    return [*(item for item in items if item.line not in twins), *complaints], counts


def _spoken_of(reading: _Reading, entries: Sequence[_Entry]) -> set[str]:
    """The columns that the file speaks of: those it has headings for, and what a group or a map says of every row."""
    told = {name for name in ("customer_id", "customer_name") if reading.group is not None}
    told |= {"open_amount"} if reading.ages else set()
    return {*reading.headings, *told, *(entries[0].texts if entries else ())}


def _about(entry: _Entry, heading: _Heading, column: str, unfit: _Unfit) -> Complaint:
    quoted = tables.shown(entry.texts[column])
    params = {"heading": heading.written, "value": quoted, **unfit.params}
    return Complaint(unfit.rule, entry.line, column, quoted, params)


def _counts_from_its_day(entry: _Entry, values: Mapping[str, Any]) -> bool:
    """Whether the row is a credit note that says its day and no other: nobody is asked for it, so it is never late."""
    says = entry.texts
    if "due_date" in says or "terms_days" in says or "issue_date" not in values:
        return False
    sums = [values[column].amount for column in _AMOUNTS if column in values]
    return bool(sums) and max(sums) <= 0


def _missing(entry: _Entry, values: Mapping[str, Any]) -> list[Complaint]:
    """What the row does not say and an item needs; a cell that says it unreadably has its own complaint."""
    says = entry.texts
    faults = []
    if "customer_id" not in says and "customer_name" not in says:
        faults.append(Complaint("customer_missing", entry.line, "customer_id"))
    if "invoice_number" not in says:
        faults.append(Complaint("invoice_number_missing", entry.line, "invoice_number"))
    if "due_date" not in says and "issue_date" not in says and "terms_days" in says:
        faults.append(Complaint("terms_without_issue_date", entry.line, "issue_date"))
    elif "due_date" not in says and not ("issue_date" in says and ("terms_days" in says or "terms_days" in values)):
        faults.append(Complaint("due_date_missing", entry.line, "due_date"))
    if "total" not in says and "open_amount" not in says:
        faults.append(Complaint("amount_missing", entry.line, "total"))
    return faults


def _settled_but_open(entry: _Entry, headings: Mapping[str, _Heading], values: Mapping[str, Any]) -> list[Complaint]:
    """A complaint when the row says both that the item was settled and that something of it is open."""
    remaining: _Sum | None = values.get("open_amount")
    if "settled_date" not in values or remaining is None or not remaining.amount:
        return []
    unfit = _Unfit("settled_but_open", {"open": tables.shown(remaining.text)})
    return [_about(entry, headings["settled_date"], "settled_date", unfit)]


def _settle_discount(entry: _Entry, headings: Mapping[str, _Heading], values: dict[str, Any]) -> list[Complaint]:
    """A discount needs both its percentage and its last day; with one of them alone the item lands without it."""
    said = {name: values.pop(name, None) for name in ("discount_percent", "discount_until")}
    if all(said.values()):
        values |= said
        return []
    column = next((name for name, value in said.items() if value is not None), "")
    other = next((name for name in said if name != column), "")
    if not column or other in entry.texts:  # nothing said, or the other one has its own complaint
        return []
    return [_about(entry, headings[column], column, _Unfit("discount_incomplete", {"other": other}))]


def _settle_region(entry: _Entry, headings: Mapping[str, _Heading], values: dict[str, Any]) -> list[Complaint]:
    """Leave the code of the region; a complaint when the country written before it is not the customer's."""
    region: _Region | None = values.get("region")
    if region is None:
        return []
    values["region"] = region.code
    if region.country and values.get("country", region.country) != region.country:
        unfit = _Unfit("region_elsewhere", {"country": values["country"]})
        return [_about(entry, headings["region"], "region", unfit)]
    return []


def _settle_money(entry: _Entry, headings: Mapping[str, _Heading], values: dict[str, Any]) -> list[Complaint]:
    """Leave one currency, and the amounts with its decimals; a complaint where they contradict or exceed it.

    The currency is the column's, narrowed by the signs in the amounts: a `$` alone means no certain currency.
    """
    sums: dict[str, _Sum] = {column: values[column] for column in _AMOUNTS if column in values}
    meant: frozenset[str] = values.get("currency", frozenset())
    for column, found in sums.items():
        if meant and found.currencies and not meant & found.currencies:
            unfit = _Unfit("currency_contradicts", {"currency": " / ".join(sorted(meant))})
            return [_about(entry, headings[column], column, unfit)]
        meant = meant & found.currencies or found.currencies or meant
    currency = amounts.the_currency(meant)
    if meant and not currency:
        column = "currency" if "currency" in values else next(c for c, found in sums.items() if found.currencies)
        return [_about(entry, headings[column], column, _Unfit("currency_unclear"))]
    values["currency"] = currency
    faults = []
    for column, found in sums.items():
        values[column] = amounts.exact(found.amount, currency)
        if values[column] is None:
            faults.append(_about(entry, headings[column], column, _Unfit("amount_decimals", {"currency": currency})))
    return faults


def _settle_open(entry: _Entry, reading: _Reading, values: dict[str, Any]) -> list[Complaint]:
    """Leave what is open, from what was paid or from the state of the invoice; a complaint when nothing says it surely.

    Our own form may leave the open amount out. In another program's an empty cell may be a zero or an error.
    """
    document = values.pop("document_type", "")
    if document and vocabulary.is_credit_note(document) and max(values.get(c, 0) for c in _AMOUNTS) > 0:
        return [Complaint("credit_note_positive", entry.line, "document_type")]
    status, paid = values.get("status", ""), values.pop("paid_amount", None)
    if "open_amount" in values:
        if status == "paid" and values["open_amount"]:
            unfit = _Unfit("status_contradicts", {"amount": tables.shown(entry.texts["open_amount"])})
            return [_about(entry, reading.headings["status"], "status", unfit)]
        return []
    if status == "paid" or values.get("settled_date") is not None:
        values["open_amount"] = values["total"] * 0
    elif paid is not None:
        values["open_amount"] = values["total"] - paid
    elif reading.ages:
        found = _listed(heading.written for heading in reading.ages)
        return [Complaint("ageing_unclear", entry.line, "ageing", params={"found": found})]
    elif status == "part" or (not reading.plain and "open_amount" in reading.headings):
        return [Complaint("open_amount_missing", entry.line, "open_amount")]
    return []


def _says_open(reading: _Reading) -> bool:
    return "open_amount" in reading.headings or bool(reading.ages)


def _written(reading: _Reading) -> dict[str, _Heading]:
    """The headings of our columns, with those by age for what is open where they say it."""
    if not reading.ages:
        return dict(reading.headings)
    if "open_amount" in reading.headings:
        return dict(reading.headings)
    ages = f"{reading.ages[0].written} … {reading.ages[-1].written}"
    return {**reading.headings, "open_amount": _Heading(reading.ages[0].place, ages)}


def _identity(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes an item one and the same within a file; empty when the row does not say it."""
    number = values.get("invoice_number")
    customer = values.get("customer_id") or values.get("tax_id") or values.get("customer_name", "").casefold()
    return (customer, number, values.get("instalment", "")) if number and customer else ()


def _item(line: int, values: dict[str, Any], spoken_of: frozenset[str]) -> ItemRecord:
    total, remaining = values.pop("total", None), values.pop("open_amount", None)
    values.pop("status", None)
    values.pop("document_type", None)
    values.pop("paid_amount", None)
    needed = {"customer_id": "", "customer_name": "", "due_date": None, "terms_days": None}
    return ItemRecord(
        line=line,
        total=remaining if total is None else total,
        total_stated=total is not None,
        columns=spoken_of,
        open_amount=total if remaining is None else remaining,
        delivered=values.pop("delivered_date", None),
        **(needed | values),
    )
