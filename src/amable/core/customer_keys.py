"""Who is one and the same customer: by number, else by tax id, else by a name however it is spelt.

Two names are one when they differ in case, accents, punctuation, the writing of a legal form, common abbreviations, or,
where a legal form tells a company, in the word that comes first. A name without its legal form is the one company of
that name. Where more than one could be meant, nobody is merged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from anyascii import anyascii

from amable.core.payer_names import words_and_form

LONGEST_KEY: Final = 200

# One company writes its form in many ways and may change between these without becoming another.
_FAMILIES: Final = {
    **dict.fromkeys(("slu", "sll", "slne", "srl de cv", "sociedad limitada"), "sl"),
    **dict.fromkeys(("sau", "sociedad anonima", "societe anonyme", "sal"), "sa"),
    **dict.fromkeys(("srld", "societate cu raspundere limitata", "societa a responsabilita limitata"), "srl"),
    **dict.fromkeys(("eurl", "societe a responsabilite limitee"), "sarl"),
    **dict.fromkeys(("sasu", "societe par actions simplifiee"), "sas"),
    **dict.fromkeys(("limited",), "ltd"),
    **dict.fromkeys(("public limited company",), "plc"),
    **dict.fromkeys(("gesellschaft mit beschrankter haftung", "mbh"), "gmbh"),
    **dict.fromkeys(("societa per azioni",), "spa"),
    **dict.fromkeys(("coop", "scoop", "sociedad cooperativa"), "coop"),
    "sociedad civil": "sc",
    "persoana fizica autorizata": "pfa",
    "intreprindere individuala": "ii",
}
_ABBREVIATIONS: Final = {
    "hnos": "hermanos", "hno": "hermano", "cia": "compania", "const": "construcciones", "constr": "construcciones",
    "tall": "talleres", "distrib": "distribuciones", "transp": "transportes", "ind": "industrias", "inds": "industrias",
    "suc": "sucesores", "sucs": "sucesores", "ayto": "ayuntamiento", "ets": "etablissements", "ste": "societe",
    "bros": "brothers", "intl": "international", "mfg": "manufacturing", "fdez": "fernandez", "glez": "gonzalez",
    "gcia": "garcia", "hdez": "hernandez", "mtnez": "martinez", "mtz": "martinez", "rguez": "rodriguez",
    "rdguez": "rodriguez", "snchez": "sanchez", "dept": "department",
}  # fmt: skip
_IN_FRONT: Final = re.compile(r"^\s*S\.\s?C\.\s*", re.IGNORECASE)  # Romanian: "S.C. Alfa S.R.L."
_INSIDE: Final = re.compile(r"(?<=\w)['’](?=\w)")  # O'Brien
_HOME_PREFIX: Final = re.compile(r"(?:ES(?=[A-Z0-9]\d{7}[A-Z0-9]$)|RO(?=\d{2,10}$))")


class Who(NamedTuple):
    """What a row says of who owes."""

    number: str
    tax_id: str
    name: str


class Known(NamedTuple):
    """A customer known from before: the key it has, by what (`id`, `tax_id`, `name`), its tax id and its name."""

    key: str
    keyed_by: str
    tax_id: str
    name: str


class Name(NamedTuple):
    """A name without its spelling: its words in order, the same beginning where the order allows no doubt, its form."""

    words: tuple[str, ...]
    turned: tuple[str, ...]
    form: str


class Keys:
    """The key of each customer a ledger speaks of, once the whole ledger and everybody known have been heard.

    `merged` says who else stands for a customer that a person said is the same: by its key, the other's key and what
    that is. Whoever was merged is among those `known`, too.
    """

    def __init__(
        self, rows: Iterable[Who], known: Iterable[Known] = (), merged: Mapping[str, tuple[str, str]] | None = None
    ) -> None:
        self.merged = merged or {}
        self._stored: dict[tuple[object, ...], str] = {}
        self._forms: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self._ids_of_tax: dict[str, set[str]] = defaultdict(set)
        self._surer: dict[tuple[str, ...], dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
        known = tuple(known)
        for customer in known:
            self._hear(Who(customer.key if customer.keyed_by == "id" else "", customer.tax_id, customer.name))
        for row in {Who(*row) for row in rows}:
            self._hear(row)
        for customer in known:
            if customer.keyed_by == "tax_id":
                self._stored.setdefault(("tax_id", fold_tax_id(customer.key)), customer.key)
            elif customer.keyed_by == "name":
                self._stored.setdefault(self._identity(read_name(customer.name)), customer.key)

    def key(self, who: Who) -> tuple[str, str]:
        """The customer's key and what it is: `id`, `tax_id` or `name`."""
        said = self.said(who)
        return self.merged.get(said[0], said)

    def said(self, who: Who) -> tuple[str, str]:
        """The same as the row has it: of a customer that was merged into another, its own key."""
        if who.number:
            return who.number, "id"
        if who.tax_id:
            folded = fold_tax_id(who.tax_id)
            numbers = self._ids_of_tax.get(folded, set())
            one = len({self._stands_for(number) for number in numbers}) == 1
            return (min(numbers), "id") if one else self._by_tax_id(folded)
        name = read_name(who.name)
        if stored := self._stored.get(self._identity(name)):  # whoever is known by this name stays who it is
            return stored, "name"
        return self._known_better(name) or (self._by_name(name), "name")

    def lesser(self, who: Who) -> Iterator[str]:
        """What the customer may have been known by before the ledger said more, the surer first."""
        if who.number and who.tax_id:
            yield self._by_tax_id(fold_tax_id(who.tax_id))[0]
        if who.name and (who.number or who.tax_id):
            yield self._by_name(read_name(who.name))

    def _hear(self, row: Who) -> None:
        name = read_name(row.name) if row.name else None
        if name and name.form:
            self._forms[name.turned].add(name.form)
        if row.number and row.tax_id:
            self._ids_of_tax[fold_tax_id(row.tax_id)].add(row.number)
        if name and (row.number or row.tax_id):
            sure = (row.number, "id") if row.number else (fold_tax_id(row.tax_id), "tax_id")
            self._surer[name.turned][name.form].add(sure)

    def _stands_for(self, key: str) -> str:
        """Whom a number or a folded tax id stands for by now."""
        stored = self._stored.get(("tax_id", key), key)
        return self.merged.get(stored, (stored, ""))[0]

    def _by_tax_id(self, folded: str) -> tuple[str, str]:
        return self._stored.get(("tax_id", folded), folded), "tax_id"

    def _by_name(self, name: Name) -> str:
        identity = self._identity(name)
        return self._stored.get(identity) or _short("|".join((" ".join(identity[0]), identity[1])))

    def _identity(self, name: Name) -> tuple[tuple[str, ...], str]:
        """The words and the form a name stands for: the only form known of its words, where it has none itself."""
        forms = self._forms.get(name.turned, set())
        form = name.form or (next(iter(forms)) if len(forms) == 1 else "")
        return (name.turned if form else name.words), form

    def _known_better(self, name: Name) -> tuple[str, str] | None:
        """The one customer of this name whose number or tax id is known; none when several could be meant."""
        by_form = self._surer.get(name.turned)
        if not by_form:
            return None
        form = self._identity(name)[1]
        able = set().union(*(sure for other, sure in by_form.items() if not form or other in ("", form)))
        numbers = {key for key, kind in able if kind == "id"}
        taxes = {next(iter(self._ids_of_tax.get(key, {key}))) for key, kind in able if kind == "tax_id"}
        if len({self._stands_for(key) for key in numbers | taxes}) != 1:
            return None
        key, kind = min(able, key=lambda sure: (sure[1], sure[0]))
        return (key, kind) if kind == "id" else self.said(Who("", key, ""))


@lru_cache(maxsize=65_536)
def read_name(name: str) -> Name:
    """A name without its spelling; one with no letters or figures we can fold is its own word."""
    name = _INSIDE.sub("", _IN_FRONT.sub("", name)) or name
    before, _, after = name.partition(",")
    turned = bool(before.strip() and after.strip()) and "," not in after and not words_and_form(f"one {after}")[1]
    words, form = words_and_form(f"{after} {before}" if turned else name)  # García Pérez, Juan
    spelt = tuple(_ABBREVIATIONS.get(word, word) for word in words) or (anyascii(name).strip() or name,)
    family = _FAMILIES.get(form, form)
    return Name(spelt, min(spelt[at:] + spelt[:at] for at in range(len(spelt))), family)


def fold_tax_id(tax_id: str) -> str:
    """A tax id without spaces, signs, and the prefix of Spain or Romania, which are written with and without."""
    bare = re.sub(r"[\W_]+", "", tax_id.upper()) or tax_id
    return _HOME_PREFIX.sub("", bare, count=1)


def _short(key: str) -> str:
    """A key that fits; a very long one is told from another by its digest, for its beginning may be another's too."""
    return key if len(key) <= LONGEST_KEY else f"{key[:100]} {sha256(key.encode()).hexdigest()}"
