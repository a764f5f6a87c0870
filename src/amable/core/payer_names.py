"""Knows when two names of a payer are the same in spite of accents, legal forms, word order and the bank's knife."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from anyascii import anyascii
from rapidfuzz import fuzz, process

_MOST: Final = 5

# Legal forms of ES, RO, FR, GB, DE, IT and their neighbours, folded. Those of three letters and more are dropped
# anywhere; the short ones, and those that are also words, only at the end.
_FORMS: Final = frozenset({
    "slu", "sau", "sll", "slp", "slne", "sal", "scp", "srl", "srld", "pfa", "scs", "snc", "sarl", "sas", "sasu",
    "eurl", "selarl", "eirl", "ltd", "limited", "plc", "llp", "gmbh", "mbh", "ohg", "gbr", "srls", "scarl", "sapa",
    "llc", "bv", "nv",
})  # fmt: skip
_FORMS_AT_THE_END: Final = frozenset({
    "sl", "sa", "sc", "cb", "ag", "kg", "ug", "ek", "ev", "se", "ei", "lp", "spa", "sca", "sci", "scop", "coop",
    "scoop", "cic", "inc", "corp", "co", "ltda", "lda", "oy", "ab", "as", "aie", "ii", "if",
})  # fmt: skip
_LONG_FORMS: Final = re.compile(
    r"\b(?:sociedad (?:limitada|anonima|civil|cooperativa)(?: (?:unipersonal|profesional|laboral|nueva empresa))?"
    r"|societate cu raspundere limitata|societatea? comerciala"
    r"|societe (?:anonyme|a responsabilite limitee|par actions simplifiee)"
    r"|societa (?:per azioni|a responsabilita limitata)|public limited company"
    r"|gesellschaft mit beschrankter haftung|sa de cv|persoana fizica autorizata|intreprindere individuala)\b"
)
_AND: Final = frozenset({"y", "and", "et", "und", "si"})
_WORD: Final = re.compile(r"[a-z0-9]+")

# Folded names count as alike from here on (rapidfuzz ratio, 0 to 100): one letter lost or changed in a name of nine
# letters stays above, "Garaje 1" and "Garaje 2" (87.5) or "Talleres Pérez" and "Talleres Gómez" (79) stay below.
_ALIKE: Final = 88
# Banks cut names off; a beginning this long stands for the whole.
_CUT_OFF: Final = 16
_BLOCK: Final = 3
_LONGEST: Final = 7  # words of a name looked for in a text
_BLOCK_LIMIT: Final = 5_000


def fold_name(name: str) -> str:
    """A name for comparing: ASCII, lower case, no punctuation, no legal form, its words in alphabetical order.

    `Panadería Núñez, S.L.` and `NUNEZ PANADERIA SL` give the same. A name that is nothing but a legal form keeps it.
    """
    return " ".join(sorted(_words(name)))


def has_legal_form(name: str) -> bool:
    """Whether the name carries a legal form, so that it is a business's: `Panadería Núñez, S.L.`"""
    words = _every_word(name)
    return _without_forms(words) != words


def words_and_form(name: str) -> tuple[tuple[str, ...], str]:
    """The folded words of a name in their order, and its legal form apart, folded but not shortened.

    A name that is nothing but a legal form keeps it as its words.
    """
    every = _every_word(name)
    words = _without_forms(every)
    if not words:
        return tuple(every), ""
    long = _LONG_FORMS.search(" ".join(every))
    left = Counter(every) - Counter(words)
    short = [word for word in left if word in _FORMS or word in _FORMS_AT_THE_END]
    if len(short) > 1 and every[0] == "sc" and "sc" in short:  # Romanian: "SC Alfa SRL"
        short.remove("sc")
    return tuple(words), long[0] if long and not short else " ".join(sorted(short))


@lru_cache(maxsize=65_536)
def _words(name: str) -> tuple[str, ...]:
    words = _every_word(name)
    return tuple(_without_forms(words) or words)


def _every_word(name: str) -> list[str]:
    plain = name if name.isascii() else anyascii(name)
    return list(_join_initials(word for word in _WORD.findall(plain.lower()) if word not in _AND))


def _without_forms(every: list[str]) -> list[str]:
    words = _LONG_FORMS.sub(" ", " ".join(every)).split()
    if len(words) > 1 and words[0] == "sc":  # Romanian: "SC Alfa SRL"
        words = words[1:]
    while words and (words[-1] in _FORMS_AT_THE_END or words[-1] in _FORMS):
        words.pop()
    return [word for word in words if word not in _FORMS]


def _join_initials(words: Iterable[str]) -> Iterator[str]:
    """`s l` as `sl`, so that `S. L.` and `SL` are one."""
    letters = ""
    for word in words:
        if len(word) == 1 and word.isalpha():
            letters += word
            continue
        if letters:
            yield letters
            letters = ""
        yield word
    if letters:
        yield letters


class KnownName(NamedTuple):
    """A name of a customer, as shown and folded; `in_order` keeps the order of its words."""

    customer: int
    shown: str
    folded: str
    in_order: str


class Names:
    """Finds customers by a name that is like one of theirs, without comparing it with everybody's."""

    def __init__(self) -> None:
        self._exact: dict[str, list[KnownName]] = {}
        self._blocks: dict[str, list[KnownName]] = {}
        self._of: dict[int, list[KnownName]] = {}

    def add(self, customer: int, shown: str) -> None:
        """Note a name the customer uses."""
        words = _words(shown)
        if not words:
            return
        name = KnownName(customer, shown, " ".join(sorted(words)), " ".join(words))
        self._exact.setdefault(name.folded, []).append(name)
        self._of.setdefault(customer, []).append(name)
        for block in {word[:_BLOCK] for word in words}:
            self._blocks.setdefault(block, []).append(name)

    def like(self, shown: str) -> list[KnownName]:
        """The names like this one, the likest first, one a customer."""
        words = _words(shown)
        folded = " ".join(sorted(words))
        likest: dict[int, KnownName] = {}
        for name in self._exact.get(folded) or self._roughly(words, folded):
            likest.setdefault(name.customer, name)
        return list(likest.values())[:_MOST]

    def of(self, customer: int, shown: str) -> KnownName | None:
        """The customer's own name that is like this one."""
        names = self._of.get(customer, ())
        for name in names:
            if name.shown == shown:
                return name
        words = _words(shown)
        folded, in_order = " ".join(sorted(words)), " ".join(words)
        for name in names:
            if name.folded == folded or fuzz.ratio(name.folded, folded) >= _ALIKE or _cut_off(name.in_order, in_order):
                return name
        return None

    def in_text(self, text: str) -> list[KnownName]:
        """The names that stand in a text word for word, of two words or more, each customer once."""
        words = _every_word(text) if text else []
        found: dict[int, KnownName] = {}
        for start in range(len(words)):
            for end in range(min(start + _LONGEST, len(words)), start + 1, -1):
                for name in self._exact.get(" ".join(sorted(words[start:end])), ()):
                    found.setdefault(name.customer, name)
        return list(found.values())[:_MOST]

    def known(self, customer: int) -> bool:
        """Whether any name of the customer is known."""
        return customer in self._of

    def _roughly(self, words: tuple[str, ...], folded: str) -> list[KnownName]:
        """Like names among those that share the first letters of one of the two rarest words."""
        if not words:
            return []
        blocks = sorted((self._blocks.get(block, []) for block in {word[:_BLOCK] for word in words}), key=len)
        first, *others = [block[:_BLOCK_LIMIT] for block in blocks if block][:2] or [[]]
        there = set(map(id, first)) if others else set()
        candidates = first + [name for block in others for name in block if id(name) not in there]
        hits = process.extract(
            folded, [name.folded for name in candidates], scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=_MOST
        )
        if hits:
            return [candidates[place] for _, _, place in hits]
        in_order = " ".join(words)
        beginning_alike = self._blocks.get(words[0][:_BLOCK], []) if len(in_order) >= _CUT_OFF else []
        return [name for name in beginning_alike[:_BLOCK_LIMIT] if _cut_off(name.in_order, in_order)]


def _cut_off(one: str, other: str) -> bool:
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return len(short) >= _CUT_OFF and long.startswith(short)


def same_name(one: str, other: str) -> bool:
    """Whether two names are alike; no name is like none."""
    return bool(one and other) and fuzz.ratio(fold_name(one), fold_name(other)) >= _ALIKE
