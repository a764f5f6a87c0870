"""Reads Spanish Facturae 3.0 to 3.2.x, signed or not; the signature is left for those who check signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from amable.adapters import xml_documents as xml
from amable.adapters.tax_registers import tax_numbers
from amable.adapters.xml_documents import Node, UnusableError, text, texts
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Instalment, Invoice, Party

_LINES: Final = frozenset(("InvoiceLine",))
_CORRECTIVE: Final = ("OR", "CR")  # original and copy; a corrective of differences may raise as well as lower
_IN_FULL: Final = "01"  # CorrectionMethod: the corrective stands in place of the invoice it corrects
_DIRECT_DEBIT: Final = "02"  # recibo domiciliado


class Facturae:
    """The reader of Facturae."""

    def recognises(self, data: bytes) -> bool:
        """Whether the root is that of a Facturae, in any of its namespaces."""
        root = xml.root_of(data)
        return root is not None and root.name == "Facturae"

    def read(self, data: bytes) -> list[Invoice | Complaint]:
        """The invoices of the file, and why those cannot be used that cannot."""
        try:
            root, cut = xml.parse(data, _LINES)
        except UnusableError as unusable:
            return [unusable.complaint]
        found = list(_read_all(root))
        if not found:
            return [Complaint("einvoice_none")]
        return [replace(one, attachment_too_large=True) if cut and isinstance(one, Invoice) else one for one in found]


def _read_all(root: Node) -> Iterator[Invoice | Complaint]:
    seller, buyer = _party(root.find("Parties/SellerParty")), _party(root.find("Parties/BuyerParty"))
    invoices = root.findall("Invoices/Invoice")
    for place, one in enumerate(invoices, 1):
        try:
            invoice = _invoice(one, seller, buyer)
            yield replace(invoice, at=place) if len(invoices) > 1 else invoice
        except UnusableError as unusable:
            yield replace(unusable.complaint, line=place) if len(invoices) > 1 else unusable.complaint


def _invoice(one: Node, seller: Party, buyer: Party) -> Invoice:
    series, number = text(one, "InvoiceHeader/InvoiceSeriesCode"), text(one, "InvoiceHeader/InvoiceNumber")
    if not number:
        raise UnusableError("einvoice_no_number")
    currency = xml.currency_in(text(one, "InvoiceIssueData/InvoiceCurrencyCode"))
    totals = one.find("InvoiceTotals")
    total = xml.money(text(totals, "InvoiceTotal"), currency, "InvoiceTotal")
    payable = xml.money(text(totals, "TotalExecutableAmount"), currency, "TotalExecutableAmount")
    prepaid = xml.money(text(totals, "TotalPaymentsOnAccount"), currency, "TotalPaymentsOnAccount")
    corrective = text(one, "InvoiceHeader/InvoiceClass") in _CORRECTIVE
    lowers = corrective and (payable if payable is not None else total or Decimal(0)) < 0
    instalments = tuple(_instalments(one, currency))
    means = texts(one, "PaymentDetails/Installment/PaymentMeans")
    return Invoice(
        kind="credit_note" if lowers else "invoice",
        number=_joined(series, number),
        issue_date=xml.day(text(one, "InvoiceIssueData/IssueDate"), "IssueDate"),
        currency=currency,
        total=total,
        payable=payable,
        prepaid=prepaid,
        seller=seller,
        buyer=buyer,
        due_date=instalments[0].due_date if len(instalments) == 1 else None,
        terms=xml.lines(one, "PaymentDetails/Installment/CollectionAdditionalInformation"),
        notes=texts(one, "AdditionalData/InvoiceAdditionalInformation"),
        instalments=instalments if len(instalments) > 1 else (),
        accounts=texts(one, "PaymentDetails/Installment/AccountToBeCredited/IBAN")
        or texts(one, "PaymentDetails/Installment/AccountToBeCredited/AccountNumber"),
        payment_references=texts(one, "PaymentDetails/Installment/PaymentReconciliationReference"),
        preceding=tuple(
            _joined(text(other, "InvoiceSeriesCode"), text(other, "InvoiceNumber"))
            for other in one.findall("InvoiceHeader/Corrective")
            if text(other, "InvoiceNumber")
        ),
        replaces=corrective and text(one, "InvoiceHeader/Corrective/CorrectionMethod") == _IN_FULL,
        signed=True,
        direct_debit=_DIRECT_DEBIT in means,
        po_number=xml.first(
            one, "Items/InvoiceLine/ReceiverTransactionReference", "InvoiceIssueData/ReceiverTransactionReference"
        ),
        description=xml.shortened(
            texts(one, "Items/InvoiceLine/ItemDescription"), more=any(items.more for items in one.findall("Items"))
        ),
        document=xml.one_pdf(_pdfs(one)),
    )


def _joined(series: str, number: str) -> str:
    """Number with its series, as Facturae prints it; many programs repeat the series in the number."""
    return number if not series or number.startswith(series) else f"{series}{number}"


def _instalments(one: Node, currency: str) -> Iterator[Instalment]:
    for part in one.findall("PaymentDetails/Installment"):
        amount = xml.money(text(part, "InstallmentAmount"), currency, "InstallmentAmount")
        day = xml.day(text(part, "InstallmentDueDate"), "InstallmentDueDate")
        if amount is not None:
            yield Instalment(day, amount)


def _party(party: Node | None) -> Party:
    if party is None:
        return Party("")
    entity = party.find("LegalEntity")
    if entity is None:
        entity = party.find("Individual")
    if entity is None:
        return Party("", (text(party, "TaxIdentification/TaxIdentificationNumber"),))
    own = " ".join(filter(None, (text(entity, name) for name in ("Name", "FirstSurname", "SecondSurname"))))
    names = tuple(filter(None, dict.fromkeys((text(entity, "CorporateName") or own, text(entity, "TradeName")))))
    address = entity.find("AddressInSpain")
    if address is None:
        address = entity.find("OverseasAddress")
    country = xml.country(text(address, "CountryCode"))
    town = text(address, "PostCodeAndTown") or " ".join(
        filter(None, (text(address, "PostCode"), text(address, "Town")))
    )
    return Party(
        name=names[0] if names else "",
        other_names=names[1:],
        tax_ids=tax_numbers([text(party, "TaxIdentification/TaxIdentificationNumber")], (), country),
        address="\n".join(filter(None, (text(address, "Address"), town, text(address, "Province")))),
        country=country,
        contact=text(entity, "ContactDetails/ContactPersons"),
        email=text(entity, "ContactDetails/ElectronicMail"),
        phone=text(entity, "ContactDetails/Telephone"),
    )


def _pdfs(one: Node) -> Iterator[bytes]:
    """The PDFs among the documents attached."""
    for attached in one.findall("AdditionalData/RelatedDocuments/Attachment"):
        if text(attached, "AttachmentFormat").lower() == "pdf":
            data = attached.find("AttachmentData")
            yield xml.pdf_in(data.text) if data is not None else b""
