"""Reads Norma 43, the statements of Spanish banks: records of 80 columns (AEB, Cuaderno 43, June 2012).

An account begins with a record 11 and ends with a 33; between them stands a 22 for each movement, with up to five
records 23 of two texts of 38 columns each, and a 24 where it was in another currency. A record 88 ends the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from amable.adapters import movements
from amable.adapters.movements import UnusableError, clean, joined, reference
from amable.adapters.tables import shown
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

_LOOKS_LIKE_N43: Final = re.compile(rb"\s*11\d{4}[\d ]{14}\d{12}[12]\d{14}\d{3}")
_HEAD: Final = 512
_WIDTH: Final = 80
_CONCEPT: Final = 38  # columns of each text of a record 23
_MOST_TEXTS: Final = 200  # of one movement; the norm knows ten

# ISO 4217 by number, for accounts that Spanish banks keep.
_CURRENCIES: Final = {
    "978": "EUR", "840": "USD", "826": "GBP", "756": "CHF", "392": "JPY", "752": "SEK", "208": "DKK", "578": "NOK",
    "985": "PLN", "946": "RON", "203": "CZK", "348": "HUF", "124": "CAD", "036": "AUD", "554": "NZD", "484": "MXN",
    "504": "MAD", "949": "TRY", "156": "CNY", "344": "HKD", "702": "SGD", "710": "ZAR", "986": "BRL", "784": "AED",
    "975": "BGN", "032": "ARS", "170": "COP", "604": "PEN", "152": "CLP", "376": "ILS", "356": "INR", "682": "SAR",
}  # fmt: skip
_WITHOUT_CENTS: Final = frozenset(("JPY", "CLP"))
# Common concepts (annex of the norm): returned and unpaid; entries annulled or corrected; interest, fees, expenses.
_RETURNED: Final = frozenset(("14", "98"))
_CHARGED: Final = frozenset(("17",))


class Norma43:
    """The reader of Norma 43 (also Cuaderno 43, AEB43, CSB43)."""

    def recognises(self, data: bytes) -> bool:
        """Whether the file begins with the head of an account."""
        return _LOOKS_LIKE_N43.match(data[:_HEAD].removeprefix(b"\xef\xbb\xbf")) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statement of each account, and a complaint for each record left out or total that does not fit."""
        try:
            movements.refuse_many(data, b"\n22", b"\n11")
            return movements.within_limits(_read(data))
        except UnusableError as unusable:
            return [unusable.complaint]


@dataclass(slots=True)
class _Account:
    """An account while its records are read; texts belong to the movement before them, or to none that was usable."""

    account: str
    currency: str
    opening: Decimal | None
    closing: Decimal | None = None
    until: date | None = None
    lines: list[StatementLine] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    told: int = 0
    usable: bool = False
    complaints: list[Complaint] = field(default_factory=list)


def _read(data: bytes) -> Iterator[Statement | Complaint]:
    account: _Account | None = None
    records, ended = 0, False
    for number, record in _records(data):
        code = record[:2]
        records += code != "88"
        if code == "11":
            if account:
                yield from _cut(account)
            account = _head(record, number)
        elif code == "88":
            ended = True
            if record[20:26].isdigit() and int(record[20:26]) != records:
                yield Complaint("bank_records", number, params={"n": int(record[20:26]), "found": records})
        elif account is None:
            yield Complaint("bank_line", number, value=shown(record), params={"line": number})
        elif code == "22":
            _movement(account, record, number)
        elif code == "23":
            account.texts += [record[4:42].ljust(_CONCEPT), record[42:80].ljust(_CONCEPT)]
            if len(account.texts) > _MOST_TEXTS:
                raise UnusableError(Complaint("bank_too_much"))
        elif code == "33":
            yield from _end(account, record, number)
            account = None
        elif code != "24":
            account.complaints.append(Complaint("bank_line", number, value=shown(record), params={"line": number}))
        if account:
            movements.refuse_too_much(len(account.lines), len(account.complaints))
    if account:
        yield from _cut(account)
    elif not ended and records:
        yield Complaint("bank_cut_off")


def _records(data: bytes) -> Iterator[tuple[int, str]]:
    """Each record with its line; a file without line ends is one record every 80 columns."""
    first = data[:_HEAD].lstrip()[: _WIDTH + 2]
    broken = b"\n" in first or b"\r" in first or len(first) <= _WIDTH
    lines = movements.lines_of(data) if broken else _columns(movements.text_of(data))
    for number, line in enumerate(lines, 1):
        if record := line.strip("\ufeff\x1a").rstrip():
            yield number, record


def _columns(text: str) -> Iterator[str]:
    return (text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))


def _head(record: str, number: int) -> _Account:
    currency = _CURRENCIES.get(record[47:50], "")
    account = _Account(clean(record[2:20]).replace(" ", ""), currency, _balance(record[32:33], record[33:47], currency))
    if not currency:
        params: dict[str, object] = {"amount": record[33:47], "value": record[47:50]}
        account.complaints.append(Complaint("bank_currency", number, value=record[47:50], params=params))
    account.until = _day(record[26:32])
    return account


def _movement(account: _Account, record: str, number: int) -> None:
    """Add a movement. Its texts come in the records after it, those of the one before are complete."""
    _complete(account)
    account.told += 1
    account.usable = False
    booked, valued = _day(record[10:16]), _day(record[16:22])
    amount = _balance(record[27:28], record[28:42], account.currency)
    if amount is None or not account.currency:
        account.complaints.append(Complaint("bank_line", number, value=shown(record), params={"line": number}))
        return
    if booked is None:
        params: dict[str, object] = {"value": record[10:16], "amount": f"{amount} {account.currency}"}
        account.complaints.append(Complaint("bank_date", number, value=record[10:16], params=params))
        return
    concept = record[22:24]
    account.usable = True
    account.lines.append(
        StatementLine(
            booked,
            amount,
            account.currency,
            movements.kind(amount, returned=concept in _RETURNED, charged=concept in _CHARGED),
            valued_on=valued,
            text=_own_words(record),
            bank_reference=clean(f"{record[42:52].strip('0 ')} {record[52:64].strip()} {record[64:80].strip()}"),
        )
    )


def _own_words(record: str) -> str:
    """The second reference, where it is somebody's words and not a number of the bank's."""
    said = reference(record[64:80])
    return said if re.search(r"[A-Za-z]{2}|[A-Za-z].*\d", said) else ""


def _complete(account: _Account) -> None:
    """Give the last movement the texts that followed it."""
    texts, account.texts = account.texts, []
    if not account.usable or not texts:
        return
    line = account.lines[-1]
    first, text = texts[0], joined(texts, _CONCEPT)
    name = movements.payer_in(first, line.amount)
    iban = movements.iban_in(text)
    kind = line.kind
    if kind == "debit":
        kind = movements.kind_in_words(line.amount, text)
    reason = movements.return_reason(text) if kind == "return" else ""
    own = line.text if line.text and line.text not in text else ""
    account.lines[-1] = replace(
        line, name=name, iban=iban, text=f"{text} {own}".strip(), kind=kind, return_reason=reason
    )


def _end(account: _Account, record: str, number: int) -> Iterator[Statement | Complaint]:
    """The statement, with a complaint where the bank's own counts and sums are not those of its movements."""
    _complete(account)
    account.closing = _balance(record[58:59], record[59:73], account.currency)
    out = [line.amount for line in account.lines if line.amount < 0]
    money_in = [line.amount for line in account.lines if line.amount >= 0]
    said = record[20:25], record[25:39], record[39:44], record[44:58]
    found = (
        len(out), _minor(sum(out, Decimal(0)), account.currency),
        len(money_in), _minor(sum(money_in, Decimal(0)), account.currency),
    )  # fmt: skip
    if account.closing is None or not all(part.isdigit() for part in said):
        account.complaints.append(Complaint("bank_line", number, value=shown(record), params={"line": number}))
    elif tuple(map(int, said)) != found and account.told == len(account.lines):
        account.complaints.append(Complaint("bank_totals", number, params={"account": account.account}))
    yield from _statement(account)


def _minor(amount: Decimal, currency: str) -> int:
    return abs(int(amount if currency in _WITHOUT_CENTS else amount * 100))


def _cut(account: _Account) -> Iterator[Statement | Complaint]:
    """The statement of an account whose end is missing."""
    _complete(account)
    account.complaints.append(Complaint("bank_cut_off"))
    account.until = None
    yield from _statement(account)


def _statement(account: _Account) -> Iterator[Statement | Complaint]:
    statement = Statement(
        account=account.account,
        currency=account.currency,
        number="",
        lines=tuple(account.lines),
        opening=account.opening,
        closing=account.closing,
        closing_on=account.until or max((line.booked_on for line in account.lines), default=None),
    )
    return movements.useful(statement, account.told, account.complaints)


def _balance(side: str, figures: str, currency: str) -> Decimal | None:
    """A signed amount of 14 figures with two decimals; 1 is the debit side, 2 the credit side."""
    if side not in ("1", "2") or not (figures.isascii() and figures.isdigit() and len(figures) == 14):
        return None
    amount = Decimal(int(figures)).scaleb(0 if currency in _WITHOUT_CENTS else -2)
    return amount if side == "2" else -amount


def _day(text: str) -> date | None:
    """A day written YYMMDD."""
    if not (len(text) == 6 and text.isascii() and text.isdigit()):
        return None
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        return None
