"""The sample creditor holds together: files as generated, money that adds up, and no day that knows the next."""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mean

import pytest
from stdnum import iban
from stdnum.es import nif
from stdnum.eu import vat
from stdnum.gb import vat as gb_vat

from amable import sample
from amable.core import creditor
from amable.plugs.bank import Statement
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord
from amable.plugs.loading import bank_readers, invoice_readers
from amable.sample import FIRST_DAY, TODAY, ledger_as_of, ledger_full, statements_as_of, unpack
from tests.samples import make_sample

FOLDER = Path(sample.__file__).parent
DAYS = [FIRST_DAY + timedelta(days=count) for count in range((TODAY - FIRST_DAY).days + 1)]


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["customer_id"], row["invoice_number"], row["instalment"]


def read_statements(day: date) -> list[Statement]:
    found = [bank_readers()["camt"].read((FOLDER / "statements" / name).read_bytes()) for name in statements_as_of(day)]
    assert all(len(statements) == 1 and isinstance(statements[0], Statement) for statements in found)
    return [statement for statements in found for statement in statements if isinstance(statement, Statement)]


def test_the_files_are_those_the_generator_writes() -> None:
    texts = make_sample.files()
    stale = [path.name for path, text in texts.items() if path.read_bytes().decode() != text]
    assert not stale, f"run `make samples`: {stale}"
    assert {path.name for path in texts if path.parent.name == "statements"} == {
        path.name for path in (FOLDER / "statements").iterdir()
    }


def test_it_is_small_and_every_named_invoice_is_there() -> None:
    sizes = {path: path.stat().st_size for path in FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert sum(sizes.values()) < 400_000
    pdfs = {f"invoices/{path.name}" for path in sizes if path.suffix == ".pdf"}
    assert pdfs == {row["pdf"] for row in ledger_full() if row["pdf"]}
    assert all(
        path.read_bytes().startswith(b"%PDF") and sizes[path] < 20_000 for path in sizes if path.suffix == ".pdf"
    )


def test_the_creditor_file_is_read() -> None:
    owed = creditor.read((FOLDER / "creditor.yaml").read_text("utf-8"))
    assert (owed.country, owed.region, owed.language, owed.timezone) == ("ES", "VC", "es", "Europe/Madrid")
    assert date(2026, 3, 18) in owed.closed_in(2026)
    assert nif.is_valid(owed.tax_id)


def test_numbers_check_and_every_address_is_of_a_test_domain() -> None:
    for customer in make_sample.customers():
        assert iban.is_valid(customer.iban), customer.id
        valid = {"ES": nif, "GB": gb_vat}.get(customer.country, vat)
        assert valid.is_valid(customer.tax_id), customer.id
    for row in ledger_full():
        assert not row["email"] or row["email"].endswith(".example")
        assert row["account_manager_email"].endswith(".example")


def test_customers_pay_as_late_as_in_a_real_ledger() -> None:
    items, _ = make_sample.story()
    late = [max(0, (item.settled - item.due).days) for item in items if item.settled]
    assert len(late) > 180
    assert 0.30 < mean(days > 0 for days in late) < 0.41
    assert 2.5 < mean(late) < 4.5
    assert max(late) <= 45


def test_one_row_is_bad_and_all_others_are_read(tmp_path: Path) -> None:
    files = unpack(tmp_path)
    found = invoice_readers()["spreadsheet"].read(files.ledger.read_bytes(), folders=[tmp_path], heading_map={})
    complaints = [record for record in found if isinstance(record, Complaint)]
    assert [complaint.value for complaint in complaints] == ["31/02/2026"]
    records = [record for record in found if isinstance(record, ItemRecord)]
    assert len(records) == len(ledger_as_of(ledger_full(), TODAY)) - 1
    assert sum(record.pdf is not None for record in records) == len(list((tmp_path / "invoices").iterdir())) > 10
    assert {record.language for record in records} == {"es", "ro", "fr", "en"}


@pytest.mark.parametrize("day", [FIRST_DAY, date(2026, 2, 18), TODAY])
def test_a_day_is_unpacked_with_its_own_files(tmp_path: Path, day: date) -> None:
    files = unpack(tmp_path, day)
    assert files.creditor.exists()
    assert [path.name for path in files.statements] == statements_as_of(day)
    with files.ledger.open(encoding="utf-8", newline="") as lines:
        assert list(csv.DictReader(lines, delimiter=";")) == ledger_as_of(ledger_full(), day)


def test_no_day_knows_the_next() -> None:
    rows = ledger_full()
    for day in DAYS:
        for row in ledger_as_of(rows, day):
            for column in ("issue_date", "settled_date"):
                if row[column]:
                    dated = date(int(row[column][6:]), int(row[column][3:5]), int(row[column][:2]))
                    assert dated < day or (column == "issue_date" and dated <= day), (day, key(row), column)
    assert all(name[-14:-4] < TODAY.isoformat() for name in statements_as_of(TODAY))


def test_items_stay_in_the_ledger_and_open_amounts_only_fall() -> None:
    rows = ledger_full()
    seen: dict[tuple[str, str, str], Decimal] = {}
    for day in DAYS:
        now = {key(row): abs(amount(row["open_amount"])) for row in ledger_as_of(rows, day)}
        assert seen.keys() <= now.keys()
        assert all(now[item] <= owed for item, owed in seen.items())
        seen = now
    assert len(seen) == len(rows)


def test_what_people_say_appears_on_the_day_it_is_said() -> None:
    def facts(day: date) -> set[tuple[str, str]]:
        return {
            (row["customer_id"], column)
            for row in ledger_as_of(ledger_full(), day)
            for column in ("promise_date", "disputed", "pause_until")
            if row[column]
        }

    assert ("43000025", "disputed") not in facts(date(2026, 3, 1))
    assert ("43000025", "disputed") in facts(date(2026, 3, 2))
    assert ("43000024", "promise_date") in facts(date(2026, 3, 11)) - facts(date(2026, 3, 10))
    assert ("43000028", "pause_until") in facts(date(2026, 2, 20)) - facts(date(2026, 2, 19))


def test_statements_follow_one_another_without_a_gap() -> None:
    accounts: dict[str, list[Statement]] = defaultdict(list)
    for statement in read_statements(TODAY):
        accounts[statement.account].append(statement)
        assert statement.opening is not None
        assert statement.opening + sum(line.amount for line in statement.lines) == statement.closing
    assert {statements[0].currency for statements in accounts.values()} == {"EUR", "RON"}
    for statements in accounts.values():
        assert all(one.closing == next_.opening for one, next_ in itertools.pairwise(statements))
    euro = next(statements for statements in accounts.values() if statements[0].currency == "EUR")
    worked = [day for day in DAYS[:-1] if day.weekday() < 5]
    assert [statement.closing_on for statement in euro] == [date(2026, 1, 30), *worked]


def test_what_the_bank_received_is_what_the_ledger_closes() -> None:
    lines = [line for statement in read_statements(TODAY) for line in statement.lines]
    received = {
        currency: sum(
            (line.amount for line in lines if line.kind == "payment" and line.currency == currency), Decimal(0)
        )
        for currency in ("EUR", "RON")
    }
    items, _ = make_sample.story()
    settled = {
        currency: sum(
            (
                item.total
                for item in items
                if item.settled and item.settled >= date(2026, 1, 30) and item.currency == currency
            ),
            Decimal(0),
        )
        for currency in ("EUR", "RON")
    }
    # Parts of two invoices, a payment without a reference, one by a stranger, and a direct debit that came back.
    beside = Decimal("1200.00") + Decimal("1000.00") + Decimal("750.00") + Decimal("1815.00")
    returned = [line for line in lines if line.kind == "return"]
    assert [(line.amount, line.return_reason) for line in returned] == [(Decimal("-417.45"), "AM04")]
    assert received == {"EUR": settled["EUR"] + beside + Decimal("417.45"), "RON": settled["RON"]}


def test_the_accountant_books_after_the_bank_has_told() -> None:
    open_today = {row["invoice_number"] for row in ledger_as_of(ledger_full(), TODAY) if row["open_amount"] != "0,00"}
    yesterday = [line for line in read_statements(TODAY)[-1].lines if line.kind == "payment"]
    quoted = {number for line in yesterday for number in line.text.split() if number.startswith("F-")}
    assert len(quoted) == 5
    assert quoted <= open_today
    for row in ledger_full():
        if row["closed_from"] and row["settled_date"]:
            day, month, year = row["settled_date"].split("/")
            assert row["closed_from"] > f"{year}-{month}-{day}"


def test_every_open_item_of_today_has_its_expected_verdict() -> None:
    with make_sample.EXPECTED.open(encoding="utf-8", newline="") as lines:
        expected = {(row["customer_id"], row["invoice"], row["instalment"]) for row in csv.DictReader(lines)}
    today = {key(row) for row in ledger_as_of(ledger_full(), TODAY) if row["open_amount"] != "0,00"}
    assert expected == today
