"""Reads SWIFT statements: MT940 and the interim report MT942, in the dialects of national banks.

The frame is SWIFT's (User Handbook, category 9); what `:86:` says of a movement is each country's own: subfields after
a sign (`?20`, DFÜ-Abkommen annex 3; Poland writes `~20` or `<20`), words between slashes (`/REMI/`, the Netherlands and
SWIFT's structured form), lines of text, or lines with a number in `:NS:`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from stdnum import iban as ibans

from amable.adapters import movements
from amable.adapters.movements import UnusableError, as_iban, clean, joined, reference, with_text
from amable.adapters.tables import shown
from amable.core.money import TooPreciseError, known, to_minor
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

_TAGS: Final = "20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|13D?|34F|90[CD]|NS"
_FIELD: Final = re.compile(rf"[ \t]*:({_TAGS}):(.*)")
_LOOKS_LIKE_MT: Final = re.compile(rf"^[ \t]*:(?:{_TAGS}):|^\{{1:F01".encode(), re.MULTILINE)
_HEAD: Final = 4_096
_ENVELOPE: Final = re.compile(r"\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\{4:|-\}")
_END: Final = re.compile(r"-[ \t]*")

_BALANCE: Final = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,20})(?:[,.](\d{0,5}))?")
_MOVEMENT: Final = re.compile(
    r"(?P<valued>\d{6})(?P<booked>\d{4})?(?P<mark>E?R?[CD])(?P<funds>[A-Z])?"
    r"(?P<whole>\d{1,20})(?:[,.](?P<decimals>\d{0,5}))?"
    r"(?:(?P<code>[A-Z][A-Z0-9 ]{3})(?P<own>.*?)(?://(?P<bank>.*))?)?"
)
_BEGINS: Final = re.compile(r"\d{6}")
_LIMIT: Final = re.compile(r"([A-Z]{3})[CD]?\d")
_COUNTED: Final = re.compile(r"\d{1,5}([A-Z]{3})\d")
_ACCOUNT: Final = re.compile(r"/?([A-Z]{2}\d{2}[A-Z0-9 ]{11,40}?) ?(?:[A-Z]{3})?")
_SUFFIX: Final = re.compile(r"[\d/ ]([A-Z]{3})$")
_MOST_LINES: Final = 500  # of one field; SWIFT knows six
_MOST_FIELDS: Final = 20  # that say something of one movement; SWIFT knows one
_WIDE: Final = 65  # signs in a full line of field 86
_NARROW: Final = 27  # signs in a full subfield

_SUBFIELDS: Final = re.compile(r"(?P<code>\d{3})?(?P<sign>[^\w\s/:.,+*-])(?=\d\d)")
_PURPOSE: Final = (*range(20, 30), *range(60, 64))
_SEPA: Final = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|COAM|OAMT|PURP|RREF|RTRN|ANAM|IBAN|BIC)\+")
_SLASHED: Final = re.compile(
    r"/(TRTP|IBAN|BIC|NAME|REMI|EREF|KREF|CNTP|ORDP|BENM|ISDT|CSID|MARF|SVCL|PREF|RTRN|PURP|ULTD|ULTC|ADDR|INIT"
    r"|TRCD|CREF|MREF|BREF|ID|ACCW|ACCT|FEES?|CHGS|EXCH|OCMT|OAMT|SUBJ)/"
)

# Business transaction codes (GVC) of the DFÜ-Abkommen: sent back or taken back, and the bank's own fees. In other
# currencies the three figures are another country's.
_GVC_CURRENCIES: Final = frozenset(("EUR", "DEM"))
_GVC_RETURNED: Final = frozenset(("009", "059", "108", "109", "159", "181", "184"))
_GVC_CHARGED: Final = frozenset(("805", "807", "808"))
# SWIFT codes of the transaction: returned item; charges, commissions.
_TYPE_RETURNED: Final = frozenset(("RTI",))
_TYPE_CHARGED: Final = frozenset(("CHG", "COM"))


class Mt940:
    """The reader of MT940 and MT942."""

    def recognises(self, data: bytes) -> bool:
        """Whether a line of the head begins with a field of such a statement."""
        return _LOOKS_LIKE_MT.search(data[:_HEAD].replace(b"\r", b"\n")) is not None

    def read(self, data: bytes, told: Mapping[str, str] | None = None) -> list[Statement | Complaint]:
        """The statements of the file and a complaint for each movement left out."""
        try:
            movements.refuse_many(data, b":61:", b":20:")
            return movements.within_limits(_read(_fields(movements.lines_of(data))))
        except UnusableError as unusable:
            return [unusable.complaint]


# --- fields ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Field:
    """A field: its tag, the line of the file it begins on, and its lines as written."""

    tag: str
    line: int
    lines: list[str]

    @property
    def first(self) -> str:
        return self.lines[0].strip()


def _fields(lines: Iterable[str]) -> Iterator[_Field]:
    """Every field with the lines that go on in it; what stands outside of any is not SWIFT's."""
    current: _Field | None = None
    for number, written in enumerate(lines, 1):
        line = _ENVELOPE.sub("", written) if "{" in written or "-}" in written else written
        if found := _FIELD.fullmatch(line):
            if current:
                yield current
            current = _Field(found[1], number, [found[2]])
        elif _END.fullmatch(line):
            if current:
                yield current
            current = None
        elif current:
            current.lines.append(line)
            if len(current.lines) > _MOST_LINES:
                raise UnusableError(Complaint("bank_too_much"))
    if current:
        yield current


# --- a statement -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Told:
    """What the fields of a message have said so far."""

    account: str = ""
    number: str = ""
    opening: tuple[str, Decimal, date | None] | None = None
    closing: tuple[str, Decimal, date | None] | None = None
    until: date | None = None
    currency: str = ""
    suffix: str = ""
    entries: list[tuple[_Field, list[_Field]]] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    strange: int = 0  # entries that do not even begin as one


def _read(fields: Iterator[_Field]) -> Iterator[Statement | Complaint]:
    """The statements: `:20:` begins another, and so does a new account after a closing balance."""
    told: _Told | None = None
    before = ""
    for one in fields:
        if told and (one.tag == "20" or (one.tag == "25" and before in ("62F", "64", "65"))):
            yield from _statement(told)
            told = None
        told = told or _Told()
        _note(told, one, before)
        before = one.tag
    if told:
        yield from _statement(told)


def _note(told: _Told, one: _Field, before: str) -> None:
    """Keep what a field says."""
    match one.tag:
        case "25" | "25P":
            told.account = told.account or _account(one.first)
            suffix = _SUFFIX.search(one.first)
            told.suffix = suffix[1] if suffix and known(suffix[1]) else told.suffix
        case "28" | "28C":
            told.number = told.number or clean(one.first)
        case "60F" | "60M":
            told.opening = told.opening or _balance(one, told)
        case "62F" | "62M":
            told.closing = _balance(one, told) or told.closing
        case "34F" | "90C" | "90D":
            found = _LIMIT.match(one.first) or _COUNTED.match(one.first)
            told.currency = told.currency or (found[1] if found and known(found[1]) else "")
        case "13D":
            told.until = _day(one.first[:6])
        case "61":
            told.entries.append((one, []))
            told.strange += not _BEGINS.match(one.first)
        case "86" | "NS" if told.entries and before in ("61", "86", "NS"):
            if len(told.entries[-1][1]) < _MOST_FIELDS:
                told.entries[-1][1].append(one)
    movements.refuse_too_much(len(told.entries), told.strange + len(told.complaints))


def _statement(told: _Told) -> Iterator[Statement | Complaint]:
    balance = told.opening or told.closing
    currency = (balance[0] if balance else told.currency) or told.suffix
    lines: list[StatementLine] = []
    expected = refused = 0
    for one, more in told.entries:
        try:
            line = _line(one, more, currency)
        except UnusableError as unusable:
            told.complaints.append(unusable.complaint)
            refused += 1
            movements.refuse_too_much(len(lines), refused)
            continue
        if line is None:
            expected += 1
        else:
            lines.append(replace(line, iban="") if line.iban == told.account else line)
    if expected:
        told.complaints.append(Complaint("bank_not_booked", params={"n": expected}))
    statement = Statement(
        account=told.account,
        currency=currency,
        number=told.number,
        lines=tuple(lines),
        opening=told.opening[1] if told.opening else None,
        closing=told.closing[1] if told.closing else None,
        closing_on=(told.closing[2] if told.closing else None)
        or told.until
        or max((line.booked_on for line in lines), default=None),
    )
    return movements.useful(statement, len(told.entries) - expected, told.complaints)


def _account(text: str) -> str:
    """The account as written; an IBAN without the slash before it and the currency behind it."""
    text = clean(text)
    bare = _ACCOUNT.fullmatch(text)
    return bare[1].replace(" ", "") if bare and ibans.is_valid(bare[1]) else text


def _balance(one: _Field, told: _Told) -> tuple[str, Decimal, date | None] | None:
    """Currency, signed amount and day of a balance; one that cannot be read is left out and complained of."""
    text = one.first.rstrip("-")
    found = _BALANCE.fullmatch(text)
    if not found or not known(found[3]):
        told.complaints.append(Complaint("bank_balance", one.line, f":{one.tag}:", shown(text), {"value": shown(text)}))
        return None
    amount = _amount(found[4], found[5])
    return found[3], amount if found[1] == "C" else -amount, _day(found[2])


def _line(one: _Field, more: list[_Field], currency: str) -> StatementLine | None:
    """A movement; None when it is only expected."""
    text = one.first
    found = _MOVEMENT.fullmatch(text)
    details = one.lines[1:]
    if not found and details:  # some banks break the field at a column of their own
        found, details = _MOVEMENT.fullmatch(text + details[0].strip()), details[1:]
    if not found:
        raise UnusableError(Complaint("bank_line", one.line, ":61:", shown(text), {"line": one.line}))
    if found["mark"].startswith("E"):
        return None
    amount = _amount(found["whole"], found["decimals"])
    _check_precision(amount, currency, one)
    reversal = len(found["mark"]) == 2
    signed = amount if found["mark"] in ("C", "RD") else -amount
    valued = _value_day(found["valued"])
    booked = _entry_day(found["booked"], valued) if found["booked"] else valued
    if valued is None or booked is None:
        params: dict[str, object] = {"value": found["valued"], "amount": f"{signed} {currency}".strip()}
        raise UnusableError(Complaint("bank_date", one.line, ":61:", found["valued"] + (found["booked"] or ""), params))
    line = StatementLine(
        booked, signed, currency, "", valued_on=valued, bank_reference=reference((found["bank"] or "").strip())
    )
    code, own = (found["code"] or "").strip(), reference(found["own"] or "")
    return _described(line, code, own, clean(" ".join(details)), more, reversal=reversal)


def _check_precision(amount: Decimal, currency: str, one: _Field) -> None:
    try:
        if currency:
            to_minor(amount, currency)
    except TooPreciseError as error:
        params: dict[str, object] = {"value": str(amount), "currency": currency}
        raise UnusableError(Complaint("bank_precision", one.line, ":61:", str(amount), params)) from error


def _amount(whole: str, decimals: str | None) -> Decimal:
    return Decimal(f"{whole}.{decimals or 0}")


def _day(text: str) -> date | None:
    """A day written YYMMDD."""
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    except ValueError:
        return None


def _value_day(text: str) -> date | None:
    """A value day. Interest counts months of 30 days, so that banks write a 30 February: the last day of the month."""
    year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:6])
    return _in_month(year, month, day)


def _in_month(year: int, month: int, day: int) -> date | None:
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    last = calendar.monthrange(year, month)[1]
    if day > last and not (month == 2 and day <= 30):
        return None
    return date(year, month, min(day, last))


def _entry_day(text: str, valued: date | None) -> date | None:
    """The day of entry, written MMDD: in the year that brings it nearest to the value day."""
    if valued is None:
        return None
    days = [_in_month(valued.year + turn, int(text[:2]), int(text[2:])) for turn in (-1, 0, 1)]
    return min((day for day in days if day), key=lambda day: abs(day - valued), default=None)


# --- what the bank says of a movement ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Details:
    """What field 86 says, whatever its dialect; `whole` is all its words, `gvc` the German code, if any."""

    text: str = ""
    name: str = ""
    iban: str = ""
    end_to_end: str = ""
    reference: str = ""
    holder: str = ""
    reason: str = ""
    returned: bool = False
    gvc: str = ""
    booking: str = ""


def _described(
    line: StatementLine, code: str, own: str, supplement: str, more: list[_Field], *, reversal: bool
) -> StatementLine:
    """The line with all that is said of it in field 86 and around it."""
    said = [_details(one, money_in=line.amount > 0) for one in more]
    details = said[0] if said else _Details()
    words = " ".join((details.booking, details.text, supplement))
    gvc = details.gvc if line.currency in _GVC_CURRENCIES else ""
    returned = reversal or details.returned or gvc in _GVC_RETURNED or code[1:] in _TYPE_RETURNED
    charged = gvc in _GVC_CHARGED or code[1:] in _TYPE_CHARGED
    kind = movements.kind(line.amount, returned=returned, charged=charged)
    if kind == "debit":
        kind = movements.kind_in_words(line.amount, words)
    line = replace(
        line,
        kind=kind,
        name=details.name,
        iban=details.iban or as_iban(supplement),
        text=details.text,
        reference=details.reference,
        end_to_end=details.end_to_end,
        return_reason=(movements.return_reason(words) or details.reason) if kind == "return" else "",
    )
    if not supplement.startswith("/TRCD/"):  # the transaction code of Dutch banks is nobody's words
        line = with_text(line, supplement)
    line = with_text(line, *(other.text for other in said[1:]), details.holder)
    named = next((other.name for other in said if other.name), "")
    line = replace(line, name=line.name or named)
    if not details.gvc and own and own != line.end_to_end:
        line = with_text(line, own)
    return line if line.text else with_text(line, details.booking)


def _details(one: _Field, *, money_in: bool) -> _Details:
    if one.tag == "NS":
        return _numbered(one.lines)
    whole = "".join(one.lines)
    if head := _SUBFIELDS.match(whole.lstrip()):
        return _subfields(whole.lstrip(), head["code"] or "", head["sign"], money_in=money_in)
    flowing = joined(one.lines, _WIDE)
    if len(_SLASHED.findall(flowing)) >= 2 or _SLASHED.match(flowing):
        return _slashed(flowing, money_in=money_in)
    found = _sepa(flowing, money_in=money_in)
    own_line = next((account for text in one.lines if ibans.is_valid(account := as_iban(text))), "")
    return replace(
        found,
        name=found.name or movements.payer_in(one.lines[0], Decimal(1 if money_in else -1)),
        iban=found.iban or own_line,
    )


def _subfields(whole: str, code: str, sign: str, *, money_in: bool) -> _Details:
    """`166?00GUTSCHRIFT?20EREF+…?30BIC?31IBAN?32NAME`."""
    parts: dict[int, str] = {}
    for piece in whole[len(code) :].split(sign):
        if piece[:2].isascii() and piece[:2].isdigit():
            number = int(piece[:2])
            parts[number] = f"{parts[number]} {piece[2:]}" if number in parts else piece[2:]
        elif parts and piece.strip():  # the sign itself, in a text
            parts[number] += sign + piece
    purpose = joined((parts[number] for number in _PURPOSE if number in parts), _NARROW)
    found = _sepa(purpose, money_in=money_in)
    name = joined((parts[number] for number in (32, 33) if number in parts), _NARROW)
    holder = name if found.name and found.name != name else ""
    return replace(
        found,
        name=found.name or name,
        iban=as_iban(parts.get(38, "")) or as_iban(parts.get(31, "")) or found.iban,
        holder=holder,
        gvc=code,
        booking=clean(parts.get(0)),
        reason=found.reason or (clean(parts.get(34)) if code in _GVC_RETURNED else ""),
    )


def _sepa(text: str, *, money_in: bool) -> _Details:
    """A purpose with its SEPA parts, `EREF+… SVWZ+…`; other words are text."""
    pieces = _SEPA.split(text)
    if len(pieces) == 1:
        return _Details(text=text)
    said: dict[str, str] = {}
    for key, value in zip(pieces[1::2], pieces[2::2], strict=True):
        said[key] = f"{said.get(key, '')} {value.strip()}".strip()
    meant = said.get("ABWA" if money_in else "ABWE", "")
    return _Details(
        text=clean(f"{pieces[0]} {said.get('SVWZ', '')}"),
        name=meant or said.get("ANAM", ""),
        iban=as_iban(said.get("IBAN", "")),
        end_to_end=reference(said.get("EREF", "")),
        reason=said.get("RTRN", "")[:4],
        returned="RTRN" in said,
    )


def _slashed(text: str, *, money_in: bool) -> _Details:
    """`/TRTP/SEPA OVERBOEKING/IBAN/…/NAME/…/REMI/…/EREF/…`."""
    pieces = _SLASHED.split(text)
    said: dict[str, str] = {}
    party = ""
    for key, raw in zip(pieces[1::2], pieces[2::2], strict=True):
        value = raw.strip("/ ")
        party = key if key in ("ORDP", "BENM", "ULTD", "ULTC", "INIT") else party
        if value:
            said.setdefault(party if key == "NAME" and party.startswith("ULT") else key, value)
    account, _, rest = said.get("CNTP", "").partition("/")
    counterparty = rest.split("/")[1] if "/" in rest else ""
    remittance, structured = _remittance(said.get("REMI", ""))
    name = said.get("NAME") or counterparty or said.get("ORDP" if money_in else "BENM", "")
    meant = said.get("ULTD" if money_in else "ULTC", "")
    return _Details(
        text=clean(f"{pieces[0]} {remittance} {said.get('SUBJ', '')}"),
        name=meant or name,
        iban=as_iban(said.get("IBAN", "") or account or said.get("ACCT", "")),
        end_to_end=reference(said.get("EREF", "")),
        reference=structured,
        holder=name if meant and meant != name else "",
        reason=said.get("RTRN", "").split("/")[0],
        returned="RTRN" in said,
        booking=said.get("TRTP", ""),
    )


def _remittance(text: str) -> tuple[str, str]:
    """Free text and structured reference of `/REMI/`: `USTD//text`, `STRD/CUR/9876543210`, or text as it is."""
    shape, _, rest = text.partition("/")
    if shape == "USTD":
        return rest.strip("/ "), ""
    if shape == "STRD":
        return "", reference(rest.strip("/ ").rpartition("/")[2])
    return text, ""


def _numbered(lines: list[str]) -> _Details:
    """`01purpose`, `02purpose`, `15name`, `17booking text` below `:NS:`."""
    parts: Mapping[str, str] = {line[:2]: line[2:] for line in lines if line[:2].isdigit()}
    purpose = " ".join(text for number, text in parts.items() if "01" <= number <= "14")
    name = " ".join(parts[number] for number in ("15", "16") if number in parts)
    return _Details(text=clean(purpose), name=clean(name), booking=clean(parts.get("17")))
