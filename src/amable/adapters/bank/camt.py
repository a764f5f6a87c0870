"""Reads ISO 20022 account statements: camt.052, camt.053 and camt.054, in every version seen from banks.

It reads the file as banks write it, not as the schema would have it: any namespace or prefix, envelopes around the
message, charges kept back, returns whose parties are turned round, amounts in several places of which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Final

from lxml import etree

from amable.adapters.movements import (
    UnusableError,
    clean,
    compact,
    kind,
    reference,
    refuse_many,
    refuse_too_much,
    with_text,
    within_limits,
)
from amable.adapters.xml_pieces import SAFE, Pieces, TooMuchError
from amable.core import strange_xml
from amable.core.money import Money, TooPreciseError, from_minor, known, to_minor
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

_LOOKS_LIKE_CAMT: Final = re.compile(rb"camt\.05[234]\b|<(?:\w+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\b")
_HEAD: Final = 16_384
_MESSAGES: Final = ("BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn")
_STATEMENTS: Final = ("Stmt", "Rpt", "Ntfctn")

# ISO 20022 ExternalEntryStatus1Code: what the bank has not booked yet, or only tells.
_NOT_BOOKED: Final = {"PDNG", "INFO", "FUTR"}
# ISO 20022 bank transaction sub-families: reversals because of a return, an unpaid direct debit or a cancelled payment.
_RETURNED: Final = {"UPDD", "PRDD", "RCDD", "RRTN", "RPCR", "UPCQ", "UPCT", "CQRV"}
_BANK_FEES: Final = {"CHRG", "FEES", "COMM", "COME", "COMI", "COMT"}
# Where a payment inside an entry may say its amount, the surest place first.
_PAYMENT_AMOUNTS: Final = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")

_AMOUNT: Final = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,17})?")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*|Z|[+-]\d{2}:\d{2})?", re.ASCII)


class Camt:
    """The reader of camt.052 (report), camt.053 (statement) and camt.054 (notification)."""

    def recognises(self, data: bytes) -> bool:
        """Whether the head of the file names a camt.05x message, in any encoding that keeps ASCII (UTF-16 too)."""
        return _LOOKS_LIKE_CAMT.search(data[:_HEAD].replace(b"\0", b"")) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statements of the file and a complaint for each entry left out; one complaint for a file of no use."""
        try:
            return within_limits(_read_all(data))
        except UnusableError as unusable:
            return [unusable.complaint]


def _elements(data: bytes) -> Iterator[tuple[str, etree._Element]]:
    """The marks at which something is to be done, each when it ends: entries, statements, messages; a message also
    when it begins. What was read is let go, so that the tree never holds more than one entry.

    Raises UnusableError for what is not XML, carries a document type (the door of entity bombs and of reading other
    files) or is no camt message.
    """
    if strange_xml.names_a_type(data):
        raise UnusableError(Complaint("bank_doctype"))
    refuse_many(data, b"Ntry>", b"Ntry/>", b"Stmt>", b"Stmt/>")
    pieces = Pieces(data, (*_MESSAGES, *_STATEMENTS, "Ntry"), ("start", "end"))
    try:
        for event, element in pieces:
            if event == "start" and _name(element) not in _MESSAGES:
                continue
            if element.getroottree().docinfo.internalDTD is not None:  # in an encoding the search above cannot see
                raise UnusableError(Complaint("bank_doctype"))
            yield event, element
    except etree.XMLSyntaxError as error:
        raise UnusableError(Complaint("bank_xml", params={"at": error.lineno or 1})) from error
    except TooMuchError as error:
        raise UnusableError(Complaint("bank_too_much")) from error
    if pieces.root is not None and pieces.root.getroottree().docinfo.internalDTD is not None:
        raise UnusableError(Complaint("bank_doctype"))


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _plain(element: etree._Element) -> None:
    """Take the namespaces off what stands in an element: banks write any."""
    for inner in element.iter():
        inner.tag = _name(inner)


def _payments(entry: etree._Element) -> list[etree._Element]:
    return entry.findall("NtryDtls/TxDtls")


@dataclass(slots=True)
class _Report:
    """A statement or report while its entries are read."""

    account: str
    currency: str = ""
    lines: list[StatementLine] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    waiting: int = 0
    unusable: int = 0


def _read_all(data: bytes) -> Iterator[Statement | Complaint]:
    report: _Report | None = None
    number, messages, statements, root = 0, 0, 0, ""
    for event, element in _elements(data):
        name, parent = _name(element), element.getparent()
        if event == "start":
            messages += 1
        elif name == "Ntry" and parent is not None and _name(parent) in _STATEMENTS:
            number += 1
            report = report or _Report(_account(parent))
            _plain(element)
            _add(report, element, number)
            _let_go(element)
        elif name in _STATEMENTS and parent is not None and _name(parent) in _MESSAGES:
            statements += 1
            _plain(element)
            report = report or _Report("")
            report.account = _account(element)
            if report.waiting:
                report.complaints.append(Complaint("bank_not_booked", params={"n": report.waiting}))
            yield _statement(element, report)
            yield from report.complaints
            report = None
            _let_go(element)
    if not messages:
        root = _root_name(data)
        raise UnusableError(Complaint("bank_not_camt", value=root))
    if not statements:
        raise UnusableError(Complaint("bank_no_statement"))


def _root_name(data: bytes) -> str:
    for _, element in etree.iterparse(BytesIO(data), events=("start",), **SAFE):
        return clean(_name(element))
    return ""


def _account(statement: etree._Element) -> str:
    """The account of a statement, by IBAN or by number; it stands before the entries."""
    for child in statement:
        if _name(child) == "Acct":
            _plain(child)
            return compact(_text(child, "Id/IBAN") or _text(child, "Id/Othr/Id"))
    return ""


def _let_go(element: etree._Element) -> None:
    """Forget what stands in an element that was read, and the one before it altogether: the parser is past that."""
    element.clear(keep_tail=True)  # type: ignore[call-arg] # the stubs are older
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag and not len(before):
        parent.remove(before)


def _add(report: _Report, entry: etree._Element, number: int) -> None:
    amount = entry.find("Amt")
    report.currency = report.currency or ("" if amount is None else amount.get("Ccy", ""))
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) in _NOT_BOOKED:
        report.waiting += 1
        return
    try:
        report.lines += _lines(entry, report.account, number, report.complaints)
    except UnusableError as unusable:
        report.complaints.append(unusable.complaint)
        report.unusable += 1
    refuse_too_much(len(report.lines), report.unusable)


def _statement(statement: etree._Element, report: _Report) -> Statement:
    """The frame around the lines; a balance that cannot be read is left out and complained of."""
    opening = _balance(statement, ("OPBD", "PRCD"), report.complaints)
    closing = _balance(statement, ("CLBD",), report.complaints)
    currencies = (_text(statement, "Acct/Ccy"), (opening or closing or ("",))[0], report.currency)
    last_booked = max((line.booked_on for line in report.lines), default=None)
    number = next(filter(None, (_text(statement, path) for path in ("LglSeqNb", "ElctrncSeqNb", "Id"))), "")
    return Statement(
        account=report.account,
        currency=next((clean(currency) for currency in currencies if currency), ""),
        number=number,
        lines=tuple(report.lines),
        opening=opening[1] if opening else None,
        closing=closing[1] if closing else None,
        closing_on=(closing[2] if closing else None) or _day(_text(statement, "FrToDt/ToDtTm")) or last_booked,
    )


def _balance(
    statement: etree._Element, kinds: tuple[str, ...], complaints: list[Complaint]
) -> tuple[str, Decimal, date | None] | None:
    """Currency, signed amount and day of the first kind of balance the bank gives."""
    for wanted in kinds:
        for balance in statement.findall("Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") != wanted:
                continue
            try:
                currency, amount = _signed_amount(balance, None)
            except UnusableError as unusable:
                complaints.append(unusable.complaint)
                continue
            return currency, amount, _day(_text(balance, "Dt/Dt") or _text(balance, "Dt/DtTm"))
    return None


def _lines(entry: etree._Element, account: str, number: int, complaints: list[Complaint]) -> list[StatementLine]:
    """One booked entry as its payments and the fee the bank kept back; together they are the entry, to the cent."""
    currency, total = _signed_amount(entry, number)
    booked_on, valued_on = _days(entry, Money(to_minor(total, currency), currency), number)
    payments = _payments(entry) or [etree.Element("TxDtls")]
    amounts, fee = _split(entry, payments, total, currency)
    whole = len(payments) > 1 and not amounts
    if whole:
        complaints.append(
            Complaint(
                "bank_batch", number, params={"n": len(payments), "amount": Money(to_minor(total, currency), currency)}
            )
        )
    lines = [
        _line(entry, payment, account, amount, currency, booked_on, valued_on)
        for payment, amount in zip(payments, amounts or [total] * len(payments), strict=True)
    ]
    if whole:
        return [_together(lines)]
    if len(payments) == 1:
        lines[0] = with_text(lines[0], _text(entry, "AddtlNtryInf"))
    if fee:
        reference = _text(entry, "AcctSvcrRef")
        lines.append(StatementLine(booked_on, fee, currency, "charge", valued_on, bank_reference=reference))
    return lines


def _split(
    entry: etree._Element, payments: list[etree._Element], total: Decimal, currency: str
) -> tuple[list[Decimal], Decimal]:
    """The signed amounts of the payments inside an entry, and the fee kept back; the amounts empty if none add up.

    A payment that arrives less a fee is the whole payment and a fee, when payment and fee add up to the entry: the
    customer paid in full.
    """
    candidates = [
        [amount for amount in (_payment_amount(payment, place, total, currency) for payment in payments) if amount]
        for place in _PAYMENT_AMOUNTS
    ]
    candidates = [amounts for amounts in candidates if len(amounts) == len(payments)]
    for fee in (sum((_fee(payment, currency) for payment in payments), Decimal(0)), _fee(entry, currency)):
        for amounts in candidates:
            if fee < 0 and sum(amounts) + fee == total:
                return amounts, fee
    for amounts in candidates:
        if sum(amounts) == total:
            return amounts, Decimal(0)
    return ([total] if len(payments) == 1 else []), Decimal(0)


def _payment_amount(payment: etree._Element, place: str, total: Decimal, currency: str) -> Decimal | None:
    element = payment.find(place)
    if element is None or element.get("Ccy") != currency:
        return None
    try:
        amount = _amount(element.text, currency, None)
    except UnusableError:
        return None
    direction = _text(payment, "CdtDbtInd") or ("CRDT" if total > 0 else "DBIT")
    return amount if direction == "CRDT" else -amount


def _fee(element: etree._Element, currency: str) -> Decimal:
    """What the bank's charges add (credit) or take (debit, also when it does not say) in this currency."""
    fee = Decimal(0)
    for charges in element.findall("Chrgs"):
        for record in charges.findall("Rcrd") or [charges]:
            amount = record.find("TtlChrgsAndTaxAmt") if record.find("Amt") is None else record.find("Amt")
            if amount is None or amount.get("Ccy") != currency or not _AMOUNT.fullmatch(clean(amount.text)):
                continue
            value = Decimal(clean(amount.text))
            fee += value if _text(record, "CdtDbtInd") == "CRDT" else -value
    return fee


def _line(
    entry: etree._Element,
    payment: etree._Element,
    account: str,
    amount: Decimal,
    currency: str,
    booked_on: date,
    valued_on: date | None,
) -> StatementLine:
    code = _text(payment, "BkTxCd/Domn/Fmly/SubFmlyCd") or _text(entry, "BkTxCd/Domn/Fmly/SubFmlyCd")
    told = payment.find("RtrInf")
    reasons = [] if told is None else [_text(told, place) for place in ("Rsn/Cd", "Rsn/Prtry", "AddtlInf")]
    reason = next(filter(None, reasons), "")
    reversal = _text(entry, "RvslInd") in ("true", "1")
    returned = reversal or told is not None or code in _RETURNED
    name, iban, holder = _other_party(payment, account, money_in=amount > 0, returned=returned)
    references = [clean(ref.text) for ref in payment.findall("RmtInf/Strd/CdtrRefInf/Ref") if clean(ref.text)]
    end_to_end = _text(payment, "Refs/EndToEndId")
    line = StatementLine(
        booked_on=booked_on,
        amount=amount,
        currency=currency,
        kind=kind(amount, returned=returned, charged=code in _BANK_FEES),
        valued_on=valued_on,
        name=name,
        iban=iban,
        reference=references[0] if references else "",
        end_to_end=reference(end_to_end),
        bank_reference=_text(payment, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef"),
        return_reason=reason,
    )
    documents = [clean(nb.text) for nb in payment.findall("RmtInf/Strd/RfrdDocInf/Nb")]
    remarks = [clean(info.text) for info in payment.findall("RmtInf/Strd/AddtlRmtInf")]
    return with_text(
        line,
        clean(" ".join(part.text or "" for part in payment.iterfind("RmtInf/Ustrd"))),
        *references[1:],
        *documents,
        *remarks,
        _text(payment, "AddtlTxInf"),
        holder,
        *(further for further in reasons[2:] if further != reason),
    )


def _other_party(payment: etree._Element, account: str, *, money_in: bool, returned: bool) -> tuple[str, str, str]:
    """Name and IBAN of the other side, and the account holder's name where that is somebody else.

    The roles in a return stay those of the payment that is sent back, though some banks turn them round: our own
    account is never the other side. An ultimate party is the one who owes; the account it pays from may be a payment
    service's.
    """
    parties = payment.find("RltdPties")
    if parties is None:
        return "", "", ""
    side, opposite = ("Dbtr", "Cdtr") if money_in != returned else ("Cdtr", "Dbtr")
    if returned and account and _iban(parties, side) == account:
        side = opposite
    name = _text(parties, f"{side}//Nm")
    meant = _text(parties, f"Ultmt{side}/Nm") or _text(parties, f"Ultmt{side}/Pty/Nm")
    return meant or name, _iban(parties, side), name if meant and meant != name else ""


def _iban(parties: etree._Element, side: str) -> str:
    return compact(parties.findtext(f"{side}Acct/Id/IBAN"))


def _together(lines: list[StatementLine]) -> StatementLine:
    """Payments whose own amounts are not known, as one line of the whole entry; what they do not share stays empty."""

    def shared(values: Iterable[str]) -> str:
        different = set(values)
        return different.pop() if len(different) == 1 else ""

    reference = shared(line.reference for line in lines)
    line = replace(
        lines[0],
        name=shared(line.name for line in lines),
        iban=shared(line.iban for line in lines),
        text="",
        reference=reference,
        end_to_end=shared(line.end_to_end for line in lines),
        bank_reference=shared(line.bank_reference for line in lines),
        return_reason=shared(line.return_reason for line in lines),
    )
    texts = [text for line in lines for text in (line.text, "" if reference else line.reference)]
    return with_text(line, *texts)


def _signed_amount(element: etree._Element, number: int | None) -> tuple[str, Decimal]:
    """Currency and amount of an entry or balance, positive for the account holder's money."""
    amount = element.find("Amt")
    text = clean(amount.text if amount is not None else "")
    currency = clean(amount.get("Ccy") if amount is not None else "")
    if not known(currency):
        raise UnusableError(Complaint("bank_currency", number, "Ccy", currency, {"amount": text, "value": currency}))
    value = _amount(text, currency, number)
    direction = _text(element, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise UnusableError(
            Complaint("bank_direction", number, "CdtDbtInd", direction, {"amount": f"{text} {currency}"})
        )
    return currency, value if direction == "CRDT" else -value


def _amount(text: str | None, currency: str, number: int | None) -> Decimal:
    """The amount with the currency's decimals; zeros beyond them are harmless, other digits are not."""
    text = clean(text)
    if not _AMOUNT.fullmatch(text):
        raise UnusableError(Complaint("bank_not_a_number", number, "Amt", text, {"value": text}))
    try:
        return from_minor(to_minor(Decimal(text), currency), currency)
    except TooPreciseError as error:
        params: dict[str, object] = {"value": text, "currency": currency}
        raise UnusableError(Complaint("bank_precision", number, "Amt", text, params)) from error


def _days(entry: etree._Element, amount: Money, number: int) -> tuple[date, date | None]:
    """Booking and value day; an entry without the first counts from the second, without both it is not used."""
    booked, valued = _text(entry, "BookgDt/*"), _text(entry, "ValDt/*")
    for mark, text in (("BookgDt", booked), ("ValDt", valued)):
        if text and _day(text) is None:
            raise UnusableError(Complaint("bank_date", number, mark, text, {"value": text, "amount": amount}))
    valued_on = _day(valued)
    booked_on = _day(booked) or valued_on
    if booked_on is None:
        raise UnusableError(Complaint("bank_no_date", number, "BookgDt", "", {"amount": amount}))
    return booked_on, valued_on


def _day(text: str) -> date | None:
    """The calendar day of an ISO date or moment, as the bank wrote it: a zone does not move a booking."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:
        return None


def _text(element: etree._Element, path: str) -> str:
    return clean(element.findtext(path))
