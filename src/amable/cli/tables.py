"""Files for people: written whole, and as tables that a spreadsheet shows and does not run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from amable.core.cells import harmless

UNFINISHED: Final = ".unfinished-"  # what a file is called until it is whole


def write(path: Path, data: bytes) -> None:
    """Put bytes in their place whole, and only when they are not there yet."""
    try:
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return
    except OSError:
        pass
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV that people open in a spreadsheet: UTF-8 with BOM, and no cell that a spreadsheet would run."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    with unfinished.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([cell if isinstance(cell, Figure) else harmless(str(cell)) for cell in row])
    unfinished.replace(path)


class Figure(str):
    """A cell that is a number and stays one, its sign included."""

    __slots__ = ()
