"""Reads UBL 2.1 invoices and credit notes: EN 16931, Peppol BIS Billing 3, CIUS-RO, XRechnung.

The BT numbers are those of EN 16931. Only what stands above the lines is read, and the names of the first lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from amable.adapters import xml_documents as xml
from amable.adapters.tax_registers import tax_numbers
from amable.adapters.xml_documents import Node, UnusableError, text, texts
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import EarlyPayment, Instalment, Invoice, Party

_NAMESPACE: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_DOCUMENTS: Final = {"Invoice": "invoice", "CreditNote": "credit_note"}
_LINES: Final = frozenset(("InvoiceLine", "CreditNoteLine"))
_REGION: Final = re.compile(r"[A-Z]{2}-")  # a code (RO-CJ), which nobody writes on a letter
# UNTDID 1001: what is a credit note though the syntax calls it an invoice.
_CREDIT_NOTES: Final = frozenset(("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"))
_CORRECTED: Final = "384"
_DIRECT_DEBIT: Final = frozenset(("49", "59"))  # UNTDID 4461
_PERIODS: Final = ("SettlementPeriod/DurationMeasure", "PaymentPeriod/DurationMeasure")


class Ubl:
    """The reader of UBL 2.1."""

    def recognises(self, data: bytes) -> bool:
        """Whether the root is that of a UBL invoice or credit note."""
        root = xml.root_of(data)
        return root is not None and root.name in _DOCUMENTS and root.namespace.startswith(_NAMESPACE + root.name)

    def read(self, data: bytes) -> list[Invoice | Complaint]:
        """The invoice of the file, or why it cannot be used."""
        try:
            root, cut = xml.parse(data, _LINES)
            invoice = _invoice(root)
        except UnusableError as unusable:
            return [unusable.complaint]
        return [replace(invoice, attachment_too_large=True) if cut else invoice]


def _invoice(root: Node) -> Invoice:
    number = text(root, "ID")  # BT-1
    if not number:
        raise UnusableError("einvoice_no_number")
    totals = root.find("LegalMonetaryTotal")
    currency = _currency(root, totals)
    code = xml.first(root, "InvoiceTypeCode", "CreditNoteTypeCode")  # BT-3
    kind = "credit_note" if root.tag == "CreditNote" or code in _CREDIT_NOTES else "invoice"
    terms = root.findall("PaymentTerms")
    instalments = _instalments(terms, currency)
    means = root.findall("PaymentMeans")
    due = (*texts(root, "DueDate"), *texts(root, "PaymentMeans/PaymentDueDate"))  # BT-9
    if not instalments:
        due += texts(root, "PaymentTerms/PaymentDueDate")
    return Invoice(
        kind=kind,
        number=number,
        issue_date=xml.day(text(root, "IssueDate"), "IssueDate"),  # BT-2
        currency=currency,
        total=xml.money(text(totals, "TaxInclusiveAmount"), currency, "TaxInclusiveAmount"),  # BT-112
        prepaid=xml.money(text(totals, "PrepaidAmount"), currency, "PrepaidAmount"),  # BT-113
        payable=xml.money(text(totals, "PayableAmount"), currency, "PayableAmount"),  # BT-115
        seller=_party(root.find("AccountingSupplierParty/Party")),
        buyer=_party(root.find("AccountingCustomerParty/Party"), root.find("AccountingCustomerParty")),
        due_date=xml.day(due[0], "DueDate") if due else None,
        terms="\n".join(filter(None, (xml.lines(one, "Note") for one in terms))),  # BT-20
        term_days=_term_days(terms),
        notes=texts(root, "Note"),  # BT-22
        instalments=instalments,
        early_payment=tuple(_discounts(terms)),
        accounts=texts(root, "PaymentMeans/PayeeFinancialAccount/ID"),  # BT-84
        payment_references=texts(root, "PaymentMeans/PaymentID"),  # BT-83
        preceding=texts(root, "BillingReference/InvoiceDocumentReference/ID"),  # BT-25
        replaces=code == _CORRECTED,
        direct_debit=any(text(one, "PaymentMeansCode") in _DIRECT_DEBIT for one in means),  # BT-81
        po_number=text(root, "OrderReference/ID"),  # BT-13
        description=xml.shortened(
            texts(root, "InvoiceLine/Item/Name") or texts(root, "CreditNoteLine/Item/Name"), more=root.more
        ),
        document=xml.one_pdf(_pdfs(root)),
    )


def _currency(root: Node, totals: Node | None) -> str:
    """BT-5, else the currency of the amount to be paid; the two may not differ."""
    payable = None if totals is None else totals.find("PayableAmount")
    of_amount = "" if payable is None else xml.clean(payable.get("currencyID"))
    stated = text(root, "DocumentCurrencyCode")
    if stated and of_amount and stated.upper() != of_amount.upper():
        raise UnusableError("einvoice_two_currencies", value=of_amount, first=stated[:20], second=of_amount[:20])
    return xml.currency_in(stated or of_amount)


def _party(party: Node | None, around: Node | None = None) -> Party:
    """BG-4 or BG-7. The contact of the customer may also stand beside the party (`BuyerContact`)."""
    if party is None:
        return Party("")
    registered, traded = text(party, "PartyLegalEntity/RegistrationName"), text(party, "PartyName/Name")
    person = " ".join(texts(party, "Person/FirstName") + texts(party, "Person/FamilyName"))
    names = tuple(dict.fromkeys(filter(None, (registered, traded, person))))
    country = xml.country(text(party, "PostalAddress/Country/IdentificationCode"))
    schemes = [
        (text(one, "CompanyID"), text(one, "TaxScheme/ID").upper() in ("", "VAT"))
        for one in party.findall("PartyTaxScheme")
    ]
    numbers = [number for number, is_vat in sorted(schemes, key=lambda one: not one[1]) if number]
    others = [*texts(party, "PartyLegalEntity/CompanyID"), *texts(party, "PartyIdentification/ID")]
    contact = party.find("Contact")
    if contact is None and around is not None:
        contact = around.find("BuyerContact")
    return Party(
        name=names[0] if names else "",
        other_names=names[1:],
        tax_ids=tax_numbers(numbers, others, country),
        address=_address(party.find("PostalAddress")),
        country=country,
        contact=text(contact, "Name"),
        email=text(contact, "ElectronicMail"),
        electronic_address=_electronic_address(party),
        phone=text(contact, "Telephone"),
    )


def _electronic_address(party: Node) -> str:
    """BT-49 where it is an email address (EAS code EM)."""
    endpoint = party.find("EndpointID")
    written = "" if endpoint is None else xml.clean(endpoint.text)
    return written if endpoint is not None and endpoint.get("schemeID") == "EM" and "@" in written else ""


def _address(address: Node | None) -> str:
    if address is None:
        return ""
    town = " ".join(filter(None, (text(address, "PostalZone"), text(address, "CityName"))))
    parts = (
        text(address, "StreetName"), text(address, "AdditionalStreetName"), text(address, "AddressLine/Line"), town,
        "" if _REGION.match(region := text(address, "CountrySubentity")) else region,
    )  # fmt: skip
    return "\n".join(filter(None, parts))


def _instalments(terms: Sequence[Node], currency: str) -> tuple[Instalment, ...]:
    """Terms that each state an amount: parts of the sum, each with its day."""
    parts = [(xml.money(text(one, "Amount"), currency, "Amount"), text(one, "PaymentDueDate")) for one in terms]
    if len(parts) < 2 or any(amount is None or not written for amount, written in parts):
        return ()
    return tuple(Instalment(xml.day(written, "PaymentDueDate"), amount or Decimal(0)) for amount, written in parts)


def _term_days(terms: Sequence[Node]) -> int | None:
    """The days of terms that give them as a measure, where only one is given and no discount hangs on it."""
    measures = [
        (one, measure)
        for one in terms
        if one.find("SettlementDiscountPercent") is None
        for path in _PERIODS
        if (measure := one.find(path)) is not None
    ]
    if len(measures) != 1 or measures[0][1].get("unitCode", "DAY") != "DAY":
        return None
    days = xml.clean(measures[0][1].text)
    return int(days) if days.isascii() and days.isdigit() and len(days) <= 3 else None


def _discounts(terms: Sequence[Node]) -> Iterator[EarlyPayment]:
    for one in terms:
        percent = xml.number_in(text(one, "SettlementDiscountPercent"), "SettlementDiscountPercent")
        until = xml.day(text(one, "SettlementPeriod/EndDate"), "EndDate")
        days = text(one, "SettlementPeriod/DurationMeasure")
        if percent and (until or (days.isascii() and days.isdigit() and len(days) <= 3)):
            yield EarlyPayment(percent, until, None if until else int(days))


def _pdfs(root: Node) -> Iterator[bytes]:
    """The PDFs among the documents attached (BG-24)."""
    for one in root.findall("AdditionalDocumentReference/Attachment/EmbeddedDocumentBinaryObject"):
        yield xml.pdf_in(one.text)
