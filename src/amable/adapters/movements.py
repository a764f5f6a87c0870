"""What the readers of bank files share: texts as they are kept, amounts as the norms write them, kinds of movement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from stdnum import iban as ibans

from amable.adapters.decoding import written
from amable.adapters.tables import LARGEST_FILE
from amable.adapters.vocabulary import fold
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint

MOST_LINES: Final = 500_000  # movements of one file
_LONGEST_LINE: Final = 32_768  # bytes: what a cell of a table may hold
_MOST_TEXT_LINES: Final = 5_000_000
_MOST_STATEMENTS: Final = 50_000
_MOST_UNUSABLE: Final = 1_000  # entries; a file with more is not what its format says
_LINE: Final = re.compile(rb"([^\r\n]{0,%d}+)(?:\r\n|\r|\n|\Z)" % _LONGEST_LINE)
# What is said of a statement, or of an entry that is used all the same.
_ASIDE: Final = frozenset(
    ("bank_batch", "bank_not_booked", "bank_totals", "bank_balance", "bank_cut_off", "bank_running", "bank_records")
)

# What stands where a reference is missing.
_NO_REFERENCE: Final = frozenset(
    ("NOTPROVIDED", "NOTAVAILABLE", "NONREF", "NOREF", "NONE", "UNKNOWN", "NA", "EREF", "KREF", "KREF+", "EREF+")
)

# How banks call what came back and what they keep, in the languages of their customers; folded, as parts of words.
_RETURNED: Final = re.compile(
    r"\b(?:returned|unpaid) (?:direct debit|payment|cheque|check|item|dd)|\b(?:direct debit|payment|cheque) return"
    r"|\b(?:payment )?reversal\b|\bchargeback\b|\bbounced\b"
    r"|\bdevol(?:ucion|\b)(?: de)?(?: su| sus)? ?(?:recibos?|adeudos?|remesas?|transf\w*|cheques?|efectos?|domicil\w*)"
    r"|\b(?:recibo|adeudo|transferencia|cheque|efecto)s? devuelt[oa]s?|\bimpagad[oa]s?\b"
    r"|\bimpayes?\b|\brejets? (?:de )?(?:prelevements?|prlv|virements?|vir|cheques?)"
    r"|\b(?:prelevement|prlv|virement|cheque)s? (?:rejete|impaye|retourne)"
    r"|\bplata returnata|\bretur (?:plata|debitare|incasare)|\breturnare (?:plata|debitare|incasare)"
    r"|\bdebitare directa (?:refuzata|returnata)|\b(?:cec|cambie|bilet la ordin)\w* refuzat|\bstorno (?:plata|incasare)"
    r"|\bruecklast\w*|\brucklast\w*|\blastschriftruckgabe|\blastschriftrueckgabe|\bretoure\b"
    r"|\bstornering\b|\bterugboeking\b|\binsolut[oi]\b"
)
_CHARGED: Final = re.compile(
    r"\bfees?\b|\bcommissions?\b|\bservice charges?\b|\bbank charges?\b|\bcomision(?:es|ul|ului)?\b|\bcomisioane\b"
    r"|\bgastos (?:de )?(?:devoluc\w*|correo|transf\w*|admin\w*|mantenim\w*)|\bfrais\b|\bcotisation (?:carte|compte)"
    r"|\btaxa (?:administrare|transfer|cont)|\bgebuehr\w*|\bgebuhr\w*|\bentgelt\w*|\bkontofuhrung|\babrechnung kto"
    r"|\bprowizja\b|\bcommissioni\b|\bspese\b|\b(?:bank)?kosten\b"
)
# Why money came back: ISO 20022 ExternalReturnReason1Code, as banks put it into their texts.
_REASON: Final = re.compile(
    r"\b(?:A[CGM]\d\d|B[E]\d\d|CNOR|CUST|DNOR|DT01|DUPL|ED\d\d|FF\d\d|FOCR|FR01|MD\d\d|MS0[23]|NARR|NOAS|NOOR|RC\d\d"
    r"|RF01|RR0[1-4]|SL\d\d|SVNR|TM01|UPAY)\b"
)
# Who pays, where a bank puts it before the purpose instead of into a field of its own.
_FROM: Final = re.compile(
    r"(?:ABONO )?(?:TRANSF(?:ERENCIA|\.)?|TRF\.?|BIZUM)(?: INMEDIATA)?(?: SEPA)?(?: RECIBIDA)?(?: DE|:| ORDENANTE:?)"
    r"\s+(.{3,})|(?:ORDENANTE|ORDONATOR|PLATITOR|ORDONATEUR|EMETTEUR|DONNEUR D.ORDRE):?\s+(.{3,})"
    r"|VIR(?:EMENT)?(?: INST(?:ANTANE)?)?(?: SEPA)?(?: RECU)?(?: DE)?\s+(.{3,})"
    r"|(?:PAYMENT|MONEY|TRANSFER) (?:RECEIVED )?FROM\s+(.{3,})|RECEIVED MONEY FROM\s+(.{3,})",
    re.IGNORECASE,
)
_PURPOSE: Final = re.compile(
    r"\s+(?:FRAS?|FACT\w*|INV(?:OICE)?|REF\w*|CONCEPTO|MOTIF|MOTIV|PEDIDO|RECHNUNG|RG|N[Oº°R])(?![A-Z]).*",
    re.IGNORECASE,
)
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_IBAN_IN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)\b")


class UnusableError(Exception):
    """A file or an entry cannot be used; the complaint says why."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.rule)
        self.complaint = complaint


def refuse_too_much(lines: int, unusable: int = 0, statements: int = 0) -> None:
    """Raise UnusableError when a file says more than a bank file does, or too much of it that cannot be used."""
    if lines > MOST_LINES or statements > _MOST_STATEMENTS:
        raise UnusableError(Complaint("bank_too_much"))
    if unusable > _MOST_UNUSABLE:
        raise UnusableError(Complaint("bank_unusable", params={"n": _MOST_UNUSABLE}))


def refuse_many(data: bytes, *marks: bytes) -> None:
    """Raise UnusableError when a file has far more of what begins a movement than it may have, before it is read."""
    most = max(data.count(mark) for mark in marks)
    if most > 2 * MOST_LINES or data.count(b"\n") > _MOST_TEXT_LINES:
        raise UnusableError(Complaint("bank_too_much"))


def within_limits(found: Iterable[Statement | Complaint]) -> list[Statement | Complaint]:
    """What was found in a file, unless it is too much."""
    kept: list[Statement | Complaint] = []
    lines = unusable = statements = 0
    for one in found:
        if isinstance(one, Statement):
            lines, statements = lines + len(one.lines), statements + 1
        elif one.rule not in _ASIDE:
            unusable += 1
        refuse_too_much(lines, unusable, statements)
        kept.append(one)
    return kept


def text_of(data: bytes) -> str:
    """The text of a file whose figures are ASCII; letters that nobody can tell become the replacement sign."""
    data, encoding = _as_written(data)
    return data.decode(encoding, "replace")


def lines_of(data: bytes) -> Iterator[str]:
    """Its lines without their ends, decoded one after the other; raises UnusableError at one that nobody writes."""
    data, encoding = _as_written(data)
    at = 0
    while at < len(data):
        found = _LINE.match(data, at)
        if found is None:
            raise UnusableError(Complaint("bank_too_much"))
        yield found[1].decode(encoding, "replace")
        at = found.end()


def _as_written(data: bytes) -> tuple[bytes, str]:
    """The bytes without a mark, in an encoding that keeps the line ends of ASCII, and which one that is."""
    if len(data) > LARGEST_FILE:
        raise UnusableError(Complaint("file_too_large", params={"limit": LARGEST_FILE // 2**20}))
    how = written(data)
    if how is None:
        return data, "ascii"
    if how.encoding.startswith("utf-16"):
        return data[how.mark :].decode(how.encoding).encode("utf-8"), "utf-8"
    return (data[how.mark :] if how.mark else data), how.encoding


def clean(text: str | None) -> str:
    """One line without doubled spaces: banks break long names and texts at fixed columns."""
    return " ".join((text or "").split())


def compact(text: str | None) -> str:
    """An account as accounts are compared: in capitals, without spaces."""
    return "".join((text or "").split()).upper()


def as_iban(text: str) -> str:
    """The account when it is written as an IBAN is, else nothing."""
    account = compact(text)
    return account if _IBAN.fullmatch(account) else ""


def iban_in(words: str) -> str:
    """The one valid IBAN in a text; nothing where there are several."""
    found = {compact(one) for one in _IBAN_IN.findall(words.upper())}
    valid = [one for one in found if ibans.is_valid(one)]
    return valid[0] if len(valid) == 1 else ""


def reference(text: str) -> str:
    """A reference, or nothing where the bank only says that there is none."""
    text = clean(text)
    return "" if text.upper().replace(" ", "") in _NO_REFERENCE else text


def kind(amount: Decimal, *, returned: bool = False, charged: bool = False) -> str:
    """The kind of a movement (see `StatementLine`) by what the bank's codes say of it."""
    if returned:
        return "return"
    if amount >= 0:
        return "payment"
    return "charge" if charged else "debit"


def kind_in_words(amount: Decimal, words: str) -> str:
    """The kind of a movement whose bank has words for it and no codes. Only money out can be a fee or come back."""
    if amount >= 0:
        return "payment"
    told = fold(words)
    charged = bool(_CHARGED.search(told))
    return kind(amount, returned=not charged and bool(_RETURNED.search(told)), charged=charged)


def return_reason(words: str) -> str:
    """The ISO 20022 code of a return, where a text carries one."""
    found = _REASON.search(words)
    return found[0] if found else ""


def payer_in(text: str, amount: Decimal) -> str:
    """Who paid, when the words of money in begin by naming the payer, as Spanish and French banks write them."""
    found = _FROM.match(clean(text)) if amount > 0 else None
    name = next(filter(None, found.groups()), "") if found else ""
    return _PURPOSE.sub("", name).strip(" -,;:/")


def joined(pieces: Iterable[str], width: int) -> str:
    """A text that was cut into pieces of a width: a full piece goes on in the next, a shorter one had ended."""
    text = ""
    for piece in pieces:
        text += piece if len(piece) >= width else f"{piece.rstrip()} "
    return clean(text)


def with_text(line: StatementLine, *texts: str) -> StatementLine:
    """The line with these texts after its own; what is said already, word for word, is not said again."""
    said = line.text
    for text in texts:
        if text and f" {text} " not in f" {said} ":
            said = f"{said} {text}".strip()
    return replace(line, text=said)


def useful(statement: Statement, told: int, complaints: list[Complaint]) -> Iterator[Statement | Complaint]:
    """The statement, then what is wrong with it; without it when not one of the entries it told could be used."""
    if statement.lines or not told:
        yield statement
    yield from complaints
