"""Ledgers nobody prepared: what programs export reads with no help, or raises one question that a line answers."""

from __future__ import annotations

import io
import json
import os
import random
import time
import zipfile
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from amable.adapters import workbooks
from amable.adapters.invoices.spreadsheet import COLUMNS, Spreadsheet
from amable.core import document, headings, ledger_map
from amable.core.languages import LANGUAGES, say
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord, Understood
from amable.work import reading
from tests.plugs.test_spreadsheet import _told
from tests.samples import make_ledgers
from tests.samples.make_ledgers import LEDGER, Owed

FOLDER = Path(__file__).resolve().parents[1] / "samples" / "ledgers"
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".json")
ASKING = [path for path in SAMPLES if path.name.startswith("ask_")]
PLAIN = [path for path in SAMPLES if path not in ASKING and path.name != "no_ledger.csv"]

Found = list[ItemRecord | Complaint | Understood]


def read(data: bytes | str, lines: dict[str, str] | None = None) -> Found:
    """The answer of the reader; every complaint in it must be sayable in the four languages."""
    data = data.encode() if isinstance(data, str) else data
    found = Spreadsheet().read(data, folders=(), heading_map=lines or {})
    for one in found:
        if isinstance(one, Complaint):
            assert all(
                say(f"{kind}.{one.rule}", own, **one.params) for kind in ("complaint", "advice") for own in LANGUAGES
            )
    return found


def items(found: Found) -> list[ItemRecord]:
    return [one for one in found if isinstance(one, ItemRecord)]


def complaints(found: Found) -> list[Complaint]:
    return [one for one in found if isinstance(one, Complaint)]


def rules(found: Found) -> list[str]:
    return [one.rule for one in complaints(found)]


def columns(found: Found) -> dict[str, str]:
    """Which heading is which column, as understood."""
    return {column.column: column.heading for one in found if isinstance(one, Understood) for column in one.columns}


def workbook(*rows: Iterable[object], **others: list[Iterable[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    for name, more in others.items():
        sheet = book.create_sheet(name)
        for row in more:
            sheet.append(list(row))
    page = io.BytesIO()
    book.save(page)
    return page.getvalue()


def changed(data: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """A workbook with one of its parts changed."""
    page = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(page, "w", zipfile.ZIP_DEFLATED) as after:
        for info in before.infolist():
            part = before.read(info)
            assert info.filename != name or old in part
            after.writestr(info.filename, part.replace(old, new) if info.filename == name else part)
    return page.getvalue()


# --- What programs export ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_samples_read_as_expected(sample: Path) -> None:
    """Remade by AMABLE_REMAKE=1, and then read as a diff."""
    told: dict[str, list[object]] = {"understood": [], "items": [], "complaints": []}
    for one in read(sample.read_bytes()):
        if isinstance(one, Understood):
            told["understood"].append(
                {
                    "sheet": one.sheet,
                    "columns": {
                        f"{column.heading or '(group)'}": f"{column.column} ({column.why})" for column in one.columns
                    },
                    "left_alone": one.left_alone,
                    "left_out": one.left_out,
                    "map": one.map_lines,
                }
            )
        elif isinstance(one, ItemRecord):
            told["items"].append(_told(one))
        else:
            told["complaints"].append({**_told(one), "answers": one.answers})
    page = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    golden = sample.with_name(f"{sample.name}.expected.json")
    if os.environ.get("AMABLE_REMAKE"):
        golden.write_text(page, "utf-8")
    assert golden.read_text("utf-8") == page


def owed(item: ItemRecord) -> tuple[str, date | None, date | None, Decimal]:
    """What no file may get wrong; the number without what its program puts around it."""
    figures = "".join(sign for sign in item.invoice_number.removesuffix("/26") if sign.isdigit())
    return figures[-3:], item.issue_date, item.due_date, item.open_amount


def truth(rows: Iterable[Owed]) -> set[tuple[str, date | None, date | None, Decimal]]:
    return {(f"{o.number:03}", o.issued, o.due, o.open) for o in rows}


@pytest.mark.parametrize("sample", PLAIN, ids=lambda path: path.name)
def test_every_export_tells_the_same_truth(sample: Path) -> None:
    found = items(read(sample.read_bytes()))
    rows = [o for o in LEDGER if sample.name != "facturadirecta.csv" or o.open == o.total]
    expected = truth(rows)
    if sample.name == "odoo_aged.xlsx":  # it has no days of issue
        expected = {(number, None, due, rest) for number, _, due, rest in expected}
    assert expected == {owed(item) for item in found if item.open_amount}
    by_number = {owed(item)[0]: item for item in found}
    for o in rows:
        item = by_number[f"{o.number:03}"]
        assert o.name.casefold().replace("ç", "c").replace("ñ", "n") in item.customer_name.casefold().replace(
            "ç", "c"
        ).replace("ñ", "n")
        assert item.total in (o.total, o.open)
        assert item.tax_id in ("", o.tax_id)
        assert item.email in ("", o.email)


@pytest.mark.parametrize("sample", PLAIN, ids=lambda path: path.name)
def test_a_saved_map_reads_the_same_again(sample: Path) -> None:
    first = read(sample.read_bytes())
    lines = dict.fromkeys(line for one in first if isinstance(one, Understood) for line in one.map_lines)
    entries = document.parse("\n".join(lines)).value
    assert isinstance(entries, dict)
    again = read(sample.read_bytes(), {heading: str(entry.value) for heading, entry in entries.items()})
    assert items(again) == items(first)
    assert {column.why for one in again if isinstance(one, Understood) for column in one.columns} <= {
        "map", "group", "sheet",
    }  # fmt: skip


@pytest.mark.parametrize("sample", ASKING, ids=lambda path: path.name)
def test_what_cannot_be_told_is_one_question_and_each_answer_settles_it(sample: Path) -> None:
    found = read(sample.read_bytes())
    assert not items(found)
    (question,) = complaints(found)
    assert len(question.answers) > 1
    readings = []
    for answer in question.answers:
        name, _, value = answer.partition(": ")
        answered = read(sample.read_bytes(), {name: value})
        assert items(answered), answer
        assert all(one.notice for one in complaints(answered))
        readings.append([(item.due_date, item.terms_days, item.open_amount) for item in items(answered)])
    assert readings[0] != readings[1]


def test_a_summary_by_customer_is_no_ledger_and_is_told_so() -> None:
    assert rules(read((FOLDER / "no_ledger.csv").read_bytes())) == ["ageing_by_customer"]


def test_the_samples_are_what_their_program_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts byte by byte; of workbooks, whose bytes carry the clock, what is read from them."""
    monkeypatch.setattr(make_ledgers, "FOLDER", tmp_path)
    make_ledgers.main()
    for fresh in tmp_path.iterdir():
        kept = FOLDER / fresh.name
        if fresh.suffix == ".csv":
            assert fresh.read_bytes() == kept.read_bytes()
        else:
            assert read(fresh.read_bytes()) == read(kept.read_bytes())


# --- Headings ---------------------------------------------------------------------------------------------------------

ROW = ("Acme SL", "F-1", "2026-03-01", "2026-03-31", "100.50", "50.25")
SAID = {
    "customer_name": ["Customer", "Client name", "Cliente", "Razón social", "Nombre cliente", "Nume client",
        "Denumire", "Raison sociale", "Nom du client", "CLIENTE", "Debtor"],
    "invoice_number": ["Invoice", "Invoice No.", "Nº factura", "N.º de factura", "Num. fra.", "Factura nr.",
        "Nr. factură", "N° facture", "Facture n°", "Document number", "Número de documento"],
    "issue_date": ["Date", "Invoice date", "Fecha", "F. emisión", "Fecha factura", "Data emiterii", "Data",
        "Date d’émission", "Date facture"],
    "due_date": ["Due", "Due date", "Vto.", "Fecha vencimiento", "F.Vto", "Scadență", "Data scadenței",
        "Échéance", "Date d’échéance", "Fecha de vto.", "Fecha límite de pago", "Maturity date"],
    "total": ["Amount", "Total", "Importe", "Importe total", "Valoare", "Valoare totală", "Montant TTC",
        "Montant", "Total (EUR)", "Original amount", "Total factura", "Gross amount", "Invoice total"],
    "open_amount": ["Open", "Balance", "Balance due", "Pendiente", "Importe pdte.", "Saldo", "Rest de plată",
        "Importe sin cobrar", "De încasat", "De achitat", "Sold", "Reste à payer", "Solde", "Montant dû", "Amount due",
        "Outstanding amount", "Pte. cobro pendiente"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "heading"), [(column, heading) for column, names in SAID.items() for heading in names]
)
def test_a_heading_is_understood_whatever_stands_in_the_others(column: str, heading: str) -> None:
    written = [heading if column == own else own for own in SAID]
    found = read("\n".join((";".join(written), ";".join(ROW))))
    assert columns(found).get(column, heading) == heading  # our own names need no understanding
    (item,) = items(found)
    assert (item.total, item.open_amount) == (Decimal("100.50"), Decimal("50.25"))
    assert (item.issue_date, item.due_date) == (date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.parametrize(
    "heading",
    ["IVA", "Base imponible", "Subtotal", "Net amount", "Total excl. VAT", "Montant HT", "Total fără TVA",
     "Importe vencido", "Days overdue", "Fecha último recordatorio", "Expected payment date", "Credit limit",
     "Unit price", "Descuento"],
)  # fmt: skip
def test_what_sounds_like_a_column_but_is_another_thing_is_left_alone(heading: str) -> None:
    value = "2025-01-01" if "Fecha" in heading or "date" in heading else "7.77"
    text = f"Cliente;Nº factura;{heading};Vencimiento;Pendiente\nAcme;F-1;{value};2026-03-31;100.50\n"
    found = read(text)
    assert heading not in columns(found).values()
    assert [item.open_amount for item in items(found)] == [Decimal("100.50")]


def test_values_overrule_a_name() -> None:
    found = read(
        "Cliente;Factura;Vencimiento;Emisión;Total\n43001;F-1;30;2026-03-01;9.50\n43002;F-2;60;2026-03-01;8.50\n"
    )
    assert [(item.customer_id, item.terms_days, item.due_date) for item in items(found)] == []
    assert [one.params["column"] for one in complaints(found)] == ["due_date"]


def test_an_address_is_known_without_a_heading() -> None:
    found = read(
        "Cliente;Factura;Vence;Saldo;\nAcme;F-1;2026-03-31;9.50;a@acme.example\nBeta;F-2;2026-03-31;9.50;b@beta.example\n"
    )
    assert [item.email for item in items(found)] == ["a@acme.example", "b@beta.example"]


def test_an_account_shared_by_all_is_no_customer_number() -> None:
    found = read("Cuenta;Cliente;Factura;Vence;Saldo\n700;Acme;F-1;2026-03-31;9.50\n700;Beta;F-2;2026-03-31;9.50\n")
    assert [(item.customer_id, item.customer_name) for item in items(found)] == [("", "Acme"), ("", "Beta")]


def test_our_own_form_is_never_guessed_at() -> None:
    found = read("customer_id,invoice_number,due_date,total\nC1,Total,2026-03-31,1\nC2,F-2,2026-03-31,2\n")
    assert not any(isinstance(one, Understood) for one in found)
    assert [item.invoice_number for item in items(found)] == ["Total", "F-2"]


def test_an_unclear_money_column_is_never_chosen_by_its_values() -> None:
    found = read("Cliente;Factura;Vence;Zeta;Eta\nAcme;F-1;2026-03-31;9.50;7.50\n")
    (question,) = complaints(found)
    assert question.answers == ("Zeta: open_amount", "Eta: open_amount")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None)
def test_guessing_never_raises_and_gives_no_heading_twice(names: list[str]) -> None:
    seen = [headings.Seen(name, 3, {"words": 1.0, "amount": 1.0, "date": 1.0}) for name in names]
    choices = headings.guess(seen, {}).choices
    assert len({choice.place for choice in choices.values()}) == len(choices)
    assert set(choices) <= COLUMNS


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.sampled_from(sorted(COLUMNS)), max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_map_line_is_read_back_word_for_word(lines: dict[str, str]) -> None:
    lines = {name: value for name, value in lines.items() if not set(name) & set(map(chr, range(0xD800, 0xE000)))}
    page = "\n".join(ledger_map.line(name, value) for name, value in lines.items())
    entries = document.parse(page).value
    assert isinstance(entries, dict)
    assert {name: entry.value for name, entry in entries.items()} == lines


# --- Rows that are no items -------------------------------------------------------------------------------------------


def test_a_customer_called_total_still_owes() -> None:
    found = read("Cliente;Factura;Vence;Saldo\nTotal Energies SL;F-1;2026-03-31;9.50\nTotal;;;9.50\n")
    assert [item.customer_name for item in items(found)] == ["Total Energies SL"]


def test_an_amount_without_number_is_listed_not_left_out() -> None:
    found = read("Cliente;Factura;Vence;Saldo\nAcme;F-1;2026-03-31;9.50\nBeta;;;7.50\n")
    assert ("invoice_number_missing", 3) in [(one.rule, one.line) for one in complaints(found)]


def test_an_empty_open_amount_of_another_program_is_not_taken_for_the_total() -> None:
    found = read("Cliente;Factura;Vence;Total;Pendiente\nAcme;F-1;2026-03-31;9.50;9.50\nBeta;F-2;2026-03-31;9.50;\n")
    assert [(one.rule, one.line) for one in complaints(found)] == [("open_amount_missing", 3)]


NOTHING, ALL = Decimal("0.00"), Decimal("9.50")


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("Pagada", [NOTHING]), ("Paid", [NOTHING]), ("Achitată", [NOTHING]), ("Réglée", [NOTHING]), ("Vencida", [ALL]),
     ("Neîncasată", [ALL]), ("Borrador", []), ("Cancelled", []), ("Annulée", []),
     ("Part paid", ["open_amount_missing"]), ("Zzz", ["status_unknown"])],
)  # fmt: skip
def test_a_state_says_what_is_open_where_no_amount_does(state: str, outcome: list[object]) -> None:
    found = read(f"Cliente;Factura;Vence;Total;Estado\nAcme;F-1;2026-03-31;9.50;{state}\n")
    assert [*(item.open_amount for item in items(found)), *rules(found)] == outcome


def test_a_paid_invoice_with_something_open_is_asked_about() -> None:
    found = read("Cliente;Factura;Vence;Pendiente;Estado\nAcme;F-1;2026-03-31;9.50;Pagada\n")
    assert rules(found) == ["status_contradicts"]


@pytest.mark.parametrize("kind", ["Abono", "Credit Memo", "Avoir", "Factură storno", "SC"])
def test_a_credit_note_without_a_minus_is_never_asked_for(kind: str) -> None:
    head = "Cliente;Tipo documento;Factura;Vence;Total\n"
    assert rules(read(f"{head}Acme;{kind};F-1;2026-03-31;9.50\n")) == ["credit_note_positive"]
    assert [item.total for item in items(read(f"{head}Acme;{kind};F-1;2026-03-31;-9.50\n"))] == [Decimal("-9.50")]


def test_lines_of_an_invoice_that_contradict_each_other_are_listed() -> None:
    found = read(
        "Customer,InvoiceNumber,DueDate,Total,Quantity\nA,1,2026-03-31,9.50,1\nA,1,2026-03-31,9.50,2\nA,1,2026-03-31,8.50,2\n"
    )
    assert rules(found) == ["duplicate_in_file", "duplicate_in_file"]


# --- Customers, ages and states as programs print them ----------------------------------------------------------------


def test_a_customer_called_total_heads_its_rows_too() -> None:
    found = read(
        ",Date,Num,Due Date,Open Balance\nForn,,,,\n,2026-01-08,117,2026-02-07,10.00\nTotal Forn,,,,10.00\n"
        "Total Energies,,,,\n,2026-01-09,118,2026-02-08,20.00\nTotal Total Energies,,,,20.00\nTOTAL,,,,30.00\n"
    )
    assert rules(found) == []
    assert [(one.invoice_number, one.customer_name) for one in items(found)] == [
        ("117", "Forn"), ("118", "Total Energies"),
    ]  # fmt: skip


def test_what_follows_the_total_of_a_customer_is_nobodys() -> None:
    found = read(
        ",Date,Num,Due Date,Open Balance\nForn,,,,\n,2026-01-08,117,2026-02-07,10.00\nTotal for Forn,,,,10.00\n"
        ",2026-01-09,118,2026-02-08,20.00\n"
    )
    assert [one.invoice_number for one in items(found)] == ["117"]
    assert [(one.rule, one.item) for one in complaints(found)] == [("customer_missing", "118")]


@pytest.mark.parametrize("name", ["quickbooks.csv", "quickbooks_desktop.csv", "ask_sage_aged.csv"])
@pytest.mark.parametrize("lost", sorted({o.name for o in LEDGER}))
def test_a_lost_name_never_gives_its_rows_to_another(name: str, lost: str) -> None:
    """The row that names a customer is taken out of a report that adds up every customer."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    kept = [line for line in lines if lost not in line or line.startswith(("Total", '"Total'))]
    assert len(kept) == len(lines) - 1
    whose = {f"{o.number:03}": o.name for o in LEDGER}
    found = items(read("\n".join(kept), {"terms": "30 days"}))
    assert {whose[one.invoice_number] for one in found} == set(whose.values()) - {lost}
    assert all(one.customer_name == whose[one.invoice_number] for one in found)


def test_a_customer_with_jobs_is_the_one_further_left() -> None:
    found = read(
        ",,Date,Num,Due Date,Open Balance\nForn,,,,,\n,Kitchen,,,,\n,,2026-01-08,117,2026-02-07,10.00\n"
        ",Total Kitchen,,,,10.00\n,Roof,,,,\n,,2026-01-08,118,2026-02-07,5.00\n,Total Roof,,,,5.00\n"
        "Total Forn,,,,,15.00\n"
    )
    assert {one.customer_name for one in items(found)} == {"Forn"}


def test_blocks_that_each_begin_with_their_customer_are_one_ledger() -> None:
    head = "Fecha;Documento;Vencimiento;Pendiente"
    found = read(
        f"Cuenta: 430000012 FORN DE LA PLAÇA SL;;;\n{head}\n08/01/2026;117;27/02/2026;1.210,00\n"
        f"Cuenta: 430000013 NUÑEZ SL;;;\n{head}\n09/01/2026;118;28/02/2026;1.000,00\n"
    )
    assert [(one.invoice_number, one.customer_id, one.customer_name) for one in items(found)] == [
        ("117", "430000012", "FORN DE LA PLAÇA SL"), ("118", "430000013", "NUÑEZ SL"),
    ]  # fmt: skip


def test_who_stands_above_a_column_of_customers_is_none_of_them() -> None:
    found = read("Cliente: Hornos del Turia;;;\nCliente;Factura;Vence;Saldo\nA;F-1;2026-03-31;1\n;F-2;2026-03-31;1\n")
    assert [one.customer_name for one in items(found)] == ["A"]
    assert [(one.rule, one.item) for one in complaints(found)] == [("customer_missing", "F-2")]


def test_an_amount_due_that_paid_invoices_show_too_is_what_was_asked_for() -> None:
    found = read(
        "Customer Name,Number,Due Date (UTC),Amount Due,Status\n"
        "A,F-1,2026-03-31 23:30,9.50,open\nA,F-2,2026-03-31 23:30,9.50,paid\n"
    )
    assert [(one.total, one.open_amount) for one in items(found)] == [(ALL, ALL), (ALL, NOTHING)]


def test_a_group_by_age_names_nobody() -> None:
    found = read(
        ",Date,Num,Due Date,Open Balance\n1 - 30 days past due,,,,\n,2026-01-08,117,2026-02-07,10.00\n"
        "31 - 60 days past due,,,,\n,2026-01-09,118,2026-02-08,20.00\n"
    )
    assert items(found) == []
    assert complaints(found)


_NUMBERED = (
    "Invoice Number,Invoice Date,Due Date,Current,Older,Total\n{name}\nF-1,2026-01-08,2026-02-07,0,9.50,9.50\n{end}"
)


@pytest.mark.parametrize("name", ["Forn de la Plaça", "24 Locks"])
def test_a_name_alone_among_the_numbers_is_whose_the_rows_below_are(name: str) -> None:
    found = read(_NUMBERED.format(name=name, end=f"Total {name},,,0,9.50,9.50\n"))
    assert rules(found) == []
    assert [(one.customer_name, one.open_amount) for one in items(found)] == [(name, ALL)]


@pytest.mark.parametrize("name", ["F-117", "24 Locks", "Current"])
def test_a_cell_alone_that_may_be_a_number_or_an_age_names_nobody(name: str) -> None:
    assert items(read(_NUMBERED.format(name=name, end=""))) == []


_SUMMED = """,Due Date,At Date,1 - 30,Older,Total
Forn,,0.00,{sum},0.00,{sum}
INV/1,2026-02-07,,10.00,,10.00
INV/2,2026-02-08,,5.00,,5.00
Talleres,,0.00,7.00,0.00,7.00
INV/3,2026-02-09,,7.00,,7.00
"""


def test_names_beside_the_sums_of_their_rows_are_believed_to_the_cent() -> None:
    found = read(_SUMMED.format(sum="15.00"))
    assert [(one.customer_name, one.invoice_number, one.open_amount) for one in items(found)] == [
        ("Forn", "INV/1", Decimal("10.00")), ("Forn", "INV/2", Decimal("5.00")), ("Talleres", "INV/3", Decimal("7.00")),
    ]  # fmt: skip
    wrong = read(_SUMMED.format(sum="15.01"))
    assert [one.invoice_number for one in items(wrong)] == ["INV/3"]
    assert {one.item for one in complaints(wrong)} >= {"INV/1", "INV/2"}


_AGED = "Cliente;Factura;Vence;Importe;No vencido;1-30;>30\n"


def test_what_is_open_stands_in_its_age() -> None:
    found = read(f"{_AGED}Acme;F-1;2026-03-31;9,50;;4,25;0,00\nAcme;F-2;2026-03-31;8,50;8,50;;\n")
    assert [(one.total, one.open_amount) for one in items(found)] == [
        (ALL, Decimal("4.25")), (Decimal("8.50"), Decimal("8.50")),
    ]  # fmt: skip


@pytest.mark.parametrize("ages", ["4,25;4,25;", ";;", "0,00;0,00;0,00"])
def test_an_amount_in_several_ages_or_in_none_is_listed(ages: str) -> None:
    assert rules(read(f"{_AGED}Acme;F-1;2026-03-31;9,50;{ages}\nAcme;F-2;2026-03-31;8,50;8,50;;\n")) == [
        "ageing_unclear"
    ]


def test_a_sheet_that_only_adds_up_by_age_says_what_to_export() -> None:
    head = "Contact,Current,< 1 Month,1 Month,2 Months,3 Months,Older,Total\n"
    (one,) = complaints(read(f"Aged Receivables Summary\nHornos\n\n{head}Forn,0.00,39.50,0,0,0,0,39.50\n"))
    assert one.rule == "ageing_by_customer"
    assert "Open Invoices" in say("advice.ageing_by_customer", "en")


@pytest.mark.parametrize(
    ("states", "outcome"),
    [(("Publicado", "Pagado"), [NOTHING]), (("Borrador", "No pagadas"), []), (("Publicado", "No pagadas"), [ALL]),
     (("Cobrada", "Pendiente"), ["status_unknown"])],
)  # fmt: skip
def test_two_columns_may_say_what_became_of_an_invoice(states: tuple[str, str], outcome: list[object]) -> None:
    found = read(f"Cliente;Factura;Vence;Total;Estado;Estado de pago\nAcme;F-1;2026-03-31;9.50;{';'.join(states)}\n")
    assert [*(item.open_amount for item in items(found)), *rules(found)] == outcome


@pytest.mark.parametrize(
    ("net", "gross"),
    [("Importe sin impuestos con signo", "Total con signo"), ("Untaxed Amount Signed", "Total Signed"),
     ("Total fără TVA", "Total cu TVA"), ("Montant hors taxes", "Montant TTC")],
)  # fmt: skip
def test_a_net_amount_is_never_the_total(net: str, gross: str) -> None:
    (item,) = items(read(f"Client;Factura;Vence;{net};{gross}\nAcme;F-1;2026-03-31;7.85;9.50\n"))
    assert (item.total, item.open_amount) == (ALL, ALL)


def test_a_credit_note_without_a_due_date_counts_from_its_own_day() -> None:
    found = read("Customer,Number,Invoice date,Due date,Total\nA,F-1,2026-03-01,,9.50\nA,C-1,2026-03-02,,-9.50\n")
    assert [(one.invoice_number, one.terms_days) for one in items(found)] == [("C-1", 0)]
    assert [(one.rule, one.item) for one in complaints(found)] == [("due_date_missing", "F-1")]


# --- What is told and not acted on -----------------------------------------------------------------------------------


def test_an_invoice_due_before_it_was_issued_is_kept_and_told() -> None:
    found = read("Cliente;Factura;Emisión;Vence;Saldo\nA;F-1;2026-03-31;2026-03-01;1\nA;F-2;2026-03-01;2026-03-31;1\n")
    assert len(items(found)) == 2
    (one,) = complaints(found)
    assert (one.rule, one.notice, one.params) == ("due_before_issue", True, {"n": 1, "lines": "2"})


def test_late_hours_under_a_heading_in_utc_are_told_since_the_day_may_be_the_next() -> None:
    head = "Customer Name,Number,Date (UTC),Due Date (UTC),Amount Due,Status\n"
    day = read(f"{head}A,F-1,2026-03-01 09:12,2026-03-31 09:12,9.50,open\n")
    night = read(f"{head}A,F-1,2026-03-01 22:30,2026-03-31 22:30,9.50,open\nA,F-2,2026-03-01,2026-03-31,9.50,open\n")
    assert rules(day) == []
    assert [(one.rule, one.notice, one.params["n"]) for one in complaints(night)] == [("days_in_utc", True, 1)]
    assert [one.due_date for one in items(night)] == [date(2026, 3, 31)] * 2


@pytest.mark.parametrize(
    "remark",
    ["in dispute", "En litigio", "în litigiu", "Litige en cours", "promised 12/3", "Promete pagar el viernes",
     "a promis plata", "promesse pour le 12", "concurso de acreedores", "nu sunați: insolvență", "ne pas relancer",
     "contestada por el cliente", "reclama calidad", "dice que paga el 5/12", "paga a primeros de mes", "no conforme",
     "llegó defectuoso", "says she paid", "pays on Friday", "marchandise défectueuse", "paie le 15", "zice că a plătit",
     "amânat până în mai", "damaged on arrival", "falta, no recibido"],
)  # fmt: skip
def test_remarks_that_speak_of_a_dispute_or_a_promise_are_told_with_their_rows(remark: str) -> None:
    found = read(f"Cliente;Factura;Vence;Saldo;Zeta\nA;F-1;2026-03-31;1;\nB;F-2;2026-03-31;1;{remark}\n")
    assert [(one.disputed, one.promise_date) for one in items(found)] == [(False, None)] * 2
    (one,) = complaints(found)
    assert (one.rule, one.notice) == ("remarks_tell", True)
    assert one.params == {"heading": "Zeta", "n": 1, "found": f"3: “{remark}”"}


@pytest.mark.parametrize(
    "remark",
    ["llamar por la mañana", "no contesta al teléfono", "OP partial", "contact: Marta", "abono fra 26/0103",
     "sillas de roble", "por defecto", "Instalment 2 of 3"],
)  # fmt: skip
def test_other_remarks_are_nobodys_business(remark: str) -> None:
    assert rules(read(f"Cliente;Factura;Vence;Saldo;Zeta\nA;F-1;2026-03-31;1;{remark}\n")) == []


# --- Workbooks --------------------------------------------------------------------------------------------------------

HEAD = ("Customer", "Invoice No", "Due date", "Outstanding")
GOOD = ("Acme", "F-1", date(2026, 3, 31), 9.5)


def test_figures_of_a_workbook_need_no_decimal_sign() -> None:
    found = read(
        workbook(
            HEAD,
            ("A", 1, date(2026, 3, 31), 1.234),
            ("B", 2, date(2026, 3, 31), 1234),
            ("C", 3, date(2026, 3, 31), 0.1 + 0.2),
        )
    )
    assert rules(found) == []
    assert [item.open_amount for item in items(found)] == [Decimal("1.234"), Decimal("1234.00"), Decimal("0.30")]


def test_figures_do_not_settle_how_text_beside_them_is_written() -> None:
    found = read(workbook(HEAD, ("A", 1, date(2026, 3, 31), 1.5), ("B", 2, date(2026, 3, 31), "1.234")))
    assert [one.rule for one in complaints(found)] == ["amount_ambiguous"]


def test_identifiers_that_went_through_a_spreadsheet() -> None:
    found = read(
        workbook(HEAD, ("A", 2960623488.0, date(2026, 3, 31), 1.0), ("B", "0000611365", date(2026, 3, 31), 2.0))
    )
    assert [item.invoice_number for item in items(found)] == ["2960623488", "0000611365"]


def test_a_hidden_sheet_is_not_read() -> None:
    assert [item.customer_name for item in items(read((FOLDER / "hand_made.xlsx").read_bytes()))].count(
        "Antiguo, S.L."
    ) == 0


def test_a_sheet_can_be_named() -> None:
    data = workbook(("x",), Uno=[HEAD, GOOD], Dos=[(*HEAD, "Notas"), ("Beta", "F-2", date(2026, 3, 31), 8.5, "n")])
    assert rules(read(data)) == ["sheets_several"]
    assert [item.customer_name for item in items(read(data, {"sheet": "dos"}))] == ["Beta"]
    assert rules(read(data, {"sheet": "Tres"})) == ["sheet_unknown"]


ALONE = ("Invoice No", "Due date", "Outstanding")


def test_a_sheet_called_as_a_customer_is_the_customers() -> None:
    data = workbook(("Remember",), Acme=[ALONE, ("F-1", "05/03/2026", 9.5)], Beta=[ALONE, ("F-2", "25/03/2026", 8.5)])
    found = read(data)
    assert [(one.customer_name, one.due_date) for one in items(found)] == [
        ("Acme", date(2026, 3, 5)), ("Beta", date(2026, 3, 25)),  # the second sheet tells how days are written
    ]  # fmt: skip
    assert [(one.rule, one.notice) for one in complaints(found)] == [
        ("sheets_of_customers", True), ("sheets_left", True),
    ]  # fmt: skip


@pytest.mark.parametrize("names", [("Enero 2026", "Febrero 2026"), ("Acme", "Hoja2"), ("Pagadas", "Pendientes")])
def test_a_sheet_called_as_sheets_are_is_nobodys(names: tuple[str, str]) -> None:
    sheets = {name: [ALONE, (f"F-{place}", GOOD[2], 9.5)] for place, name in enumerate(names)}
    found = read(workbook(("x",), **sheets))
    assert items(found) == []
    assert complaints(found)


def test_a_complaint_says_of_which_sheet_and_a_notice_leaves_the_ledger_whole() -> None:
    data = workbook(("x",), Acme=[ALONE, ("F-1", GOOD[2], 9.5)], Beta=[ALONE, ("F-2", "soon", 8.5)])
    given = reading.begun({})
    reading.read("book.xlsx", data, {}, (), given)
    assert given.whole
    (one,) = [complaint for _, complaint in given.complaints if not complaint.notice]
    assert reading.in_words(one, "en")[0].startswith("Sheet “Beta”: ")


def test_a_sheet_left_alone_that_holds_invoices_is_more_than_a_notice() -> None:
    found = read(workbook(("x",), Open=[HEAD, GOOD], Rest=[("Customer", "Invoice No"), ("Acme", "F-2")]))
    assert [(one.rule, one.notice, one.params["found"]) for one in complaints(found)] == [
        ("sheets_left", True, "“Sheet”"), ("sheets_left", False, "“Rest”"),
    ]  # fmt: skip


def test_a_formula_is_its_stored_value_and_links_lead_nowhere() -> None:
    data = workbook(HEAD, ("Acme", "F-2", date(2026, 3, 31), '=WEBSERVICE("http://x.example")'), GOOD)
    data = changed(data, "xl/worksheets/sheet1.xml", b"</f><v></v>", b"</f><v>7.25</v>")
    found = items(read(data))
    assert found[0].open_amount == Decimal("7.25")


ENTITY = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><worksheet'


def sheet_with(old: bytes, new: bytes) -> bytes:
    """A good workbook with something in its sheet that no office program writes."""
    return changed(workbook(HEAD, GOOD), "xl/worksheets/sheet1.xml", old, new)


BOMB = b"<sheetData>" + b" " * 1_000_000


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"PK\x03\x04", "not ours"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "workbook_unreadable"),
        (sheet_with(b"<sheetData>", BOMB * 260), "workbook_too_large"),
        (sheet_with(b"<sheetData>", b"<sheetData>" + b"<row/>" * 1_000_000), "rows_too_many"),
        (sheet_with(b'"A2"', b'"XFD1048576"'), "workbook_too_large"),
        (sheet_with(b"<worksheet", ENTITY), "workbook_unreadable"),
        (sheet_with(b"</row>", b"<oops"), "workbook_unreadable"),
    ],
    ids=["cut", "old", "bomb", "rows", "far", "doctype", "broken"],
)  # fmt: skip
def test_a_hostile_workbook_is_refused_in_words_and_in_time(data: bytes, rule: str) -> None:
    begun = time.perf_counter()
    if rule == "not ours":
        assert not Spreadsheet().recognises(data)
        return
    assert rules(read(data)) == [rule]
    assert time.perf_counter() - begun < 5


def test_a_part_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(workbook(HEAD, GOOD))
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + 24] != b"xl/worksheets/sheet1.xml":
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert rules(read(bytes(data))) == ["workbook_unreadable"]


def test_a_million_rows_are_refused_with_a_sentence() -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in range(3, 1_000_003))
    data = changed(workbook(HEAD, GOOD), "xl/worksheets/sheet1.xml", b"</sheetData>", rows + b"</sheetData>")
    (one,) = complaints(read(data))
    assert one.rule == "rows_too_many"
    assert "200,000" in say("complaint.rows_too_many", "en", **one.params)


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=8))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_to_a_workbook_makes_the_reader_raise(at: int, junk: bytes) -> None:
    for name in ("holded.xlsx", "libreoffice.ods"):
        data = (FOLDER / name).read_bytes()
        place = at % len(data)
        damaged = data[:place] + junk + data[place + len(junk) :]
        if workbooks.recognises(damaged):
            read(damaged)


@pytest.mark.parametrize("seed", range(12))
def test_no_damage_to_an_old_workbook_takes_us_down(seed: int) -> None:
    """A process of its own dies of it, when it must."""
    chance = random.Random(seed)
    data = bytearray((FOLDER / "contasol.xls").read_bytes())
    for _ in range(4):
        at = chance.randrange(8, len(data) - 8)
        data[at : at + 4] = chance.choice((chance.randbytes(4), b"\xff\xff\xff\x7f"))
    found = read(bytes(data))
    assert items(found) or rules(found)


@given(st.binary(max_size=40), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_no_damage_to_a_sheet_makes_the_reader_raise(junk: bytes, at: int) -> None:
    book = workbook(HEAD, GOOD)
    page = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(page, "w") as after:
        for info in before.infolist():
            part = before.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                part = part[:at] + junk + part[at + len(junk) :]
            after.writestr(info.filename, part)
    read(page.getvalue())


# --- customers named in rows of their own, where items have their number ---------------------------------------------

_BY_CUSTOMER = """Nr. document;Tip;Data;Scadenta;Valoare;Incasat;Rest de incasat;Observatii
00003 ABATOR VALEA MARE SRL;;;;C.F. 4971553;;contabilitate@abator.example;
AST 20967;FACT;06.10.2026;05.11.2026;1.189,12;594,00;595,12;OP partial
AST 21086;FACT;26.10.2026;25.11.2026;2.027,88;0,00;2.027,88;
;;;Total client:;3.217,00;594,00;2.623,00;
{second}
AST 20920;FACT;28.09.2026;13.10.2026;2.207,07;0,00;2.207,07;
;;;Total client:;2.207,07;0,00;2.207,07;
TOTAL GENERAL;;;;5.424,07;594,00;4.830,07;
Intocmit,;;;;;;;
"""


def _by_customer(second: str) -> tuple[list[ItemRecord], list[Complaint]]:
    found = Spreadsheet().read(_BY_CUSTOMER.format(second=second).encode(), folders=(), heading_map={})
    items = [one for one in found if isinstance(one, ItemRecord)]
    return items, [one for one in found if isinstance(one, Complaint)]


@pytest.mark.parametrize(
    ("second", "number", "tax_id", "email"),
    [
        ("00018 CARMANGERIA IZA SRL;;;;C.F. RO2535876;;a@iza.example;", "00018", "RO2535876", "a@iza.example"),
        ("00018 CARMANGERIA IZA SRL;;;;;;;", "00018", "", ""),
        ("CARMANGERIA IZA SRL;;;;CUI: RO2535876;;a@iza.example;", "", "RO2535876", "a@iza.example"),
        ("CARMANGERIA IZA SRL;;;;NIF ESB12345674;;Tel. +40 260 111 222;", "", "ESB12345674", ""),
        ("00018 CARMANGERIA IZA SRL;;;;blocat la livrare;;;", "00018", "", ""),
    ],
)
def test_a_row_among_the_numbers_names_the_customer_of_those_below(
    second: str, number: str, tax_id: str, email: str
) -> None:
    items, complaints = _by_customer(second)
    assert not complaints
    assert [(one.invoice_number, one.customer_name) for one in items] == [
        ("AST 20967", "ABATOR VALEA MARE SRL"), ("AST 21086", "ABATOR VALEA MARE SRL"),
        ("AST 20920", "CARMANGERIA IZA SRL"),
    ]  # fmt: skip
    assert (items[0].customer_id, items[0].tax_id, items[0].email) == (
        "00003", "4971553", "contabilitate@abator.example",
    )  # fmt: skip
    assert (items[2].customer_id, items[2].tax_id, items[2].email) == (number, tax_id, email)
    assert sum(one.open_amount for one in items) == Decimal("4830.07")


@pytest.mark.parametrize("second", ["AST 20919;FACT;;;100,00;0,00;100,00;", "00018 IZA;;;;100,00;;100,00;"])
def test_after_a_row_that_may_name_another_nobody_is_guessed(second: str) -> None:
    items, complaints = _by_customer(second)
    assert [one.invoice_number for one in items] == ["AST 20967", "AST 21086"]
    assert "AST 20920" in {one.item for one in complaints}
