"""A creditor in Valencia and its customers: what `amable demo` works on, as it was known on each day until TODAY.

`ledger-full.csv` is the whole story. The ledger a person would have exported on a day is derived from it, and so is
the choice of bank statements and invoices of that day; the story is written by `tests/samples/make_sample.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

TODAY: Final = date(2026, 3, 17)
FIRST_DAY: Final = date(2026, 2, 2)  # from which on there are bank statements for every working day

COLUMNS: Final = (
    "customer_id", "customer_name", "contact_name", "email", "phone", "address", "language", "country", "region",
    "timezone", "kind", "tax_id", "segment", "account_manager", "account_manager_email", "opt_out", "pause_until",
    "payment_method", "invoice_number", "instalment", "applies_to", "po_number", "description", "issue_date",
    "due_date", "terms_days", "currency", "total", "open_amount", "settled_date", "disputed", "promise_date",
    "delivered_date", "pdf",
)  # fmt: skip

_SETTLED: Final = "0,00"

Row = dict[str, str]


class Unpacked(NamedTuple):
    """Where the files of one day were written; `statements` are all until that day, oldest first."""

    creditor: Path
    ledger: Path
    statements: tuple[Path, ...]


def ledger_full() -> list[Row]:
    """Every row there ever is, with the days (ISO) from which its facts are known beside the columns of the ledger."""
    text = files(__name__).joinpath("ledger-full.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def ledger_as_of(rows: Iterable[Row], day: date) -> list[Row]:
    """The ledger that could be exported on the morning of `day`: no item, payment or word of a later day is in it."""
    return [_as_of(row, day.isoformat()) for row in rows if row["known_from"] <= day.isoformat()]


def _as_of(row: Row, day: str) -> Row:
    def known(moment: str) -> bool:
        return bool(row[moment]) and row[moment] <= day

    shown = {column: row.get(column, "") for column in COLUMNS}
    shown["open_amount"] = row["part_open"] if known("part_from") else row["total"]
    if known("closed_from"):
        shown["open_amount"] = _SETTLED
    else:
        shown["settled_date"] = ""
    for column, moment in (
        ("pause_until", "pause_from"),
        ("promise_date", "promise_from"),
        ("disputed", "dispute_from"),
    ):
        if not known(moment):
            shown[column] = ""
    return shown


def statements_as_of(day: date) -> list[str]:
    """The names of the bank statements that are there on the morning of `day`: those closed on an earlier day."""
    names = (file.name for file in files(__name__).joinpath("statements").iterdir() if file.name.endswith(".xml"))
    closed = sorted((name.removesuffix(".xml")[-10:], name) for name in names)
    return [name for closing, name in closed if closing < day.isoformat()]


def unpack(folder: Path, day: date = TODAY) -> Unpacked:
    """Write the files of a day into a folder, as a person would have put them there."""
    box = files(__name__)
    rows = ledger_as_of(ledger_full(), day)
    for name in ("statements", "invoices"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    creditor = folder / "creditor.yaml"
    creditor.write_bytes(box.joinpath("creditor.yaml").read_bytes())
    ledger = folder / "ledger.csv"
    ledger.write_text(_written(rows), "utf-8", newline="")
    names = statements_as_of(day)
    for path in [f"statements/{name}" for name in names] + sorted({row["pdf"] for row in rows if row["pdf"]}):
        if not (folder / path).exists():
            (folder / path).write_bytes(box.joinpath(path).read_bytes())
    return Unpacked(creditor, ledger, tuple(folder / "statements" / name for name in names))


def _written(rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
