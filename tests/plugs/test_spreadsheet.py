"""Ledgers as CSV: what lands, what is listed, and that nothing is guessed about money, days or people."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import io
import json
import os
import re
import string
import time
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amable.adapters import tables
from amable.adapters.decoding import decode
from amable.adapters.invoices.spreadsheet import COLUMNS, Spreadsheet
from amable.core.languages import LANGUAGES, say
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import InvoiceReader, ItemRecord, Understood
from amable.plugs.loading import invoice_readers
from tests.material import material

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "invoices" / "spreadsheet"
HEADING_MAPS = {
    "spanish_semicolon_1252": {
        "Cliente": "customer_id", "Razón social": "customer_name", "Correo": "email", "Idioma": "language",
        "País": "country", "Región": "region", "Tipo": "kind", "Nº factura": "invoice_number", "Pedido": "po_number",
        "Concepto": "description", "Emisión": "issue_date", "Vencimiento": "due_date", "Divisa": "currency",
        "Importe": "total", "Pendiente": "open_amount", "En disputa": "disputed", "No contactar por": "opt_out",
        "Entregada": "delivered_date",
    },
}  # fmt: skip

Found = list[ItemRecord | Complaint]


def read(data: bytes | str, *folders: Path, **heading_map: str) -> Found:
    """The answer of the reader; every complaint in it must be sayable in the four languages."""
    data = data.encode() if isinstance(data, str) else data
    answer = Spreadsheet().read(data, folders=folders, heading_map=heading_map)
    found = [one for one in answer if not isinstance(one, Understood)]
    for one in found:
        if isinstance(one, Complaint):
            for language in LANGUAGES:
                assert say(f"complaint.{one.rule}", language, **one.params)
                assert say(f"advice.{one.rule}", language, **one.params)
        else:
            assert isinstance(one, ItemRecord)
    return found


def ledger(*rows: dict[str, str], separator: str = ",") -> str:
    """A ledger whose rows are whole invoices of one customer but for what the test says."""
    plain = {"customer_id": "C1", "invoice_number": "", "due_date": "2026-03-17", "total": "100.50"}
    columns = list(dict.fromkeys([*plain, *(column for row in rows for column in row)]))
    page = io.StringIO()
    writer = csv.DictWriter(page, columns, delimiter=separator)
    writer.writeheader()
    for number, row in enumerate(rows, 1):
        writer.writerow(plain | {"invoice_number": f"F-{number}"} | row)
    return page.getvalue()


def items(found: Found) -> list[ItemRecord]:
    return [one for one in found if isinstance(one, ItemRecord)]


def rules(found: Found) -> list[tuple[str, int | None]]:
    return [(one.rule, one.line) for one in found if isinstance(one, Complaint)]


def column(name: str, *cells: str, **others: str) -> list[object]:
    """What each cell of one column becomes: its value, or the rule that refuses it."""
    found = read(ledger(*({name: cell, **others} for cell in cells)))
    field = {"delivered_date": "delivered"}.get(name, name)
    refused = [one.rule for one in found if isinstance(one, Complaint) and one.line is None]
    if refused:
        return list(refused)
    values: dict[int | None, object] = {}
    for one in found:
        values.setdefault(one.line, one.rule if isinstance(one, Complaint) else getattr(one, field))
    return [values[line] for line in sorted(values, key=lambda line: line or 0)]


# --- Golden files -----------------------------------------------------------------------------------------------------


def _told(one: ItemRecord | Complaint) -> dict[str, object]:
    if isinstance(one, Complaint):
        return {
            "line": one.line,
            "rule": one.rule,
            "field": one.field,
            "why": say(f"complaint.{one.rule}", "en", **one.params),
        }
    plain = ItemRecord(0, "", "", "", None, None, Decimal(0), Decimal(0))
    needed = ("line", "total", "open_amount")
    return {
        field.name: value if isinstance(value, int | bool) else list(value) if isinstance(value, tuple) else str(value)
        for field in dataclasses.fields(one)
        if field.name != "columns"
        and ((value := getattr(one, field.name)) != getattr(plain, field.name) or field.name in needed)
    }


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.csv")), ids=lambda path: path.stem)
def test_samples_read_as_expected(sample: Path) -> None:
    """Remade by AMABLE_REMAKE=1, and then read as a diff."""
    found = read(sample.read_bytes(), SAMPLES, **HEADING_MAPS.get(sample.stem, {}))
    told = json.dumps([_told(one) for one in found], ensure_ascii=False, indent=1) + "\n"
    golden = sample.with_suffix(".expected.json")
    if os.environ.get("AMABLE_REMAKE"):
        golden.write_text(told, "utf-8")
    assert golden.read_text("utf-8") == told


# --- Finding and recognising ----------------------------------------------------------------------------------------


def test_is_found_as_a_plug() -> None:
    reader: InvoiceReader = invoice_readers()["spreadsheet"]
    assert isinstance(reader, Spreadsheet)


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (b"customer_id,total\n", True),
        (codecs.BOM_UTF8 + b"a;b", True),
        ("a;b".encode("utf-16"), True),
        (b"", True),
        (b"<?xml version='1.0'?>", False),
        (codecs.BOM_UTF8 + b"  <Invoice/>", False),
        (b"%PDF-1.7", False),
        (b"PK\x03\x04rest", False),
        (b'{"a": 1}', False),
        (b"\x00\x01\x02", False),
    ],
)
def test_recognises_tables_of_text_by_their_content(data: bytes, ours: bool) -> None:
    assert Spreadsheet().recognises(data) is ours


def test_every_sentence_exists_in_four_languages_with_the_same_places() -> None:
    pages = {
        language: yaml.safe_load(
            files("amable.core").joinpath("sentences", language, "ledger.yaml").read_text(encoding="utf-8")
        )
        for language in LANGUAGES
    }
    places = {
        language: {key: set(re.findall(r"{(\w+)}", sentence)) for key, sentence in page.items()}
        for language, page in pages.items()
    }
    assert all(places[language] == places["en"] for language in LANGUAGES)
    assert {key.replace("complaint.", "advice.") for key in pages["en"]} <= pages["en"].keys()


# --- The table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_encoding_and_line_end_reads_the_same(separator: str, encoding: str, end: str) -> None:
    text = ledger({"customer_name": "Peña, Muñoz; e | hijos"}, {"customer_name": "x"}, separator=separator)
    found = read(text.replace("\r\n", end).encode(encoding))
    assert [(i.line, i.customer_name) for i in items(found)] == [(2, "Peña, Muñoz; e | hijos"), (3, "x")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Brânză şi Ţesături, Târgu Mureş", "cp1250"),
        ("Bănică", "cp1250"),
        ("Łódź, Kraków", "cp1250"),
        ("Dvořák a synové", "cp1250"),
        ("Győri Szűcs", "cp1250"),
        ("Peña López, 1ª planta, nº 3", "cp1252"),
        ("¿Qué? ¡Sí! 30 € l’œuvre à Île-de-France", "cp1252"),
        ("João Guimarães & Irmãos", "cp1252"),
        ("Straße Ærø Björk – 5 m³", "cp1252"),
    ],
)
def test_the_code_page_is_the_one_in_which_the_words_are_words(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["cp850", "mac-roman", "cp1251", "koi8-r", "utf-16-le", "shift-jis"])
def test_characters_that_would_come_out_garbled_refuse_the_file(encoding: str) -> None:
    name = "Пример клиент" if encoding in ("cp1251", "koi8-r", "shift-jis") else "Peña García, año, dirección"
    assert rules(read(ledger({"customer_name": name}).encode(encoding))) == [("encoding_unknown", None)]


def test_a_cut_utf16_file_is_refused() -> None:
    assert rules(read(ledger({}).encode("utf-16")[:-1])) == [("encoding_unknown", None)]


def test_line_numbers_are_those_of_the_file() -> None:
    text = ledger({"description": "one\ntwo\n\nthree"}, {"description": "x"}, {"total": "ten"})
    text = text.replace("F-3", "F-3", 1)
    head, rest = text.split("\r\n", 1)
    found = read(f"{head}\r\n\r\n,,,,\r\n{rest}")
    assert [(i.line, i.description) for i in items(found)] == [(4, "one two three"), (8, "x")]
    assert rules(found) == [("amount_unreadable", 9)]


@pytest.mark.parametrize("data", [b"", b"\n\n", codecs.BOM_UTF8, b" \r\n\t\r\n", b"sep=;\n"])
def test_an_empty_file_is_said_to_be_empty(data: bytes) -> None:
    assert rules(read(data)) == [("file_empty", None)]


def test_headings_without_rows_are_said_to_be_alone() -> None:
    assert rules(read("customer_id,invoice_number,due_date,total\n\n")) == [("rows_missing", None)]


def test_excels_separator_line_is_not_a_row() -> None:
    assert [i.line for i in items(read("sep=;\n" + ledger({}, separator=";")))] == [3]


def test_nul_bytes_become_nothing_to_worry_about() -> None:
    found = read(ledger({"customer_name": "Ac\x00me\x1b SL"}))
    assert items(found)[0].customer_name == "Ac me SL"


def test_a_file_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST_FILE", 100)
    assert rules(read(ledger({}, {}, {}, {}, {}))) == [("file_too_large", None)]


def test_too_many_rows_refuse_the_file_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    assert rules(read(ledger({}, {}, {}))) == [("rows_too_many", None)]
    assert len(items(read(ledger({}, {})))) == 2


@pytest.mark.parametrize("length", [32_769, 200_000])
def test_an_endless_cell_rejects_its_row_only(length: int) -> None:
    found = read(ledger({"description": "x"}, {"description": "y" * length}, {"description": "z" * 32_768}))
    assert rules(found) == [("cell_too_long", 3)]
    assert [(i.line, len(i.description)) for i in items(found)] == [(2, 1), (4, 500)]


def test_a_quotation_mark_left_open_takes_no_other_row_with_it() -> None:
    found = read('customer_name,invoice_number,due_date,total\n"Acme,F-1,2026-03-17,1\nBeta,F-2,2026-03-17,2\n')
    assert rules(found) == [("quotes_unpaired", 2)]
    assert [i.invoice_number for i in items(found)] == ["F-2"]


def test_two_lone_quotation_marks_do_not_make_one_customer_owe_anothers_invoice() -> None:
    found = read('customer_name,invoice_number,due_date,total\n"Acme,F-1,2026-03-17,1\nBeta 24",F-2,2026-03-17,2\n')
    assert items(found) == []
    assert rules(found) == [("quotes_unpaired", 2)]


def test_a_broken_heading_row_refuses_the_file() -> None:
    found = read('"customer_name,invoice_number,due_date,total\nBeta,F-2,2026-03-17,2\n')
    assert items(found) == []
    assert rules(found) == [("quotes_unpaired", 1)]


def test_a_file_full_of_broken_quotation_marks_is_given_up_in_time() -> None:
    line = '24",x,"a,1\n'
    started = time.process_time()
    found = read("customer_name,invoice_number,due_date,total\n" + line * 100_000)
    assert rules(found)[-1] == ("rest_unread", 1002)
    assert time.process_time() - started < 20


def test_a_row_with_too_many_or_too_few_cells_is_listed() -> None:
    head = "customer_name,invoice_number,due_date,total,note\n"
    rows = ("Acme, SL,F-1,2026-03-17,1,", "Acme,F-2,2026-03-17", "Acme,F-3,2026-03-17,1", "Acme,F-4,2026-03-17,1,")
    found = read(head + "\n".join(rows))
    assert rules(found) == [("row_too_long", 2), ("row_too_short", 3)]
    assert [i.invoice_number for i in items(found)] == ["F-3", "F-4"]


def test_rows_that_all_end_with_a_separator_are_not_too_long() -> None:
    head = "customer_name,invoice_number,due_date,total,segment\n"
    rows = (
        "Acme,F-1,2026-03-17,1,new,",
        "Acme, SL,F-2,2026-03-17,1,,",
        "Acme,F-3,2026-03-17,1,,",
        "Acme,F-4,2026-03-17,1,,",
        "Acme,F-5,2026-03-17,1,",
    )
    found = read(head + "\n".join(rows))
    assert rules(found) == [("row_too_long", 3)]
    assert [i.invoice_number for i in items(found)] == ["F-1", "F-3", "F-4", "F-5"]


# --- Headings ---------------------------------------------------------------------------------------------------------


def test_headings_are_known_in_any_case_order_and_spelling() -> None:
    found = read("Unknown,TOTAL,Due-Date, invoice  NUMBER ,Customer_Name\n?,1,2026-03-17,F-1,Acme\n")
    assert [(i.customer_name, i.invoice_number, i.total) for i in items(found)] == [("Acme", "F-1", Decimal(1))]


def test_missing_columns_are_one_complaint_that_names_them_and_what_was_found() -> None:
    (one,) = read("Kunde,total\n1,2\n")
    assert isinstance(one, Complaint)
    assert say("complaint.headings_missing", "en", **one.params) == (
        "Needed columns are missing: customer_id / customer_name, invoice_number, due_date / issue_date + terms_days. "
        "Headings found: Kunde, total."
    )


def test_the_heading_map_names_columns_and_comes_before_our_own_names() -> None:
    text = "Kunde,Rechnung,fällig am,total,Rest brutto\n1,R-1,2026-03-17,9,5\n"
    names = {"KUNDE": "customer id", "rechnung": "invoice_number", "Fällig am": "due_date", "Rest brutto": "total"}
    (item,) = items(read(text, **names))
    assert (item.customer_id, item.invoice_number, item.total) == ("1", "R-1", Decimal(5))


def test_a_heading_map_to_a_column_that_is_not_ours_is_refused() -> None:
    assert rules(read(ledger({}), Kunde="customer")) == [("heading_map_unknown", None)]


def test_a_column_that_is_there_twice_is_not_chosen_between() -> None:
    assert rules(read("customer_id,invoice_number,due_date,total,Total\n1,2,2026-03-17,3,4\n")) == [
        ("heading_twice", None)
    ]


# --- Amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["12,50", "1.234"], ["12.50", "1234"]),
        (["12.50", "1,234"], ["12.50", "1234"]),
        (["1.234,50", "-50,00", "−50,00", "50,00-", "(1.234,50)"], ["1234.50", "-50", "-50", "-50", "-1234.50"]),
        (["1 234,50", "1\u00a0234,50", "1\u202f234,50", "1'234,50", "1’234,50"], ["1234.50"] * 5),
        (["1.234.567,8", ",5", "0,500"], ["1234567.80", "0.50", "0.50"]),
        (["119.99999999999999", "1234.5600000000001", "0.30000000000000004"], ["120", "1234.56", "0.30"]),
        (["1.2E+3", "1e2", "5"], ["1200", "100", "5"]),
        (["1234", "1 234", "7"], ["1234", "1234", "7"]),
        (["0.125", "12.5"], ["amount_decimals", "12.50"]),
        (["33.333333333333336", "12.5"], ["amount_decimals", "12.50"]),
        (["12,50", "3,75", "12.50"], ["12.50", "3.75", "amount_other_sign"]),
        (["12,50", "12,60", "12.50", "1.234"], ["12.50", "12.60", "amount_other_sign", "amount_two_ways"]),
        (["12,50", "abc", "1.2.3", "", "1E+99", "--5", "5%"], [
            "12.50", "amount_unreadable", "amount_unreadable", "amount_missing", "amount_implausible",
            "amount_unreadable", "amount_unreadable",
        ]),
        (["1.234", "950"], ["amount_ambiguous"]),
        (["1,234", "abc"], ["amount_ambiguous"]),
        (["12,50", "12.50", "7"], ["amount_other_sign", "amount_other_sign", "7"]),
        (["12,50", "12.50", "1.234"], ["amount_ambiguous"]),
    ],
)  # fmt: skip
def test_a_column_of_amounts_has_one_reading(cells: list[str], amounts: list[str]) -> None:
    found = column("total", *cells, currency="EUR")
    assert found == [Decimal(a) if set(a) <= set("-.0123456789") else a for a in amounts]


def test_the_other_amount_column_decides_for_one_that_does_not() -> None:
    (item,) = items(read(ledger({"total": "1.234", "open_amount": "12,50", "currency": "EUR"})))
    assert (item.total, item.open_amount) == (Decimal(1234), Decimal("12.50"))


def test_an_ambiguous_ledger_is_refused_as_a_whole_and_names_its_first_cell() -> None:
    (one,) = read(ledger({"total": "950"}, {"total": "1.234"}, {"total": "2.345"}))
    assert isinstance(one, Complaint)
    assert (one.rule, one.line, one.params["line"], one.value) == ("amount_ambiguous", None, 3, "1.234")


def test_total_and_open_amount_stand_in_for_each_other() -> None:
    found = read(
        ledger({"total": "", "open_amount": "5.50"}, {"total": "7.50", "open_amount": ""}, {"open_amount": "0"})
    )
    assert [(i.total, i.open_amount) for i in items(found)] == [
        (Decimal("5.50"), Decimal("5.50")),
        (Decimal("7.50"), Decimal("7.50")),
        (Decimal("100.50"), Decimal(0)),
    ]


@pytest.mark.parametrize(
    ("total", "stated", "outcome"),
    [
        ("12,50 €", "", "EUR"),
        ("£12,50", "", "GBP"),
        ("12,50 lei", "", "RON"),
        ("12,50 lei", "MDL", "MDL"),
        ("EUR 12,50", "€", "EUR"),
        ("12,50", "ron", "RON"),
        ("12,50", "", ""),
        ("$12,50", "usd", "USD"),
        ("$12,50", "", "currency_unclear"),
        ("12,50", "$", "currency_unclear"),
        ("US$ 12,50", "", "USD"),
        ("12,50 €", "RON", "currency_contradicts"),
        ("12,50 USD", "EUR", "currency_contradicts"),
        ("$12,50", "EUR", "currency_contradicts"),
        ("12,50", "euro coins", "currency_unreadable"),
        ("USD 12,50 €", "", "amount_unreadable"),
        ("12,50", "JPY", "amount_decimals"),
        ("12,505", "KWD", "KWD"),
    ],
)
def test_the_currency_is_told_never_guessed(total: str, stated: str, outcome: str) -> None:
    found = read(ledger({"total": total, "currency": stated}, {"total": "0,5"}))
    first = next(one for one in found if one.line == 2)
    assert (first.rule if isinstance(first, Complaint) else first.currency) == outcome


def test_a_dollar_sign_is_explained_by_the_other_amount_of_the_row() -> None:
    (item,) = items(read(ledger({"total": "$12.50", "open_amount": "CAD 2.50"})))
    assert item.currency == "CAD"


@given(
    st.lists(st.integers(-(10**10), 10**10), min_size=1, max_size=8),
    st.sampled_from([(",", "."), (",", " "), (",", "\u202f"), (".", ","), (".", "'"), (",", ""), (".", "")]),
    st.sampled_from(["{}", "{} €", "€{}", "EUR {}"]),
)
def test_an_amount_written_in_any_habit_comes_back(cents: list[int], habit: tuple[str, str], dress: str) -> None:
    point, group = habit
    written = [dress.format(f"{cent / 100:,.2f}".translate(str.maketrans({",": group, ".": point}))) for cent in cents]
    found = items(read(ledger(*({"total": cell, "currency": "EUR"} for cell in written))))
    assert [item.total for item in found] == [Decimal(cent) / 100 for cent in cents]


# --- Days -------------------------------------------------------------------------------------------------------------

SEVENTEENTH = date(2026, 3, 17)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-17", "2026/03/17", "20260317", "2026-03-17 00:00:00", "2026-03-17T00:00:00Z", "17/03/2026",
        "17.03.2026", "17-03-26", "17/3/2026 0:00", "46098", "46098.0", "17 mar 2026", "17-Mar-26", "March 17, 2026",
        "17 marzo 2026", "17 de marzo de 2026", "17 martie 2026", "17 mars 2026", "17 Mar. 2026",
    ],
)  # fmt: skip
def test_a_day_in_any_of_its_forms(text: str) -> None:
    assert column("due_date", text) == [SEVENTEENTH]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1er février 2026", date(2026, 2, 1)),
        ("3 août 2026", date(2026, 8, 3)),
        ("5 ene 2026", date(2026, 1, 5)),
        ("30 iun. 2026", date(2026, 6, 30)),
        ("9 dic 26", date(2026, 12, 9)),
        ("2 noiembrie 2026", date(2026, 11, 2)),
        ("3/17/2026 12:00:00 AM", SEVENTEENTH),
        ("5/5/2026", date(2026, 5, 5)),
    ],
)
def test_months_have_names_in_four_languages(text: str, day: date) -> None:
    assert column("due_date", text) == [day]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("30/02/2026", "date_impossible"),
        ("2026-02-30", "date_impossible"),
        ("31 abril 2026", "date_impossible"),
        ("13/13/2026", "date_impossible"),
        ("0206-03-17", "date_far"),
        ("9999-12-31", "date_far"),
        ("2026-03-16T23:00:00Z", "date_unreadable"),
        ("tomorrow", "date_unreadable"),
        ("17", "date_unreadable"),
        ("29999", "date_unreadable"),
        ("60001", "date_unreadable"),
        ("17 brumaire 2026", "date_unreadable"),
    ],
)
def test_what_is_no_day_rejects_its_row(text: str, rule: str) -> None:
    assert column("due_date", text, "2026-03-17") == [rule, SEVENTEENTH]


def test_the_order_of_day_and_month_is_the_files() -> None:
    day_first = read(ledger({"due_date": "03/04/2026"}, {"issue_date": "17/03/2026"}))
    month_first = read(ledger({"due_date": "03/04/2026"}, {"issue_date": "3/17/2026"}))
    assert items(day_first)[0].due_date == date(2026, 4, 3)
    assert items(month_first)[0].due_date == date(2026, 3, 4)


def test_dates_that_nothing_decides_refuse_the_file_and_name_the_first() -> None:
    (one,) = read(ledger({"due_date": "2026-03-17"}, {"promise_date": "03/04/2026"}, {"due_date": "05/06/2026"}))
    assert isinstance(one, Complaint)
    assert (one.rule, one.line, one.field, one.params["line"]) == ("dates_ambiguous", None, "promise_date", 3)


def test_a_file_of_two_orders_leaves_out_what_it_cannot_tell() -> None:
    cells = ("17/03/2026", "18/03/2026", "3/19/2026", "03/04/2026")
    assert column("due_date", *cells) == [SEVENTEENTH, date(2026, 3, 18), "date_other_order", "date_two_ways"]
    assert column("due_date", "17/03/2026", "3/17/2026") == ["date_other_order", "date_other_order"]
    assert column("due_date", "17/03/2026", "3/17/2026", "3/4/2026") == ["dates_ambiguous"]


def test_a_day_that_does_not_exist_decides_nothing_for_the_others() -> None:
    assert column("due_date", "30/02/2026", "03/04/2026") == ["dates_ambiguous"]
    assert column("due_date", "30/02/2026", "3/17/2026", "03/04/2026")[2] == date(2026, 3, 4)


def test_terms_need_an_issue_date() -> None:
    found = read(
        ledger(
            {"due_date": "", "terms_days": "30", "issue_date": "2026-03-01"},
            {"due_date": "", "terms_days": "30", "issue_date": ""},
            {"due_date": "", "terms_days": "", "issue_date": "2026-03-01"},
        )
    )
    assert [(i.due_date, i.terms_days, i.issue_date) for i in items(found)] == [(None, 30, date(2026, 3, 1))]
    assert rules(found) == [("terms_without_issue_date", 3), ("due_date_missing", 4)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [("0", 0), ("365", 365), ("30.0", 30), ("366", "terms_unreadable"), ("-1", "terms_unreadable"),
     ("30 days", "terms_unreadable"), ("٣٠", "terms_unreadable"), ("1e2", "terms_unreadable")],
)  # fmt: skip
def test_terms_are_days_up_to_a_year(text: str, terms: int | str) -> None:
    assert column("terms_days", text) == [terms]


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["customer_id", "invoice_number", "instalment", "tax_id", "po_number", "applies_to"])
def test_identifiers_stay_as_written_and_lose_float_noise_only_when_all_have_it(name: str) -> None:
    noisy = read(ledger({name: "2960623488.0"}, {name: "17.0"}))
    mixed = read(ledger({name: "2960623488.0"}, {name: "0017"}))
    assert [getattr(item, name) for item in items(noisy)] == ["2960623488", "17"]
    assert [getattr(item, name) for item in items(mixed)] == ["2960623488.0", "0017"]


def test_text_is_one_line_and_a_description_has_an_end() -> None:
    cells = {"address": " Calle Mayor 1\r\n28013\tMadrid ", "description": "a" * 600, "contact_name": "Ana\u2028Peña"}
    (item,) = items(read(ledger(cells)))
    assert (item.address, len(item.description)) == ("Calle Mayor 1 28013 Madrid", 500)
    assert item.contact_name == "Ana Peña"


@pytest.mark.parametrize("name", ["customer_id", "invoice_number"])
def test_an_endless_identifier_rejects_its_row(name: str) -> None:
    assert rules(read(ledger({name: "9" * 201}, {name: "9" * 200}))) == [("identifier_too_long", 2)]


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("yes YES true 1 x X sí si da oui verdadero adevărat Adevarat vrai VRAI", True),
        ("no false 0 nu non falso fals faux FAUX", False),
        ("maybe 2 sip -", "boolean_unknown"),
    ],
)
def test_disputed_is_yes_or_no_in_four_languages(words: str, meaning: bool | str) -> None:
    assert column("disputed", *words.split()) == [meaning] * len(words.split())


def test_an_empty_dispute_is_none() -> None:
    assert column("disputed", "", "yes") == [False, True]


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("", ()), ("no", ()), ("yes", ("all",)), ("sí", ("all",)), ("all", ("all",)), ("SMS, todos", ("all",)),
        ("whatsapp;email", ("email", "whatsapp")), ("correo electrónico / llamada", ("email", "call")),
        ("scrisoare + apel", ("letter", "call")), ("courrier, téléphone, sms", ("sms", "letter", "call")),
        ("correo", ("email", "letter")), ("pigeon", "opt_out_unknown"), ("email, fax", "opt_out_unknown"),
        (";", "opt_out_unknown"),
    ],
)  # fmt: skip
def test_a_refused_channel_is_understood_or_the_row_waits(text: str, channels: object) -> None:
    assert column("opt_out", text) == [channels]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("business,B2B,Empresa,firmă,persoană juridică,Société,entreprise", "business"),
        ("consumer,Particular,consumator,persoană fizică,particulier,private individual", "consumer"),
    ],
)
def test_kinds_of_customer_in_four_languages(words: str, kind: str) -> None:
    known = words.replace("private individual", "individual").split(",")
    assert column("kind", *known) == [kind] * len(known)
    assert column("kind", "robot") == ["kind_unknown"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("es", "es"), ("ES-es", "es"), ("fr_BE", "fr"), ("Español", "es"), ("romanian", "ro"), ("roumain", "ro"),
        ("inglés", "en"), ("castellano", "es"), ("ron", "ro"), ("Spanish (Spain)", "es"), ("de", ""), ("German", ""),
        ("it-IT", ""), ("qwerty", ""), ("", ""),
    ],
)  # fmt: skip
def test_languages_that_are_not_ours_are_left_to_the_country(text: str, language: str) -> None:
    assert column("language", text) == [language]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("es", "ES"), ("ESP", "ES"), ("España", "ES"), ("Espana", "ES"), ("Spania", "ES"), ("Espagne", "ES"),
        ("EL", "GR"), ("UK", "GB"), ("Regatul Unit", "GB"), ("Marea Britanie", "GB"), ("ROU", "RO"), ("EE. UU.", "US"),
        ("Țările de Jos", "NL"), ("Ţările de Jos", "NL"), ("République tchèque", "CZ"), ("Deutschland", "DE"),
        ("", ""), ("Narnia", "country_unknown"), ("XX", "country_unknown"), ("EU", "country_unknown"),
        ("YUG", "country_unknown"),
    ],
)  # fmt: skip
def test_countries_by_code_or_name(text: str, country: str) -> None:
    assert column("country", text) == [country]


@pytest.mark.parametrize(
    ("region", "country", "code"),
    [
        ("ES-VC", "ES", "VC"), ("VC", "ES", "VC"), ("vc", "", "VC"), ("UK-SCT", "GB", "SCT"),
        ("ES-VC", "RO", "region_elsewhere"), ("XX-VC", "", "region_unknown"), ("Valencia", "ES", "region_unknown"),
    ],
)  # fmt: skip
def test_a_region_is_a_code_of_its_country(region: str, country: str, code: str) -> None:
    assert column("region", region, country=country) == [code]


def test_time_zones_are_those_of_the_tz_database() -> None:
    cells = ("Europe/Madrid", "europe/bucharest", "UTC", "Mars/Olympus", "../../etc/passwd")
    wrong = "timezone_unknown"
    assert column("timezone", *cells) == ["Europe/Madrid", "Europe/Bucharest", "UTC", wrong, wrong]


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ("2026-03-17", SEVENTEENTH), ("yes", True), ("entregado", True), ("livrat", True), ("oui", True), ("", None),
        ("no", False), ("bounced", False), ("devuelta", False), ("returnată", False), ("non livré", False),
        ("perhaps", "delivery_unknown"), ("2026-02-30", "date_impossible"),
    ],
)  # fmt: skip
def test_delivery_is_a_day_or_a_word(text: str, delivered: object) -> None:
    assert column("delivered_date", text) == [delivered]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ana@example.com", "ana@example.com"),
        (" ana@example.com ; luis@example.co.uk,", "ana@example.com, luis@example.co.uk"),
        ("ana+invoices@münchen.example", "ana+invoices@münchen.example"),
        ("ana@localhost", ""),
        ("ana", ""),
        ("Ana <ana@example.com>", ""),
        ("ana@example.com\r\nBcc: all@example.com", ""),
        ("ana@@example.com", ""),
        ("ana@example..com", ""),
        ("ana@1.2.3.4", ""),
        ("ana@-example.com", ""),
        ("ana\u202e@example.com", ""),
        (f"{'a' * 65}@example.com", ""),
        (f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.{'f' * 20}.com", ""),
        ("ana@example.com; nonsense", ""),
    ],
)
@pytest.mark.parametrize("name", ["email", "account_manager_email"])
def test_an_address_that_cannot_be_written_to_is_left_out_and_its_item_lands(name: str, text: str, kept: str) -> None:
    found = read(ledger({name: text}))
    assert [getattr(item, name) for item in items(found)] == [kept]
    assert rules(found) == ([] if kept else [("email_invalid", 2)])


# --- The same invoice twice -------------------------------------------------------------------------------------------


def test_an_invoice_that_is_there_twice_lands_not_at_all() -> None:
    rows = (
        {"invoice_number": "F-1"},
        {"invoice_number": "F-1", "customer_id": "C2"},
        {"invoice_number": "F-1", "total": "7.00"},
        {"invoice_number": "F-1", "instalment": "2"},
        {"invoice_number": "F-1", "customer_id": "", "tax_id": "B1", "customer_name": "Acme"},
        {"invoice_number": "F-1", "customer_id": "", "tax_id": "B1", "customer_name": "ACME SL"},
        {"invoice_number": "F-1", "customer_id": "", "tax_id": "", "customer_name": "Finch"},
        {"invoice_number": "F-1", "customer_id": "", "tax_id": "", "customer_name": "FINCH"},
    )
    found = read(ledger(*rows))
    assert [item.line for item in items(found)] == [3, 5]
    twice = [(one.line, one.params["line"]) for one in found if isinstance(one, Complaint)]
    assert twice == [(2, 4), (4, 2), (6, 7), (7, 6), (8, 9), (9, 8)]


def test_a_twin_counts_even_when_its_row_is_bad_for_another_reason() -> None:
    found = read(ledger({"invoice_number": "F-1", "total": "ten"}, {"invoice_number": "F-1"}))
    assert items(found) == []
    assert set(rules(found)) == {("amount_unreadable", 2), ("duplicate_in_file", 2), ("duplicate_in_file", 3)}


# --- The invoice PDF --------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The ledger's folder, with invoices in it and things outside that nobody may read."""
    ours = tmp_path / "ledger"
    (ours / "pdf").mkdir(parents=True)
    (ours / "a.pdf").write_bytes(b"%PDF-1.7 a")
    (ours / "pdf" / "b.pdf").write_bytes(b"%PDF-1.7 b")
    (ours / "text.pdf").write_bytes(b"not a PDF")
    (ours / "large.pdf").write_bytes(b"%PDF" + bytes(10 * 1024 * 1024))
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-1.7 secret")
    (tmp_path / "ledger-old").mkdir()
    (tmp_path / "ledger-old" / "c.pdf").write_bytes(b"%PDF-1.7 c")
    (ours / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (ours / "up").symlink_to(tmp_path)
    (ours / "ring.pdf").symlink_to(ours / "ring.pdf")
    (ours / "inside.pdf").symlink_to(ours / "a.pdf")
    os.mkfifo(ours / "pipe.pdf")
    return ours


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("a.pdf", "a.pdf"),
        ("pdf/b.pdf", "pdf/b.pdf"),
        ("pdf\\b.pdf", "pdf/b.pdf"),
        ("pdf/../a.pdf", "a.pdf"),
        ("{folder}/a.pdf", "a.pdf"),
        ("inside.pdf", "a.pdf"),
        ("../secret.pdf", "pdf_outside"),
        ("..\\secret.pdf", "pdf_outside"),
        ("pdf/../../secret.pdf", "pdf_outside"),
        ("{folder}/../secret.pdf", "pdf_outside"),
        ("{folder}-old/c.pdf", "pdf_outside"),
        ("link.pdf", "pdf_outside"),
        ("up/secret.pdf", "pdf_outside"),
        ("/etc/passwd", "pdf_outside"),
        ("/dev/zero", "pdf_outside"),
        ("missing.pdf", "pdf_missing"),
        ("pipe.pdf", "pdf_missing"),
        ("ring.pdf", "pdf_missing"),
        ("pdf", "pdf_missing"),
        (".", "pdf_missing"),
        ("a.pdf\x00.txt", "pdf_missing"),
        ("x" * 5000, "pdf_missing"),
        ("file:///etc/passwd", "pdf_missing"),
        ("text.pdf", "pdf_not_pdf"),
        ("large.pdf", "pdf_too_large"),
    ],
)
def test_a_pdf_is_taken_from_below_the_folder_only(folder: Path, name: str, outcome: str) -> None:
    found = read(ledger({"pdf": name.format(folder=folder)}), folder)
    (item,) = items(found)
    if outcome.startswith("pdf_"):
        assert item.pdf is None
        assert rules(found) == [(outcome, 2)]
    else:
        assert item.pdf == folder.resolve() / outcome
        assert rules(found) == []


def test_a_pdf_is_looked_for_in_each_folder_in_turn(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "ledger-old"
    assert items(read(ledger({"pdf": "c.pdf"}), folder, old))[0].pdf == old.resolve() / "c.pdf"
    assert items(read(ledger({"pdf": f"{old}/c.pdf"}), folder, old))[0].pdf == old.resolve() / "c.pdf"
    assert rules(read(ledger({"pdf": "c.pdf"}))) == [("pdf_missing", 2)]


def test_a_folder_reached_by_a_link_is_that_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(folder)
    for name in ("a.pdf", str(tmp_path / "short" / "a.pdf")):
        assert items(read(ledger({"pdf": name}), tmp_path / "short"))[0].pdf == folder.resolve() / "a.pdf"


# --- Hostile and random input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["blns.json", "crlf.txt", "csv_formula.txt", "ssti.txt", "path_traversal.txt", "xss_polyglots.txt",
     "xss_rsnake.txt", "sql_generic.txt", "sql_polyglots.txt", "open_redirect.txt"],
)  # fmt: skip
def test_naughty_strings_are_items_or_complaints(source: str, tmp_path: Path) -> None:
    page = material("strings", source)
    raw = page.read_text("utf-8", errors="replace")
    lines = json.loads(raw) if page.suffix == ".json" else raw.split("\n")
    (tmp_path / "own.pdf").write_bytes(b"%PDF-1.7")
    for name in ("customer_name", "customer_id", "invoice_number", "description", "contact_name", "email", "pdf"):
        rows = [{"customer_id": f"C{number}", name: line} for number, line in enumerate(lines)]
        found = read(ledger(*rows).encode("utf-8", errors="surrogatepass"), tmp_path)
        if len(rows) != len({one.line for one in found}):  # a text that cannot be encoded refuses the file
            assert rules(found) == [("encoding_unknown", None)]
        for item in items(found):
            texts = [getattr(item, field.name) for field in dataclasses.fields(item)]
            assert not any(mark in text for text in texts if isinstance(text, str) for mark in "\r\n\x00\x1b\u2028")
            assert item.pdf is None or item.pdf.is_relative_to(tmp_path.resolve())


CELLS = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.,-€$ '()E+/", max_size=14),
    st.sampled_from(
        ["", "EUR", "2026-03-17", "17/03/2026", "1.234", "12,50", "yes", "no", "C1", "F-1", "ES", "30", '"']
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=12),
    st.lists(st.lists(CELLS, max_size=14), max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-16", "cp1250", "cp1252"]),
)
def test_no_table_makes_the_reader_raise(
    columns: list[str], rows: list[list[str]], separator: str, encoding: str
) -> None:
    page = io.StringIO()
    writer = csv.writer(page, delimiter=separator)
    writer.writerow(["customer_id", "invoice_number", "due_date", "total", *columns])
    writer.writerows(rows)
    read(page.getvalue().encode(encoding, errors="replace"))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(f'{string.printable}ăé"', max_size=300).map(str.encode)))
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    found = read(data)
    Spreadsheet().recognises(data)
    assert found, "an answer is never silence"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=6))
def test_every_row_is_answered_for(texts: list[tuple[str, str]]) -> None:
    rows = [
        {"customer_id": f"C{n}", "customer_name": name, "description": more} for n, (name, more) in enumerate(texts)
    ]
    found = read(ledger(*rows).encode("utf-8", errors="replace"))
    answered = {one.line for one in found}
    assert len(answered) == len(rows)


def test_ten_thousand_rows_take_a_moment() -> None:
    row = {"customer_name": "Ferretería Muñoz", "country": "España", "language": "es", "issue_date": "01/02/2026",
           "currency": "EUR", "disputed": "no", "email": "ana@example.com", "description": "Suministro"}  # fmt: skip
    rows = [row | {"due_date": f"{n % 28 + 1:02}/03/2026", "total": f"{n}.{n % 100:02}"} for n in range(1, 10_001)]
    data = ledger(*rows).encode()
    started = time.process_time()
    assert len(items(read(data))) == 10_000
    assert time.process_time() - started < 5  # generous: half a second on an idle machine


# --- What the file states, and what it contradicts --------------------------------------------------------------------


def test_whether_the_total_was_stated() -> None:
    found = items(read(ledger({"open_amount": "40"}, {"total": "", "open_amount": "40"}, {"open_amount": ""})))
    assert [(one.total, one.total_stated) for one in found] == [
        (Decimal("100.50"), True), (Decimal("40.00"), False), (Decimal("100.50"), True),
    ]  # fmt: skip


def test_which_facts_the_file_speaks_of() -> None:
    (one,) = items(read(ledger({"delivered_date": "", "opt_out": ""})))
    assert one.speaks_of("delivered")
    assert one.speaks_of("opt_out")
    assert not one.speaks_of("disputed")


@pytest.mark.parametrize(
    ("remaining", "landed"), [("40", False), ("-40", False), ("0", True), ("0.00", True), ("", True)]
)
def test_settled_and_yet_open_contradicts(remaining: str, landed: bool) -> None:
    found = read(ledger({"settled_date": "2026-03-16", "open_amount": remaining}))
    assert [one.settled_date for one in items(found)] == ([date(2026, 3, 16)] if landed else [])
    assert rules(found) == ([] if landed else [("settled_but_open", 2)])


def test_settled_without_a_column_of_open_amounts_is_settled() -> None:
    assert [one.settled_date for one in items(read(ledger({"settled_date": "2026-03-16"})))] == [date(2026, 3, 16)]


def test_complaints_name_the_item_of_a_rejected_row() -> None:
    found = read(
        ledger(
            {"total": "ten"}, {"email": "nobody"}, {"due_date": ""}, {"invoice_number": ""},
            {"invoice_number": "F-9"}, {"invoice_number": "F-9"}, {"email": "nobody", "total": "ten"},
        )
    )  # fmt: skip
    told = [(one.line, one.rule, one.item) for one in found if isinstance(one, Complaint)]
    assert told == [
        (2, "amount_unreadable", "F-1"),
        (3, "email_invalid", ""),  # the row landed
        (4, "due_date_missing", "F-3"),
        (5, "invoice_number_missing", ""),
        (6, "duplicate_in_file", "F-9"),
        (7, "duplicate_in_file", "F-9"),
        (8, "amount_unreadable", "F-7"),
        (8, "email_invalid", "F-7"),
    ]


def test_a_row_that_ends_early_names_its_item_if_it_gets_that_far() -> None:
    found = read("customer_id,invoice_number,due_date,total\nC1,F-1,2026-03-17\nC1\nC1,F-2,2026-03-17,10\n")
    told = [(one.line, one.rule, one.item) for one in found if isinstance(one, Complaint)]
    assert told == [(2, "row_too_short", "F-1"), (3, "row_too_short", "")]


@pytest.mark.parametrize(
    ("written", "percent"), [("2", "2"), ("2%", "2"), ("2,5 %", "2.5"), ("2.50", "2.5"), ("0.75", "0.75"), ("10", "10")]
)
def test_a_discount_is_read_as_people_write_it(written: str, percent: str) -> None:
    (found,) = read(ledger({"discount_percent": written, "discount_until": "2026-03-10"}))
    assert isinstance(found, ItemRecord)
    assert (found.discount_percent, found.discount_until) == (Decimal(percent), date(2026, 3, 10))


@pytest.mark.parametrize(
    ("written", "until", "rule"),
    [
        ("2", "", "discount_incomplete"),
        ("", "2026-03-10", "discount_incomplete"),
        ("0", "2026-03-10", "discount_unreadable"),
        ("120", "2026-03-10", "discount_unreadable"),
        ("two", "2026-03-10", "discount_unreadable"),
        ("1.505", "2026-03-10", "discount_unreadable"),
    ],
)
def test_a_doubtful_discount_is_said_and_the_item_lands_without_it(written: str, until: str, rule: str) -> None:
    answers = read(ledger({"discount_percent": written, "discount_until": until}))
    (complaint,) = (found for found in answers if isinstance(found, Complaint))
    (item,) = (found for found in answers if isinstance(found, ItemRecord))
    assert complaint.rule == rule
    assert (item.discount_percent, item.discount_until) == (None, None)
