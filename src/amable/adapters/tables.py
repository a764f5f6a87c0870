"""Sheets of rows with the line they stand on, and tables out of them; what cannot be a row becomes a complaint."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from amable.adapters.decoding import Written, written
from amable.core import headings
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Progress, unwatched

LARGEST_CELL: Final = 32_768  # characters; as much as a spreadsheet cell can hold
LARGEST_FILE: Final = 160 * 2**20  # bytes
MOST_ROWS: Final = 2_000_000
TOLD_EVERY: Final = 500  # rows between two tellings of how far it is
MOST_COLUMNS: Final = 16_384  # as many as a spreadsheet can hold; what stands further right is not a heading

_SEPARATORS: Final = ",;\t|"
_SAMPLE: Final = 65_536  # bytes that are enough to see how a file is separated
_LONGEST_ROW: Final = 500  # lines; a quotation mark left open must not swallow the rest of the file
_LINES_A_ROW: Final = 3  # more than that, nobody has in all rows
_LONGEST_LINE: Final = 4 * 2**20  # bytes
_MOST_BROKEN: Final = 1_000  # rows with broken quotation marks before the rest is given up
_LINE: Final = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n)?")
_SHOWN: Final = 80


class Figure(str):
    """A number that a workbook keeps as one, written with a decimal point: it needs no guess and proves none.

    It differs from the same text, which somebody wrote with a point or a comma of their own.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Figure) and str.__eq__(self, other)

    def __hash__(self) -> int:
        return hash((Figure, str.__hash__(self)))


class Row(NamedTuple):
    """The cells of one row, as written, and the line of the file or sheet it begins on, from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows of one sheet that are not empty; a text file is one sheet without a name. Without rows see `complaints`.

    `merged` are cells shown as one: first row and column, last row and column, counted from 0. `separator` is the sign
    between the cells of a text. `from_1904` tells that numbers of days begin in 1904.
    """

    name: str = ""
    rows: tuple[Row, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    separator: str = ""
    merged: tuple[tuple[int, int, int, int], ...] = ()
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """The headings and the rows below them. Without headings the file as a whole could not be read."""

    headings: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    complaints: tuple[Complaint, ...] = ()


def read(data: bytes, known: Callable[[str], bool], progress: Progress = unwatched) -> Sheet:
    """The rows in the bytes of a text. `known` tells a heading, which helps to see what separates the cells."""
    if len(data) > LARGEST_FILE:
        return _refused("file_too_large", limit=LARGEST_FILE // 2**20)
    if data.count(b"\n") > _LINES_A_ROW * MOST_ROWS:  # reading the first of them would take long enough
        return _refused("rows_too_many", limit=MOST_ROWS)
    how = written(data)
    if how is None:
        return _refused("encoding_unknown")
    if how.encoding.startswith("utf-16"):  # whose line ends are not those of ASCII
        data, how = data[how.mark :].decode(how.encoding).encode("utf-8"), Written("utf-8")
    separator, begin = _separator(data, how, known)
    rows: list[Row] = []
    complaints: list[Complaint] = []
    total = data.count(b"\n") or data.count(b"\r")
    for found in _csv(separator, begin):
        if isinstance(found, Row):
            rows.append(found)
            if len(rows) % TOLD_EVERY == 0:
                progress(min(found.line, total), total, "lines")
        elif not rows or found.line is None:  # without its headings no row below can be understood
            return Sheet(complaints=(found,))
        else:
            complaints.append(found)
    if not rows:
        return _refused("file_empty")
    return Sheet(rows=tuple(rows), complaints=tuple(complaints), separator=separator)


def below(sheet: Sheet, found: headings.Headings) -> Table:
    """The table that begins with the headings found."""
    written = tuple(clean(cell) for cell in found.texts[:MOST_COLUMNS])
    body = sheet.rows[found.first + found.lines :]
    if not sheet.separator:
        return Table(written, tuple(Row(row.line, row.cells[: len(written)]) for row in body), sheet.complaints)
    rows: list[Row] = []
    complaints = list(sheet.complaints)
    for row in body:
        if (fault := _fault(row, written, sheet.separator)) is not None:
            complaints.append(fault)
        else:
            rows.append(row)
    kept, shifted = _by_width(rows, len(written))
    return Table(written, kept, (*complaints, *shifted))


def top(sheet: Sheet) -> list[list[str]]:
    """The rows among which the headings are looked for, cleaned."""
    return [[clean(cell) for cell in row.cells[:MOST_COLUMNS]] for row in sheet.rows[: headings.LOOKED_AT]]


def fold_heading(heading: str) -> str:
    """A heading as it is compared: case, spaces, underscores and hyphens make no difference."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFC", clean(heading)).casefold()).strip("_")


def clean(text: str) -> str:
    """One line of text: control characters, and the white space around them, become one space; the ends are trimmed."""
    if text.isprintable():
        return text.strip()
    return _BLANKS.sub(_one_space, text).strip()


# White space and what steers a terminal, a mail header or the direction of writing instead of being read.
_STEERING: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_BLANKS: Final = re.compile(rf"[\s{_STEERING}]+")
_STEERS: Final = re.compile(rf"[{_STEERING}]")


def _one_space(blanks: re.Match[str]) -> str:
    return " " if _STEERS.search(blanks[0]) else blanks[0]


def shown(text: str) -> str:
    """A cell as a complaint quotes it: on one line and not too long."""
    text = clean(text[: 4 * _SHOWN])
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _refused(rule: str, **params: object) -> Sheet:
    return Sheet(complaints=(Complaint(rule, params=params),))


class _Lines:
    """The physical lines of a text, decoded one after the other from a place one can return to.

    One letter of another alphabet makes a text in memory up to four times as large; so only a line is one at a time.
    """

    def __init__(self, data: bytes, how: Written) -> None:
        self.data, self.encoding, self.at, self.number, self.left = data, how.encoding, how.mark, 0, _LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        found = _LINE.match(self.data, self.at)
        if not found or found.end() == self.at or not self.left:
            raise StopIteration
        if found.end() - self.at > _LONGEST_LINE:
            raise csv.Error("field limit")  # as the reader says of a cell
        self.at, self.number, self.left = found.end(), self.number + 1, self.left - 1
        return found[0].decode(self.encoding, "replace")  # only a sample can end within a letter

    def pass_over(self) -> str:
        """Go on to the next line, and how this one begins."""
        found = _LINE.match(self.data, self.at)
        assert found is not None, "it matches anything"
        begins = self.data[self.at : min(found.end(), self.at + _SHOWN * 16)]
        self.at, self.number = found.end(), self.number + 1
        return begins.decode(self.encoding, "replace")

    def skip_empty(self, nothing: re.Pattern[bytes]) -> None:
        """Go on to the next line that says something, where this is what says nothing."""
        found = nothing.match(self.data, self.at)
        if not found or found.end() == self.at:
            return
        end = 1 + max(self.data.rfind(sign, self.at, found.end()) for sign in (b"\r", b"\n"))
        if end > self.at:
            ends = sum(self.data.count(sign, self.at, end) for sign in (b"\r", b"\n"))
            self.number += ends - self.data.count(b"\r\n", self.at, end)
            self.at = end


def _csv(separator: str, begin: _Lines) -> Iterator[Row | Complaint]:
    """Every row that is not empty. After broken quotation marks reading goes on with the very next line of the file.

    A complaint without line is about the file, and the last word.
    """
    lines, broken, count = begin, 0, 0
    nothing = re.compile(rb"[ \t\r\n%s]*+" % re.escape(separator.encode()))
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=separator != "\t")
    while True:
        lines.skip_empty(nothing)
        lines.left = _LONGEST_ROW
        at, line = lines.at, lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rule = "cell_too_long" if "field limit" in str(error) else "quotes_unpaired"
            lines.at, lines.number = at, line - 1
            yield Complaint(rule, line, value=shown(lines.pass_over()), params={"limit": LARGEST_CELL})
            broken += 1
            if broken == _MOST_BROKEN:
                yield Complaint("rest_unread", line + 1, params={"line": line + 1})
                return
            continue
        count += 1
        if count > MOST_ROWS + 1:  # the headings are a row too
            yield Complaint("rows_too_many", params={"limit": MOST_ROWS})
            return
        if any(map(clean, filter(None, cells))):
            yield Row(line, cells)


def _fault(row: Row, written: tuple[str, ...], separator: str) -> Complaint | None:
    """What makes a row unfit by itself: an endless cell, or another row swallowed between quotation marks."""
    width = len(written)
    joined = "".join(row.cells)
    if len(joined) <= LARGEST_CELL and "\n" not in joined and "\r" not in joined:
        return None
    for cell in row.cells:
        if len(cell) > LARGEST_CELL:
            return Complaint("cell_too_long", row.line, value=shown(cell), params={"limit": LARGEST_CELL})
        breaks = cell.count("\n") or cell.count("\r")
        # Two lone quotation marks in the same column of two rows look like one cell that holds all between them.
        if breaks and width > 2 and cell.count(separator) >= breaks * (width - 1):
            return Complaint("quotes_unpaired", row.line, value=shown(cell), params={"limit": LARGEST_CELL})
    return None


def _by_width(rows: list[Row], width: int) -> tuple[tuple[Row, ...], list[Complaint]]:
    """The rows that end with the headings, and a complaint for the others.

    Empty cells beyond the headings are harmless only where most rows of the file have them. In a single row they tell
    that a separator stood inside a cell, and that the cells after it moved.
    """
    usual, times = max(Counter(len(row.cells) for row in rows).items(), key=lambda pair: pair[1], default=(0, 0))
    widest = usual if times * 2 > len(rows) else width
    kept: list[Row] = []
    shifted: list[Complaint] = []
    for row in rows:
        cells = len(row.cells)
        if cells <= width or (cells == widest and not any(clean(cell) for cell in row.cells[width:])):
            kept.append(row)
        else:
            shifted.append(Complaint("row_too_long", row.line, params={"cells": cells, "headings": width}))
    return tuple(kept), shifted


def _separator(data: bytes, how: Written, known: Callable[[str], bool]) -> tuple[str, _Lines]:
    """The sign between the cells, judged by the headings, then by even rows; and where the table begins."""
    lines = _Lines(data, how)
    first = lines.pass_over().strip()
    if first[:4].lower() == "sep=" and first[4:5] in _SEPARATORS and len(first) <= 5:  # a line for Excel, not a row
        return first[4:] or "\t", lines
    sample = data[:_SAMPLE]
    return max(_SEPARATORS, key=lambda sign: _fitness(_Lines(sample, how), sign, known)), _Lines(data, how)


def _fitness(lines: _Lines, separator: str, known: Callable[[str], bool]) -> tuple[int, float, int]:
    rows = [row.cells for row in _csv(separator, lines) if isinstance(row, Row)]
    if not rows:
        return 0, 0.0, 0
    found = headings.find([[clean(cell) for cell in row] for row in rows[: headings.LOOKED_AT]], known)
    width = len(found.texts)
    hits = sum(1 for heading in found.texts if known(heading))
    below = rows[found.first :]
    even = Counter(len(row) for row in below)[width] / len(below)
    return hits, even if width > 1 else 0.0, width
