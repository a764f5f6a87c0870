"""Which customers are probably one and the same, and why; two who state different tax ids never are.

Nobody is merged for it: a person is shown each pair. So it is better to overlook one than to bore people with many: a
name alone says something only where nothing speaks against it, and an address or account that many share says nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple

from anyascii import anyascii
from rapidfuzz.distance import Levenshtein

from amable.core.customer_keys import Name, fold_tax_id, read_name
from amable.core.postal import town

# What more customers than this have in common (a tax id that stands for "unknown", an accountant's address) tells
# nothing about any two of them.
_MANY: Final = 5
_MANY_NAMES: Final = 20
# In a larger block of like names each is compared with so many that follow it in the alphabet.
_NEIGHBOURS: Final = 15

# A word in which two names differ is mistyped, and not another word, when it is this long; a person's first name
# (Marina, Martina) sooner is another.
_TYPED: Final = 6
_TYPED_OF_PERSON: Final = 8
_ALONE: Final = 8  # the only word that differs, or the only one there is, without a town that is the same

# Whoever has one of these words and else the same name is somebody else: a son, a branch, the group.
_ANOTHER: Final = frozenset({
    "hijo", "hija", "padre", "junior", "jr", "senior", "sr", "fils", "fille", "pere", "tatal", "fiul", "fiica", "son",
    "sucursal", "delegacion", "filial", "filiala", "filiale", "succursale", "sucursala", "agence", "branch", "tienda",
    "magazin", "magasin", "almacen", "grupo", "grup", "groupe", "group", "gruppe", "holding", "inmobiliaria",
    "patrimonial", "norte", "sur", "este", "oeste", "centro", "nord", "sud", "est", "ouest", "vest", "centre", "north",
    "south", "east", "west",
})  # fmt: skip

# Whose addresses are anybody's: by the name of the provider, whatever country follows it.
_PUBLIC: Final = frozenset({
    "gmail", "googlemail", "hotmail", "outlook", "live", "msn", "yahoo", "ymail", "rocketmail", "icloud", "me", "mac",
    "aol", "gmx", "web", "mail", "email", "proton", "protonmail", "pm", "yandex", "zoho", "tutanota", "fastmail",
    "telefonica", "movistar", "terra", "ono", "ya", "jazztel", "orange", "wanadoo", "free", "sfr", "laposte", "bbox",
    "neuf", "numericable", "aliceadsl", "libero", "virgilio", "tiscali", "alice", "tin", "t-online", "freenet", "arcor",
    "btinternet", "btopenworld", "sky", "virginmedia", "ntlworld", "talktalk", "clicknet", "rdslink", "romtelecom",
})  # fmt: skip
_SAME_LETTER: Final = re.compile(r"(.)\1+")


class Rule(StrEnum):
    """What two customers have in common, the surest first; a town only adds to something else."""

    TAX_ID = "tax_id"
    IBAN = "iban"
    EMAIL = "email"
    SAME_NAME = "same_name"
    LIKE_NAME = "like_name"
    TOWN = "town"


_WEIGHT: Final = {
    Rule.TAX_ID: 8, Rule.IBAN: 5, Rule.EMAIL: 4, Rule.SAME_NAME: 3, Rule.LIKE_NAME: 1, Rule.TOWN: 1,
}  # fmt: skip


class RefusedError(ValueError):
    """Two customers cannot become one, or two again: `desk.duplicates.refused.<rule>` says why, and what to do."""

    def __init__(self, rule: str, **params: object) -> None:
        super().__init__(f"{rule} {params}")
        self.rule, self.params = rule, params


class Profile(NamedTuple):
    """What is known of a customer that could show who it is."""

    customer: int
    name: str
    tax_id: str = ""
    country: str = ""
    address: str = ""
    emails: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()


class Reason(NamedTuple):
    """One thing two customers have in common, and what it is; empty for names, which are seen."""

    rule: Rule
    value: str = ""


class Pair(NamedTuple):
    """Two customers, the smaller number first, and why they are probably one."""

    one: int
    other: int
    reasons: tuple[Reason, ...]


class _Known(NamedTuple):
    customer: int
    name: Name
    tax_id: str
    country: str
    address: str
    emails: frozenset[str]
    ibans: frozenset[str]

    @property
    def town(self) -> str:
        """Where they are, folded; empty when that cannot be told."""
        return _town(self.address)


class _Likeness(StrEnum):
    SAME = "same"
    TYPED = "typed"  # alike but for a mistyped word
    PART = "part"  # one name is a part of the other
    OTHER = "other"


def likely(profiles: Iterable[Profile], apart: Collection[tuple[int, int]] = ()) -> list[Pair]:
    """Who is probably the same, the surest first, without those of whom a person said that they are two.

    Only customers that share something are compared, so the time it takes grows with their number and not its square.
    """
    known = [_read(profile) for profile in profiles]
    pairs: dict[tuple[int, int], Pair] = {}
    seen = set(apart)
    for one, other in _candidates(known):
        first, second = (one, other) if one.customer < other.customer else (other, one)
        numbers = (first.customer, second.customer)
        if numbers in seen:
            continue
        seen.add(numbers)
        if reasons := _reasons(first, second):
            pairs[numbers] = Pair(*numbers, reasons)
    return sorted(pairs.values(), key=lambda pair: (-sum(_WEIGHT[why.rule] for why in pair.reasons), pair[:2]))


def differing_tax_ids(one: str, other: str) -> bool:
    """Whether both state a tax id, and not the same: then they are two, whatever else they share."""
    first, second = _tax_id(one), _tax_id(other)
    return bool(first and second) and first != second


def _read(profile: Profile) -> _Known:
    emails = (email.strip().lower() for part in profile.emails for email in part.split(","))
    return _Known(
        profile.customer,
        read_name(profile.name),
        _tax_id(profile.tax_id),
        profile.country,
        profile.address,
        frozenset(email for email in emails if _of_a_business(email)),
        frozenset(profile.ibans),
    )


def _tax_id(text: str) -> str:
    """A tax id for comparing; empty when it is none, as `00000000` or `N/A` is."""
    folded = fold_tax_id(text) if text else ""
    figures = [sign for sign in folded if sign.isdigit()]
    return folded if len(folded) >= 4 and len(set(figures)) > 1 else ""


@lru_cache(maxsize=65_536)
def _town(address: str) -> str:
    return " ".join(re.findall(r"[a-z]+", anyascii(town(address)).lower())) if address else ""


def _of_a_business(email: str) -> bool:
    _, at, domain = email.partition("@")
    return bool(at and domain) and domain.partition(".")[0] not in _PUBLIC


# --- who is compared -------------------------------------------------------------------------------------------------


def _candidates(known: Sequence[_Known]) -> Iterator[tuple[_Known, _Known]]:
    """Everybody who shares an identifier, a name, or a name but for one word that begins and ends alike."""
    shared: dict[tuple[str, str], list[_Known]] = defaultdict(list)
    named: dict[tuple[str, ...], list[_Known]] = defaultdict(list)
    typed: dict[tuple[object, ...], list[tuple[str, _Known]]] = defaultdict(list)
    for one in known:
        if one.tax_id:
            shared["tax_id", one.tax_id].append(one)
        for email in one.emails:
            shared["email", email].append(one)
        for iban in one.ibans:
            shared["iban", iban].append(one)
        words = one.name.turned
        named[words].append(one)
        for place, word in enumerate(words):
            sound = _sound(word)
            if len(word) >= _TYPED - 1 and word.isalpha():
                typed[words[:place], words[place + 1 :], sound[0], sound[-1]].append((word, one))
    for block in shared.values():
        if len(block) <= _MANY:
            yield from combinations(block, 2)
    for block in named.values():
        for alike in [block] if len(block) <= _MANY_NAMES else _by_town(block):
            yield from combinations(alike, 2)
    for spelt in typed.values():
        spelt.sort(key=lambda entry: (entry[0], entry[1].customer))
        for place, (word, one) in enumerate(spelt):
            for another, other in spelt[place + 1 : place + 1 + _NEIGHBOURS]:
                if word != another:
                    yield one, other


def _by_town(block: Iterable[_Known]) -> Iterator[list[_Known]]:
    """Of a name that many have, those of one town."""
    places: dict[str, list[_Known]] = defaultdict(list)
    for one in block:
        places[one.town].append(one)
    yield from (there for place, there in places.items() if place and len(there) <= _MANY_NAMES)


# --- what speaks for it ----------------------------------------------------------------------------------------------


def _reasons(one: _Known, other: _Known) -> tuple[Reason, ...]:
    same_tax_id = bool(one.tax_id) and one.tax_id == other.tax_id
    if one.tax_id and other.tax_id and not same_tax_id:
        return ()
    if one.country and other.country and one.country != other.country and not same_tax_id:
        return ()
    like = _likeness(one.name, other.name)
    found: list[Reason] = []
    if same_tax_id:
        found.append(Reason(Rule.TAX_ID, one.tax_id))
    if like is not _Likeness.OTHER:
        found += [Reason(Rule.IBAN, iban) for iban in sorted(one.ibans & other.ibans)]
        found += [Reason(Rule.EMAIL, email) for email in sorted(one.emails & other.emails)]
    if like is _Likeness.SAME and (found or _named_alike(one, other)):
        found.append(Reason(Rule.SAME_NAME))
    if like is _Likeness.TYPED and (found or _typed_alike(one, other)):
        found.append(Reason(Rule.LIKE_NAME))
    if found and one.town and one.town == other.town:
        found.append(Reason(Rule.TOWN, one.town))
    return tuple(found)


def _named_alike(one: _Known, other: _Known) -> bool:
    """Whether the same name alone says something: a company's does where no other place is stated, a person's does in
    the same town only. Two legal forms are two companies."""
    if not _forms_agree(one.name, other.name):
        return False
    if one.town and other.town:
        return one.town == other.town
    return bool(one.name.form or other.name.form)


def _typed_alike(one: _Known, other: _Known) -> bool:
    """Whether a name mistyped in a word alone says something: in the same town, or for a long word of a company's."""
    if not _forms_agree(one.name, other.name):
        return False
    if one.town and other.town:
        return one.town == other.town
    return bool(one.name.form or other.name.form) and _longest_difference(one.name, other.name) >= _ALONE


def _forms_agree(one: Name, other: Name) -> bool:
    return not (one.form and other.form) or one.form == other.form


def _likeness(one: Name, other: Name) -> _Likeness:
    if one.turned == other.turned:
        return _Likeness.SAME
    if len(one.turned) == len(other.turned):
        return _Likeness.TYPED if _mistyped(one, other) else _Likeness.OTHER
    fewer, more = sorted((set(one.words), set(other.words)), key=len)
    rest = more - fewer
    is_part = fewer < more and any(len(word) > 3 for word in fewer)
    if is_part and rest.isdisjoint(_ANOTHER) and all(word.isalpha() for word in rest):
        return _Likeness.PART
    return _Likeness.OTHER


def _mistyped(one: Name, other: Name) -> bool:
    differing = [pair for pair in zip(one.turned, other.turned, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1:
        return False
    shortest = _TYPED if one.form or other.form else _TYPED_OF_PERSON
    return _spelt_alike(*differing[0], shortest if len(one.turned) > 1 else _ALONE)


def _longest_difference(one: Name, other: Name) -> int:
    pairs = zip(one.turned, other.turned, strict=True)
    return max((min(len(first), len(second)) for first, second in pairs if first != second), default=0)


def _spelt_alike(one: str, other: str, shortest: int) -> bool:
    """Whether two words are one, mistyped: they sound alike, or differ in a letter inside (in two of a long word)."""
    if not (one.isalpha() and other.isalpha()) or min(len(one), len(other)) < _TYPED - 1:
        return False
    if {one, other} & _ANOTHER:
        return False
    first, second = _sound(one), _sound(other)
    if first == second:
        return True
    if min(len(one), len(other)) < shortest or first[0] != second[0] or first[-1] != second[-1]:
        return False
    most = 2 if min(len(one), len(other)) >= 10 else 1
    return Levenshtein.distance(first, second, score_cutoff=most) <= most


@lru_cache(maxsize=65_536)
def _sound(word: str) -> str:
    """A word without what is written now so, now so: double letters, `z` or `s`, `y` or `i`, `ph` or `f`."""
    return _SAME_LETTER.sub(r"\1", word.replace("ph", "f").replace("z", "s").replace("y", "i"))
