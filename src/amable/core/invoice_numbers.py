"""Finds the numbers of invoices in what people write on a bank transfer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from anyascii import anyascii
from stdnum import iban, iso11649

# Words that announce an invoice number, and stand before it without being part of it.
_ANNOUNCING: Final = frozenset({
    "F", "FA", "FC", "FF", "FT", "FV", "FAC", "FACS", "FACT", "FACTS", "FCT", "FRA", "FRAS", "FATT", "FACTURA",
    "FACTURAS", "FACTURE", "FACTURES", "FACTURI", "FACTURII", "FACTURILE", "FACTURAE", "FATTURA", "FATTURE", "FISCALA",
    "FISCALE", "INV", "INVS", "INVOICE", "INVOICES", "BILL", "RECHNUNG", "RG", "RE", "RNR", "N", "NO", "NOS", "NR",
    "NRS", "NRO", "NUM", "NUMERO", "NUMEROS", "NUMERE", "NUMAR", "NUMARUL", "NUMBER", "NUMBERS", "SERIA", "SERIE",
    "REF", "REFERENCE", "REFERENCIA", "REFERINTA",
})  # fmt: skip
_LISTING: Final = frozenset({"Y", "E", "AND", "SI", "ET", "U", "ED", "I"})
_TOKEN: Final = re.compile(r"([A-Z]+|[0-9]+)([^A-Z0-9]*)")
# RF references (ISO 11649) and IBANs (ISO 13616), in one piece or in groups.
_CHECKED: Final = re.compile(r"\b[A-Z]{2} ?[0-9]{2}(?: ?[A-Z0-9]){1,30}(?![A-Z0-9])")
_COMPACT: Final = re.compile(r"[^A-Z0-9]")
_SHORTEST_IBAN: Final = 15
_SHORT: Final = 4  # a number of fewer letters and digits means something only beside a word that announces it
LONG: Final = 7  # a number this long is not met by chance
_MOST_GROUPS: Final = 12


class Level(IntEnum):
    """How surely an item was named."""

    ORDER = 0  # by the customer's own order number
    FAINT = 1  # a short number, a few digits that nothing announces, or a number without its series
    PLAIN = 2  # the number, but so short that other things could be written like it
    CLEAR = 3  # the number in full or announced, or a reference


class Found(NamedTuple):
    """Items that one number in a text names; several when they share it."""

    ids: tuple[int, ...]
    level: Level
    by: str  # the rule: number, reference or order


def fold_number(number: str) -> str:
    """A number for comparing: capitals and digit groups without leading zeros, `F-2026-12` of `f 2026/0012`.

    Whatever stands between the groups, or between letters and digits, counts as the same.
    """
    written = capitals(number)
    return "-".join(_plain_group(group) for group, _ in _TOKEN.findall(written)) or written


def compact(text: str) -> str:
    """Capitals and digits only: `F20260012` of `f 2026/0012`."""
    return _COMPACT.sub("", capitals(text))


def capitals(text: str) -> str:
    """ASCII capitals; what stands between letters and digits is left as it is."""
    plain = text if text.isascii() else anyascii(text.replace("°", "o"))
    return plain.upper()


def _plain_group(group: str) -> str:
    return group.lstrip("0") or "0" if group[0] == "0" else group


class _Gap(IntEnum):
    WITHIN = 0  # the same word: nothing, a hyphen, a slash
    COMMA = 1  # the same word, but never one number: 101,102
    SPACE = 2  # another word, a number may go on: F 2026 0012
    BREAK = 3  # what follows is something else


@lru_cache(maxsize=4_096)
def _gap(between: str, digits_after: int) -> _Gap:
    """What stands between two groups; `digits_after` is the length of the second when both are digits, else zero."""
    if between in {"", "-", "/", "_", "\\"} or (between == "." and digits_after):
        return _Gap.WITHIN
    if between == "," and 0 < digits_after < 4:  # perhaps an amount; four digits after a comma begin something new
        return _Gap.COMMA
    return _Gap.SPACE if not between.strip(" \t\r\n-/_.\\#") else _Gap.BREAK


class Numbers:
    """Finds the numbers of items in free text, however they are written, and never inside a longer number."""

    def __init__(self) -> None:
        self._grouped: dict[str, int | tuple[int, ...]] = {}  # F-2026-12
        self._run_together: dict[str, int | tuple[int, ...]] = {}  # F20260012
        self._without_series: dict[str, int | tuple[int, ...]] = {}  # 2026-12
        self._orders: dict[str, int | tuple[int, ...]] = {}
        self._starts: set[str] = set()  # the letters numbers begin with
        self._most_groups = 1

    def add(self, item: int, number: str, order: str) -> None:
        """Note an item under its number and the customer's own order number."""
        groups = [group for group, _ in _TOKEN.findall(capitals(number))]
        if groups:
            plain = [_plain_group(group) for group in groups]
            _file(self._grouped, "-".join(plain), item)
            _file(self._run_together, "".join(groups), item)
            self._note_start(groups)
            rest = plain[1:]
            if groups[0].isalpha() and (len(rest) > 1 or len("".join(rest)) >= _SHORT):
                _file(self._without_series, "-".join(rest), item)
        together = compact(order)
        if len(together) > _SHORT and not together.isalpha():
            _file(self._orders, together, item)
            self._note_start([group for group, _ in _TOKEN.findall(capitals(order))])

    def _note_start(self, groups: Sequence[str]) -> None:
        if groups[0].isalpha():
            self._starts.add(groups[0])
        self._most_groups = max(self._most_groups, len(groups))

    def exactly(self, reference: str) -> tuple[int, ...]:
        """The items whose number is this reference, or the body of this RF creditor reference (ISO 11649)."""
        together = compact(reference)
        if together.startswith("RF") and iso11649.is_valid(together):
            reference = together = together[4:]
        return (
            _filed(self._grouped, fold_number(reference))
            or _filed(self._run_together, together)
            or _filed(self._run_together, together.lstrip("0"))
        )

    def in_text(self, text: str) -> tuple[list[Found], str]:
        """What the text names, and a number it announces that is none of ours."""
        written = capitals(text)
        found, written = self._set_aside(written)
        numbers, unknown = self._scan(written)
        return found + numbers, unknown

    def _set_aside(self, written: str) -> tuple[list[Found], str]:
        """The RF references; and the text without them and without IBANs, whose digits are nobody's numbers."""
        found: list[Found] = []

        def blank(match: re.Match[str]) -> str:
            pieces = match[0].split()
            for end in range(len(pieces), 0, -1):  # words after it are not taken for its end
                together = "".join(pieces[:end])
                if together.startswith("RF") and iso11649.is_valid(together):
                    if ids := self.exactly(together):
                        found.append(Found(ids, Level.CLEAR, "reference"))
                elif len(together) < _SHORTEST_IBAN or not iban.is_valid(together, check_country=False):
                    continue
                return " | " + " ".join(pieces[end:])
            return match[0]

        return found, _CHECKED.sub(blank, written)

    def _scan(self, written: str) -> tuple[list[Found], str]:
        pairs = _TOKEN.findall(written)
        if not pairs:
            return [], ""
        groups = [group for group, _ in pairs]
        gaps = [
            _gap(between, len(after) if group[0] <= "9" and after[0] <= "9" else 0)
            for (group, between), after in zip(pairs, groups[1:], strict=False)
        ]
        gaps.append(_Gap.BREAK)
        spans: list[_Span] = []
        place = 0
        while place < len(groups):
            first = groups[place]
            possible = first[0] <= "9" or first in self._starts
            span = self._span_at(groups, gaps, place, spans) if possible else None
            if span is None:
                place += 1
            else:
                spans.append(span)
                place = span.end
        spans = _whole(spans, groups, gaps)
        found = [
            Found(span.ids, level, span.by) for span in spans if (level := _level(span, groups, len(spans))) is not None
        ]
        return found, _unknown(spans, groups)

    def _span_at(self, groups: list[str], gaps: list[_Gap], start: int, before: list[_Span]) -> _Span | None:
        """The longest number that begins here."""
        starts_with_letters = groups[start][0] > "9"
        if start and gaps[start - 1] <= _Gap.COMMA:
            left = before and before[-1].end == start
            if not left and groups[start - 1] not in _ANNOUNCING:
                return None
        most = min(_MOST_GROUPS, len(groups) - start, self._most_groups + 3)
        end = start + 1
        while end - start < most and gaps[end - 1] in (_Gap.WITHIN, _Gap.SPACE):
            end += 1
        plain = [_plain_group(group) for group in groups[start:end]]
        announced = _announced(groups, start, before)
        while end > start:
            grouped = "-".join(plain[: end - start])
            together = "".join(groups[start:end])
            if ids := _filed(self._grouped, grouped):
                return _Span(start, end, ids, "number", announced, full=True)
            by_chance = not starts_with_letters and len(together) < 6 and _Gap.SPACE in gaps[start : end - 1]
            if not by_chance and (ids := _filed(self._run_together, together)):
                return _Span(start, end, ids, "number", announced, full=True)
            if not starts_with_letters and (ids := _filed(self._without_series, grouped)):
                before_it = groups[start - 1] if start else ""
                if before_it not in self._starts or before_it in _ANNOUNCING:  # else the number of another series
                    return _Span(start, end, ids, "number", announced, full=False)
            if self._orders and (ids := _filed(self._orders, together)):
                return _Span(start, end, ids, "order", announced, full=True)
            end -= 1
        return None


class _Span(NamedTuple):
    start: int
    end: int
    ids: tuple[int, ...]
    by: str
    announced: bool
    full: bool


def _announced(groups: list[str], start: int, before: list[_Span]) -> bool:
    """Whether a word such as `factura` stands before, or an announced number of the same list."""
    if start == 0:
        return False
    if groups[start - 1] in _ANNOUNCING:
        return True
    if not before or not before[-1].announced:
        return False
    end = before[-1].end
    return end == start or (end == start - 1 and groups[end] in _LISTING)


def _whole(spans: list[_Span], groups: list[str], gaps: list[_Gap]) -> list[_Span]:
    """The spans that end where a word, another number or a longer word begins: `2026/12` is not in `2026/12/3`."""
    while True:
        starts = {span.start for span in spans}
        ends = {span.end for span in spans}
        kept = [
            span
            for span in spans
            if (
                gaps[span.end - 1] > _Gap.COMMA
                or span.end in starts
                or (groups[span.end][0] > "9" and len(groups[span.end]) > 2)
            )
            and (
                span.start == 0
                or gaps[span.start - 1] > _Gap.COMMA
                or span.start in ends
                or groups[span.start - 1] in _ANNOUNCING
            )
        ]
        if len(kept) == len(spans):
            return kept
        spans = kept


def _level(span: _Span, groups: list[str], spans: int) -> Level | None:
    """How surely the span names its items; None for a short number with nothing to announce it."""
    if span.by == "order":
        return Level.ORDER
    parts = [_plain_group(group) for group in groups[span.start : span.end]]
    length = len("".join(parts))
    digits_only = all(part[0] <= "9" for part in parts)
    announced = span.announced or (spans == 1 and span.start == 0 and span.end == len(groups))
    if length < _SHORT:
        return Level.FAINT if announced or not digits_only else None
    if not span.full:
        return Level.PLAIN if announced else Level.FAINT
    if announced or length >= LONG:
        return Level.CLEAR
    return Level.FAINT if digits_only else Level.PLAIN


def _unknown(spans: list[_Span], groups: list[str]) -> str:
    """A number that is announced like an invoice's and is none of the items here."""
    taken = {place for span in spans for place in range(span.start, span.end)}
    for place in range(1, len(groups)):
        if place not in taken and groups[place][0] <= "9" and groups[place - 1] in _ANNOUNCING:
            return groups[place]
    return ""


def _file(under: dict[str, int | tuple[int, ...]], key: str, number: int) -> None:
    """Most keys have one item: a bare number takes a third of the memory of a tuple of one."""
    there = under.get(key)
    if there is None:
        under[key] = number
    else:
        under[key] = (*there, number) if isinstance(there, tuple) else (there, number)


def _filed(under: dict[str, int | tuple[int, ...]], key: str) -> tuple[int, ...]:
    there = under.get(key)
    if there is None:
        return ()
    return there if isinstance(there, tuple) else (there,)
