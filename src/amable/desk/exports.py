"""Items as a file for a spreadsheet: numbers stay numbers, and no text of anybody's is ever taken for a formula.

Rows are read and written a batch at a time; of a hundred thousand only the finished file is kept, some twelve MB.
"""

from __future__ import annotations

import csv as _csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]
from django.db.models import QuerySet

from amable.core.languages import say
from amable.core.money import from_minor
from amable.dunning import book
from amable.ledger.models import Item
from amable.organisation.bulk import batched
from amable.organisation.models import Creditor

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BATCH: Final = 2_000
# What a spreadsheet may take for the beginning of a formula, also in the wide forms of East Asian keyboards (OWASP, CSV
# injection). The apostrophe keeps it text, and spreadsheets do not show it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FIELDS: Final = (
    "customer_number", "customer", "number", "kind", "issued", "due", "late", "currency", "total", "open", "status",
    "manager", "purchase_order", "description",
)  # fmt: skip

Cell = str | int | Decimal | date | None


def heading(language: str) -> list[str]:
    """The first row."""
    return [say(f"desk.items.column.{name}", language) for name in _FIELDS]


def rows(creditor: Creditor, found: QuerySet[Item], today: date, language: str) -> Iterator[list[Cell]]:
    """A row an item, by due date."""
    numbers = found.order_by("due_on", "pk").values_list("pk", flat=True).iterator(chunk_size=_BATCH)
    for ids in batched(numbers, _BATCH):
        listed = Item.objects.filter(creditor=creditor).select_related("customer").in_bulk(ids)
        marks = book.marks(creditor, ids, today)
        for pk in ids:
            yield _row(listed[pk], marks.get(pk, set()), today, language)


def _row(item: Item, marks: set[str], today: date, language: str) -> list[Cell]:
    status = "settled" if not item.open else next(iter(sorted(marks)), "")
    status = status or ("overdue" if item.open > 0 and item.due_on < today else "open")
    return [
        item.customer.key,
        item.customer.name,
        f"{item.number} {item.instalment}".strip(),
        say(f"desk.items.kind.{item.kind}", language),
        item.issued_on,
        item.due_on,
        (today - item.due_on).days,
        item.currency,
        from_minor(item.total, item.currency),
        from_minor(item.open, item.currency),
        say(f"desk.items.status.{status}", language),
        item.customer.manager_name or item.customer.manager_email,
        item.po_number,
        item.description,
    ]


def csv(heading: Sequence[str], rows: Iterable[Sequence[Cell]], language: str) -> bytes:
    """As spreadsheets of that language expect it: comma and point in English, semicolon and comma elsewhere."""
    point, between = (".", ",") if language == "en" else (",", ";")
    text = io.StringIO(newline="")
    writer = _csv.writer(text, delimiter=between)
    writer.writerow(heading)
    writer.writerows([_written(cell, point) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _written(cell: Cell, point: str) -> str:
    if isinstance(cell, Decimal):
        return str(cell).replace(".", point)
    if isinstance(cell, str):
        return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
    return "" if cell is None else str(cell)


def xlsx(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet, written row by row; text is written as text whatever it begins with."""
    file = io.BytesIO()
    book_ = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book_.add_worksheet()
    bold, day = book_.add_format({"bold": True}), book_.add_format({"num_format": "yyyy-mm-dd"})
    money = {n: book_.add_format({"num_format": f"#,##0.{'0' * n}" if n else "#,##0"}) for n in range(5)}
    for column, name in enumerate(heading):
        sheet.write_string(0, column, name, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(heading) - 1, 16)
    for place, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            _write(sheet, place, column, cell, day, money)
    book_.close()
    return file.getvalue()


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
