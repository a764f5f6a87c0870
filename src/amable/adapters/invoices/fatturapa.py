"""Reads Italian FatturaPA (FPA12, FPR12, FSM10 and the versions before): one header, one invoice a body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from amable.adapters import xml_documents as xml
from amable.adapters.xml_documents import Node, UnusableError, text, texts
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import EarlyPayment, Instalment, Invoice, Party

_ROOTS: Final = ("FatturaElettronica", "FatturaElettronicaSemplificata")
_LINES: Final = frozenset(("DettaglioLinee",))
_CREDIT_NOTES: Final = ("TD04", "TD08")
_IN_FULL: Final = "TP02"
# RID, direct debits and SEPA direct debits among the ways of paying.
_DIRECT_DEBIT: Final = frozenset(("MP09", "MP10", "MP11", "MP16", "MP17", "MP19", "MP20", "MP21"))


class FatturaPa:
    """The reader of FatturaPA."""

    def recognises(self, data: bytes) -> bool:
        """Whether the root is that of a FatturaPA, in any of its namespaces."""
        root = xml.root_of(data)
        return root is not None and root.name in _ROOTS

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
    seller = _party(root.find("FatturaElettronicaHeader/CedentePrestatore"))
    buyer = _party(root.find("FatturaElettronicaHeader/CessionarioCommittente"))
    bodies = root.findall("FatturaElettronicaBody")
    for place, body in enumerate(bodies, 1):
        try:
            invoice = _invoice(body, seller, buyer)
            yield replace(invoice, at=place) if len(bodies) > 1 else invoice
        except UnusableError as unusable:
            yield replace(unusable.complaint, line=place) if len(bodies) > 1 else unusable.complaint


def _invoice(body: Node, seller: Party, buyer: Party) -> Invoice:
    head = body.find("DatiGenerali/DatiGeneraliDocumento")
    number = text(head, "Numero")
    if not number:
        raise UnusableError("einvoice_no_number")
    currency = xml.currency_in(text(head, "Divisa"))
    total = xml.money(text(head, "ImportoTotaleDocumento"), currency, "ImportoTotaleDocumento")
    parts = list(_parts(body, currency, total))
    paid = [part for part, _ in parts]
    due = {part.due_date for part in paid}
    details = [detail for _, detail in parts]
    days = {text(detail, "GiorniTerminiPagamento") for detail in details} - {""}
    starts = {text(detail, "DataRiferimentoTerminiPagamento") for detail in details} - {""}
    dated = len(paid) > 1 and None not in due and len(due) > 1
    return Invoice(
        kind="credit_note" if text(head, "TipoDocumento") in _CREDIT_NOTES else "invoice",
        number=number,
        issue_date=xml.day(text(head, "Data"), "Data"),
        currency=currency,
        total=total,
        payable=sum((part.amount for part in paid), Decimal(0)) if paid else None,
        seller=seller,
        buyer=buyer,
        due_date=next(iter(due)) if len(due) == 1 else None,
        term_days=_whole(next(iter(days))) if len(days) == 1 else None,
        term_start=xml.day(next(iter(starts)), "DataRiferimentoTerminiPagamento") if len(starts) == 1 else None,
        notes=texts(head, "Causale"),
        instalments=tuple(paid) if dated else (),
        early_payment=tuple(_discounts(details, currency)),
        accounts=texts(body, "DatiPagamento/DettaglioPagamento/IBAN"),
        payment_references=texts(body, "DatiPagamento/DettaglioPagamento/CodicePagamento"),
        preceding=texts(body, "DatiGenerali/DatiFattureCollegate/IdDocumento"),
        direct_debit=any(text(detail, "ModalitaPagamento") in _DIRECT_DEBIT for detail in details),
        po_number=text(body, "DatiGenerali/DatiOrdineAcquisto/IdDocumento"),
        description=xml.shortened(
            texts(body, "DatiBeniServizi/DettaglioLinee/Descrizione") or texts(body, "DatiBeniServizi/Descrizione"),
            more=any(goods.more for goods in body.findall("DatiBeniServizi")),
        ),
        document=xml.one_pdf(xml.pdf_in(one.text) for one in body.findall("Allegati/Attachment")),
    )


def _parts(body: Node, currency: str, total: Decimal | None) -> Iterator[tuple[Instalment, Node]]:
    """The payments asked for. Ways of paying the same whole sum (TP02, each for the total) are one payment."""
    for block in body.findall("DatiPagamento"):
        details = []
        for detail in block.findall("DettaglioPagamento"):
            amount = xml.money(text(detail, "ImportoPagamento"), currency, "ImportoPagamento")
            day = xml.day(text(detail, "DataScadenzaPagamento"), "DataScadenzaPagamento")
            if amount is not None:
                details.append((Instalment(day, amount), detail))
        choice = text(block, "CondizioniPagamento") == _IN_FULL and {part for part, _ in details}
        yield from details[:1] if choice and len(choice) == 1 and details[0][0].amount == total else details


def _whole(written: str) -> int | None:
    """GiorniTerminiPagamento; a zero is what programs write when they have nothing to say."""
    return int(written) if written.isascii() and written.isdigit() and 0 < int(written[:4]) <= 999 else None


def _discounts(details: list[Node], currency: str) -> Iterator[EarlyPayment]:
    """A discount stated as an amount is said in percent where that is exact."""
    for detail in details:
        off = xml.money(text(detail, "ScontoPagamentoAnticipato"), currency, "ScontoPagamentoAnticipato")
        until: date | None = xml.day(text(detail, "DataLimitePagamentoAnticipato"), "DataLimitePagamentoAnticipato")
        amount = xml.money(text(detail, "ImportoPagamento"), currency, "ImportoPagamento")
        if off and until and amount and 0 < off < amount:
            percent = off * 100 / amount
            if percent == round(percent, 2):
                yield EarlyPayment(percent, until)


def _party(party: Node | None) -> Party:
    if party is None:
        return Party("")
    facts = party.find("DatiAnagrafici")
    if facts is None:
        facts = party.find("IdentificativiFiscali")
    scope = party if facts is None else facts
    named = scope.find("Anagrafica")
    if named is None:
        named = party.find("AltriDatiIdentificativi")
    if named is None:
        named = party  # the simplified invoice writes the seller's name here
    own = " ".join(filter(None, (text(named, "Nome"), text(named, "Cognome"))))
    vat = _numbered(text(scope, "IdFiscaleIVA/IdPaese"), text(scope, "IdFiscaleIVA/IdCodice"))
    seat = party.find("Sede")
    if seat is None:
        seat = party.find("AltriDatiIdentificativi/Sede")
    street = " ".join(filter(None, (text(seat, "Indirizzo"), text(seat, "NumeroCivico"))))
    town = " ".join(filter(None, (text(seat, "CAP"), text(seat, "Comune"), text(seat, "Provincia"))))
    return Party(
        name=text(named, "Denominazione") or own,
        tax_ids=tuple(dict.fromkeys(filter(None, (vat, text(scope, "CodiceFiscale"))))),
        address="\n".join(filter(None, (street, town))),
        country=xml.country(text(seat, "Nazione")),
        email=text(party, "Contatti/Email"),
        phone=text(party, "Contatti/Telefono"),
    )


def _numbered(country: str, number: str) -> str:
    """A number with its country, which some programs write in both fields."""
    return number if number.upper().startswith(country.upper()) else f"{country}{number}"
