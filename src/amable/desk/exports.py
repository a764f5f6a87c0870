"""Tables as files for a spreadsheet: numbers stay numbers, and no text of anybody's is ever taken for a formula.

Rows are written one at a time; of a hundred thousand only the finished file is kept, some twelve MB.
"""

from __future__ import annotations

import csv as _csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]
from django.http import HttpResponse

from amable.core.cells import harmless

_CSV: Final = "text/csv; charset=utf-8"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | Decimal | date | None


def csv(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]], language: str) -> HttpResponse:
    """As spreadsheets of that language expect it: comma and point in English, semicolon and comma elsewhere."""
    point, between = (".", ",") if language == "en" else (",", ";")
    text = io.StringIO(newline="")
    writer = _csv.writer(text, delimiter=between)
    writer.writerow(heading)
    writer.writerows([_written(cell, point) for cell in row] for row in rows)
    return _file(text.getvalue().encode("utf-8-sig", "replace"), f"{name}.csv", _CSV)


def _written(cell: Cell, point: str) -> str:
    if isinstance(cell, Decimal):
        return str(cell).replace(".", point)
    if isinstance(cell, str):
        return harmless(cell)
    return "" if cell is None else str(cell)


def xlsx(name: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """A workbook of one sheet, written row by row; text is written as text whatever it begins with."""
    file = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = workbook.add_worksheet()
    bold, day = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "yyyy-mm-dd"})
    money = {n: workbook.add_format({"num_format": f"#,##0.{'0' * n}" if n else "#,##0"}) for n in range(5)}
    for column, title in enumerate(heading):
        sheet.write_string(0, column, title, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heading) - 1, 16)
    for place, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            _write(sheet, place, column, cell, day, money)
    workbook.close()
    return _file(file.getvalue(), f"{name}.xlsx", _XLSX)


def _write(sheet: Any, row: int, column: int, cell: Cell, day: Any, money: dict[int, Any]) -> None:
    if isinstance(cell, str):
        if cell:
            sheet.write_string(row, column, cell[:32_767])  # as much as a cell holds
    elif isinstance(cell, Decimal):
        sheet.write_number(row, column, float(cell), money[-int(cell.as_tuple().exponent)])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, day)
    elif cell is not None:
        sheet.write_number(row, column, cell)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep; it is whole before the page is left, so nothing is read for it afterwards."""
    return HttpResponse(content, kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
