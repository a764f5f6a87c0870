"""E-invoices to items, against the least it can cost: lxml parsing the same bytes, and reading nothing of them.

UBL invoices of five lines each. Parts: `read` (the bytes to what the invoice says, found by its content), `items`
(whose they are, nothing twice, terms in words, a record each), `archive` (all of them in one ZIP, opened and read).
The floor parses with a plain parser; it checks nothing and keeps nothing.
"""

from __future__ import annotations

import argparse
import zipfile
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from measure import Clock, compare, measure, report

_NAMES = "urn:oasis:names:specification:ubl:schema:xsd:"
_LINE = """<cac:InvoiceLine><cbc:ID>{n}</cbc:ID><cbc:InvoicedQuantity unitCode="EA">2</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">20.00</cbc:LineExtensionAmount><cac:Item><cbc:Name>Tornillo {n}</cbc:Name>
<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent><cac:TaxScheme><cbc:ID>VAT</cbc:ID>
</cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item><cac:Price><cbc:PriceAmount currencyID="EUR">10.00
</cbc:PriceAmount></cac:Price></cac:InvoiceLine>"""
_PARTY = """<cac:Party><cac:PostalAddress>
<cbc:StreetName>Calle {n}</cbc:StreetName><cbc:CityName>Valencia</cbc:CityName>
<cbc:PostalZone>46001</cbc:PostalZone><cac:Country><cbc:IdentificationCode>ES</cbc:IdentificationCode></cac:Country>
</cac:PostalAddress><cac:PartyTaxScheme><cbc:CompanyID>ES{tax}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>
</cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>{name}</cbc:RegistrationName>
</cac:PartyLegalEntity><cac:Contact><cbc:ElectronicMail>c{n}@example.com</cbc:ElectronicMail></cac:Contact></cac:Party>"""


def invoices(count: int) -> list[bytes]:
    """The same invoices each time: five to a customer, every other one with its terms in words only."""
    seller = _PARTY.format(n=0, tax="B12345674", name="Talleres Ruiz, S.L.")
    lines = "".join(_LINE.format(n=n) for n in range(5))
    made = []
    for number in range(count):
        issued = date(2026, 1, 2) + timedelta(days=number % 90)
        buyer = _PARTY.format(n=number // 5, tax=f"B{number // 5:08}", name=f"Talleres número {number // 5}, S.L.")
        due = "" if number % 2 else f"<cbc:DueDate>{issued + timedelta(days=30)}</cbc:DueDate>"
        terms = "<cac:PaymentTerms><cbc:Note>30 días fecha factura</cbc:Note></cac:PaymentTerms>" if number % 2 else ""
        made.append(
            f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="{_NAMES}Invoice-2" xmlns:cac="{_NAMES}CommonAggregateComponents-2"
 xmlns:cbc="{_NAMES}CommonBasicComponents-2"><cbc:ID>F-2026/{number:06}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>
{due}<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty>{seller}</cac:AccountingSupplierParty>
<cac:AccountingCustomerParty>{buyer}</cac:AccountingCustomerParty>{terms}<cac:LegalMonetaryTotal>
<cbc:TaxInclusiveAmount currencyID="EUR">121.00</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">121.00</cbc:PayableAmount></cac:LegalMonetaryTotal>{lines}</Invoice>""".encode()
        )
    return made


def packed(files: list[bytes]) -> bytes:
    """All of them in one archive."""
    data = BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, file in enumerate(files):
            archive.writestr(f"{place}.xml", file)
    return data.getvalue()


def floor(clock: Clock, count: int) -> None:
    """`lxml.etree.fromstring`, no more; from the archive by `zipfile`."""
    from lxml import etree

    files = invoices(count)
    with clock("read") as noted:
        noted["n"] = sum(etree.fromstring(data) is not None for data in files)
    data = packed(files)
    with clock("archive") as noted, zipfile.ZipFile(BytesIO(data)) as archive:
        noted["n"] = sum(etree.fromstring(archive.read(name)) is not None for name in archive.namelist())


def ours(clock: Clock, count: int) -> None:
    """What `amable import` and the desk do with them before the first row is written."""
    from amable.work import invoicing, reading
    from amable.work.invoicing import Whose
    from amable.work.reading import Input

    files = invoices(count)
    reading.read("first", files[0], {}, (), Input())
    given = Input()
    with clock("read") as noted:
        for place, data in enumerate(files):
            reading.read(f"{place}.xml", data, {}, (), given)
        noted["n"] = len(given.invoices)
    whose = Whose(("Talleres Ruiz, S.L.",), "B12345674", 30)
    with clock("items") as noted:
        noted["n"] = sum(len(invoicing.items(one, whose)[0]) for one in invoicing.chosen(given, whose))
    data = packed(files)
    again = Input()
    with clock("archive") as noted:
        reading.read("all.zip", data, {}, (), again)
        noted["n"] = len(again.invoices)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON for each row to this file")
    asked = parser.parse_args()
    figures = measure({"floor": floor, "ours": ours}, (asked.invoices,), asked.rounds)
    compare(figures, over="floor")
    report(figures, asked.json, invoices=asked.invoices)


if __name__ == "__main__":
    main()
