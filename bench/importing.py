"""Taking a ledger in, CSV and XLSX, against the least it can cost: the same cells read and the same rows inserted.

Parts: `read` (the file to records), `write` (records to rows of customers, contacts and items in a SQLite file),
`again` (the same ledger a second time: everything compared, nothing written). The floor knows the columns, their dates
and decimals; it checks nothing, and has no second time but to find every number there already. Five invoices to a
customer.
"""

from __future__ import annotations

import argparse
import csv
import random
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from measure import Clock, compare, measure, report

TODAY = date(2026, 3, 17)
_HEADINGS = (
    "customer_id", "customer_name", "email", "country", "tax_id", "invoice_number", "issue_date", "due_date",
    "currency", "total", "open_amount", "description",
)  # fmt: skip
_CUSTOMERS = (
    "INSERT INTO ledger_customer (id, creditor_id, key, keyed_by, name, tax_id, kind, language, country, region,"
    " timezone, segment, address, manager_name, manager_email, opt_out, payment_method)"
    " VALUES (?, 1, ?, 'id', ?, ?, '', 'es', ?, '', '', '', '', '', '', '', '')"
)
_CONTACTS = (
    "INSERT INTO ledger_contact (creditor_id, customer_id, role, name, email, phone)"
    " VALUES (1, ?, 'billing', '', ?, '')"
)
_ITEMS = (
    "INSERT INTO ledger_item (creditor_id, customer_id, source, number, instalment, kind, applies_to, po_number,"
    " description, issued_on, due_on, currency, total, ledger_open, allocated, open, settled_by, cycle, disputed,"
    " direct_debit, duplicate_of, pdf_path, first_seen_on)"
    " VALUES (1, ?, 'ledger', ?, '', 'invoice', '', '', ?, ?, ?, ?, ?, ?, 0, ?, '', 1, 0, 0, '', '', ?)"
)


def rows(count: int) -> Iterator[tuple[str, ...]]:
    """The same ledger each time."""
    chance = random.Random(7)
    for number in range(count):
        customer = number // 5
        issued = TODAY - timedelta(days=chance.randrange(10, 300))
        amount = f"{chance.randrange(1_000, 900_000) / 100:.2f}"
        yield (
            f"C-{customer}", f"Talleres número {customer}, S.L.", f"c{customer}@example.com", "ES", f"B{customer:08}",
            f"F-2026/{number:07d}", issued.isoformat(), (issued + timedelta(days=30)).isoformat(), "EUR", amount,
            amount, f"Obra {number % 1000}",
        )  # fmt: skip


def make(path: Path, count: int) -> None:
    """The ledger as a file of the kind its name says."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([_HEADINGS, *rows(count)])
        return
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Ledger")
    sheet.append(_HEADINGS)
    for row in rows(count):
        days = [date.fromisoformat(cell) for cell in row[6:8]]
        sheet.append([*row[:6], *days, row[8], *map(float, row[9:11]), row[11]])
    book.save(path)


def floor(clock: Clock, path: Path) -> None:
    """csv or calamine, Decimal, fromisoformat, executemany."""
    with tempfile.TemporaryDirectory() as folder:
        _installed(Path(folder))
        with clock("read") as noted:
            told = [
                (
                    *row[:6],
                    date.fromisoformat(str(row[6])),
                    date.fromisoformat(str(row[7])),
                    row[8],
                    *_minor(row),
                    row[11],
                )
                for row in _cells(path)
            ]
            noted["n"] = len(told)
        database = sqlite3.connect(Path(folder) / "amable.sqlite3")
        with clock("write") as noted:
            noted["n"] = _insert(database, told)
        with clock("again") as noted:
            there = {(key, number) for key, number in database.execute(
                "SELECT c.key, i.number FROM ledger_item i JOIN ledger_customer c ON c.id = i.customer_id"
            )}  # fmt: skip
            noted["n"] = sum((row[0], row[5]) in there for row in told)


def _cells(path: Path) -> Iterable[list[object]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            yield from reader  # type: ignore[misc]
    else:
        from python_calamine import CalamineWorkbook

        rows_of_sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
        next(rows_of_sheet)
        yield from rows_of_sheet  # type: ignore[misc]


def _minor(row: list[object]) -> tuple[int, int]:
    return int(Decimal(str(row[9])).scaleb(2)), int(Decimal(str(row[10])).scaleb(2))


def _insert(database: sqlite3.Connection, told: list[tuple[object, ...]]) -> int:
    today = TODAY.isoformat()
    numbers: dict[object, int] = {}
    customers = [(numbers.setdefault(row[0], len(numbers) + 1), *row[:5]) for row in told if row[0] not in numbers]
    with database:
        database.executemany(
            _CUSTOMERS, [(pk, key, name, tax, country) for pk, key, name, _, country, tax in customers]
        )
        database.executemany(_CONTACTS, [(pk, email) for pk, _, _, email, _, _ in customers])
        database.executemany(
            _ITEMS,
            (
                (
                    numbers[row[0]], row[5], row[11], str(row[6]), str(row[7]), row[8], row[9], row[10], row[10], today,
                )
                for row in told
            ),
        )  # fmt: skip
    return len(told)


def ours(clock: Clock, path: Path) -> None:
    """What `amable run` and `amable import` do with a ledger."""
    from amable.plugs.complaint import Complaint
    from amable.plugs.invoices import ItemRecord
    from amable.plugs.loading import invoice_readers

    with tempfile.TemporaryDirectory() as folder:
        creditor = _installed(Path(folder))
        from amable.ledger.intake import Sourced, take_ledger
        from amable.organisation.tenancy import acting_for

        with clock("read") as noted:
            data = path.read_bytes()
            reader = next(reader for reader in invoice_readers().values() if reader.recognises(data))
            found = reader.read(data, folders=(), heading_map={})
            records = [Sourced(path.name, one) for one in found if isinstance(one, ItemRecord)]
            noted |= {"n": len(records), "complaints": sum(isinstance(one, Complaint) for one in found)}
        del data, found
        with acting_for(creditor):
            with clock("write") as noted:
                noted["n"] = take_ledger(creditor, records, ["first"], TODAY).new_items
            with clock("again") as noted:
                taken = take_ledger(creditor, records, ["first"], TODAY)
                noted |= {"n": taken.rows, "changed": taken.changed_items + taken.new_items}


def _installed(folder: Path):  # type: ignore[no-untyped-def]  # Django's models exist once it is set up
    """A creditor in a new database of the folder."""
    from amable.server.database import open_database

    open_database(folder)
    from amable.core.creditor import placeholder
    from amable.organisation.actions import install

    return install(placeholder("es"), placeholder=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kinds", default="csv,xlsx")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON for each row to this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in asked.kinds.split(","):
            path = Path(folder) / f"ledger.{kind}"
            make(path, asked.rows)
            print(f"{kind}, {asked.rows:,} rows, {path.stat().st_size / 2**20:.0f} MiB")
            figures = measure({"floor": floor, "ours": ours}, (path,), asked.rounds)
            compare(figures, over="floor")
            report(figures, asked.json, kind=kind, rows=asked.rows)
            print()


if __name__ == "__main__":
    main()
