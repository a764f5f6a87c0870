"""The visible sheets of a workbook (XLSX, XLS, ODS) as rows of text: stored values only, nothing computed or followed.

A workbook is a compressed folder that can claim to be small. Its parts are unpacked here, under limits, and the library
that understands them is given only what was looked at: no external links, no pictures, no document types. An XLS is one
old binary lump that nobody can look into beforehand, and a damaged one can take the whole process down with it; so a
process of its own reads it (`python -m amable.adapters.workbooks`), with memory and time it cannot exceed.
"""

from __future__ import annotations

import io
import json
import re
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import ceil, isfinite
from pathlib import Path
from typing import Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from amable.adapters.tables import LARGEST_FILE, Figure, Row, Sheet, clean
from amable.core.strange_xml import MOST_MARKS, marks
from amable.plugs.complaint import Complaint

MOST_ROWS: Final = 200_000
MOST_CELLS: Final = 6_000_000  # with the empty ones between the others, each of which takes memory
LARGEST_UNPACKED: Final = 250_000_000  # bytes
_LARGEST_OLD: Final = 60_000_000  # bytes of an XLS file
_MOST_PARTS: Final = 5_000
_ENTRY: Final = b"PK\x01\x02"  # begins each line of the folder's list, which zipfile reads as a whole
_RATIO: Final = 100  # unpacked to packed, of a part larger than this many bytes: what packs better was made to
_RATIO_FROM: Final = 16_000_000
_LARGEST_STRINGS: Final = 80_000_000  # bytes of the table of texts, and how many texts
_MOST_STRINGS: Final = 1_500_000
_LARGEST_OTHER: Final = 20_000_000  # bytes of a part that is no sheet
# What a process may take for an XLS: bytes and seconds of the processor, and more for each byte of the file.
_APART_MEMORY: Final = (150 * 2**20, 30)
_APART_SECONDS: Final = (2, 500e-9)
_APART_PATIENCE: Final = 120  # seconds on the clock

_ZIP: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XLSX: Final = "xl/workbook.xml"
_ODS: Final = "application/vnd.oasis.opendocument.spreadsheet"
_UNREAD: Final = re.compile(r"externalLinks|media/|drawings/|embeddings/|vbaProject|customXml|Pictures/|Thumbnails/")

# What the standard library says of a folder it cannot unpack.
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError, OverflowError,
    NotImplementedError,
)  # fmt: skip

_ROW: Final = re.compile(rb"<(?:\w+:)?row\b")
_EMPTY_CELL: Final = re.compile(rb"<(?:\w+:)?c\b[^<>]*/>")
_ERROR_CELL: Final = re.compile(rb"(<(?:\w+:)?c\b[^<>]*?\bt=)(?:\"e\"|'e')")
_UNCOMPUTED: Final = re.compile(
    rb"<((?:\w+:)?)c\b((?:(?!\bt=)[^<>])*)>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>[^<>]*</(?:\w+:)?f>)"
    rb"\s*+(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*+</(?:\w+:)?c>"
)
_PLACE: Final = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]*)(\d+)[\"']")
_FROM_1904: Final = re.compile(rb"\bdate1904=[\"'](?:1|true)[\"']")
_ROWS_REPEATED: Final = re.compile(rb"(number-rows-repeated=[\"'])(\d+)")
_COLUMNS_REPEATED: Final = re.compile(rb"(number-columns-repeated=[\"'])(\d+)")
_ODS_ROW: Final = re.compile(rb"<(?:\w+:)?table-row\b")
_ODS_CELL: Final = re.compile(rb"<(?:\w+:)?(?:covered-)?table-cell\b")
_FAR: Final = 1_000  # a gap longer than that, which office programs put at the end of a sheet, is shortened
_WIDE: Final = 300


class _RefusedError(Exception):
    """The workbook cannot be read; the complaint says why."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(rule)
        self.complaint = Complaint(rule, params=params)


def recognises(data: bytes) -> bool:
    """Whether these bytes are a workbook, or an old office file that may be one."""
    if data.startswith(_OLD):
        return True
    if not data.startswith(_ZIP) or data.count(_ENTRY) > 4 * _MOST_PARTS:
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as folder:
            return _kind(folder) != ""
    except _DAMAGED:
        return False


def read(data: bytes) -> tuple[Sheet, ...]:
    """The visible sheets that are not empty; one sheet without rows, and with a complaint, when nothing can be read."""
    try:
        if len(data) > LARGEST_FILE:
            raise _RefusedError("file_too_large", limit=LARGEST_FILE // 2**20)
        if data.startswith(_ZIP):
            data, from_1904 = _looked_at(data)
            sheets = _sheets(data, from_1904)
        elif len(data) > _LARGEST_OLD:
            raise _RefusedError("file_too_large", limit=_LARGEST_OLD // 1_000_000)
        else:
            sheets = _read_apart(data)
    except _RefusedError as refused:
        return (Sheet(complaints=(refused.complaint,)),)
    return sheets or (Sheet(complaints=(Complaint("file_empty"),)),)


def _kind(folder: zipfile.ZipFile) -> str:
    names = set(folder.namelist()[:_MOST_PARTS])
    if _XLSX in names:
        return "xlsx"
    if "content.xml" in names and "mimetype" in names:
        info = folder.getinfo("mimetype")
        return "ods" if info.file_size < 100 and folder.read(info).decode("ascii", "replace").strip() == _ODS else ""
    return ""


def _looked_at(data: bytes) -> tuple[bytes, bool]:
    """The workbook packed anew from the parts we have unpacked and checked, and whether its days begin in 1904."""
    from_1904 = False
    page = io.BytesIO()
    if data.count(_ENTRY) > 4 * _MOST_PARTS:
        raise _too_large()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as folder, zipfile.ZipFile(page, "w", zipfile.ZIP_STORED) as kept:
            infos = [info for info in folder.infolist() if not info.is_dir() and not _UNREAD.search(info.filename)]
            if len(infos) > _MOST_PARTS or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
                raise _too_large()
            kind = _kind(folder)
            names: set[str] = set()
            left = LARGEST_UNPACKED
            for info in infos:
                if info.filename in names or not info.filename.endswith((".xml", ".rels", "mimetype")):
                    continue
                names.add(info.filename)
                part = _unpacked(folder, info, left)
                left -= len(part)
                _plain_xml(part)
                if kind == "xlsx" and info.filename == _XLSX:
                    from_1904 = _FROM_1904.search(part) is not None
                if kind == "xlsx" and "worksheets/" in info.filename and not info.filename.endswith(".rels"):
                    part = _bounded_xlsx(part)
                elif kind == "ods" and info.filename == "content.xml":
                    part = _bounded_ods(part)
                elif info.filename.lower().endswith("sharedstrings.xml"):
                    _few_texts(part)
                elif marks(part) > MOST_MARKS:
                    raise _too_large()
                kept.writestr(zipfile.ZipInfo(info.filename), part)
    except _DAMAGED as error:
        raise _RefusedError("workbook_unreadable") from error
    except RuntimeError as error:  # what zipfile says of an encrypted part
        raise _RefusedError("workbook_locked") from error
    return page.getvalue(), from_1904


def _unpacked(folder: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> bytes:
    if info.file_size > _most_of(info.filename):
        raise _too_large()
    if info.file_size > _RATIO_FROM and info.file_size > _RATIO * info.compress_size:
        raise _too_large()
    with folder.open(info) as part:
        found = part.read(min(left, info.file_size) + 1)
    if len(found) > left:
        raise _too_large()
    return found


def _most_of(name: str) -> int:
    """The bytes that a part of this name may have."""
    if name.lower().endswith("sharedstrings.xml"):
        return _LARGEST_STRINGS
    return LARGEST_UNPACKED if "worksheets/" in name or name == "content.xml" else _LARGEST_OTHER


def _too_large() -> _RefusedError:
    return _RefusedError("workbook_too_large", limit=LARGEST_UNPACKED // 1_000_000)


def _few_texts(part: bytes) -> None:
    """Refuse a table of texts that no ledger fills."""
    if part.count(b"si>") > 2 * _MOST_STRINGS or marks(part) > 8 * _MOST_STRINGS:
        raise _too_large()


def _plain_xml(part: bytes) -> None:
    """Refuse what no office program writes: document types, which can name other files, and XML in wide characters."""
    if b"\x00" in part[:200] or b"<!DOCTYPE" in part or b"<!ENTITY" in part:
        raise _RefusedError("workbook_unreadable")


def _bounded_xlsx(part: bytes) -> bytes:
    """A sheet whose cells, dense, take bounded memory; errors and formulas never computed become words that show."""
    if sum(1 for _ in _ROW.finditer(part)) > MOST_ROWS:
        raise _RefusedError("rows_too_many", limit=MOST_ROWS)
    part = _EMPTY_CELL.sub(b"", part)
    widest = lowest = 1
    for letters, row in _PLACE.findall(part) if _scattered(part) else ():
        column = 0
        for letter in letters.upper()[:8]:
            column = column * 26 + letter - 64
        widest, lowest = max(widest, column), max(lowest, int(row[:12]))
    if widest * lowest > MOST_CELLS:
        raise _too_large()
    if b"<f" in part or b":f" in part:
        part = _UNCOMPUTED.sub(rb'<\1c\2 t="str"><\1v>#FORMULA</\1v></\1c>', part)
    return _ERROR_CELL.sub(rb'\1"str"', part)


def _scattered(part: bytes) -> bool:
    """Whether a cell stands so far right or down that the area must be measured."""
    return re.search(rb"\br\s*=\s*[\"'](?:[A-Za-z]{2,}\d+|[A-Za-z]?\d{6,})[\"']", part) is not None


def _bounded_ods(part: bytes) -> bytes:
    """A sheet in which no row or cell claims to be repeated further than a ledger could."""
    part = _ROWS_REPEATED.sub(lambda found: found[1] + str(min(int(found[2][:9]), _FAR)).encode(), part)
    part = _COLUMNS_REPEATED.sub(lambda found: found[1] + str(min(int(found[2][:9]), _WIDE)).encode(), part)
    repeated = [int(found[2]) for found in _ROWS_REPEATED.finditer(part)]
    rows = sum(1 for _ in _ODS_ROW.finditer(part)) + sum(times for times in repeated if times < _FAR)
    if rows > MOST_ROWS:
        raise _RefusedError("rows_too_many", limit=MOST_ROWS)
    cells = sum(1 for _ in _ODS_CELL.finditer(part)) + sum(int(f[2]) for f in _COLUMNS_REPEATED.finditer(part))
    if cells * max(1, *repeated, 1) > MOST_CELLS * _FAR or len(repeated) * _FAR * _WIDE > 100 * MOST_CELLS:
        raise _too_large()
    return part


def _sheets(data: bytes, from_1904: bool) -> tuple[Sheet, ...]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            shown = [
                one.name
                for one in book.sheets_metadata
                if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
            ]
            return tuple(_filled(book, shown, from_1904))
    except PasswordError as error:
        raise _RefusedError("workbook_locked") from error
    except (CalamineError, OSError, ValueError) as error:
        raise _RefusedError("workbook_unreadable") from error
    except BaseException as error:  # a panic of the library is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise _RefusedError("workbook_unreadable") from error


def _filled(book: CalamineWorkbook, names: Sequence[str], from_1904: bool) -> Iterator[Sheet]:
    """The sheets that are not empty, as long as their areas together are not too large."""
    cells = 0
    for name in names:
        sheet = book.get_sheet_by_name(name)
        cells += sheet.total_height * sheet.total_width
        if cells > MOST_CELLS:
            raise _too_large()
        if (found := _sheet(sheet, from_1904)).rows:
            yield found


def _sheet(sheet: CalamineSheet, from_1904: bool) -> Sheet:
    start = sheet.start
    if start is None:
        return Sheet(sheet.name)
    rows: list[Row] = []
    for line, cells in enumerate(sheet.iter_rows(), 1):
        if cells.count("") < len(cells):
            texts = [_text(cell) for cell in cells]
            if any(isinstance(text, Figure) or clean(text) for text in texts):
                rows.append(Row(line, texts))
    if len(rows) > MOST_ROWS:
        raise _RefusedError("rows_too_many", limit=MOST_ROWS)
    merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
    return Sheet(clean(sheet.name), tuple(rows), merged=merged, from_1904=from_1904)


def _text(cell: object) -> str:
    """A cell as text: numbers with a decimal point, days as year-month-day, yes and no as words."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return Figure(_figure(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _figure(number: float) -> str:
    if not isfinite(number):
        return "#NUM"
    exact = Decimal(repr(number))
    return f"{int(exact)}" if exact == exact.to_integral_value() else f"{exact:f}"


# --- A process of its own ---------------------------------------------------------------------------------------------


def _read_apart(data: bytes) -> tuple[Sheet, ...]:
    """The sheets of an XLS, read by a process that may die of it."""
    command = [sys.executable, "-I", "-m", __spec__.name if __spec__ else __name__]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_APART_PATIENCE, check=False)  # noqa: S603 - ours
    except subprocess.TimeoutExpired as error:
        raise _RefusedError("workbook_unreadable") from error
    if done.returncode != 0:
        raise _RefusedError("workbook_unreadable")
    answer = json.loads(done.stdout)
    if "rule" in answer:
        raise _RefusedError(answer["rule"], **answer["params"])
    return tuple(
        Sheet(
            name,
            tuple(Row(line, [Figure(text) if figure else text for figure, text in cells]) for line, cells in rows),
            merged=tuple(tuple(area) for area in merged),
        )
        for name, rows, merged in answer["sheets"]
    )


def _answer(data: bytes) -> dict[str, object]:
    """What the process of its own says."""
    try:
        sheets = _sheets(data, from_1904=False)
    except _RefusedError as refused:
        return {"rule": refused.complaint.rule, "params": refused.complaint.params}
    told = [
        (
            sheet.name,
            [(row.line, [(isinstance(cell, Figure), cell) for cell in row.cells]) for row in sheet.rows],
            sheet.merged,
        )
        for sheet in sheets
    ]
    return {"sheets": told}


def _bind(size: int) -> None:
    """Take no more for a file of this size than is allowed, whatever is in it."""
    mapped = Path("/proc/self/statm")  # of Linux; elsewhere nobody holds a process to this
    held = int(mapped.read_text("ascii").split()[0]) * resource.getpagesize() if mapped.exists() else 2**30
    memory = held + int(_APART_MEMORY[0] + _APART_MEMORY[1] * size)
    seconds = ceil(_APART_SECONDS[0] + _APART_SECONDS[1] * size)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    given = sys.stdin.buffer.read()
    _bind(len(given))
    json.dump(_answer(given), sys.stdout)
