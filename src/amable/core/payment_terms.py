"""Payment terms as invoices write them in words: when the sum is due, and which discount is offered for paying early.

Nothing is derived from words that can mean two days: then the reading says that it is unclear, and nothing else.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from anyascii import anyascii

LONGEST: Final = 365  # days
_LONGEST_TEXT: Final = 4000
_MOST_PERCENT: Final = 50
_FROM_DELIVERY: Final = 5  # days between a delivery and its invoice


class Discount(NamedTuple):
    """So many percent off when paid by a day; of `basis` where a sum is named."""

    percent: Decimal
    until: date
    basis: Decimal | None = None


class Terms(NamedTuple):
    """What terms say: the day due (None where they name none), the discounts, and whether it was paid already.

    `words` are those that the day was read from. `unclear` when terms name days but not one day that is surely meant.
    """

    due: date | None = None
    words: str = ""
    discounts: tuple[Discount, ...] = ()
    paid: bool = False
    unclear: bool = False


# All below is matched in small letters without accents.
_DAY_WORDS: Final = (
    r"(?:calendar |kalender|natural(?:es)? |calendaristice |net |netto )?"
    r"(?:days?|dias?|jours?|jrs?|zile|zi|tage?n?|giorni|gg|dagen|dagar|dage?|dager|dni|dnu|napon?|paivaa?)"
)
_DAYS: Final = re.compile(rf"(?<![\d.,/-])(\d{{1,3}})[ -]?(?:de |d')?{_DAY_WORDS}\b")
_NET_DAYS: Final = re.compile(r"\bnet(?:to)?[ -]?(\d{1,3})\b(?! ?[%.,/-])")
_MONTHS: Final = re.compile(
    r"\b(1|one|un|una|uno|une|o|einem|einen|eines|2|two|dos|deux|doua|zwei|due|3|three|tres|trois|trei|drei|tre) ?"
    r"(?:months?|mes(?:es)?|mois|luna|luni|monate?n?s?|mesi|mese)\b(?! (?:fin|end))"
)
_COUNTS: Final = {
    **dict.fromkeys(("1", "one", "un", "una", "uno", "une", "o", "einem", "einen", "eines"), 1),
    **dict.fromkeys(("2", "two", "dos", "deux", "doua", "zwei", "due"), 2),
    **dict.fromkeys(("3", "three", "tres", "trois", "trei", "drei", "tre"), 3),
}
_MONTH_END: Final = re.compile(
    r"\b(?:fin (?:de |du )?mois|fdm|f\.d\.m|end (?:of )?(?:the )?month|e\.?o\.?m|(?:fin|final) (?:de|del) mes"
    r"|sfarsitul lunii|sfarsit de luna|monatsende|ende des monats|fine mese|f\.m|d\.?f\.?f\.?m)\b"
)
_THEN_THE: Final = re.compile(r"^[ ,]{0,3}(?:le|el|the|the day|am|il|pe) (\d{1,2})\b")
_AT_ONCE: Final = re.compile(
    r"\b(?:(?:up)?on receipt|payable immediately|due immediately|immediate payment|sofort|bei erhalt"
    r"|a reception|comptant|paiement immediat|al contado|pago inmediato|a la recepcion|la primire|plata imediata"
    r"|imediat|vista fattura|rimessa diretta|pagamento immediato|a vista|due now|cash on delivery)\b"
)
_ISO_DATE: Final = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_WRITTEN_DATE: Final = re.compile(r"(?<![\d.])(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?![\d])")
_DISCOUNT: Final = re.compile(
    r"\b(?:skonto|sconto|discounts?|descuento|escompte|dto|remise|reducere|discountul|korting|rabat)"
)
_NO_DISCOUNT: Final = re.compile(r"\b(?:pas d'|sans |aucun |no |ohne |kein |keine |sin |fara |senza )[\w' ]{0,20}$")
_PERCENT: Final = re.compile(
    r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,3})?) ?(?:%|percent|por ciento|pour cent|la suta|prozent)"
)
_LATE: Final = re.compile(
    r"\b(?:interes(?:t|es|si)?\b|zins|verzug|retard|penalit|mora\b|demora|penal|dobanda|rante|droj|indemnit|recouvrement"
    r"|overdue|late (?:pay|fee)|mahn|intarzi|ritardo|aanmaning|rente\b|boete|delay|depass)"
)
_WORKING: Final = re.compile(
    r"\b(?:working|business|habiles|laborables|ouvres|ouvrables|lucratoare|werktag|arbeitstag|bankarbeitstag|lavorativi)"
)
_PAY_DAYS: Final = re.compile(r"\b(?:dias? de pago|pagos? (?:en )?los dias?|dia fijo|dias fijos|jours? de paiement)\b")
_SEVERAL: Final = re.compile(
    rf"\b\d{{1,3}} ?(?:[/,-]|y|e|et|and|und|si|o|or|ou|oder|sau) ?\d{{1,3}} ?(?:de )?{_DAY_WORDS}\b"
)
_AMERICAN: Final = re.compile(
    r"(?<![\d.])(\d{1,2}(?:\.\d{1,2})?) ?%?[ /](\d{1,3}),? n(?:et)? ?/?(\d{1,3})\b"
)  # 2/10 net 30
_PAID: Final = re.compile(
    r"\b(?:bereits (?:beglichen|bezahlt)|dankend erhalten|already (?:been )?(?:paid|settled)|paid in full"
    r"|ya (?:ha sido |esta )?(?:pagad[oa]|abonad[oa])|factura pagada|deja (?:payee?|reglee?|acquittee?)"
    r"|facture (?:acquittee|payee|reglee)|deja (?:achitat|platit)|a fost achitat|achitat integral"
    r"|gia (?:pagat[oa]|saldat[oa]))"
)
_NOT_PAID: Final = re.compile(r"\b(?:not|no|nicht|pas|nu|non|if|si|falls|wenn|daca|se)\b[\w ]{0,30}$")
# Words of paying: other texts than the terms themselves are heard only where they use one.
_PAYING: Final = re.compile(
    r"\b(?:zahlbar|zahlung|zahlen|begleichen|ueberweis|pay(?:able|ment)?\b|due\b|pago|pagar|vencimiento|paiement|payer"
    r"|payable|reglement|regler|echeance|plata|platibil|scaden|pagamento|betaling|betalning|betaal|terms)"
)
_CODED: Final = re.compile(
    r"#SKONTO#TAGE=(\d{1,3})#PROZENT=(\d{1,2}(?:\.\d{1,4})?)#(?:BASISBETRAG=(-?\d{1,15}(?:\.\d{1,2})?)#)?"
)
_ANY_CODE: Final = re.compile(r"#[A-Z]+#[^\n]*")
_SENTENCES: Final = re.compile(r"\n|;|(?<=\w\w\w)\. | – | \| |#")
_PARTS: Final = re.compile(r", (?!fin |le \d|end of)")


def read(terms: str, issued: date | None, *, notes: Sequence[str] = ()) -> Terms:
    """What the terms of an invoice say, and those of its other texts that speak of paying, where the terms do not."""
    said = _read(terms[:_LONGEST_TEXT], issued, spoken=True)
    if said.due or said.unclear or said.paid:
        return said
    for note in notes:
        other = _read(note[:_LONGEST_TEXT], issued, spoken=False)
        if other.due or other.unclear:
            return other._replace(discounts=said.discounts or other.discounts, paid=False)
    return said


def due_after(issued: date, days: int, *, month_end: bool = False) -> date:
    """The day so many days after another, or the last day of the month they end in."""
    day = issued + timedelta(days=days)
    return _last_of_month(day) if month_end else day


def _read(text: str, issued: date | None, *, spoken: bool) -> Terms:
    discounts = list(_coded(text, issued))
    days: dict[date, str] = {}
    paid = unclear = False
    for part in _parts(_ANY_CODE.sub("", text)):
        folded = _folded(part)
        if not folded or not (spoken or _PAYING.search(folded)):
            continue
        if (found := _PAID.search(folded)) and not _NOT_PAID.search(folded[: found.start()]):
            paid = paid or spoken
            continue
        if offered := _DISCOUNT.search(folded):
            if not _NO_DISCOUNT.search(folded[: offered.start()]):
                discounts += _discount(folded, issued)
            continue
        if issued and (both := _AMERICAN.fullmatch(folded)):
            discounts += _sound(Decimal(both[1]), issued + timedelta(days=int(both[2])), issued, None)
            days.setdefault(issued + timedelta(days=int(both[3])), " ".join(part.split()))
            continue
        if _PERCENT.search(folded) or _SEVERAL.search(folded) or _WORKING.search(folded) or _PAY_DAYS.search(folded):
            unclear = True
            continue
        found_days = _days_in(folded, issued)
        if len(found_days) == 1:
            days.setdefault(found_days[0], " ".join(part.split()))
        unclear = unclear or len(found_days) > 1
    if unclear or len(days) > 1:
        return Terms(discounts=tuple(discounts), paid=paid, unclear=True)
    due, words = next(iter(days.items()), (None, ""))
    return Terms(due, words, tuple(discounts), paid)


def _parts(text: str) -> Iterator[str]:
    """What is said one after the other; from where a sentence speaks of paying late, the rest of it does."""
    for sentence in _SENTENCES.split(text):
        for part in _PARTS.split(sentence):
            if _LATE.search(_folded(part)):
                break
            yield part


def _folded(part: str) -> str:
    return " ".join(anyascii(part).casefold().split())


def _days_in(folded: str, issued: date | None) -> tuple[date, ...]:
    """The days that words can mean: one when they are clear, several when they contradict themselves."""
    dates = set(_dates(folded))
    if issued is None or "days ago" in folded:
        return tuple(sorted(dates))
    counted = set(_counted(folded, issued))
    if dates and counted and not _agree(dates, counted):
        return tuple(sorted(dates | counted))
    return tuple(sorted(dates or counted))


def _agree(dates: set[date], counted: set[date]) -> bool:
    """Whether the one date written is about where the days counted lead: a program may count from the delivery."""
    return len(dates) == len(counted) == 1 and abs((min(dates) - min(counted)).days) <= _FROM_DELIVERY


def _counted(folded: str, issued: date) -> Iterator[date]:
    """The days that words count from the issue date."""
    numbers = {int(one[1]) for one in (*_DAYS.finditer(folded), *_NET_DAYS.finditer(folded)) if int(one[1]) <= LONGEST}
    months = {_COUNTS[one[1]] for one in _MONTHS.finditer(folded)}
    end = _MONTH_END.search(folded)
    for days in sorted(numbers):
        yield _ended(issued, days, end, folded)
    if not numbers:
        for count in sorted(months):
            later = _months_later(issued, count)
            yield _last_of_month(later) if end else later
    if not numbers and not months:
        if end:
            yield _ended(issued, 0, end, folded)
        elif _AT_ONCE.search(folded):
            yield issued


def _ended(issued: date, days: int, end: re.Match[str] | None, folded: str) -> date:
    """`30 days end of month`: the end of the month those days end in. `End of month 30 days`: 30 days after that end.

    `The 10th` after it is the 10th of the month that follows.
    """
    if end is None:
        return issued + timedelta(days=days)
    counted = _DAYS.search(folded)
    if counted and counted.start() > end.start():
        return _last_of_month(issued) + timedelta(days=days)
    day = _last_of_month(issued + timedelta(days=days))
    then = _THEN_THE.match(folded[end.end() :])
    if then and 1 <= int(then[1]) <= 28:
        return day + timedelta(days=int(then[1]))
    return day


def _dates(folded: str) -> Iterator[date]:
    """The dates written out; one with slashes that can be read two ways gives both."""
    for one in _ISO_DATE.finditer(folded):
        yield from _date(int(one[1]), int(one[2]), int(one[3]))
    for one in _WRITTEN_DATE.finditer(folded):
        first, second, year = int(one[1]), int(one[3]), int(one[4])
        year = year + 2000 if year < 100 else year
        yield from _date(year, second, first)
        if one[2] != "." and first != second:
            yield from _date(year, first, second)


def _date(year: int, month: int, day: int) -> Iterator[date]:
    try:
        found = date(year, month, day)
    except ValueError:
        return
    if 1970 <= year < 2100:
        yield found


def _discount(folded: str, issued: date | None) -> Iterator[Discount]:
    """A discount in words, where its percent and its last day are clear."""
    percents = {Decimal(one[1].replace(",", ".")) for one in _PERCENT.finditer(folded)}
    dates = set(_dates(folded))
    days = dates or (set(_counted(folded, issued)) if issued else set())
    if len(percents) == len(days) == 1:
        yield from _sound(percents.pop(), days.pop(), issued, None)


def _coded(text: str, issued: date | None) -> Iterator[Discount]:
    """The discounts of XRechnung's BT-20: `#SKONTO#TAGE=14#PROZENT=2.25#BASISBETRAG=357.93#`."""
    for one in _CODED.finditer(text):
        if issued is not None:
            basis = Decimal(one[3]) if one[3] else None
            yield from _sound(Decimal(one[2]), issued + timedelta(days=int(one[1])), issued, basis)


def _sound(percent: Decimal, until: date, issued: date | None, basis: Decimal | None) -> Iterator[Discount]:
    if 0 < percent <= _MOST_PERCENT and (issued is None or until >= issued):
        yield Discount(percent, until, basis)


def _last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _months_later(day: date, count: int) -> date:
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
