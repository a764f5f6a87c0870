"""Reads ISO 20022 account statements: camt.052, camt.053 and camt.054, in every version seen from banks.

It reads the file as banks write it, not as the schema would have it: any namespace or prefix, envelopes around the
message, charges kept back, returns whose parties are turned round, amounts in several places of which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

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


class _UnusableError(Exception):
    """A file or an entry cannot be used; the complaint says why."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.rule)
        self.complaint = complaint


class Camt:
    """The reader of camt.052 (report), camt.053 (statement) and camt.054 (notification)."""

    def recognises(self, data: bytes) -> bool:
        """Whether the head of the file names a camt.05x message, in any encoding that keeps ASCII (UTF-16 too)."""
        return _LOOKS_LIKE_CAMT.search(data[:_HEAD].replace(b"\0", b"")) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statements of the file and a complaint for each entry left out; one complaint for a file of no use."""
        try:
            return list(_read_all(_statements(data)))
        except _UnusableError as unusable:
            return [unusable.complaint]


def _statements(data: bytes) -> list[etree._Element]:
    """The statements and reports of the document, their names without namespaces.

    Raises _UnusableError for what is not XML, carries a document type (the door of entity bombs and of reading other
    files) or is no camt message.
    """
    if b"<!DOCTYPE" in (data.replace(b"\0", b"") if b"\0" in data[:_HEAD] else data):
        raise _UnusableError(Complaint("bank_doctype"))
    root = _parse(data)
    if root.getroottree().docinfo.internalDTD is not None:  # written in an encoding the search above cannot see
        raise _UnusableError(Complaint("bank_doctype"))
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    messages = list(root.iter(*_MESSAGES))  # also when a bank wraps the document in an envelope of its own
    if not messages:
        raise _UnusableError(Complaint("bank_not_camt", value=_clean(root.tag)))
    statements = [child for message in messages for child in message if child.tag in _STATEMENTS]
    if not statements:
        raise _UnusableError(Complaint("bank_no_statement"))
    return statements


def _parse(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise _UnusableError(Complaint("bank_xml", params={"at": line})) from error


def _payments(entry: etree._Element) -> list[etree._Element]:
    return entry.findall("NtryDtls/TxDtls")


def _read_all(statements: Iterable[etree._Element]) -> Iterator[Statement | Complaint]:
    number = 0
    for statement in statements:
        lines: list[StatementLine] = []
        complaints: list[Complaint] = []
        waiting = 0
        account = _compact(_text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id"))
        for entry in statement.iterfind("Ntry"):
            number += 1
            if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) in _NOT_BOOKED:
                waiting += 1
                continue
            try:
                lines += _lines(entry, account, number, complaints)
            except _UnusableError as unusable:
                complaints.append(unusable.complaint)
        if waiting:
            complaints.append(Complaint("bank_not_booked", params={"n": waiting}))
        yield _statement(statement, account, lines, complaints)
        yield from complaints


def _statement(
    statement: etree._Element, account: str, lines: list[StatementLine], complaints: list[Complaint]
) -> Statement:
    """The frame around the lines; a balance that cannot be read is left out and complained of."""
    opening = _balance(statement, ("OPBD", "PRCD"), complaints)
    closing = _balance(statement, ("CLBD",), complaints)
    first_amount = statement.find("Ntry/Amt")
    currencies = (
        _text(statement, "Acct/Ccy"),
        (opening or closing or ("",))[0],
        "" if first_amount is None else first_amount.get("Ccy"),
    )
    last_booked = max((line.booked_on for line in lines), default=None)
    number = next(filter(None, (_text(statement, path) for path in ("LglSeqNb", "ElctrncSeqNb", "Id"))), "")
    return Statement(
        account=account,
        currency=next((_clean(currency) for currency in currencies if currency), ""),
        number=number,
        lines=tuple(lines),
        opening=opening[1] if opening else None,
        closing=closing[1] if closing else None,
        closing_on=(closing[2] if closing else None) or _day(_text(statement, "FrToDt/ToDtTm")) or last_booked,
    )


def _balance(
    statement: etree._Element, kinds: tuple[str, ...], complaints: list[Complaint]
) -> tuple[str, Decimal, date | None] | None:
    """Currency, signed amount and day of the first kind of balance the bank gives."""
    for kind in kinds:
        for balance in statement.findall("Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") != kind:
                continue
            try:
                currency, amount = _signed_amount(balance, None)
            except _UnusableError as unusable:
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
        lines[0] = _with_text(lines[0], _text(entry, "AddtlNtryInf"))
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
    except _UnusableError:
        return None
    direction = _text(payment, "CdtDbtInd") or ("CRDT" if total > 0 else "DBIT")
    return amount if direction == "CRDT" else -amount


def _fee(element: etree._Element, currency: str) -> Decimal:
    """What the bank's charges add (credit) or take (debit, also when it does not say) in this currency."""
    fee = Decimal(0)
    for charges in element.findall("Chrgs"):
        for record in charges.findall("Rcrd") or [charges]:
            amount = record.find("TtlChrgsAndTaxAmt") if record.find("Amt") is None else record.find("Amt")
            if amount is None or amount.get("Ccy") != currency or not _AMOUNT.fullmatch(_clean(amount.text)):
                continue
            value = Decimal(_clean(amount.text))
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
    references = [_clean(ref.text) for ref in payment.findall("RmtInf/Strd/CdtrRefInf/Ref") if _clean(ref.text)]
    end_to_end = _text(payment, "Refs/EndToEndId")
    line = StatementLine(
        booked_on=booked_on,
        amount=amount,
        currency=currency,
        kind=_kind(amount, code, returned=returned),
        valued_on=valued_on,
        name=name,
        iban=iban,
        reference=references[0] if references else "",
        end_to_end="" if end_to_end.upper().replace(" ", "") == "NOTPROVIDED" else end_to_end,
        bank_reference=_text(payment, "Refs/AcctSvcrRef") or _text(entry, "AcctSvcrRef"),
        return_reason=reason,
    )
    documents = [_clean(nb.text) for nb in payment.findall("RmtInf/Strd/RfrdDocInf/Nb")]
    remarks = [_clean(info.text) for info in payment.findall("RmtInf/Strd/AddtlRmtInf")]
    return _with_text(
        line,
        _clean(" ".join(part.text or "" for part in payment.iterfind("RmtInf/Ustrd"))),
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
    return _compact(parties.findtext(f"{side}Acct/Id/IBAN"))


def _kind(amount: Decimal, code: str, *, returned: bool) -> str:
    if returned:
        return "return"
    if amount >= 0:
        return "payment"
    return "charge" if code in _BANK_FEES else "debit"


def _with_text(line: StatementLine, *texts: str) -> StatementLine:
    """The line with these texts after its own; what is said already, word for word, is not said again."""
    said = line.text
    for text in texts:
        if text and f" {text} " not in f" {said} ":
            said = f"{said} {text}".strip()
    return replace(line, text=said)


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
    return _with_text(line, *texts)


def _signed_amount(element: etree._Element, number: int | None) -> tuple[str, Decimal]:
    """Currency and amount of an entry or balance, positive for the account holder's money."""
    amount = element.find("Amt")
    text = _clean(amount.text if amount is not None else "")
    currency = _clean(amount.get("Ccy") if amount is not None else "")
    if not known(currency):
        raise _UnusableError(Complaint("bank_currency", number, "Ccy", currency, {"amount": text, "value": currency}))
    value = _amount(text, currency, number)
    direction = _text(element, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise _UnusableError(
            Complaint("bank_direction", number, "CdtDbtInd", direction, {"amount": f"{text} {currency}"})
        )
    return currency, value if direction == "CRDT" else -value


def _amount(text: str | None, currency: str, number: int | None) -> Decimal:
    """The amount with the currency's decimals; zeros beyond them are harmless, other digits are not."""
    text = _clean(text)
    if not _AMOUNT.fullmatch(text):
        raise _UnusableError(Complaint("bank_not_a_number", number, "Amt", text, {"value": text}))
    try:
        return from_minor(to_minor(Decimal(text), currency), currency)
    except TooPreciseError as error:
        params: dict[str, object] = {"value": text, "currency": currency}
        raise _UnusableError(Complaint("bank_precision", number, "Amt", text, params)) from error


def _days(entry: etree._Element, amount: Money, number: int) -> tuple[date, date | None]:
    """Booking and value day; an entry without the first counts from the second, without both it is not used."""
    booked, valued = _text(entry, "BookgDt/*"), _text(entry, "ValDt/*")
    for field, text in (("BookgDt", booked), ("ValDt", valued)):
        if text and _day(text) is None:
            raise _UnusableError(Complaint("bank_date", number, field, text, {"value": text, "amount": amount}))
    valued_on = _day(valued)
    booked_on = _day(booked) or valued_on
    if booked_on is None:
        raise _UnusableError(Complaint("bank_no_date", number, "BookgDt", "", {"amount": amount}))
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
    return _clean(element.findtext(path))


def _clean(text: str | None) -> str:
    """One line without doubled spaces: banks break long names and texts at fixed columns."""
    return " ".join((text or "").split())


def _compact(text: str | None) -> str:
    return "".join((text or "").split()).upper()
