"""Bank files of every format: real ones to the cent, the dialects of countries, and nothing that can be tricked.

The samples beside the golden files are written by hand after what is published of each format: SWIFT's category 9 and
the DFÜ-Abkommen (annex 3) for the German `:86:`, the format pages of ABN AMRO, ING and Rabobank, of Polish banks for
`~20`, AEB's Cuaderno 43, OFX 1.6 and 2.3, and the exports of the banks after which the tables are named.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import random
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.adapters.bank.table import BankTable
from amable.core.languages import LANGUAGES
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint
from amable.plugs.loading import bank_readers
from amable.work import reading
from amable.work.reading import Input
from tests.material import DATA, material

SAMPLES = sorted(
    path for path in (Path(__file__).parents[1] / "samples" / "bank").glob("*/*") if path.suffix != ".json"
)
LEDGERS = [
    path
    for folder in ("ledgers", "invoices/spreadsheet")
    for path in sorted((Path(__file__).parents[1] / "samples" / folder).glob("*"))
    if path.suffix != ".json"
]
# What is told as broken by the material's own page, and what only looks like a statement.
REFUSED = ("camt/camt053.v2.wrong.xml", "ofx/date_missing.ofx", "ofx/decimal_error.ofx", "ofx/empty_balance.ofx")
# A :61: broken in the middle of its amount: the plain counting beside it found no amount, the mt-940 library 30.00.
BROKEN_LINE = "mt940/self-provided/sparkassen.sta"


def read(data: bytes) -> list[Statement | Complaint]:
    reader = reading.bank_reader(data)
    assert reader is not None
    return reader.read(data)


def lines(found: list[Statement | Complaint]) -> list[StatementLine]:
    return [line for one in found if isinstance(one, Statement) for line in one.lines]


def rules(found: list[Statement | Complaint]) -> list[str]:
    return [one.rule for one in found if isinstance(one, Complaint)]


def spoken(complaint: Complaint) -> list[str]:
    return [sentence for language in LANGUAGES for sentence in reading.in_words(complaint, language)]


# --- real files -------------------------------------------------------------------------------------------------------


def expected() -> dict[str, list[dict[str, str]]]:
    path = DATA / "bank" / "expected.csv"
    files: dict[str, list[dict[str, str]]] = defaultdict(list)
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if not row["format"].startswith("camt"):  # tests/plugs/test_camt.py
                    files[row["file"]].append(row)
    return files


@pytest.mark.parametrize(("name", "rows"), expected().items(), ids=expected())
def test_a_real_file_is_read_to_the_cent(name: str, rows: list[dict[str, str]]) -> None:
    data = material("bank", *name.split("/")).read_bytes()
    if reading.bank_reader(data) is None:
        assert rows[0]["entries"] == "0"  # ten lines with a number each: invalid_statement.sta
        return
    found = read(data)
    statements = [one for one in found if isinstance(one, Statement)]
    amounts = [line.amount for line in lines(found)]
    credit = sum((amount for amount in amounts if amount > 0), Decimal(0))
    debit = -sum((amount for amount in amounts if amount < 0), Decimal(0))
    if name == BROKEN_LINE:
        assert amounts == [Decimal("30.00")]
        return
    assert len(amounts) == sum(int(row["entries"] or 0) for row in rows)
    assert credit == sum(Decimal(row["sum_credit"] or 0) for row in rows)
    assert debit == sum(Decimal(row["sum_debit"] or 0) for row in rows)
    for which, ends in (("opening", statements), ("closing", statements[::-1])):
        told = [balance for one in ends if (balance := getattr(one, which)) is not None]
        wanted = [Decimal(row[which]) for row in rows if row[which]]
        assert told[: len(wanted)] == (wanted if which == "opening" else wanted[::-1])
        assert bool(told) == bool(wanted)
    accounts = [account for row in rows for account in row["account"].split(";") if account and "?" not in account]
    assert list(dict.fromkeys(one.account for one in statements if one.account)) == accounts
    if currency := rows[0]["currency"]:
        assert {one.currency for one in statements} == set(currency.replace("978", "EUR").split(";"))


def test_every_real_file_is_expected() -> None:
    names = {path.relative_to(material("bank")).as_posix() for path in material("bank").glob("*/**/*.*")}
    with material("bank", "expected.csv").open(encoding="utf-8", newline="") as file:
        known = {row["file"] for row in csv.DictReader(file)}
    assert {name for name in names if not name.endswith((".txt", ".license"))} == known


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_file_is_refused_in_words(name: str) -> None:
    found = read(material("bank", *name.split("/")).read_bytes())
    assert found
    assert all(isinstance(one, Complaint) for one in found)
    for complaint in found:
        assert isinstance(complaint, Complaint)
        assert all(sentence.endswith(".") and "{" not in sentence for sentence in spoken(complaint))


def test_an_error_of_the_bank_is_told_as_one() -> None:
    (complaint,) = read(material("bank", "ofx", "error_message.ofx").read_bytes())
    assert isinstance(complaint, Complaint)
    assert "2000 General Server Error" in spoken(complaint)[0]


@pytest.mark.parametrize("name", ["february_30", "transaction_details_wrapped", "wrapped_timestamp"])
def test_a_thirtieth_of_february_is_the_end_of_the_month(name: str) -> None:
    (line,) = lines(read(material("bank", "mt940", "self-provided", f"{name}.sta").read_bytes()))
    assert (line.booked_on, line.valued_on) == (date(2016, 3, 1), date(2016, 2, 29))


def test_a_reversed_credit_is_money_out_and_a_return() -> None:
    found = lines(read(material("bank", "mt940", "betterplace", "sepa_mt9401.sta").read_bytes()))
    assert [line.amount for line in found if line.kind == "return" and line.amount < 0] == [Decimal("-204.88")] * 2


def test_real_statements_that_do_not_add_up_are_said_and_used() -> None:
    given = Input()
    data = material("bank", "mt940", "self-provided", "whitespace.sta").read_bytes()
    reading.read_bank("whitespace.sta", data, given)
    ((_, complaint),) = given.complaints
    assert (complaint.rule, len(given.statements[0][1][0].lines)) == ("bank_differs", 1)
    assert "234.01 EUR" in spoken(complaint)[0]


# --- samples of every format and dialect ------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_is_read_as_expected(sample: Path) -> None:
    """Remade by AMABLE_REMAKE=1, and then read as a diff."""
    data = sample.read_bytes()
    assert [name for name, reader in bank_readers().items() if reader.recognises(data)] == [sample.parent.name]
    found = [{type(one).__name__: dataclasses.asdict(one)} for one in read(data)]
    page = json.dumps(found, ensure_ascii=False, indent=1, default=str) + "\n"
    golden = sample.with_name(f"{sample.name}.expected.json")
    if os.environ.get("AMABLE_REMAKE"):
        golden.write_text(page, "utf-8")
    assert golden.read_text("utf-8") == page


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_dialect_tells_the_payment_the_return_and_the_fee_apart(sample: Path) -> None:
    found = lines(read(sample.read_bytes()))
    assert all(line.amount < 0 for line in found if line.kind in ("charge", "debit", "return"))
    assert all(line.kind == "payment" for line in found if line.amount > 0)
    paid = [line for line in found if line.amount == Decimal("1234.50")]
    assert all("2026" in line.text + line.name and line.text for line in paid if "revolut" not in sample.name)
    sent_back = [line for line in found if line.amount in (Decimal("-120.00"), Decimal("-123.00"))]
    assert {line.kind for line in sent_back} <= {"return"}


@pytest.mark.parametrize("path", LEDGERS, ids=lambda path: path.name)
def test_a_ledger_is_no_bank_file(path: Path) -> None:
    assert reading.bank_reader(path.read_bytes()) is None


def test_every_complaint_of_a_sample_has_its_sentences() -> None:
    for sample in SAMPLES:
        for one in read(sample.read_bytes()):
            if isinstance(one, Complaint):
                assert all("{" not in sentence for sentence in spoken(one))


# --- what a table must prove ------------------------------------------------------------------------------------------


def table(*rows: str, headings: str = "Date,Description,Amount,Balance") -> bytes:
    return "\n".join((headings, *rows, "")).encode()


def test_days_that_can_be_read_two_ways_are_asked() -> None:
    data = table("03/04/2026,ACME,100.00,", "03/04/2026,SHOP,-7.20,")
    (asked,) = read(data)
    assert isinstance(asked, Complaint)
    assert asked.answers == ("dates: day first", "dates: month first")
    for said, day in (("day first", date(2026, 4, 3)), ("month first", date(2026, 3, 4))):
        assert {line.booked_on for line in lines(BankTable().read(data, {"dates": said}))} == {day}


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        (("03/04/2026,A,1.00,", "13/04/2026,B,1.00,"), date(2026, 4, 3)),  # a day after the twelfth
        (("04/13/2026,A,1.00,", "04/03/2026,B,1.00,"), date(2026, 4, 3)),
        (("03/01/2026,A,1.00,", "10/01/2026,B,1.00,", "02/02/2026,C,1.00,"), date(2026, 1, 3)),  # the order of rows
    ],
)
def test_the_file_proves_the_order_of_day_and_month(rows: tuple[str, ...], first: date) -> None:
    assert min(line.booked_on for line in lines(read(table(*rows)))) == first


def test_the_running_balance_proves_the_decimal_sign() -> None:
    rows = ("2026-03-02,A,1.234,11.234", "2026-03-03,B,1.000,12.234", "2026-03-04,C,2.000,14.234")
    (asked,) = read(table(*rows))  # both readings add up: nobody chooses
    assert isinstance(asked, Complaint)
    assert asked.rule == "amount_ambiguous"
    told = BankTable().read(table(*rows), {"decimal": "comma"})
    assert [line.amount for line in lines(told)] == [Decimal(1234), Decimal(1000), Decimal(2000)]


def test_a_running_balance_that_breaks_is_said_with_its_row() -> None:
    rows = ("2026-03-02,A,100.00,1100.00", "2026-03-03,B,50.00,1150.00", "2026-03-04,C,25.00,1200.00")
    found = read(table(*rows))
    assert [(one.rule, one.line) for one in found if isinstance(one, Complaint)] == [("bank_running", 4)]
    assert len(lines(found)) == 3


def test_one_column_for_each_direction_whatever_its_sign() -> None:
    headings = "Date,Description,Debit,Credit"
    found = lines(read(table("2026-03-02,A,88.10,", "2026-03-02,B,,100.00", "2026-03-03,C,-3.00,", headings=headings)))
    assert [line.amount for line in found] == [Decimal("-88.10"), Decimal("100.00"), Decimal("-3.00")]


def test_a_row_with_both_directions_is_not_used() -> None:
    found = read(table("2026-03-02,A,88.10,5.00", "2026-03-02,B,,1.00", headings="Date,Description,Debit,Credit"))
    assert (rules(found), len(lines(found))) == (["bank_not_a_number"], 1)


def test_a_direction_beside_the_amount_gives_its_sign() -> None:
    headings = "Buchungstag;Verwendungszweck;Betrag;Soll/Haben"
    found = lines(read(table("16.03.2026;A;1.234,50;H", "16.03.2026;B;9,90;S", headings=headings)))
    assert [line.amount for line in found] == [Decimal("1234.50"), Decimal("-9.90")]


def test_a_workbook_of_a_bank_is_read_with_its_days_and_figures() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ("Movimientos de la cuenta", "ES91 2100 0418 4502 0005 1332"),
        (),
        ("Fecha operación", "Fecha valor", "Concepto", "Importe EUR", "Saldo"),
        (date(2026, 3, 5), date(2026, 3, 4), "TRANSFERENCIA DE ALFA SL F-2026-0012", 1234.5, 2000.1),
        (date(2026, 3, 4), date(2026, 3, 4), "COMISION TRANSFERENCIA", -0.1, 765.6),
    ):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    (statement,) = read(file.getvalue())
    assert isinstance(statement, Statement)
    assert (statement.account, statement.currency) == ("ES9121000418450200051332", "EUR")
    assert (statement.opening, statement.closing) == (Decimal("765.7"), Decimal("2000.1"))
    assert [(line.booked_on.day, line.amount, line.kind) for line in statement.lines] == [
        (4, Decimal("-0.10"), "charge"),
        (5, Decimal("1234.50"), "payment"),
    ]


def test_two_currencies_are_two_statements() -> None:
    headings = "Date,Description,Amount,Currency"
    found = read(table("2026-03-02,A,1.00,EUR", "2026-03-02,B,2.00,USD", headings=headings))
    assert [(one.currency, len(one.lines)) for one in found if isinstance(one, Statement)] == [("EUR", 1), ("USD", 1)]


# --- hostile ----------------------------------------------------------------------------------------------------------


def answered(data: bytes) -> None:
    """Every reader that takes these bytes answers with statements or complaints that have their sentences."""
    for reader in bank_readers().values():
        if not reader.recognises(data):
            continue
        for one in reader.read(data):
            if isinstance(one, Complaint):
                assert all(reading.in_words(one, "en"))
            else:
                assert all(line.kind in ("payment", "return", "charge", "debit") for line in one.lines)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_truncation_is_answered(sample: Path) -> None:
    data = sample.read_bytes()
    for end in range(0, len(data), max(1, len(data) // 40)):
        answered(data[:end])


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SAMPLES), st.randoms(use_true_random=False))
def test_flipped_bytes_are_answered(sample: Path, chance: random.Random) -> None:
    data = bytearray(sample.read_bytes())
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    answered(bytes(data))


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([b":20:A\n:61:", b":61:", b"OFXHEADER:100\n<OFX><STMTRS>", b"11", b"Date,Description,Amount\n"]),
    st.binary(max_size=300),
)
def test_any_bytes_behind_a_beginning_are_answered(beginning: bytes, more: bytes) -> None:
    answered(beginning + more)


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><!DOCTYPE OFX [<!ENTITY x SYSTEM "file:///etc/passwd">]><OFX>&x;</OFX>',
        b'<?xml version="1.0"?><?OFX OFXHEADER="200"?><!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><OFX></OFX>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><OFX><MEMO>&b;</OFX>',
    ],
)
def test_ofx_with_a_document_type_is_refused(data: bytes) -> None:
    assert rules(read(data)) == ["bank_doctype"]


def test_deeply_nested_ofx_is_answered() -> None:
    data = b"OFXHEADER:100\n<OFX>" + b"<STMTRS><BANKACCTFROM>" * 20_000
    assert read(data)


def test_a_file_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amable.adapters.movements.LARGEST_FILE", 10)
    assert rules(read(b":20:STARTUMS\n:25:1\n")) == ["file_too_large"]
