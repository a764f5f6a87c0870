"""Writes tests/samples/ledgers, what common programs export: `python -m tests.samples.make_ledgers`.

Every file tells the same truth in its own way: `LEDGER` below, or the part of it that a file says it holds. Names and
numbers are invented.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent / "ledgers"
CLOCK = datetime(2026, 3, 31, 9, 0)  # noqa: DTZ001 - office files keep bare moments


@dataclass(frozen=True)
class Owed:
    """One invoice of the truth; `open` is what is left of `total`."""

    code: str
    name: str
    tax_id: str
    email: str
    number: int
    issued: date
    due: date
    total: Decimal
    open: Decimal

    @property
    def paid(self) -> Decimal:
        return self.total - self.open


def _owed(who: tuple[str, str, str, str], number: int, issued: str, due: str, total: str, rest: str = "") -> Owed:
    day = date.fromisoformat
    return Owed(*who, number, day(issued), day(due), Decimal(total), Decimal(rest or total))


_FORN = ("430000012", "Forn de la Plaça, S.L.", "B12345674", "forn@laplaca.example")
_NUNEZ = ("430000013", "Panadería Núñez, S.L.", "B87654329", "admin@nunez.example")
_TURIA = ("430000027", "Talleres Turia, S.A.", "A58818501", "cobros@talleresturia.example")
_ANA = ("430000104", "Beltrán Ortiz, Ana", "12345678Z", "ana@beltran.example")
LEDGER = (
    _owed(_FORN, 117, "2026-01-08", "2026-02-07", "1210.00"),
    _owed(_FORN, 121, "2026-01-30", "2026-03-01", "89.50", "39.50"),
    _owed(_NUNEZ, 122, "2026-02-03", "2026-03-05", "12345.67"),
    _owed(_NUNEZ, 131, "2026-02-26", "2026-03-28", "450.00"),
    _owed(_TURIA, 133, "2026-03-02", "2026-04-01", "2000.00", "1500.00"),
    _owed(_TURIA, 134, "2026-03-13", "2026-04-12", "-100.00"),
    _owed(_ANA, 140, "2026-03-20", "2026-04-19", "45.00"),
)


def comma(amount: Decimal, *, grouped: bool = True) -> str:
    """`1.234,50`."""
    text = f"{amount:,.2f}" if grouped else f"{amount:.2f}"
    return text.translate(str.maketrans(",.", ".,"))


def dmy(day: date, sign: str = "/") -> str:
    return day.strftime(f"%d{sign}%m{sign}%Y")


def _sums() -> tuple[float, ...]:
    """What a line of totals shows: all that was invoiced, paid and is open."""
    return tuple(float(sum(getattr(o, of) for o in LEDGER)) for of in ("total", "paid", "open"))


def _csv(name: str, rows: Sequence[Sequence[object]], separator: str = ",", encoding: str = "utf-8") -> None:
    page = io.StringIO()
    csv.writer(page, delimiter=separator, lineterminator="\r\n").writerows(rows)
    (FOLDER / name).write_bytes(page.getvalue().encode(encoding))


# --- Spain ------------------------------------------------------------------------------------------------------------


def holded() -> None:
    """Holded, invoices to XLSX: typed cells, a title above, everything but a plain `Pendiente` beside it."""
    book, sheet = _book("Facturas")
    sheet.append(["Listado de facturas"])
    sheet.append([])
    sheet.append(
        ["Fecha", "Num", "Cliente", "NIF", "Descripción", "Subtotal", "IVA", "Total", "Cobrado", "Pendiente", "Estado",
         "Vencimiento", "Forma de pago"]
    )  # fmt: skip
    for o in LEDGER:
        net = (o.total / Decimal("1.21")).quantize(Decimal("0.01"))
        sheet.append(
            [o.issued, f"F26{o.number:04}", o.name, o.tax_id, "Servicios", float(net), float(o.total - net),
             float(o.total), float(o.paid), float(o.open), "Pendiente", o.due, "Transferencia"]
        )  # fmt: skip
    paid = LEDGER[0]
    sheet.append(
        [paid.issued, "F260100", paid.name, paid.tax_id, "Servicios", 100.0, 21.0, 121.0, 121.0, 0.0, "Cobrado",
         paid.due, "Transferencia"]
    )  # fmt: skip
    _save(book, "holded.xlsx")


def contasol() -> None:
    """ContaSol, receivables to XLS: the firm and the filter above, account numbers as figures, a total below."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Hoja1")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    rows: list[list[object]] = [
        ["HORNOS DEL TURIA SL"],
        ["Relación de facturas pendientes de cobro"],
        ["Desde 01/01/2026", "", "", "Hasta 31/03/2026"],
        [],
        ["Serie", "Factura", "Fecha", "Vto.", "Cta. cliente", "Nombre del cliente", "N.I.F.", "Importe", "Cobrado",
         "Pdte."],
        *([1, o.number, o.issued, o.due, int(o.code), o.name, o.tax_id, float(o.total), float(o.paid), float(o.open)]
          for o in LEDGER),
        ["", "", "", "", "", "TOTAL", "", *_sums()],
    ]  # fmt: skip
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write(line, place, cell, day)
            elif cell != "":
                sheet.write(line, place, cell)
    book.save(str(FOLDER / "contasol.xls"))


def facturadirecta() -> None:
    """FacturaDirecta, CSV in Windows-1252: no open amount, only the state; series and number apart."""
    head = ["Serie", "Número", "Fecha", "Vencimiento", "Cliente", "NIF/CIF", "Correo electrónico", "Base imponible",
            "IVA",
            "Total", "Estado"]  # fmt: skip
    rows = [
        [
            "A",
            o.number,
            dmy(o.issued),
            dmy(o.due),
            o.name,
            o.tax_id,
            o.email,
            comma(o.total),
            "0,00",
            comma(o.total),
            "Pendiente",
        ]
        for o in LEDGER
        if o.open == o.total
    ]
    paid, part = LEDGER[0], LEDGER[1]
    rows.append(
        [
            "A",
            99,
            dmy(paid.issued),
            dmy(paid.due),
            paid.name,
            paid.tax_id,
            paid.email,
            "50,00",
            "0,00",
            "50,00",
            "Pagada",
        ]
    )
    rows.append(
        [
            "A",
            98,
            dmy(paid.issued),
            dmy(paid.due),
            paid.name,
            paid.tax_id,
            paid.email,
            "50,00",
            "0,00",
            "50,00",
            "Borrador",
        ]
    )
    rows.append(
        ["A", part.number, dmy(part.issued), dmy(part.due), part.name, part.tax_id, part.email, comma(part.total),
         "0,00",
         comma(part.total), "Cobrada parcialmente"]
    )  # fmt: skip
    _csv("facturadirecta.csv", [head, *rows], ";", "cp1252")


def hand_made() -> None:
    """Somebody's own workbook: merged headings on two lines, merged customers, sums, notes, a hidden sheet."""
    book, sheet = _book("Pendientes marzo")
    sheet["A1"] = "Facturas pendientes a 31/03/2026"
    sheet["A2"] = "(actualizado por Marta)"
    for place, text in (("A4", "Cliente"), ("B4", "Factura"), ("E4", "Importes"), ("B5", "Nº"), ("C5", "Fecha"),
                        ("D5", "Vencimiento"), ("E5", "Total"), ("F5", "Pendiente"), ("G4", "Notas")):  # fmt: skip
        sheet[place] = text
    for area in ("A4:A5", "B4:D4", "E4:F4", "G4:G5"):
        sheet.merge_cells(area)
    line = 6
    for name in dict.fromkeys(o.name for o in LEDGER):
        theirs = [o for o in LEDGER if o.name == name]
        sheet.cell(line, 1, name)
        if len(theirs) > 1:
            sheet.merge_cells(start_row=line, end_row=line + len(theirs) - 1, start_column=1, end_column=1)
        for o in theirs:
            for place, cell in enumerate((f"{o.number}/26", o.issued, o.due, float(o.total), float(o.open)), 2):
                sheet.cell(line, place, cell)
            line += 1
        sheet.cell(line, 1, f"Subtotal {name}")
        sheet.cell(line, 6, float(sum(o.open for o in theirs)))
        line += 1
    sheet.cell(line + 1, 1, "TOTAL GENERAL")
    sheet.cell(line + 1, 6, float(sum(o.open for o in LEDGER)))
    sheet.cell(line + 3, 1, "Llamar a Ana después de Semana Santa")
    hidden = book.create_sheet("2025")
    hidden.append(["Cliente", "Nº factura", "Vencimiento", "Pendiente"])
    hidden.append(["Antiguo, S.L.", "9/25", date(2025, 3, 1), 99.0])
    hidden.sheet_state = "hidden"
    _save(book, "hand_made.xlsx")


# --- Romania ----------------------------------------------------------------------------------------------------------


def smartbill() -> None:
    """SmartBill, XLSX: a running number first, series and number apart, the currency in the heading, a total below."""
    book, sheet = _book("Facturi")
    sheet.append(["Raport facturi neincasate"])
    sheet.append(["Perioada: 01/01/2026 - 31/03/2026"])
    sheet.append([])
    sheet.append(["Nr. crt.", "Client", "CIF", "Serie", "Numar", "Data emiterii", "Data scadentei",
                  "Valoare totala (RON)",
                  "Incasat (RON)", "Rest de incasat (RON)", "Status"])  # fmt: skip
    for line, o in enumerate(LEDGER, 1):
        sheet.append([line, o.name, o.tax_id, "FCT", f"{o.number:05}", dmy(o.issued), dmy(o.due), float(o.total),
                      float(o.paid), float(o.open), "Neincasata"])  # fmt: skip
    sheet.append(
        [
            "",
            "Total",
            "",
            "",
            "",
            "",
            "",
            *_sums(),
        ]
    )
    _save(book, "smartbill.xlsx")


def saga() -> None:
    """Saga, CSV in Windows-1250 with the cedillas of the old code page; the day is written with points."""
    head = [
        "Cod",
        "Denumire client",
        "Cod fiscal",
        "Nr. factură",
        "Data",
        "Scadenţă",
        "Valoare",
        "Achitat",
        "Sold",
        "Judeţ",
    ]
    rows = [
        [o.code[-5:], f"Brutăria {o.name}", o.tax_id, o.number, dmy(o.issued, "."), dmy(o.due, "."), comma(o.total),
         comma(o.paid), comma(o.open), "Mureş"]
        for o in LEDGER
    ]  # fmt: skip
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([head, *rows])
    page = text.getvalue().replace("ç", "c").replace("ñ", "n")
    (FOLDER / "saga.csv").write_bytes(page.encode("cp1250"))


# --- France and Britain -----------------------------------------------------------------------------------------------


def sage_france() -> None:
    """Sage 100, open items to CSV: `N°`, accents in Windows-1252, a thin line of totals."""
    head = ["N° compte tiers", "Intitulé", "N° facture", "Date facture", "Date d'échéance", "Montant TTC", "Reste dû",
            "Mode de règlement"]  # fmt: skip
    rows: list[list[object]] = [
        [f"C{o.code[-4:]}", o.name, f"FA{o.number:06}", dmy(o.issued), dmy(o.due), comma(o.total, grouped=False),
         comma(o.open, grouped=False), "Virement"]
        for o in LEDGER
    ]  # fmt: skip
    rows.append(
        ["", "", "", "", "Total général", "", comma(sum((o.open for o in LEDGER), Decimal(0)), grouped=False), ""]
    )
    _csv("sage_100.csv", [head, *rows], ";", "cp1252")


def sage_britain() -> None:
    """Sage 50, aged debtors to CSV: `A/C`, `O/S`, a heading repeated on the second page."""
    head = ["A/C", "Name", "Tran No", "Type", "Date", "Due Date", "Inv Ref", "Details", "Amount", "O/S Amt", "Days O/D"]
    rows: list[list[object]] = [
        [f"{o.name[:4].upper()}{o.code[-3:]}", o.name, 4000 + o.number, "SI" if o.total > 0 else "SC", dmy(o.issued),
         dmy(o.due), o.number, "Goods", f"{o.total:.2f}", f"{o.open:.2f}", 12]
        for o in LEDGER
    ]  # fmt: skip
    rows.insert(4, list(head))
    _csv("sage_50.csv", [["Aged Debtors Analysis (Detailed)"], ["Date: 31/03/2026", "", "Page: 1"], [], head, *rows])


# --- Online programs --------------------------------------------------------------------------------------------------


def xero() -> None:
    """Xero, invoices to CSV: one row a line of an invoice, each with the invoice's own amounts again."""
    head = ["ContactName", "EmailAddress", "POCountry", "InvoiceNumber", "Reference", "InvoiceDate", "DueDate", "Total",
            "TaxTotal", "InvoiceAmountPaid", "InvoiceAmountDue", "InventoryItemCode", "Description", "Quantity",
            "UnitAmount", "Discount", "AccountCode", "LineAmount", "TrackingName1", "Currency", "Type", "Sent",
            "Status"]  # fmt: skip
    rows = []
    for o in LEDGER:
        for line in range(1, 3):
            half = o.total / 2
            rows.append(
                [o.name, o.email, "Spain", f"INV-{o.number:04}", "", dmy(o.issued), dmy(o.due), f"{o.total:.2f}",
                 "0.00",
                 f"{o.paid:.2f}", f"{o.open:.2f}", f"BREAD{line}", f"Bread {line}", "1.0000", f"{half:.4f}", "", "200",
                 f"{half:.2f}", "", "EUR", "Sales invoice", "Sent", "Awaiting Payment"]
            )  # fmt: skip
    _csv("xero.csv", [head, *rows])


def stripe() -> None:
    """Stripe, invoices to CSV: an `id` that is the invoice's and not the customer's, and three amounts."""
    head = ["id", "Amount Due", "Amount Paid", "Amount Remaining", "Billing", "Currency", "Customer", "Customer Email",
            "Customer Name", "Date (UTC)", "Due Date (UTC)", "Number", "Paid", "Status", "Total"]  # fmt: skip
    known = list(dict.fromkeys(o.name for o in LEDGER))
    rows = [
        [f"in_1Q{o.number}xT", f"{o.total:.2f}", f"{o.paid:.2f}", f"{o.open:.2f}", "send_invoice", "eur",
         f"cus_N{known.index(o.name)}fT", o.email, o.name, f"{o.issued} 09:12", f"{o.due} 09:12",
         f"A1B2C3-{o.number:04}", "false", "open", f"{o.total:.2f}"]
        for o in LEDGER
    ]  # fmt: skip
    void = ["in_1Q999xT", "20.00", "0.00", "20.00", "send_invoice", "eur", "cus_N9fT", "", "Nobody", "2026-02-01 09:12",
            "2026-03-03 09:12", "A1B2C3-0999", "false", "void", "20.00"]  # fmt: skip
    rows.append(void)
    _csv("stripe.csv", [head, *rows])


def french_accounts() -> None:
    """A French customers' ledger: debit, credit and balance beside each other, bars between, days with slashes."""
    head = [
        "Dossier",
        "Débiteur",
        "Date pièce",
        "N° pièce",
        "Libellé",
        "Echéance",
        "Débit",
        "Crédit",
        "Solde",
        "Lettrage",
    ]
    rows = [
        [f"411{o.name[:3].upper()}", o.name, dmy(o.issued), f"FC{o.number:04}", "Fournitures", dmy(o.due),
         comma(o.open) if o.open > 0 else "", comma(-o.open) if o.open < 0 else "", comma(o.open), ""]
        for o in LEDGER
    ]  # fmt: skip
    _csv("french_accounts.csv", [head, *rows], "|", "cp1252")


def quickbooks() -> None:
    """QuickBooks, Open Invoices to CSV: customers above their rows, totals after them, American days, a footer."""
    rows: list[list[object]] = [
        ["Hornos del Turia"],
        ["Open Invoices"],
        ["As of March 31, 2026"],
        [],
        ["", "Date", "Transaction Type", "Num", "Terms", "Due Date", "Open Balance"],
    ]
    for name in dict.fromkeys(o.name for o in LEDGER):
        theirs = [o for o in LEDGER if o.name == name]
        rows.append([name, "", "", "", "", "", ""])
        for o in theirs:
            kind = "Invoice" if o.open > 0 else "Credit Memo"
            rows.append(["", f"{o.issued:%m/%d/%Y}", kind, o.number, "Net 30", f"{o.due:%m/%d/%Y}", f"{o.open:,.2f}"])
        rows.append([f"Total for {name}", "", "", "", "", "", f"${sum(o.open for o in theirs):,.2f}"])
    rows.append(["TOTAL", "", "", "", "", "", f"${sum(o.open for o in LEDGER):,.2f}"])
    rows += [[], ["Tuesday, Mar 31, 2026 09:00:00 AM GMT+2"]]
    _csv("quickbooks.csv", rows)


def odoo() -> None:
    """Odoo, list of invoices to XLSX: typed days and amounts, the firm's own headings, a state nobody needs."""
    book, sheet = _book("account.move")
    sheet.append(["Number", "Invoice Partner Display Name", "Invoice/Bill Date", "Due Date", "Tax Excluded", "Total",
                  "Amount Due", "Currency", "Payment Status", "Salesperson"])  # fmt: skip
    for o in LEDGER:
        sheet.append([f"INV/2026/{o.number:05}", o.name, o.issued, o.due, float(o.total), float(o.total), float(o.open),
                      "EUR",
                      "Partially Paid" if o.paid else "Not Paid", "Marc Demo"])  # fmt: skip
    _save(book, "odoo.xlsx")


def erpnext() -> None:
    """ERPNext, Sales Invoice to CSV: `ID` is the invoice, ISO days, amounts with points."""
    head = ["ID", "Customer", "Customer Name", "Tax Id", "Posting Date", "Payment Due Date", "Currency", "Grand Total",
            "Outstanding Amount", "Status"]  # fmt: skip
    rows = [
        [f"ACC-SINV-2026-{o.number:05}", o.name, o.name, o.tax_id, o.issued, o.due, "EUR", o.total, o.open, "Overdue"]
        for o in LEDGER
    ]
    _csv("erpnext.csv", [head, *rows])


# --- Reports of what is open, by customer and by age ------------------------------------------------------------------

DAY = date(2026, 3, 31)


def _age(o: Owed, *limits: int) -> list[float | None]:
    """What is open, in one of the columns by age."""
    late = (DAY - o.due).days
    place = next((at for at, limit in enumerate(limits) if late <= limit), len(limits))
    return [float(o.open) if at == place else None for at in range(len(limits) + 1)]


def _by_customer() -> list[tuple[str, list[Owed]]]:
    return [(name, [o for o in LEDGER if o.name == name]) for name in dict.fromkeys(o.name for o in LEDGER)]


def _added(rows: Sequence[Sequence[object]]) -> list[float]:
    return [round(sum(float(str(cell or 0)) for cell in column), 2) for column in zip(*rows, strict=True)]


def xero_aged_detail() -> None:
    """Xero, Aged Receivables Detail to XLSX: the contact stands where the days stand, the total right of the ages."""
    book, sheet = _book("Aged Receivables Detail")
    for row in (["Aged Receivables Detail"], ["Hornos del Turia"], ["As at 31 March 2026"], ["Ageing by due date"], []):
        sheet.append(row)
    sheet.append(["Invoice Date", "Due Date", "Invoice Number", "Invoice Reference", "Current", "< 1 Month", "1 Month",
                  "2 Months", "3 Months", "Older", "Total"])  # fmt: skip
    for name, theirs in _by_customer():
        sheet.append([name])
        ages = [[*_age(o, 0, 30, 60, 90, 120), float(o.open)] for o in theirs]
        for o, cells in zip(theirs, ages, strict=True):
            sheet.append([o.issued, o.due, f"INV-{o.number:04}", f"PO {o.number}", *cells])
        sheet.append([f"Total {name}", None, None, None, *_added(ages)])
    every = _added([[*_age(o, 0, 30, 60, 90, 120), float(o.open)] for o in LEDGER])
    sheet.append(["Total", None, None, None, *every])
    sheet.append(["Percentage of total", None, None, None, *(f"{100 * each / every[-1]:.2f}%" for each in every)])
    _save(book, "xero_aged_detail.xlsx")


def quickbooks_ageing_detail() -> None:
    """QuickBooks Online, A/R Ageing Detail to CSV: groups are ages, and the customer has a column."""
    rows: list[list[object]] = [
        ["Hornos del Turia"],
        ["A/R Ageing Detail"],
        ["As of March 31, 2026"],
        [],
        ["", "Date", "Transaction type", "Num", "Customer full name", "Due date", "Amount", "Open balance"],
    ]
    for title, first, last in (
        ("31 - 60 days past due", 31, 60),
        ("1 - 30 days past due", 1, 30),
        ("Current", -999, 0),
    ):
        theirs = [o for o in LEDGER if first <= (DAY - o.due).days <= last]
        rows.append([title, *[""] * 7])
        for o in theirs:
            kind = "Invoice" if o.open > 0 else "Credit Memo"
            rows.append(["", f"{o.issued:%m/%d/%Y}", kind, o.number, o.name, f"{o.due:%m/%d/%Y}", f"{o.total:,.2f}",
                         f"{o.open:,.2f}"])  # fmt: skip
        sums = (sum(o.total for o in theirs), sum(o.open for o in theirs))
        rows.append([f"Total for {title}", *[""] * 5, *(f"${each:,.2f}" for each in sums)])
    rows.append(["TOTAL", *[""] * 5, *(f"${sum(getattr(o, of) for o in LEDGER):,.2f}" for of in ("total", "open"))])
    _csv("quickbooks_ageing_detail.csv", rows)


def quickbooks_desktop() -> None:
    """QuickBooks Desktop, Open Invoices to CSV: customers above their rows, and totals that begin with the word."""
    rows: list[list[object]] = [
        ["", "Type", "Date", "Num", "P. O. #", "Terms", "Due Date", "Aging", "Open Balance"],
    ]
    for name, theirs in _by_customer():
        rows.append([name, *[""] * 8])
        for o in theirs:
            late = max((DAY - o.due).days, 0)
            kind = "Invoice" if o.open > 0 else "Credit Memo"
            rows.append(["", kind, f"{o.issued:%m/%d/%Y}", o.number, f"PO-{o.number}", "Net 30", f"{o.due:%m/%d/%Y}",
                         late or "", f"{o.open:.2f}"])  # fmt: skip
        rows.append([f"Total {name}", *[""] * 7, f"{sum(o.open for o in theirs):.2f}"])
    rows.append(["TOTAL", *[""] * 7, f"{sum(o.open for o in LEDGER):.2f}"])
    _csv("quickbooks_desktop.csv", rows)


def ask_sage_aged() -> None:
    """Sage 50, Aged Debtors Analysis (Detailed) to CSV: accounts with labels above their rows, and no due date."""
    rows: list[list[object]] = [
        ["Aged Debtors Analysis (Detailed)"],
        ["Report Date: 31/03/2026"],
        [],
        ["No", "Type", "Date", "Ref", "Details", "Balance", "Future", "Current", "Period 1", "Period 2", "Older"],
    ]
    for name, theirs in _by_customer():
        account = f"{name[:4].upper()}{theirs[0].code[-3:]}"
        rows.append(
            [f"A/C: {account}", f"Name: {name}", "", "Contact: Marta Ruiz", "", "Tel: 0161 496 0000", *[""] * 5]
        )
        for o in theirs:
            ages = [f"{each or 0:.2f}" for each in _age(o, -31, 0, 30, 60)]
            kind = "SI" if o.open > 0 else "SC"
            rows.append([4000 + o.number, kind, dmy(o.issued), o.number, "Goods", f"{o.open:.2f}", *ages])
        rows.append(["Totals:", *[""] * 4, f"{sum(o.open for o in theirs):.2f}", *[""] * 5])
    rows.append(["Grand Totals:", *[""] * 4, f"{sum(o.open for o in LEDGER):.2f}", *[""] * 5])
    _csv("ask_sage_aged.csv", rows)


def odoo_aged() -> None:
    """Odoo, Aged Receivable unfolded to XLSX: no heading over names and numbers, sums beside the names."""
    book, sheet = _book("Aged Receivable")
    sheet.append(["Aged Receivable"])
    sheet.append(["As of 03/31/2026"])
    sheet.append([None, "Due Date", "Journal", "Account", "Exp. Date", "As of: 03/31/2026", "1 - 30", "31 - 60",
                  "61 - 90", "91 - 120", "Older", "Total"])  # fmt: skip

    def sums(items: Sequence[Owed]) -> list[float]:
        return _added([[*_age(o, 0, 30, 60, 90, 120), float(o.open)] for o in items])

    sheet.append(["Aged Receivable", None, None, None, None, *sums(LEDGER)])
    for name, theirs in _by_customer():
        sheet.append([name, None, None, None, None, *sums(theirs)])
        for o in theirs:
            sheet.append([f"INV/2026/{o.number:05}", o.due, "INV", 430000, None, *_age(o, 0, 30, 60, 90, 120), None])
        sheet.append([f"Total {name}", None, None, None, None, *sums(theirs)])
    _save(book, "odoo_aged.xlsx")


def odoo_states() -> None:
    """Odoo in Spanish, invoices to CSV: the state of the document in one column, that of its payment in another."""
    head = ["Número", "Nombre a mostrar de la empresa en la factura", "Fecha de factura", "Fecha de vencimiento",
            "Importe sin impuestos con signo", "Total con signo", "Importe adeudado con signo", "Estado de pago",
            "Estado"]  # fmt: skip

    def row(o: Owed, number: str, rest: Decimal, pay: str, state: str) -> list[object]:
        net = (o.total / Decimal("1.21")).quantize(Decimal("0.01"))
        return [number, o.name, o.issued, o.due, net, o.total, rest, pay, state]

    rows = [
        row(o, f"INV/2026/{o.number:05}", o.open, "Pagado parcialmente" if o.paid else "No pagadas", "Publicado")
        for o in LEDGER
    ]
    one = LEDGER[0]
    rows.append(row(one, "INV/2026/00099", Decimal("0.00"), "Pagado", "Publicado"))
    rows.append(row(one, "/", one.total, "No pagadas", "Borrador"))
    rows.append(row(one, "INV/2026/00098", one.total, "No pagadas", "Cancelado"))
    _csv("odoo_states.csv", [head, *rows])


def erpnext_receivable() -> None:
    """ERPNext, Accounts Receivable to CSV: vouchers, ages beside the open amount, and the order number."""
    head = ["Posting Date", "Party Type", "Party", "Receivable Account", "Customer Name", "Voucher Type", "Voucher No",
            "Due Date", "Invoiced Amount", "Paid Amount", "Credit Note", "Outstanding Amount", "Age (Days)", "0-30",
            "31-60", "61-90", "91-120", "121-Above", "Currency", "Customer LPO", "Territory", "Customer Group",
            "Customer Contact"]  # fmt: skip
    rows: list[list[object]] = [
        [o.issued, "Customer", o.name, "Debtors - HT", o.name, "Sales Invoice", f"ACC-SINV-2026-{o.number:05}", o.due,
         o.total, o.paid, "0.00", o.open, (DAY - o.due).days, *(each or "0.00" for each in _age(o, 30, 60, 90, 120)),
         "EUR", f"PO-{o.number}", "Spain", "Commercial", ""]
        for o in LEDGER
    ]  # fmt: skip
    rows.append(["", "", "", "", "", "", "Total", "", *(f"{each:.2f}" for each in _sums()[:2]), "0.00",
                 f"{_sums()[2]:.2f}", *[""] * 11])  # fmt: skip
    _csv("erpnext_receivable.csv", [head, *rows])


def stripe_all() -> None:
    """Stripe, all columns to CSV: moments in UTC, and drafts, void, paid and uncollectible invoices among the open."""
    head = ["id", "Amount Due", "Amount Paid", "Amount Remaining", "Applied Coupons", "Attempted", "Billing", "Closed",
            "Currency", "Customer", "Customer Email", "Customer Name", "Date (UTC)", "Description", "Due Date (UTC)",
            "Ending Balance", "Finalized At (UTC)", "Forgiven", "Marked Uncollectible At (UTC)",
            "Maximum Line Item Period End (UTC)", "Minimum Line Item Period Start (UTC)", "Number", "Paid",
            "Paid At (UTC)", "Period End (UTC)", "Period Start (UTC)", "Starting Balance", "Status", "Subscription",
            "Subtotal", "Tax", "Tax Percent", "Total", "Total Discount Amount", "Voided At (UTC)"]  # fmt: skip
    known = list(dict.fromkeys(o.name for o in LEDGER))

    def row(o: Owed, number: str, paid: Decimal, state: str) -> list[object]:
        made = f"{o.issued} 09:12"
        return [f"in_1R{number[-4:]}", o.total, paid, o.total - paid, "", "FALSE", "send_invoice", "FALSE", "eur",
                f"cus_N{known.index(o.name)}fT", o.email, o.name, made, "", f"{o.due} 22:59", "0.00", made, "FALSE",
                "2026-03-30 10:00" if state == "uncollectible" else "", made, made, number,
                "TRUE" if state == "paid" else "FALSE", "", made, made, "0.00", state, "", o.total, "0.00", "0",
                o.total, "0.00", ""]  # fmt: skip

    one = LEDGER[0]
    rows = [row(o, f"A1B2C3-{o.number:04}", o.paid, "open") for o in LEDGER]
    rows += [
        row(one, "A1B2C3-0090", one.total, "paid"),
        row(one, "A1B2C3-0091", Decimal("0.00"), "void"),
        row(one, "A1B2C3-0092", Decimal("0.00"), "uncollectible"),
        row(one, "", Decimal("0.00"), "draft"),
    ]
    _csv("stripe_all.csv", [head, *rows])


def ageing_detail() -> None:
    """An ageing in detail, CSV: what is open stands only in its age, beside the amount that was invoiced."""
    head = ["Cliente", "Nº factura", "F. factura", "Vto.", "Importe", "No vencido", "1-30 días", "31-60 días",
            "> 60 días", "Observaciones"]  # fmt: skip
    rows = [
        [o.name, f"F-{o.number}", dmy(o.issued), dmy(o.due), comma(o.total),
         *("" if each is None else comma(Decimal(str(each))) for each in _age(o, 0, 30, 60)),
         "En litigio por una entrega" if o.number == 122 else ""]
        for o in LEDGER
    ]  # fmt: skip
    _csv("ageing_detail.csv", [head, *rows], ";")


# --- One sheet a customer ---------------------------------------------------------------------------------------------


def sheet_a_customer() -> None:
    """One sheet a customer, called as the customer, and two that are none."""
    book, summary = _book("Resumen")
    summary.append(["Cliente", "Total"])
    for name, theirs in _by_customer():
        summary.append([name, float(sum(o.open for o in theirs))])
        sheet = book.create_sheet(name)
        sheet.append(["Nº factura", "Fecha", "Vencimiento", "Importe", "Pendiente"])
        for o in theirs:
            sheet.append([o.number, dmy(o.issued), dmy(o.due), float(o.total), float(o.open)])
        sheet.append(["Total", None, None, None, float(sum(o.open for o in theirs))])
    book.create_sheet("Notas").append(["Llamar a Marta"])
    _save(book, "sheet_a_customer.xlsx")


def customer_above() -> None:
    """One sheet a customer, who is named above the table."""
    book, _ = _book("Foaie1")
    for place, (name, theirs) in enumerate(_by_customer()):
        sheet = book.worksheets[0] if place == 0 else book.create_sheet(f"Foaie{place + 1}")
        sheet.append([f"Client: {name}"])
        sheet.append([])
        sheet.append(["Factura nr.", "Data emiterii", "Scadența", "Total", "Rest de plată"])
        for o in theirs:
            sheet.append([f"HT {o.number}", o.issued, o.due, float(o.total), float(o.open)])
    _save(book, "customer_above.xlsx")


# --- By kind of file --------------------------------------------------------------------------------------------------


def ageing() -> None:
    """An ageing of receivables in detail, XLSX: the same amount once in the balance and once in its bucket."""
    book, sheet = _book("Antigüedad de saldos")
    sheet.append(["Cliente", "Nombre", "Documento", "F. documento", "F. vencimiento", "Días", "Saldo", "No vencido",
                  "1 - 30", "31 - 60", "> 60"])  # fmt: skip
    for o in LEDGER:
        late = (date(2026, 3, 31) - o.due).days
        bucket = 0 if late <= 0 else 1 if late <= 30 else 2 if late <= 60 else 3
        buckets = [float(o.open) if place == bucket else None for place in range(4)]
        sheet.append([o.code, o.name, f"FV-{o.number}", o.issued, o.due, late, float(o.open), *buckets])
    sheet.append(["Totales", None, None, None, None, None, float(sum(o.open for o in LEDGER))])
    _save(book, "ageing.xlsx")


def unicode_text() -> None:
    """Excel's "Unicode text": UTF-16 with tabs, as saved from a workbook of a French bookkeeper."""
    head = ["Client", "Courriel", "Facture", "Émission", "Échéance", "Montant", "Solde", "Devise"]
    rows = [
        [o.name, o.email, o.number, dmy(o.issued), dmy(o.due), f"{comma(o.total)} €", f"{comma(o.open)} €", "EUR"]
        for o in LEDGER
    ]
    _csv("unicode_text.csv", [head, *rows], "\t", "utf-16")


def libreoffice() -> None:
    """LibreOffice, ODS: numbers as text beside typed days, and a million empty rows that the file only claims."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    sheet = Table(name="Facturi")
    for row in (
        [
            "Cod client",
            "Nume client",
            "Adresa de e-mail",
            "Factura nr.",
            "Data facturii",
            "Termen de plată",
            "Suma",
            "Rest de plată",
        ],
        *([o.code, o.name, o.email, f"{o.number:010}", o.issued, o.due, o.total, o.open] for o in LEDGER),
    ):
        line = TableRow()
        for cell in row:
            line.addElement(_ods_cell(cell, TableCell, P))
        sheet.addElement(line)
    empty = TableRow(numberrowsrepeated=1_048_000)
    empty.addElement(TableCell(numbercolumnsrepeated=16_384))
    sheet.addElement(empty)
    book.spreadsheet.addElement(sheet)
    book.save(str(FOLDER / "libreoffice.ods"))


def _ods_cell(cell: object, kind: type, paragraph: type) -> object:
    if isinstance(cell, date):
        return kind(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, Decimal):
        return kind(valuetype="float", value=str(cell))
    made = kind(valuetype="string")
    made.addElement(paragraph(text=str(cell)))
    return made


def serial_days() -> None:
    """A workbook of an old Mac: days from 1904, some as plain numbers; an error, and a formula never computed."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

    book, sheet = _book("Ledger")
    book.epoch = CALENDAR_MAC_1904
    sheet.append(["Customer", "Invoice No", "Invoice date", "Due date", "Amount", "Outstanding"])
    for o in LEDGER:
        sheet.append([o.name, o.number, o.issued, to_excel(o.due, CALENDAR_MAC_1904), float(o.total), float(o.open)])
    sheet.append(["Broken, Ltd", 150, LEDGER[0].issued, LEDGER[0].due, 10.0, "#REF!"])
    sheet.cell(sheet.max_row, 6).data_type = "e"
    sheet.append(["Broken, Ltd", 151, LEDGER[0].issued, LEDGER[0].due, 10.0, "=E2-1"])
    _save(book, "serial_days.xlsx")


def two_months() -> None:
    """One sheet a month under the same headings: one ledger."""
    book, first = _book("Febrero")
    second = book.create_sheet("Marzo")
    for sheet in (first, second):
        sheet.append(["Nº cliente", "Cliente", "Nº factura", "Fecha factura", "Fecha vencimiento", "Importe pendiente"])
    for o in LEDGER:
        (first if o.due.month < 3 else second).append([o.code, o.name, o.number, o.issued, o.due, float(o.open)])
    _save(book, "two_months.xlsx")


# --- One clear question -----------------------------------------------------------------------------------------------


def ask_sheet() -> None:
    """Two sheets that could be the ledger, under different headings."""
    book, sales = _book("Ventas")
    sales.append(["Cliente", "Nº factura", "Vencimiento", "Pendiente"])
    rents = book.create_sheet("Alquileres")
    rents.append(["Arrendatario (cliente)", "Factura", "Vence", "Importe"])
    for place, o in enumerate(LEDGER):
        (rents if place % 2 else sales).append([o.name, o.number, o.due, float(o.open)])
    _save(book, "ask_sheet.xlsx")


def ask_dates() -> None:
    """Days that nothing decides."""
    _csv("ask_dates.csv", [
        ["Customer", "Invoice", "Due", "Balance"],
        ["Forn de la Plaça", "117", "05/06/2026", "1210.00"],
        ["Talleres Turia", "133", "07/08/2026", "1500.00"],
    ])  # fmt: skip


def ask_amounts() -> None:
    """Amounts that nothing decides."""
    _csv("ask_amounts.csv", [
        ["Cliente", "Factura", "Vencimiento", "Pendiente"],
        ["Forn de la Plaça", "117", "25/06/2026", "1.210"],
        ["Talleres Turia", "133", "07/08/2026", "1.500"],
    ], ";")  # fmt: skip


def ask_heading() -> None:
    """Two columns that could both be what is open."""
    _csv("ask_heading.csv", [
        ["Cliente", "Factura", "Vencimiento", "Pendiente", "Saldo"],
        ["Forn de la Plaça", "117", "25/06/2026", "1.210,00", "1.300,00"],
        ["Talleres Turia", "133", "07/08/2026", "1.500,00", "1.500,00"],
    ], ";")  # fmt: skip


def ask_terms() -> None:
    """No due date anywhere, only the day of issue."""
    _csv("ask_terms.csv", [
        ["Cliente", "Factura", "Fecha", "Total"],
        ["Forn de la Plaça", "117", "25/06/2026", "1.210,00"],
        ["Talleres Turia", "133", "07/08/2026", "1.500,00"],
    ], ";")  # fmt: skip


def ageing_summary() -> None:
    """An ageing by customer: no invoices in it, so that it is no ledger."""
    _csv("no_ledger.csv", [
        ["Customer", "Current", "1 - 30", "31 - 60", "61 - 90", "> 90", "Total"],
        ["Forn de la Plaça", "0.00", "39.50", "1210.00", "0.00", "0.00", "1249.50"],
        ["Talleres Turia", "1400.00", "0.00", "0.00", "0.00", "0.00", "1400.00"],
    ])  # fmt: skip


def _book(title: str):  # type: ignore[no-untyped-def]
    from openpyxl import Workbook

    book = Workbook()
    book.properties.created = book.properties.modified = CLOCK
    book.active.title = title
    return book, book.active


def _save(book, name: str) -> None:  # type: ignore[no-untyped-def]
    book.save(FOLDER / name)


ALL = (
    holded, contasol, facturadirecta, hand_made, smartbill, saga, sage_france, sage_britain, xero, stripe,
    french_accounts, quickbooks, odoo,
    erpnext, ageing, unicode_text, libreoffice, serial_days, two_months, ask_sheet, ask_dates, ask_amounts, ask_heading,
    ask_terms,
    ageing_summary, xero_aged_detail, quickbooks_ageing_detail, quickbooks_desktop, ask_sage_aged, odoo_aged,
    odoo_states, erpnext_receivable, stripe_all, ageing_detail, sheet_a_customer, customer_above,
)  # fmt: skip


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for make in ALL:
        make()


if __name__ == "__main__":
    main()
