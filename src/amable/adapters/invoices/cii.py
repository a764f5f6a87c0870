"""Reads UN/CEFACT Cross Industry Invoices: XRechnung, ZUGFeRD 2 and Factur-X in every profile, and ZUGFeRD 1.

The BT numbers are those of EN 16931. ZUGFeRD 1 has other names for the same places: both are looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from amable.adapters import xml_documents as xml
from amable.adapters.tax_registers import tax_numbers
from amable.adapters.xml_documents import Node, UnusableError, text, texts
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import EarlyPayment, Instalment, Invoice, Party

_ROOTS: Final = ("CrossIndustryInvoice", "CrossIndustryDocument")
_LINES: Final = frozenset(("IncludedSupplyChainTradeLineItem",))
# UNTDID 1001: the types that lower what is owed.
_CREDIT_NOTES: Final = frozenset(("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"))
_CORRECTED: Final = "384"
_DIRECT_DEBIT: Final = frozenset(("49", "59"))  # UNTDID 4461


class Cii:
    """The reader of Cross Industry Invoices."""

    def recognises(self, data: bytes) -> bool:
        """Whether the root is that of a Cross Industry Invoice, of ZUGFeRD 1 too."""
        root = xml.root_of(data)
        return root is not None and root.name in _ROOTS and root.name in root.namespace

    def read(self, data: bytes) -> list[Invoice | Complaint]:
        """The invoice of the file, or why it cannot be used."""
        try:
            root, cut = xml.parse(data, _LINES)
            invoice = _invoice(root)
        except UnusableError as unusable:
            return [unusable.complaint]
        return [replace(invoice, attachment_too_large=True) if cut else invoice]


def _part(parent: Node, *names: str) -> Node:
    """The part of this name, in either version; an empty one where it is missing."""
    return next((found for name in names if (found := parent.find(name)) is not None), Node("missing"))


def _invoice(root: Node) -> Invoice:
    head = _part(root, "ExchangedDocument", "HeaderExchangedDocument")
    deal = _part(root, "SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
    agreed = _part(deal, "ApplicableHeaderTradeAgreement", "ApplicableSupplyChainTradeAgreement")
    settled = _part(deal, "ApplicableHeaderTradeSettlement", "ApplicableSupplyChainTradeSettlement")
    sums = _part(
        settled, "SpecifiedTradeSettlementHeaderMonetarySummation", "SpecifiedTradeSettlementMonetarySummation"
    )
    number = text(head, "ID")  # BT-1
    if not number:
        raise UnusableError("einvoice_no_number")
    currency = _currency(settled, sums)
    code = text(head, "TypeCode")  # BT-3
    terms = settled.findall("SpecifiedTradePaymentTerms")
    instalments = _instalments(terms, currency)
    due = [written for one in terms if (written := _day_text(one, "DueDateDateTime"))]  # BT-9
    means = settled.findall("SpecifiedTradeSettlementPaymentMeans")
    return Invoice(
        kind="credit_note" if code in _CREDIT_NOTES else "invoice",
        number=number,
        issue_date=xml.day(_day_text(head, "IssueDateTime"), "IssueDateTime"),  # BT-2
        currency=currency,
        total=xml.money(text(sums, "GrandTotalAmount"), currency, "GrandTotalAmount"),  # BT-112
        prepaid=xml.money(text(sums, "TotalPrepaidAmount"), currency, "TotalPrepaidAmount"),  # BT-113
        payable=xml.money(text(sums, "DuePayableAmount"), currency, "DuePayableAmount"),  # BT-115
        seller=_party(agreed.find("SellerTradeParty")),
        buyer=_party(agreed.find("BuyerTradeParty")),
        due_date=xml.day(due[0], "DueDateDateTime") if due and not instalments else None,
        terms="\n".join(filter(None, (xml.lines(one, "Description") for one in terms))),  # BT-20
        notes=tuple(filter(None, (xml.lines(one, "Content") for one in head.findall("IncludedNote")))),  # BT-22
        instalments=instalments,
        early_payment=tuple(_discounts(terms)),
        accounts=_accounts(means),  # BT-84
        payment_references=texts(settled, "PaymentReference"),  # BT-83
        preceding=texts(settled, "InvoiceReferencedDocument/IssuerAssignedID")  # BT-25
        or texts(settled, "InvoiceReferencedDocument/ID"),
        replaces=code == _CORRECTED,
        direct_debit=any(text(one, "TypeCode") in _DIRECT_DEBIT for one in means),  # BT-81
        po_number=xml.first(agreed, "BuyerOrderReferencedDocument/IssuerAssignedID", "BuyerOrderReferencedDocument/ID"),
        description=xml.shortened(
            texts(deal, "IncludedSupplyChainTradeLineItem/SpecifiedTradeProduct/Name"), more=deal.more
        ),
        document=xml.one_pdf(_pdfs(agreed)),
    )


def _currency(settled: Node, sums: Node) -> str:
    """BT-5, else the currency of the amount to be paid; the two may not differ."""
    of_amounts = [xml.clean(one.get("currencyID")) for one in sums.findall("DuePayableAmount")]
    of_amount = next(filter(None, of_amounts), "")
    stated = text(settled, "InvoiceCurrencyCode")
    if stated and of_amount and stated.upper() != of_amount.upper():
        raise UnusableError("einvoice_two_currencies", value=of_amount, first=stated[:20], second=of_amount[:20])
    return xml.currency_in(stated or of_amount)


def _day_text(parent: Node, name: str) -> str:
    return xml.first(parent, f"{name}/DateTimeString", f"{name}/DateTime", name)


def _accounts(means: Sequence[Node]) -> tuple[str, ...]:
    path = "PayeePartyCreditorFinancialAccount"
    found = (xml.first(one, f"{path}/IBANID", f"{path}/ProprietaryID") for one in means)
    return tuple(dict.fromkeys(filter(None, found)))


def _party(party: Node | None) -> Party:
    """BG-4 or BG-7."""
    if party is None:
        return Party("")
    names = (text(party, "Name"), text(party, "SpecifiedLegalOrganization/TradingBusinessName"))
    named = tuple(dict.fromkeys(filter(None, names)))
    address = party.find("PostalTradeAddress")
    country = xml.country(text(address, "CountryID"))
    registered = party.findall("SpecifiedTaxRegistration/ID")
    ordered = sorted(registered, key=lambda one: one.get("schemeID") != "VA")
    others = (*texts(party, "SpecifiedLegalOrganization/ID"), *texts(party, "ID"))
    contact = party.find("DefinedTradeContact")
    return Party(
        name=named[0] if named else "",
        other_names=named[1:],
        tax_ids=tax_numbers([xml.clean(one.text) for one in ordered], others, country),
        address=_address(address),
        country=country,
        contact=text(contact, "PersonName"),
        email=text(contact, "EmailURIUniversalCommunication/URIID")
        or text(contact, "EmailURIUniversalCommunication/CompleteNumber"),
        electronic_address=_electronic_address(party),
        phone=text(contact, "TelephoneUniversalCommunication/CompleteNumber"),
    )


def _electronic_address(party: Node) -> str:
    """BT-49 where it is an email address (EAS code EM)."""
    for one in party.findall("URIUniversalCommunication/URIID"):
        if one.get("schemeID") == "EM" and "@" in (one.text or ""):
            return xml.clean(one.text)
    return ""


def _address(address: Node | None) -> str:
    town = " ".join(filter(None, (text(address, "PostcodeCode"), text(address, "CityName"))))
    parts = (*(text(address, f"Line{n}") for n in ("One", "Two", "Three")), town)
    return "\n".join(filter(None, (*parts, text(address, "CountrySubDivisionName"))))


def _instalments(terms: Sequence[Node], currency: str) -> tuple[Instalment, ...]:
    """Terms that each state a part of the sum and its day."""
    parts = [
        (xml.money(text(one, "PartialPaymentAmount"), currency, "PartialPaymentAmount"), one)
        for one in terms
        if one.find("ApplicableTradePaymentDiscountTerms") is None
    ]
    days = [_day_text(one, "DueDateDateTime") for _, one in parts]
    if len(parts) < 2 or not all(days) or any(amount is None for amount, _ in parts):
        return ()
    dated = zip(parts, days, strict=True)
    return tuple(Instalment(xml.day(day, "DueDateDateTime"), amount or Decimal(0)) for (amount, _), day in dated)


def _discounts(terms: Sequence[Node]) -> Iterator[EarlyPayment]:
    for one in terms:
        for offered in one.findall("ApplicableTradePaymentDiscountTerms"):
            percent = xml.number_in(text(offered, "CalculationPercent"), "CalculationPercent")
            measure = offered.find("BasisPeriodMeasure")
            days = "" if measure is None else xml.clean(measure.text)
            if percent and measure is not None and measure.get("unitCode", "DAY") == "DAY" and days.isdigit():
                basis = xml.number_in(text(offered, "BasisAmount"), "BasisAmount")
                yield EarlyPayment(percent, None, int(days[:3]), basis)


def _pdfs(agreed: Node) -> Iterator[bytes]:
    """The PDFs among the documents attached (BG-24)."""
    for one in agreed.findall("AdditionalReferencedDocument/AttachmentBinaryObject"):
        yield xml.pdf_in(one.text)
