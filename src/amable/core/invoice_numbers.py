"""Finds the numbers of invoices in what people write on a bank transfer."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from string import ascii_uppercase
from typing import Final, NamedTuple

from anyascii import anyascii
from stdnum import iban

# Words that announce an invoice number, and stand before it without being part of it.
_ANNOUNCING: Final = frozenset({
    "F", "FA", "FC", "FF", "FT", "FV", "FAC", "FACS", "FACT", "FACTS", "FCT", "FRA", "FRAS", "FATT", "FACTURA",
    "FACTURAS", "FACTURE", "FACTURES", "FACTURI", "FACTURII", "FACTURILE", "FACTURAE", "FATTURA", "FATTURE", "FISCALA",
    "FISCALE", "INV", "INVS", "INVOICE", "INVOICES", "BILL", "RECHNUNG", "RG", "RE", "RNR", "N", "NO", "NOS", "NR",
    "NRS", "NRO", "NUM", "NUMERO", "NUMEROS", "NUMERE", "NUMAR", "NUMARUL", "NUMBER", "NUMBERS", "SERIA", "SERIE",
    "REF", "REFERENCE", "REFERENCIA", "REFERINTA",
})  # fmt: skip
_LISTING: Final = frozenset({"Y", "E", "AND", "SI", "ET", "U", "ED", "I"})
_GROUP: Final = re.compile(r"[A-Z]+|[0-9]+")
_TOKEN: Final = re.compile(rf"({_GROUP.pattern})([^A-Z0-9]*)")
_DIGIT: Final = re.compile(r"[0-9]")
# Letters and digits that stand together, or apart by what is always within a word.
_ONE_WORD: Final = re.compile(r"[A-Z0-9]+(?:[-/_][A-Z0-9]+)*")
# RF references (ISO 11649) and IBANs (ISO 13616), in one piece or in groups; Belgian ones between their signs.
_CHECKED: Final = re.compile(
    r"\b[A-Z]{2} ?[0-9]{2}(?: ?[A-Z0-9]){1,30}(?![A-Z0-9])|[+*]{3} ?[0-9]{3}/?[0-9]{4}/?[0-9]{5} ?[+*]{3}"
)
# Words between the first and the last number of a run of invoices.
_UNTIL: Final = frozenset({
    "A", "AL", "HASTA", "LA", "PANA", "PINA", "INCLUSIV", "AU", "JUSQU", "TO", "THRU", "THROUGH", "UNTIL", "TILL",
    "BIS",
})  # fmt: skip
_LONGEST_COUNT: Final = 18
# A number and its date, as Romanians write them: F-2026/0012/05.03.2026
_DATED: Final = re.compile(
    r"(?<=[A-Z0-9])/(?=(?:0?[1-9]|[12][0-9]|3[01])([.\-/]?)(?:0?[1-9]|1[0-2])\1(?:20[0-9]{2}|(?<=[.\-/])[0-9]{2})(?![0-9]))"
)
_YEAR_IN_FRONT: Final = re.compile(r"(?<![0-9])(20[0-9]{2})(?=[0-9]{1,6}(?![0-9]))")  # F202612 of F-2026/0012
# What some banks write before a part of the text.
_TAG: Final = re.compile(r"/(?:ROC|RFB|INV|IPI|EREF|KREF|MREF|CREF|REMI|SVWZ|USTD|STRD|CINV)/")
_AS_FIGURES: Final = str.maketrans({letter: str(place) for place, letter in enumerate(ascii_uppercase, 10)})
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
    return "-".join(map(_plain_group, _GROUP.findall(written))) or written


def compact(text: str) -> str:
    """Capitals and digits only: `F20260012` of `f 2026/0012`."""
    return _COMPACT.sub("", capitals(text))


def capitals(text: str) -> str:
    """ASCII capitals; what stands between letters and digits is left as it is."""
    plain = text if text.isascii() else anyascii(text.replace("°", "o"))
    return plain.upper()


def _is_rf(together: str) -> bool:
    """Whether these capitals and digits are an RF creditor reference with the right check digits (ISO 11649)."""
    if not (together.startswith("RF") and together[2:4].isdigit() and 5 <= len(together) <= 25):
        return False
    return int((together[4:] + together[:4]).translate(_AS_FIGURES)) % 97 == 1


def _countable(group: str) -> bool:
    return group[:1].isdigit() and len(group) <= _LONGEST_COUNT


def _loosened(written: str) -> str:
    """A text with the dates set off from numbers and the years at their beginning from the rest of them."""
    return _YEAR_IN_FRONT.sub(r"\1-", _DATED.sub(" | ", written))


def _ways_to_read(text: str) -> dict[str, None]:
    written = capitals(text)
    return dict.fromkeys((written, _loosened(written)))


def _plain_group(group: str) -> str:
    return group.lstrip("0") or "0" if group[:1] == "0" else group


# What stands between two groups. Plain numbers: they are compared several times for every word of every payment.
_WITHIN: Final = 0  # the same word: nothing, a hyphen, a slash
_COMMA: Final = 1  # the same word, but never one number: 101,102
_SPACE: Final = 2  # another word, a number may go on: F 2026 0012
_BREAK: Final = 3  # what follows is something else
_GAPS: Final = {**dict.fromkeys(("", "-", "/", "_", "\\"), _WITHIN), **dict.fromkeys((" ", " - ", ". "), _SPACE)}


def _gaps(pairs: list[tuple[str, str]], groups: list[str]) -> list[int]:
    """What stands after each group; the text ends with a break."""
    gaps = [
        _GAPS[between] if between in _GAPS else _gap(between, len(after) if group[0] <= "9" and after[0] <= "9" else 0)
        for (group, between), after in zip(pairs, groups[1:], strict=False)
    ]
    gaps.append(_BREAK)
    return gaps


@lru_cache(maxsize=4_096)
def _gap(between: str, digits_after: int) -> int:
    """What stands between two groups; `digits_after` is the length of the second when both are digits, else zero."""
    if between == "." and digits_after:
        return _WITHIN
    if between == "," and 0 < digits_after < 4:  # perhaps an amount; four digits after a comma begin something new
        return _COMMA
    return _SPACE if not between.strip(" \t\r\n-/_.\\#") else _BREAK


class Run(NamedTuple):
    """All numbers of a series from one to another; `ends` are the items whose number is either."""

    series: tuple[str, ...]
    first: int
    last: int
    ends: tuple[int, ...]

    def holds(self, number: str) -> bool:
        """Whether a number is one of the run, its letters left out or not."""
        *series, last = map(_plain_group, _GROUP.findall(capitals(number)) or ("",))
        of_series = tuple(series) == self.series or (tuple(series[1:]) == self.series and series[0].isalpha())
        return of_series and _countable(last) and self.first <= int(last) <= self.last


class Numbers:
    """Finds the numbers of items in free text, however they are written, and never inside a longer number."""

    def __init__(self) -> None:
        self._grouped: dict[str, int | tuple[int, ...]] = {}  # F-2026-12
        self._run_together: dict[str, int | tuple[int, ...]] = {}  # F20260012
        self._without_series: dict[str, int | tuple[int, ...]] = {}  # 2026-12
        self._orders: dict[str, int | tuple[int, ...]] = {}
        self._references: dict[str, int | tuple[int, ...]] = {}  # what invoices ask to be quoted, without leading zeros
        self._starts: set[str] = set()  # the letters numbers begin with
        self._inside: set[str] = set()  # letters in numbers, other than those before digits at the start
        self._most_groups = 1
        # How many groups, or letters and digits, the keys have: most looks can be saved.
        self._counts: set[int] = set()
        self._counts_without_series: set[int] = set()
        self._lengths: set[int] = set()
        self._lengths_of_orders: set[int] = set()
        self._lengths_of_references: set[int] = set()
        self._figures: set[tuple[int, ...]] = set()  # how many digits the groups of numbers without letters have
        self._highest = 0  # of the last groups, the running number most often

    def add(self, item: int, number: str, order: str, reference: str = "") -> None:
        """Note an item under its number, the customer's own order number, and the reference it asks to be quoted."""
        if groups := _GROUP.findall(capitals(number)):
            plain = [group.lstrip("0") or "0" if group[0] == "0" else group for group in groups]
            together = "".join(groups)
            _file(self._grouped, "-".join(plain), item)
            _file(self._run_together, together, item)
            self._counts.add(len(groups))
            self._lengths.add(len(together))
            if groups[0][0] > "9":
                self._starts.add(groups[0])
                rest = "-".join(plain[1:])
                if len(plain) > 2 or len(rest) >= _SHORT:
                    _file(self._without_series, rest, item)
                    self._counts_without_series.add(len(plain) - 1)
            else:
                self._figures.add(tuple(map(len, groups)))
            if _countable(groups[-1]):
                self._highest = max(self._highest, int(groups[-1]))
            self._note(groups)
        if order:
            self._add_order(item, order)
        if reference:
            self._add_reference(item, reference)

    def _add_reference(self, item: int, reference: str) -> None:
        groups = _GROUP.findall(capitals(reference))
        together = "".join(groups).lstrip("0")
        if len(together) <= _SHORT or together.isalpha():
            return
        _file(self._references, together, item)
        self._lengths_of_references.add(len(together))
        if groups[0][0] > "9":
            self._starts.add(groups[0])
        self._most_groups = max(self._most_groups, len(groups), len(together) // 3)
        self._note(groups)

    def _add_order(self, item: int, order: str) -> None:
        together = compact(order)
        if len(together) <= _SHORT or together.isalpha():
            return
        _file(self._orders, together, item)
        self._lengths_of_orders.add(len(together))
        groups = _GROUP.findall(capitals(order))
        if groups[0][0] > "9":
            self._starts.add(groups[0])
        self._note(groups)

    def _note(self, groups: list[str]) -> None:
        self._most_groups = max(self._most_groups, len(groups))
        for group in groups[1:] or groups:
            if group[0] > "9":
                self._inside.add(group)

    def exactly(self, reference: str) -> tuple[int, ...]:
        """The items that ask for this reference, or whose number it is, or the body of this RF one (ISO 11649)."""
        together = compact(reference)
        if ids := self._asked_for(together):
            return ids
        return self._written_as(together[4:] if _is_rf(together) else reference)

    def is_reference(self, text: str) -> bool:
        """Whether this is a reference as invoices ask for them: one with right check digits, or as long as ours are."""
        together = compact(text)
        if _is_rf(together):
            return True
        return any(map(str.isdigit, together)) and len(together.lstrip("0")) in self._lengths_of_references

    def _asked_for(self, together: str) -> tuple[int, ...]:
        """The items that ask for this reference; in RF clothes too, as Finnish banks and others dress their own."""
        if not self._references:
            return ()
        plain = together.lstrip("0")
        return _filed(self._references, plain) or (
            _filed(self._references, together[4:].lstrip("0")) if _is_rf(together) else ()
        )

    def _written_as(self, number: str) -> tuple[int, ...]:
        together = compact(number)
        return (
            _filed(self._grouped, fold_number(number))
            or _filed(self._run_together, together)
            or _filed(self._run_together, together.lstrip("0"))
        )

    def in_text(self, text: str) -> tuple[list[Found], str]:
        """What the text names, and a number it states like one of ours that is none of them."""
        written = capitals(text)
        if whole := self._word_for_word(written):
            return whole, ""
        found, written, unknown = self._set_aside(_TAG.sub(" | ", written))
        numbers, other = self._scan(written)
        if not numbers and (looser := _loosened(written)) != written:
            numbers, other = self._scan(looser)
        return found + numbers, unknown or other

    def _set_aside(self, written: str) -> tuple[list[Found], str, str]:
        """The references with check digits; the text without them and without IBANs, whose digits are no numbers.

        And a reference that is none of ours.
        """
        found: list[Found] = []
        unknown = ""

        def blank(match: re.Match[str]) -> str:
            nonlocal unknown
            if match[0][0] in "+*":
                if ids := self.exactly(match[0]):
                    found.append(Found(ids, Level.CLEAR, "reference"))
                else:
                    unknown = match[0]
                return " | "
            pieces = match[0].split()
            for end in range(len(pieces), 0, -1):  # words after it are not taken for its end
                together = "".join(pieces[:end])
                if _is_rf(together):
                    if ids := self.exactly(together):
                        found.append(Found(ids, Level.CLEAR, "reference"))
                    else:
                        unknown = together
                elif len(together) < _SHORTEST_IBAN or not iban.is_valid(together, check_country=False):
                    continue
                return " | " + " ".join(pieces[end:])
            return match[0]

        return found, _CHECKED.sub(blank, written), unknown

    def run_in(self, text: str) -> Run | None:
        """The run from one number to another of its series: `F-101 a F-105`, `F-101/105`. None without such words."""
        for written in _ways_to_read(text):
            pairs = _TOKEN.findall(written)
            groups, gaps = [group for group, _ in pairs], [gap for _, gap in pairs]
            for start in range(len(groups) - 1):
                end, ids = self._number_from(groups, start)
                if ids and end < len(groups) and (run := self._run_after(groups, gaps, start, end)):
                    return run
        return None

    def list_in(self, text: str) -> tuple[tuple[int, ...], ...]:
        """The items of a list that writes its series once: `F-2026/0012, 0015 y 0017`. Empty when there is none.

        Bare digits count as far as they make a number of that series; other digits end the list.
        """
        return next(filter(None, map(self._list_of, _ways_to_read(text))), ())

    def _list_of(self, written: str) -> tuple[tuple[int, ...], ...]:
        groups = _GROUP.findall(written)
        listed: list[tuple[int, ...]] = []
        series: list[str] | None = None
        place = 0
        more = False
        while place < len(groups):
            end, ids = self._number_from(groups, place)
            if ids:
                listed.append(ids)
                series, place = groups[place : end - 1], end
                continue
            if series is not None and _countable(groups[place]):
                if not (ids := self._any(series, int(groups[place]))):
                    break
                listed.append(ids)
                more = True
            place += 1
        return tuple(listed) if more else ()

    def _number_from(self, groups: list[str], start: int) -> tuple[int, tuple[int, ...]]:
        """Where the longest number ends that begins here, in groups, and whose it is."""
        for end in range(min(start + self._most_groups, len(groups)), start, -1):
            if _countable(groups[end - 1]) and (ids := self._any(groups[start : end - 1], int(groups[end - 1]))):
                return end, ids
        return start, ()

    def _run_after(self, groups: list[str], between: list[str], start: int, end: int) -> Run | None:
        """The run that begins with the number of these groups, when what follows says where it ends."""
        series, first = groups[start : end - 1], groups[end - 1]
        after = end
        while after < len(groups) and groups[after] in _UNTIL:
            after += 1
        if after == end and between[end - 1] != "/" and between[end - 1].strip() != "-":
            return None
        while after < len(groups) and groups[after] in _ANNOUNCING and groups[after] not in series:
            after += 1
        if groups[after : after + len(series)] == series:
            after += len(series)
        if after >= len(groups) or not _countable(groups[after]):
            return None
        last = groups[after]
        if len(last) < len(first):  # F-1001 a 05
            last = max(last, first[: -len(last)] + last, key=int)
        if int(last) <= int(first):
            return None
        ends = {item for n in (int(first), int(last)) for item in self._any(series, n)}
        return Run(tuple(map(_plain_group, series)), int(first), int(last), tuple(sorted(ends)))

    def _any(self, series: list[str], n: int) -> tuple[int, ...]:
        key = "-".join([*map(_plain_group, series), str(n)])
        return _filed(self._grouped, key) or _filed(self._without_series, key)

    def _scan(self, written: str) -> tuple[list[Found], str]:
        pairs = _TOKEN.findall(written)
        groups = [group for group, _ in pairs]
        possible = [place for place, group in enumerate(groups) if group[0] <= "9" or group in self._starts]
        if not possible:
            return [], ""
        gaps = _gaps(pairs, groups)
        spans: list[_Span] = []
        end = 0
        for place in possible:
            if place >= end and (span := self._span_at(groups, gaps, place, spans)):
                spans.append(span)
                end = span.end
        if spans:
            spans = _whole(spans, groups, gaps)
        found = [
            Found(span.ids, level, span.by) for span in spans if (level := _level(span, groups, len(spans))) is not None
        ]
        return found, _unknown(spans, groups, gaps) or self._like_ours(spans, groups, gaps)

    def _like_ours(self, spans: list[_Span], groups: list[str], gaps: list[int]) -> str:
        """What is written like one of our numbers and is none of them: most often one that is settled already."""
        taken = {place for span in spans for place in range(span.start, span.end)}
        start = 0
        for place, gap in enumerate(gaps):
            if gap == _WITHIN:
                continue
            word, start = range(start, place + 1), place + 1
            if not taken.isdisjoint(word):
                continue
            of_word = [groups[n] for n in word]
            if of_word[0][0] <= "9":
                lengths = tuple(map(len, of_word))
                if lengths in self._figures and sum(lengths) > _SHORT:
                    return "-".join(of_word)
                if len(of_word) == 1 and 2 < len(of_word[0]) <= _SHORT + 1 and self._running(of_word[0]):
                    return of_word[0]
                continue
            if of_word[0] not in self._starts:
                continue
            if len(of_word) == 1 and gap == _SPACE and groups[place + 1][0] <= "9" and place + 1 not in taken:
                of_word.append(groups[place + 1])
            if len(of_word) > 1 and sum(map(len, of_word[1:])) >= (2 if len(of_word[0]) > 1 else _SHORT):
                return "-".join(of_word)
        return ""

    def _word_for_word(self, written: str) -> list[Found]:
        """What most payments say: every word with digits is a whole number of ours, and too long to be met by chance.

        Nothing when a single one is not, or when a number could begin before the word or go on after it: that takes a
        scan.
        """
        if self._inside and not self._inside.isdisjoint(_GROUP.findall(written)):
            return []
        found: list[Found] = []
        begins_with_digits = False
        for word in written.split():
            if word.isalpha():
                continue
            number = word.strip(".,;:")
            groups = _GROUP.findall(number)
            plain = _joined(groups, 0, len(groups))
            ids = _filed(self._grouped, plain)
            if ids and len(plain) - len(groups) >= LONG - 1 and _ONE_WORD.fullmatch(number):
                found.append(Found(ids, Level.CLEAR, "number"))
                begins_with_digits = begins_with_digits or number[0] <= "9"
            elif _DIGIT.search(word):
                return []
        if begins_with_digits and (len(found) > 1 or not self._starts.isdisjoint(_GROUP.findall(written))):
            return []
        return found

    def _span_at(self, groups: list[str], gaps: list[int], start: int, before: list[_Span]) -> _Span | None:
        """The longest number that begins here."""
        starts_with_letters = groups[start][0] > "9"
        if start and gaps[start - 1] <= _COMMA:
            left = before and before[-1].end == start
            if not left and groups[start - 1] not in _ANNOUNCING:
                return None
        last = min(start + _MOST_GROUPS, len(groups), start + self._most_groups + 3)
        end, length = start + 1, len(groups[start])
        while end < last and (gaps[end - 1] == _WITHIN or gaps[end - 1] == _SPACE):
            length += len(groups[end])
            end += 1
        while end > start:
            count = end - start
            if count in self._counts and (ids := _filed(self._grouped, _joined(groups, start, end))):
                return _Span(start, end, ids, "number", _announced(groups, start, before), full=True)
            if length in self._lengths and (ids := _filed(self._run_together, "".join(groups[start:end]))):
                by_chance = not starts_with_letters and length < 6 and _SPACE in gaps[start : end - 1]
                if not by_chance:
                    return _Span(start, end, ids, "number", _announced(groups, start, before), full=True)
            if not starts_with_letters and count in self._counts_without_series:
                before_it = groups[start - 1] if start else ""
                of_another_series = before_it in self._starts and before_it not in _ANNOUNCING
                if not of_another_series and (ids := _filed(self._without_series, _joined(groups, start, end))):
                    return _Span(start, end, ids, "number", _announced(groups, start, before), full=False)
            if (span := self._reference_at(groups, start, end, length, before)) is not None:
                return span
            if length in self._lengths_of_orders and (ids := _filed(self._orders, "".join(groups[start:end]))):
                return _Span(start, end, ids, "order", _announced(groups, start, before), full=True)
            end -= 1
            length -= len(groups[end])
        return None

    def _running(self, digits: str) -> bool:
        """Whether these may be the last digits of one of our numbers: not a year, and no higher than ours go."""
        return int(digits) <= self._highest and not (len(digits) == 4 and digits.startswith(("19", "20")))

    def _reference_at(self, groups: list[str], start: int, end: int, length: int, before: list[_Span]) -> _Span | None:
        if length not in self._lengths_of_references and (not self._references or groups[start][0] != "0"):
            return None
        ids = _filed(self._references, "".join(groups[start:end]).lstrip("0"))
        return _Span(start, end, ids, "reference", _announced(groups, start, before), full=True) if ids else None


class _Span(NamedTuple):
    start: int
    end: int
    ids: tuple[int, ...]
    by: str
    announced: bool
    full: bool


def _joined(groups: list[str], start: int, end: int) -> str:
    return "-".join([group.lstrip("0") or "0" if group[0] == "0" else group for group in groups[start:end]])


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


def _whole(spans: list[_Span], groups: list[str], gaps: list[int]) -> list[_Span]:
    """The spans that end where a word, another number or a longer word begins: `2026/12` is not in `2026/12/3`."""
    if all(gaps[span.end - 1] > _COMMA and (span.start == 0 or gaps[span.start - 1] > _COMMA) for span in spans):
        return spans
    while True:
        starts = {span.start for span in spans}
        ends = {span.end for span in spans}
        kept = [
            span
            for span in spans
            if (
                gaps[span.end - 1] > _COMMA
                or span.end in starts
                or (groups[span.end][0] > "9" and len(groups[span.end]) > 2)
            )
            and (
                span.start == 0
                or gaps[span.start - 1] > _COMMA
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
    parts = groups[span.start : span.end]
    length = sum([len(_plain_group(part)) for part in parts])
    if span.full and length >= LONG:
        return Level.CLEAR
    digits_only = all(part[0] <= "9" for part in parts)
    announced = span.announced or (spans == 1 and span.start == 0 and span.end == len(groups))
    if length < _SHORT:
        return Level.FAINT if announced or not digits_only else None
    if not span.full:
        return Level.PLAIN if announced else Level.FAINT
    if announced:
        return Level.CLEAR
    return Level.FAINT if digits_only else Level.PLAIN


def _unknown(spans: list[_Span], groups: list[str], gaps: list[int]) -> str:
    """A number that is announced like an invoice's, or stands alone, and is none of the items here."""
    if not spans and len(groups) == 1:
        return groups[0] if groups[0][0] <= "9" else ""
    for place in range(1, len(groups)):
        announced = groups[place - 1] in _ANNOUNCING and groups[place][0] <= "9"
        if announced and not any(span.start <= place < span.end for span in spans):
            end = place
            while gaps[end] == _WITHIN:
                end += 1
            return "-".join(groups[place : end + 1])
    return ""


def _file(under: dict[str, int | tuple[int, ...]], key: str, number: int) -> None:
    """Most keys have one item: a bare number takes a third of the memory of a tuple of one."""
    there = under.setdefault(key, number)
    if there is not number:
        under[key] = (*there, number) if isinstance(there, tuple) else (there, number)


def _filed(under: dict[str, int | tuple[int, ...]], key: str) -> tuple[int, ...]:
    there = under.get(key)
    if there is None:
        return ()
    return there if isinstance(there, tuple) else (there,)


def ends_with_one_of(number: str, text: str) -> bool:
    """Whether the last digits of a number stand in a text on their own: `fra 12` of `F-2026/0012`.

    A single digit says nothing.
    """
    groups = _GROUP.findall(capitals(number))
    last = next((group.lstrip("0") for group in reversed(groups) if group[0] <= "9"), "")
    return len(last) > 1 and any(group.lstrip("0") == last for group in _GROUP.findall(capitals(text)))


def cut_off(number: str, text: str, least: int = _SHORT) -> int:
    """How many letters and digits of a number the bank cut off at the end of a text; none when it is not there at all.

    What is left must have `least` of them, a digit among them, and begin where a word or a group begins.
    """
    if not text or not text[-1].isalnum():
        return 0
    together = compact(number)
    groups = _GROUP.findall(capitals(text))[-_MOST_GROUPS:]
    for start in range(len(groups)):
        left = "".join(groups[start:])
        if least <= len(left) < len(together) and together.startswith(left) and not left.isalpha():
            return len(together) - len(left)
    return 0


def in_order(number: str) -> tuple[tuple[int, int | str], ...]:
    """What puts numbers in their order: F-9 before F-10."""
    return tuple((0, int(g)) if _countable(g) else (1, g) for g in _GROUP.findall(capitals(number)))
