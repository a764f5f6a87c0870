"""Words in a table's remarks that speak of a dispute, a promise, an insolvency or a wish not to be written to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from amable.adapters.tables import clean, shown

# Told to a person and never acted on, so a word too many does little harm; of the four languages, with their accents.
_WORDS: Final = re.compile(
    r"\b(?:"
    r"disput|litig|contest(?:ed|ad|at[aă]?\b|[eé]e?\b|ation|aci[oó]n|a[tț]i)|en desacuerdo|discrepanc|queja|"
    r"quer(?:y|ied)\b|complain|in (?:dez)?acord\b|dezacord|d[eé]saccord|r[eé]clamation|reclama[tț]i|"
    r"reclama(?:n|ci[oó]n)?\b|incidencia|(?:no|ne)conform|no conforme|non conforme|(?<!por )defect|d[eé]fectueu|"
    r"damaged|faulty|aver[ií]a|mal estado|not received|no recibid|non re[cç]ue?\b|neprimit|short deliver|devuelt|"
    r"sent back|dice que|quedan? en\b|pagan? (?:el|a (?:primeros|mediados|final|fin)|la semana|ma[nñ]ana)\b|aplaz|"
    r"says (?:he|she|they|it)\b|pay(?:s|ing)? (?:on|by|next)\b|payment plan|"
    r"zice c[aă]|am[aâ]n(?:[aă]|at|are)\b|e[sș]alon|pa[iy]e(?:nt)? le\b|va payer|[eé]ch[eé]ancier|reporté|"
    r"promis|promet|promes|compromi[st]|compromet|will pay|pagar[aá]\b|va pl[aă]ti|pl[aă]te[sș]te|paiera|r[eè]glera|"
    r"s['’]engage|"
    r"insolv|bankrupt|concurso de acreedores|en concurso\b|concursal|faliment|redressement judiciaire|liquidation|"
    r"on hold|do not (?:chase|remind|contact|call)|don['’]t (?:chase|remind)|no (?:reclamar|llamar|molestar)|"
    r"nu (?:suna|contacta|trimite)|ne pas (?:relancer|appeler|contacter)"
    r")",
    re.IGNORECASE,
)
_LISTED: Final = 5


class Telling(NamedTuple):
    """How many cells of a column speak of such a thing, and the first of them with their lines."""

    rows: int
    first: str


def tell(cells: Iterable[tuple[int, str]]) -> Telling:
    """Look through the cells of a column, each with its line."""
    speaks: dict[str, bool] = {}
    rows = 0
    first: list[str] = []
    for line, cell in cells:
        if cell not in speaks:
            speaks[cell] = _WORDS.search(cell) is not None
        if speaks[cell]:
            rows += 1
            if rows <= _LISTED:
                first.append(f"{line}: “{shown(clean(cell))}”")
    return Telling(rows, "; ".join(first) + ("; …" if rows > _LISTED else ""))
