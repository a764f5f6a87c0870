"""What the values of a table's columns look like: dates, amounts, addresses, tax numbers; from a sample of its rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from stdnum.es import nif
from stdnum.eu import vat
from stdnum.fr import siren
from stdnum.ro import cf

from amable.adapters import amounts, dates, ledger_rows, vocabulary
from amable.adapters.tables import Table, clean, shown
from amable.core.headings import Seen

_SAMPLED: Final = 400  # distinct cells of a column
_ROWS: Final = 4_000
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WORDS: Final = re.compile(r"[^\W\d_]")
_CODED: Final = re.compile(r"(?=.*[A-Za-z])(?=.*\d)\S{3,40}")
_WHOLE: Final = re.compile(r"\d+(?:\.0+)?")
_TAX_ID: Final = re.compile(r"(?=.*\d.*\d.*\d.*\d)[A-Za-z0-9 .-]{6,16}")


def columns(table: Table) -> list[Seen]:
    """Each column with the share of its cells that could be each kind of value; names of groups and totals apart."""
    found: list[Seen] = []
    rows = [row for row in table.rows[:_ROWS] if not ledger_rows.stands_alone(row)] or table.rows[:_ROWS]
    for place, heading in enumerate(table.headings):
        cells = [clean(row.cells[place]) for row in rows if place < len(row.cells) and row.cells[place]]
        cells = [cell for cell in cells if cell]
        distinct = list(dict.fromkeys(cells))[:_SAMPLED]
        kinds: Counter[str] = Counter()
        for cell in distinct:
            kinds.update(kind for kind, is_it in _KINDS.items() if len(cell) < 300 and is_it(cell))
        shares = {kind: times / len(distinct) for kind, times in kinds.items()}
        shares["unique"] = float(len(cells) > 2 and len(set(cells)) == len(cells))
        shares["repeated"] = 1 - shares["unique"]
        found.append(Seen(heading, len(cells), shares, hash(tuple(cells)), shown(cells[0]) if cells else ""))
    return found


def samples(table: Table) -> list[Seen]:
    """Each column with its first value only."""
    return [
        Seen(
            shown(heading),
            sample=next(
                (shown(row.cells[at]) for row in table.rows[:200] if at < len(row.cells) and clean(row.cells[at])), ""
            ),
        )
        for at, heading in enumerate(table.headings)
    ]


def _tax_id(text: str) -> bool:
    if not _TAX_ID.fullmatch(text):
        return False
    return any(number.is_valid(text) for number in (nif, vat, cf, siren))


_KINDS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": lambda text: dates.parse(text) is not None,
    "amount": lambda text: amounts.parse(text) is not None,
    "email": lambda text: _ADDRESS.fullmatch(text) is not None,
    "country": lambda text: vocabulary.country(text) is not None,
    "currency": lambda text: bool(amounts.currencies(text)),
    "language": lambda text: bool(vocabulary.language(text)),
    "truth": lambda text: vocabulary.truth(text) is not None,
    "coded": lambda text: _CODED.fullmatch(text) is not None,
    "whole": lambda text: _WHOLE.fullmatch(text) is not None,
    "days": lambda text: _WHOLE.fullmatch(text) is not None and float(text) <= 365,
    "words": lambda text: _WORDS.search(text) is not None,
    "tax_id": _tax_id,
}
