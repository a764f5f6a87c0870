"""A ledger as a table, one row an item: our columns in any order, the whole file heard before any row is believed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from amable.adapters import amounts, dates, enclosures, tables, vocabulary
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord

_TEXTS: Final = (
    "customer_name", "contact_name", "phone", "address", "segment", "account_manager", "payment_method", "description",
)  # fmt: skip
_IDENTIFIERS: Final = ("customer_id", "invoice_number", "instalment", "tax_id", "po_number", "applies_to")
_DATES: Final = ("issue_date", "due_date", "settled_date", "promise_date", "pause_until", "delivered_date")
_AMOUNTS: Final = ("total", "open_amount")
_OTHERS: Final = (
    "email", "account_manager_email", "terms_days", "currency", "disputed", "opt_out", "kind", "language", "country",
    "region", "timezone", "pdf",
)  # fmt: skip
COLUMNS: Final = frozenset((*_TEXTS, *_IDENTIFIERS, *_DATES, *_AMOUNTS, *_OTHERS))
# What a ledger cannot do without: each line one thing, and the columns that are one way of saying it.
_REQUIRED: Final = (
    (("customer_id",), ("customer_name",)),
    (("invoice_number",),),
    (("due_date",), ("issue_date", "terms_days")),
    (("total",), ("open_amount",)),
)

_LONGEST_IDENTIFIER: Final = 200
_LONGEST_DESCRIPTION: Final = 500
_LONGEST_TERMS: Final = 365
_LONGEST_ADDRESS: Final = 254
_MOST_HEADINGS: Final = 60
_REMEMBERED: Final = 65_536  # distinct cells; names, addresses and words come again and again in a ledger
_NOT_TABLES: Final = (b"<", b"{", b"[", b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
_FLOAT: Final = re.compile(r"(\d+)\.0+")
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


class Spreadsheet:
    """Reads ledgers in the plain form: CSV with our column names, or with others that `heading_map` explains."""

    def recognises(self, data: bytes) -> bool:
        """Whether this is text that could be a table; an empty file is, so that somebody says that it is empty."""
        head = data[:512]
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return True
        return b"\x00" not in head and not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_NOT_TABLES)

    def read(
        self, data: bytes, *, folders: Sequence[Path], heading_map: dict[str, str]
    ) -> list[ItemRecord | Complaint]:
        """Every usable row as an item, in the order of the file, and a complaint for each thing that is wrong.

        What makes the file doubtful as a whole (columns missing, amounts or dates that can be read two ways) comes
        back without any item. A bad email address or PDF does not keep its item from landing, without it.
        """
        meanings = {tables.fold_heading(theirs): tables.fold_heading(ours) for theirs, ours in heading_map.items()}
        table = tables.read(data, COLUMNS | meanings.keys())
        if not table.headings:
            return list(table.complaints)
        headings, refusals = _place(table.headings, meanings)
        if refusals:
            return [*refusals]
        if not table.rows and not table.complaints:
            return [Complaint("rows_missing")]
        entries, ragged = _entries(table, headings)
        parsers, refusals = _parsers(entries, headings, folders)
        if refusals:
            return [*refusals]
        found = [*table.complaints, *ragged, *_items(entries, headings, parsers)]
        return sorted(found, key=lambda one: one.line or 0)


def _place(written: Sequence[str], meanings: Mapping[str, str]) -> tuple[dict[str, _Heading], list[Complaint]]:
    """Which heading is which of our columns; one that the map explains comes before one that merely has our name."""
    refusals = [
        Complaint("heading_map_unknown", field=ours, params={"heading": tables.shown(theirs), "column": ours})
        for theirs, ours in meanings.items()
        if ours not in COLUMNS
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
        if len(same) > 1
    ]
    missing = [ways for ways in _REQUIRED if not any(all(column in places for column in way) for way in ways)]
    if missing:
        wanted = ", ".join(" / ".join(" + ".join(way) for way in ways) for ways in missing)
        found = _listed(tables.shown(heading) for heading in written if heading)
        refusals.append(Complaint("headings_missing", params={"missing": wanted, "found": found}))
    return {column: same[0] for column, same in places.items()}, refusals


def _listed(headings: Iterable[str]) -> str:
    names = list(headings)
    return ", ".join(names[:_MOST_HEADINGS]) + (" …" if len(names) > _MOST_HEADINGS else "")


def _entries(table: tables.Table, headings: Mapping[str, _Heading]) -> tuple[list[_Entry], list[Complaint]]:
    """The rows in our columns. A row that ends before one of them may have lost anything, a dispute or a promise."""
    entries: list[_Entry] = []
    ragged: list[Complaint] = []
    last = max(heading.place for heading in headings.values())
    places = [(column, heading.place) for column, heading in headings.items()]
    clean = lru_cache(_REMEMBERED)(tables.clean)
    for row in table.rows:
        if len(row.cells) <= last:
            params: dict[str, object] = {"cells": len(row.cells), "headings": len(table.headings)}
            number = "".join(row.cells[headings["invoice_number"].place :][:1])
            ragged.append(Complaint("row_too_short", row.line, params=params, item=clean(number)))
            continue
        cells = row.cells
        texts = {column: text for column, place in places if cells[place] and (text := clean(cells[place]))}
        entries.append(_Entry(row.line, texts))
    return entries, ragged


def _parsers(
    entries: Sequence[_Entry], headings: Mapping[str, _Heading], folders: Sequence[Path]
) -> tuple[dict[str, _Parser], list[Complaint]]:
    """How each column of this file is read, once all its cells have told the decimal sign and the order of days."""
    amount, day = cache(amounts.parse), cache(dates.parse)
    signs, unclear = _decimal_signs(entries, headings, amount)
    order, undated = _order_of_days(entries, headings, day)
    parsers: dict[str, _Parser] = {
        "description": _description,
        "email": _addresses,
        "account_manager_email": _addresses,
        "terms_days": _terms,
        "currency": _currencies,
        "language": vocabulary.language,
        "region": _region,
        "disputed": partial(_word, vocabulary.truth, "boolean_unknown"),
        "opt_out": partial(_word, vocabulary.refused_channels, "opt_out_unknown"),
        "kind": partial(_word, vocabulary.kind, "kind_unknown"),
        "country": partial(_word, vocabulary.country, "country_unknown"),
        "timezone": partial(_word, vocabulary.timezone, "timezone_unknown"),
        "pdf": partial(_pdf, folders),
        **{column: partial(_identifier, _all_floats(entries, column)) for column in _IDENTIFIERS},
        **{column: partial(_sum, amount, signs[column]) for column in _AMOUNTS},
        **{column: partial(_date, day, order) for column in _DATES},
        "delivered_date": partial(_delivery, day, order),
    }
    return parsers, [*unclear, *undated]


def _decimal_signs(
    entries: Sequence[_Entry], headings: Mapping[str, _Heading], parse: Callable[[str], amounts.Written | None]
) -> tuple[dict[str, amounts.Verdict], list[Complaint]]:
    """One reading for each column of amounts; a column that does not decide follows the other."""
    votes = {column: _votes(entries, (column,), parse) for column in _AMOUNTS}
    total, remaining = (amounts.settle(votes[column]) for column in _AMOUNTS)
    verdicts = {"total": total if total.sign else remaining, "open_amount": remaining if remaining.sign else total}
    doubtful = [column for column in _AMOUNTS if not verdicts[column].sign]
    return verdicts, _doubts("amount_ambiguous", entries, headings, doubtful, parse)


def _order_of_days(
    entries: Sequence[_Entry], headings: Mapping[str, _Heading], parse: Callable[[str], dates.Written | None]
) -> tuple[dates.Verdict, list[Complaint]]:
    """One order of day and month for all dates of the file."""
    verdict = dates.settle(_votes(entries, _DATES, parse))
    return verdict, _doubts("dates_ambiguous", entries, headings, () if verdict.first else _DATES, parse)


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
) -> list[Complaint]:
    """A complaint for the file when cells of undecided columns can be read two ways; it names the first of them."""
    for entry in entries:
        for column in columns:
            text = entry.texts.get(column, "")
            written = parse(text) if text else None
            if written is not None and written.vote == "?":
                quoted = tables.shown(text)
                params = {"heading": headings[column].written, "line": entry.line, "value": quoted}
                return [Complaint(rule, field=column, value=quoted, params=params)]
    return []


def _all_floats(entries: Sequence[_Entry], column: str) -> bool:
    """Whether every identifier of the column went through a spreadsheet as a number: `2960623488.0`."""
    return all(_FLOAT.fullmatch(entry.texts[column]) for entry in entries if column in entry.texts)


def _identifier(noisy: bool, text: str) -> str | _Unfit:
    if len(text) > _LONGEST_IDENTIFIER:
        return _Unfit("identifier_too_long", {"limit": _LONGEST_IDENTIFIER})
    return text.partition(".")[0] if noisy else text


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
    if not (number.isascii() and number.isdigit() and len(number) <= 4 and int(number) <= _LONGEST_TERMS):
        return _Unfit("terms_unreadable", {"limit": _LONGEST_TERMS})
    return int(number)


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


def _items(
    entries: Sequence[_Entry], headings: Mapping[str, _Heading], parsers: Mapping[str, _Parser]
) -> list[ItemRecord | Complaint]:
    """The items of the rows that are right in themselves and among each other."""
    meanings = {column: cache(parsers[column]) for column in headings if column in parsers}
    spoken_of = frozenset("delivered" if column == "delivered_date" else column for column in headings)
    items: list[ItemRecord] = []
    complaints: list[Complaint] = []
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for entry in entries:
        values: dict[str, Any] = dict(entry.texts)
        rejected = False
        faults: list[Complaint] = []
        for column, text in entry.texts.items():
            if column not in meanings:
                continue
            value = values[column] = meanings[column](text)
            if isinstance(value, _Unfit):
                faults.append(_about(entry, headings[column], column, value))
                rejected = rejected or not value.bearable
                del values[column]
        wrong = [
            *_missing(entry),
            *_settled_but_open(entry, headings, values),
            *_settle_region(entry, headings, values),
            *_settle_money(entry, headings, values),
        ]
        if key := _identity(values):
            lines[key].append(entry.line)
        if rejected or wrong:
            number = str(values.get("invoice_number", ""))
            complaints += [replace(fault, item=number) for fault in (*faults, *wrong)]
        else:
            complaints += faults
            items.append(_item(entry.line, values, spoken_of))
    twins = {line: (same, key) for key, same in lines.items() if len(same) > 1 for line in same}
    for line, (same, key) in twins.items():
        other = next(one for one in same if one != line)
        params = {"number": tables.shown(key[1]), "line": other}
        complaints.append(Complaint("duplicate_in_file", line, "invoice_number", tables.shown(key[1]), params, key[1]))
    return [*(item for item in items if item.line not in twins), *complaints]


def _about(entry: _Entry, heading: _Heading, column: str, unfit: _Unfit) -> Complaint:
    quoted = tables.shown(entry.texts[column])
    params = {"heading": heading.written, "value": quoted, **unfit.params}
    return Complaint(unfit.rule, entry.line, column, quoted, params)


def _missing(entry: _Entry) -> list[Complaint]:
    """What the row does not say and an item needs; a cell that says it unreadably has its own complaint."""
    says = entry.texts
    faults = []
    if "customer_id" not in says and "customer_name" not in says:
        faults.append(Complaint("customer_missing", entry.line, "customer_id"))
    if "invoice_number" not in says:
        faults.append(Complaint("invoice_number_missing", entry.line, "invoice_number"))
    if "due_date" not in says and "issue_date" not in says and "terms_days" in says:
        faults.append(Complaint("terms_without_issue_date", entry.line, "issue_date"))
    elif "due_date" not in says and not ("issue_date" in says and "terms_days" in says):
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


def _identity(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes an item one and the same within a file; empty when the row does not say it."""
    number = values.get("invoice_number")
    customer = values.get("customer_id") or values.get("tax_id") or values.get("customer_name", "").casefold()
    return (customer, number, values.get("instalment", "")) if number and customer else ()


def _item(line: int, values: dict[str, Any], spoken_of: frozenset[str]) -> ItemRecord:
    total, remaining = values.pop("total", None), values.pop("open_amount", None)
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
