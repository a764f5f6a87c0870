"""Makes items of what e-invoices say, for one creditor: whose they are, what is owed, by when, and nothing twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from amable.core import payment_terms
from amable.core.customer_keys import fold_tax_id, read_name
from amable.core.money import Money, to_minor
from amable.core.payment_terms import Discount, Terms
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Instalment, Invoice, ItemRecord, Party
from amable.work.reading import Document, Input

if TYPE_CHECKING:
    from amable.organisation.models import Creditor

_OFFERED_TERMS: Final = (30, 14, 60, 0)  # days to choose from where neither invoice nor creditor say any
_LISTED: Final = 6
_WORD_BEHIND: Final = re.compile(r"(?:MVA|MWST|TVA|IVA|VAT)$")  # Norway and Switzerland write a word behind


class Whose(NamedTuple):
    """What is known of the creditor: its names and tax id, and the days its customers have when nothing is agreed."""

    names: tuple[str, ...] = ()
    tax_id: str = ""
    terms: int | None = None

    @classmethod
    def of(cls, creditor: Creditor, given: Input) -> Whose:
        """The creditor as it is known, its terms as a map may say them for these files.

        Nothing is known of one that stands in for a creditor nobody described.
        """
        terms = creditor.terms if given.terms is None else given.terms
        if creditor.placeholder:
            return cls(terms=terms)
        names = tuple(dict.fromkeys(filter(None, (creditor.legal_name, creditor.name))))
        return cls(names, creditor.tax_id, terms)


class Due(NamedTuple):
    """When an invoice falls due, and how that is known: `stated`, `words`, `days`, `default`, `issue`."""

    day: date | None
    how: str
    words: str = ""
    days: int = 0


def make_items(creditor: Creditor, given: Input) -> None:
    """Add a record for each e-invoice that was read, or a complaint saying why there is none.

    What e-invoices do not name is not missing: only ledgers can be complete.
    """
    if not given.ledgers:
        given.whole = False
    if not given.invoices:
        return
    whose = Whose.of(creditor, given)
    asked = False
    for document in chosen(given, whose):
        made, said = items(document, whose)
        if any(one.answers for one in said):
            said = [one for one in said if not one.answers or not asked]
            asked = True
        given.complaints += [(document.file, one) for one in said]
        if made and document.picture:
            digest = sha256(document.picture).hexdigest()
            given.originals[digest] = document.picture
            made = [replace(one, original=digest, columns=one.columns | {"pdf"}) for one in made]
        given.records += [(document.file, one) for one in made]
    given.invoices = []


def chosen(given: Input, whose: Whose) -> list[Document]:
    """The e-invoices the creditor issued, each once; of the others is said why they are left out."""
    return _without_twins(_of_creditor(given.invoices, whose, given), given)


# --- whose they are --------------------------------------------------------------------------------------------------


def _of_creditor(documents: Sequence[Document], whose: Whose, given: Input) -> list[Document]:
    """Those the creditor issued. Where nobody said who the creditor is, all must be of one seller."""
    if not whose.names and not whose.tax_id:
        sellers = {
            _identity(one.invoice.seller): one.invoice.seller.name or one.invoice.seller.tax_id for one in documents
        }
        if len(sellers) == 1:
            return list(documents)
        told = ", ".join(sorted(filter(None, sellers.values()))[:_LISTED])
        given.complaints += [
            (one.file, _about(one.invoice, "sellers_several", seller=one.invoice.seller.name, sellers=told))
            for one in documents
        ]
        return []
    ours = []
    for one in documents:
        refused = seller_refused(one.invoice, whose)
        if refused is None:
            ours.append(one)
        else:
            given.complaints.append((one.file, refused))
    return ours


def seller_refused(invoice: Invoice, whose: Whose) -> Complaint | None:
    """Why an invoice is not the creditor's own, by tax id where both state one, else by name; None when it is."""
    if _is(invoice.seller, whose):
        return None
    seller, buyer = invoice.seller, invoice.buyer
    ours = ", ".join(filter(None, (whose.names[0] if whose.names else "", whose.tax_id)))
    theirs = ", ".join(filter(None, (seller.name, seller.tax_id))) or "?"
    rule = "invoice_received" if _is(buyer, whose) else "seller_other"
    return _about(invoice, rule, seller=theirs, creditor=ours)


def _is(party: Party, whose: Whose) -> bool:
    if whose.tax_id and party.tax_ids:
        return _bare(whose.tax_id) in {_bare(number) for number in party.tax_ids}
    names = [read_name(name) for name in (party.name, *party.other_names) if name]
    ours = [read_name(name) for name in whose.names]
    return any(
        one.turned == other.turned and (one.form == other.form or not (one.form and other.form))
        for one in names
        for other in ours
    )


def _bare(number: str) -> str:
    """A tax id without signs and without the country written before it."""
    folded = fold_tax_id(number)
    bare = folded[2:] if len(folded) > 6 and folded[:2].isalpha() else folded
    return _WORD_BEHIND.sub("", bare) or bare


def _identity(seller: Party) -> str:
    return _bare(seller.tax_id) if seller.tax_id else " ".join(read_name(seller.name).turned)


# --- nothing twice ---------------------------------------------------------------------------------------------------


def _without_twins(documents: Iterable[Document], given: Input) -> list[Document]:
    """Each invoice once: the same in two syntaxes or two files is one, two that contradict each other are none."""
    groups: dict[tuple[object, ...], list[Document]] = defaultdict(list)
    for one in documents:
        buyer = one.invoice.buyer
        whom = _bare(buyer.tax_id) if buyer.tax_id else read_name(buyer.name).turned
        groups[one.invoice.kind, one.invoice.number, one.invoice.issue_date, whom].append(one)
    kept = []
    for group in groups.values():
        first, *others = group
        if len({(_owed(one.invoice), one.invoice.currency) for one in group}) > 1:
            files = ", ".join(one.file for one in group[:_LISTED])
            given.complaints += [(one.file, _about(one.invoice, "einvoice_contradicts", files=files)) for one in group]
            continue
        given.complaints += [
            (one.file, replace(_about(one.invoice, "einvoice_twice", other=first.file), item="", notice=True))
            for one in others
        ]
        pictured = next((one.picture for one in group if one.picture), b"")
        kept.append(first._replace(picture=first.picture or pictured))
    return kept


# --- what is owed, and by when ---------------------------------------------------------------------------------------


def items(document: Document, whose: Whose) -> tuple[list[ItemRecord], list[Complaint]]:
    """The items of one invoice, one an instalment, and what is to be said about it; none when nothing is owed."""
    invoice = document.invoice
    terms = payment_terms.read(invoice.terms, invoice.issue_date, notes=invoice.notes)
    refused = _unusable(invoice, terms)
    if refused is not None:
        return [], [refused]
    offered = _discounts(invoice, terms)
    said = list(_notices(invoice, terms, offered))
    owed = _owed(invoice)
    assert owed is not None, "checked above"
    due = due_of(invoice, terms, whose.terms)
    if not owed:
        return [], [*said, _notice(invoice, "einvoice_zero")]
    if due.day is None:
        return [], [*said, _asks_terms(invoice)]
    if due.how in ("words", "days", "default"):
        said.append(_notice(invoice, f"einvoice_due_{due.how}", due=due.day, words=due.words[:120], n=due.days))
    if owed < 0:
        amount = Money(to_minor(-owed, invoice.currency), invoice.currency)
        if invoice.kind == "invoice":
            said.append(_notice(invoice, "einvoice_negative", amount=amount))
    record = _record(invoice, due, owed, offered)
    return _split(record, invoice, owed), said


def due_of(invoice: Invoice, terms: Terms, default: int | None) -> Due:
    """The day an invoice falls due: stated, worked out from its terms, or by the creditor's default terms.

    A credit note is not asked for: it counts from its own day.
    """
    if invoice.due_date is not None:
        return Due(invoice.due_date, "stated")
    stated = [part.due_date for part in invoice.instalments if part.due_date is not None]
    if invoice.instalments and len(stated) == len(invoice.instalments):
        return Due(max(stated), "stated")
    start = invoice.term_start or invoice.issue_date
    if invoice.term_days is not None and start is not None and invoice.term_days <= payment_terms.LONGEST:
        return Due(payment_terms.due_after(start, invoice.term_days), "days", days=invoice.term_days)
    if terms.due is not None:
        return Due(terms.due, "words", terms.words)
    owed = _owed(invoice)
    if invoice.issue_date is not None and owed is not None and owed <= 0:
        return Due(invoice.issue_date, "issue")
    if default is not None and invoice.issue_date is not None:
        return Due(payment_terms.due_after(invoice.issue_date, default), "default", days=default)
    return Due(None, "")


def _owed(invoice: Invoice) -> Decimal | None:
    """What the customer owes by it, signed: a credit note lowers the balance whichever sign its syntax writes."""
    amount = printed(invoice)
    return -abs(amount) if amount is not None and invoice.kind == "credit_note" else amount


def _unusable(invoice: Invoice, terms: Terms) -> Complaint | None:
    if not (invoice.buyer.name or invoice.buyer.tax_id):
        return _about(invoice, "einvoice_no_buyer")
    if invoice.issue_date is None:
        return _about(invoice, "einvoice_no_date")
    owed = _owed(invoice)
    if owed is None:
        return _about(invoice, "einvoice_no_amount")
    if terms.paid and owed > 0:
        amount = Money(to_minor(owed, invoice.currency), invoice.currency)
        return _about(invoice, "einvoice_says_paid", amount=amount)
    if invoice.instalments and sum(part.amount for part in invoice.instalments) != printed(invoice):
        together = sum((part.amount for part in invoice.instalments), Decimal(0))
        sums = {"parts": _money(together, invoice), "amount": _money(printed(invoice), invoice)}
        return _about(invoice, "einvoice_instalments", **sums)
    return None


def printed(invoice: Invoice) -> Decimal | None:
    """What is to be paid, with the sign that is printed; where only the total is stated, what follows from it."""
    if invoice.payable is not None or invoice.total is None:
        return invoice.payable
    return invoice.total - (invoice.prepaid or 0)


def _money(amount: Decimal | None, invoice: Invoice) -> Money:
    return Money(to_minor(amount or Decimal(0), invoice.currency), invoice.currency)


def _notices(invoice: Invoice, terms: Terms, offered: Sequence[Discount]) -> Iterable[Complaint]:
    if invoice.payable is None and invoice.total is not None:
        yield _notice(invoice, "einvoice_payable_from_total", amount=_money(printed(invoice), invoice))
    if invoice.kind == "credit_note" and not invoice.signed and (printed(invoice) or 0) < 0:
        yield _notice(invoice, "einvoice_credit_signed", amount=_money(printed(invoice), invoice))
    if invoice.replaces and invoice.preceding:
        yield replace(_about(invoice, "einvoice_replaces", other=", ".join(invoice.preceding[:_LISTED])), item="")
    if terms.unclear and invoice.due_date is None and not invoice.instalments:
        yield _notice(invoice, "einvoice_terms_unclear", words=invoice.terms.replace("\n", " ")[:120])
    if invoice.attachment_too_large:
        yield _notice(invoice, "einvoice_attachment_large")
    usable = [one for one in offered if _expressible(one, invoice)]
    if len(offered) > len(usable[:1]):
        yield _notice(invoice, "einvoice_discounts", n=len(offered))


def _discounts(invoice: Invoice, terms: Terms) -> list[Discount]:
    """What is offered for paying early: as fields where there are any, else in words."""
    offered = []
    for one in invoice.early_payment:
        until = one.until
        if until is None and one.days is not None and invoice.issue_date is not None:
            until = payment_terms.due_after(invoice.issue_date, one.days)
        if until is not None and 0 < one.percent < 100 and (invoice.issue_date is None or until >= invoice.issue_date):
            offered.append(Discount(one.percent, until, one.basis))
    return list(dict.fromkeys(offered or terms.discounts))


def _expressible(offered: Discount, invoice: Invoice) -> bool:
    """Whether the discount is a percentage of the whole sum, to two decimals."""
    owed = printed(invoice) or Decimal(0)
    return owed > 0 and offered.basis in (None, owed) and offered.percent == round(offered.percent, 2)


def _record(invoice: Invoice, due: Due, owed: Decimal, offered: Sequence[Discount]) -> ItemRecord:
    """The item, speaking only of what the invoice says: what it leaves out stays as it is known.

    Its total is what is to be paid: what was paid before it was issued, or is withheld as tax, is no part of the claim.
    """
    buyer = invoice.buyer
    usable = next((one for one in offered if _expressible(one, invoice)), None)
    facts: dict[str, Any] = {
        "customer_name": buyer.name or buyer.tax_id,
        "invoice_number": invoice.number,
        "due_date": due.day,
        "total": owed,
        "open_amount": owed,
        "contact_name": buyer.contact,
        "email": buyer.email or buyer.electronic_address,
        "phone": buyer.phone,
        "address": buyer.address,
        "country": buyer.country,
        "tax_id": buyer.tax_id,
        "payment_method": "direct debit" if invoice.direct_debit else "",
        "applies_to": ", ".join(invoice.preceding),
        "po_number": invoice.po_number,
        "payment_reference": next(iter(dict.fromkeys(invoice.payment_references)), ""),
        "description": invoice.description,
        "issue_date": invoice.issue_date,
        "currency": invoice.currency,
        "discount_percent": usable.percent if usable else None,
        "discount_until": usable.until if usable else None,
    }
    told = frozenset(name for name, value in facts.items() if value not in ("", None))
    return ItemRecord(
        line=invoice.at or 1, customer_id="", terms_days=None, columns=told | {"invoice_number"}, once=True, **facts
    )


def _split(record: ItemRecord, invoice: Invoice, owed: Decimal) -> list[ItemRecord]:
    """One item an instalment; the discount for paying early is of the whole and stays with none of several."""
    if len(invoice.instalments) < 2:
        return [record]
    sign = -1 if owed < 0 < (printed(invoice) or 0) else 1
    own = invoice.payment_references if len(invoice.payment_references) == len(invoice.instalments) else ()

    def part(place: int, one: Instalment) -> ItemRecord:
        return replace(
            record, instalment=f"{place}/{len(invoice.instalments)}", due_date=one.due_date or record.due_date,
            total=sign * one.amount, open_amount=sign * one.amount, discount_percent=None, discount_until=None,
            columns=(record.columns | {"instalment"}) - {"discount_percent", "discount_until"},
            payment_reference=own[place - 1] if own else record.payment_reference,
        )  # fmt: skip

    return [part(place, one) for place, one in enumerate(invoice.instalments, 1) if one.amount]


def _asks_terms(invoice: Invoice) -> Complaint:
    answers = tuple(f"terms: {days} days" for days in _OFFERED_TERMS)
    return replace(_about(invoice, "einvoice_terms_wanted"), answers=answers)


def _about(invoice: Invoice, rule: str, **params: object) -> Complaint:
    shown: Mapping[str, object] = {"number": invoice.number, **params}
    return Complaint(rule, invoice.at, "", "", dict(shown), item=invoice.number)


def _notice(invoice: Invoice, rule: str, **params: object) -> Complaint:
    return replace(_about(invoice, rule, **params), item="", notice=True)
