"""Reads OFX, also called QFX or Money: the older files in SGML, whose elements need not be closed, and those in XML.

Both are read as a row of marks and texts, never by an XML parser: no entity, document type or outside file has any
meaning here. The words are those of the OFX specifications 1.6 and 2.3.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from amable.adapters import movements
from amable.adapters.movements import UnusableError, as_iban, clean, reference
from amable.adapters.tables import shown
from amable.core.money import known
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

_LOOKS_LIKE_OFX: Final = re.compile(rb"OFXHEADER|<OFX>|<\?OFX\b", re.IGNORECASE)
_HEAD: Final = 4_096
_CDATA: Final = "<![CDATA["
_MARK: Final = re.compile(r"<(/?)([A-Za-z0-9._]{1,40})\s{0,100}(/?)>([^<]{0,10000})")
_MARKS: Final = (500_000, 48)  # at most, around the movements and for each
_DEEPEST: Final = 100  # marks within marks

_STATEMENTS: Final = frozenset(("STMTRS", "CCSTMTRS", "INVSTMTRS"))
_ACCOUNTS: Final = frozenset(("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"))
_OTHER_SIDE: Final = frozenset(("BANKACCTTO", "CCACCTTO"))
_LISTED: Final = "ACCTINFO"
_BALANCE: Final = "LEDGERBAL"
_MOVEMENT: Final = "STMTTRN"
_STATUS: Final = "STATUS"
# What holds other elements and is of interest; every other mark is a text, or is passed over.
_HOLDING: Final = frozenset(
    (*_STATEMENTS, *_ACCOUNTS, *_OTHER_SIDE, _LISTED, _BALANCE, "AVAILBAL", _MOVEMENT, _STATUS, "PAYEE", "CURRENCY",
     "ORIGCURRENCY", "BALLIST")
)  # fmt: skip

# What a movement says of itself, and a status that is an error.
_SAID: Final = frozenset(
    ("TRNTYPE", "DTPOSTED", "DTAVAIL", "TRNAMT", "FITID", "CORRECTFITID", "REFNUM", "NAME", "MEMO", "SEVERITY", "CODE",
     "MESSAGE")
)  # fmt: skip
_CHARGED: Final = frozenset(("FEE", "SRVCHG"))
_NOT_BOOKED: Final = frozenset(("HOLD",))
_AMOUNT: Final = re.compile(r"([+-]?)(\d{1,18})(?:[.,](\d{1,10}))?")
_GROUPED: Final = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+)\.(\d{1,10})")
_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2,6}.*|\D.*)?", re.DOTALL)


class Ofx:
    """The reader of OFX."""

    def recognises(self, data: bytes) -> bool:
        """Whether the head of the file says that it is OFX."""
        return _LOOKS_LIKE_OFX.search(data[:_HEAD].replace(b"\0", b"")) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statement of each account, and a complaint for each movement left out or answer that is an error."""
        try:
            movements.refuse_many(data, b"<STMTTRN>", b"<stmttrn>", b"<STMTRS>", b"<![CDATA[")
            if data.count(b"<") > _MARKS[0] + _MARKS[1] * (data.count(b"STMTTRN>") + data.count(b"stmttrn>")):
                raise UnusableError(Complaint("bank_too_much"))
            text = movements.text_of(data)
            if "<!DOCTYPE" in text or "<!ENTITY" in text:
                raise UnusableError(Complaint("bank_doctype"))
            return movements.within_limits(_read(text)) or [Complaint("bank_no_statement")]
        except UnusableError as unusable:
            return [unusable.complaint]


@dataclass(slots=True)
class _Account:
    """An account while its part of the file is read."""

    account: str = ""
    currency: str = ""
    closing: Decimal | None = None
    closing_on: date | None = None
    told: int = 0
    lines: list[StatementLine] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    refused: Complaint | None = None
    ended: bool = False


def _marks(text: str) -> Iterator[tuple[bool, str, str]]:
    """Each mark in capitals, whether it closes, and the text behind it."""
    if _CDATA in text:
        text = "".join(_without_cdata(text))
    for found in _MARK.finditer(text):
        behind = found[4].strip()
        if "&" in behind:
            behind = html.unescape(behind)
        yield bool(found[1]), found[2].upper(), behind


def _without_cdata(text: str) -> Iterator[str]:
    """The text with what stands in CDATA sections written as other texts are."""
    before, *sections = text.split(_CDATA)
    yield before
    for section in sections:
        inside, ends, behind = section.partition("]]>")
        yield html.escape(inside, quote=False) if ends else inside
        yield behind


def _read(text: str) -> Iterator[Statement | Complaint]:
    account: _Account | None = None
    inside: list[str] = []
    facts: dict[str, str] = {}
    number = 0
    for closes, mark, behind in _marks(text):
        if not closes and mark in _HOLDING:
            if mark == _MOVEMENT:  # an SGML file need not close the one before
                number += 1
                facts = {}
            if mark in _STATEMENTS or mark == _LISTED:
                account = _Account()
            if mark == _STATUS:
                facts = {}
            if len(inside) < _DEEPEST:
                inside.append(mark)
        elif not closes:
            if account and inside:
                _note(account, inside, mark, behind, facts)
            elif inside and inside[-1] == _STATUS and mark in _SAID:
                facts[mark] = behind
        elif mark in inside:
            del inside[len(inside) - 1 - inside[::-1].index(mark) :]
            if mark == _STATUS and facts.get("SEVERITY", "").upper() == "ERROR":
                said = shown(clean(f"{facts.get('CODE', '')} {facts.get('MESSAGE', '')}"))
                yield Complaint("bank_said_no", value=said, params={"value": said})
            elif account and mark == _MOVEMENT:
                _movement(account, facts, number)
                movements.refuse_too_much(account.told, account.told - len(account.lines))
            elif account and (mark in _STATEMENTS or mark == _LISTED):
                yield from _statement(account)
                account = None
    if account:
        account.complaints.append(Complaint("bank_cut_off"))
        yield from _statement(account)


def _note(account: _Account, inside: list[str], mark: str, behind: str, facts: dict[str, str]) -> None:
    """Keep what an element says, by what it stands in."""
    within = inside[-1]
    if _MOVEMENT in inside:
        of_movement = within == _MOVEMENT
        if of_movement and mark in _SAID:
            facts.setdefault(mark, behind)
        elif not of_movement and (
            mark in ("CURSYM", "CURRATE")
            or (within == "PAYEE" and mark == "NAME")
            or (within in _OTHER_SIDE and mark == "ACCTID")
        ):
            facts.setdefault(f"{within}.{mark}", behind)
    elif mark == "CURDEF":
        account.currency = behind.upper()
    elif within in _ACCOUNTS and mark == "ACCTID":
        account.account = clean(behind)
    elif within == _BALANCE and mark == "BALAMT":
        account.closing = _amount(behind)
        if account.closing is None:
            account.refused = Complaint("bank_balance", None, "BALAMT", shown(behind), {"value": shown(behind)})
    elif within == _BALANCE and mark == "DTASOF":
        account.closing_on = _day(behind)


def _movement(account: _Account, facts: dict[str, str], number: int) -> None:
    """Add a movement, or say why it cannot be used."""
    kind = facts.get("TRNTYPE", "").upper()
    if kind in _NOT_BOOKED:
        account.complaints.append(Complaint("bank_not_booked", number, params={"n": 1}))
        return
    account.told += 1
    text, day = facts.get("TRNAMT", ""), facts.get("DTPOSTED", "")
    currency = facts.get("CURRENCY.CURSYM", "").upper() or account.currency
    amount, booked = _amount(text), _day(day)
    shown_amount = clean(f"{shown(text)} {currency}")
    if amount is None:
        params: dict[str, object] = {"value": shown(text)}
        account.complaints.append(Complaint("bank_not_a_number", number, "TRNAMT", shown(text), params))
    elif booked is None:
        rule = "bank_date" if day else "bank_no_date"
        params = {"value": shown(day), "amount": shown_amount}
        account.complaints.append(Complaint(rule, number, "DTPOSTED", shown(day), params))
    elif currency and not known(currency):
        params = {"value": currency, "amount": shown(text)}
        account.complaints.append(Complaint("bank_currency", number, "CURSYM", currency, params))
    elif facts.get("CORRECTFITID"):
        params = {"amount": shown_amount}
        account.complaints.append(Complaint("bank_correction", number, "CORRECTFITID", facts["CORRECTFITID"], params))
    else:
        account.lines.append(_line(facts, amount, booked, currency, kind))


def _line(facts: dict[str, str], amount: Decimal, booked: date, currency: str, kind: str) -> StatementLine:
    name = clean(facts.get("PAYEE.NAME") or facts.get("NAME"))
    memo = clean(facts.get("MEMO"))
    text = memo if memo.startswith(name) else f"{name} {memo}".strip()
    other = facts.get("BANKACCTTO.ACCTID") or facts.get("CCACCTTO.ACCTID") or ""
    told = movements.kind_in_words(amount, text)
    if told == "debit" and kind in _CHARGED:
        told = "charge"
    number = reference(facts.get("REFNUM", ""))
    name = movements.payer_in(name, amount) or name
    return StatementLine(
        booked,
        amount,
        currency,
        told,
        valued_on=_day(facts.get("DTAVAIL", "")),
        name=name,
        iban=as_iban(other),
        text=f"{text} {number}".strip() if number and number not in text else text,
        bank_reference=clean(facts.get("FITID")),
        return_reason=movements.return_reason(text) if told == "return" else "",
    )


def _statement(account: _Account) -> Iterator[Statement | Complaint]:
    """The statement; a bank that writes an empty balance writes no statement, for nothing of it can be checked."""
    if account.refused:
        yield account.refused
        return
    if account.currency and not known(account.currency):
        params: dict[str, object] = {"value": account.currency, "amount": account.account}
        account.complaints.append(Complaint("bank_currency", None, "CURDEF", account.currency, params))
        account.currency = ""
    statement = Statement(
        account=account.account,
        currency=account.currency,
        number="",
        lines=tuple(account.lines),
        closing=account.closing,
        closing_on=account.closing_on or max((line.booked_on for line in account.lines), default=None),
    )
    yield from movements.useful(statement, account.told, account.complaints)


def _amount(text: str) -> Decimal | None:
    """An amount with its sign; the decimal sign is a point or a comma, and there are no others."""
    text = text.replace(" ", "")
    if found := _AMOUNT.fullmatch(text):
        amount = Decimal(f"{found[2]}.{found[3] or 0}")
    elif found := _GROUPED.fullmatch(text):
        amount = Decimal(f"{found[2].replace(',', '')}.{found[3]}")
    else:
        return None
    return -amount if found[1] == "-" else amount


def _day(text: str) -> date | None:
    """The day of a moment as the bank wrote it: a zone does not move a booking."""
    found = _DAY.fullmatch(text.strip())
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
