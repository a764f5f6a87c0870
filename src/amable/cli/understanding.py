"""How ledgers were understood: shown in words, saved as a map, and the question that a map answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from amable.cli.speaking import RefusedError, language
from amable.core.languages import say
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import Understood

_WIDEST = 36
_SHOWN = 12
_GUESSED = ("name", "values", "group")


def show_guesses(understood: Sequence[tuple[str, Understood]]) -> None:
    """Print how those ledgers were understood that somebody had not explained word for word."""
    show([(file, found) for file, found in understood if any(column.why in _GUESSED for column in found.columns)])


def show(understood: Sequence[tuple[str, Understood]]) -> None:
    """Print which heading was taken for what, and which rows were no items."""
    spoken = language()
    for file, found in understood:
        sheet = say("import.sheet", spoken, name=found.sheet) if found.sheet else ""
        print(say("import.understood", spoken, file=f"{file}{sheet}"))
        rows = [
            tuple(
                map(
                    _narrow,
                    (column.heading or "–", column.column, column.sample, say(f"import.by_{column.why}", spoken)),
                )
            )
            for column in found.columns
        ]
        widths = [max(len(row[place]) for row in rows) for place in range(4)] if rows else []
        for row in rows:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if found.left_alone:
            names = ", ".join(found.left_alone[:_SHOWN]) + (" …" if len(found.left_alone) > _SHOWN else "")
            print("  " + say("import.left_alone", spoken, found=names))
        for why, n in sorted(found.left_out.items()):
            print("  " + say(f"import.rows_{why}", spoken, n=n))
        print()


def save(
    path: Path | None, understood: Sequence[tuple[str, Understood]], complaints: Sequence[tuple[str, Complaint]]
) -> bool:
    """Write the map where there is none yet; the possible answers to a question stand in it as remarks."""
    if path is None or path.exists() or not understood:
        return False
    lines: dict[str, str] = {}
    for _, found in understood:
        for line in found.map_lines:
            lines.setdefault(line.rpartition(": ")[0], line)
    remarks = [f"# {answer}" for _, complaint in complaints for answer in complaint.answers]
    try:
        path.write_text("\n".join([*remarks, *lines.values(), ""]), "utf-8")
    except OSError as error:
        raise RefusedError("map_unwritable", file=path, why=error.strerror or "") from error
    return True


def question(asked: Sequence[tuple[str, Complaint]], path: Path | None, *, saved: bool) -> tuple[str, ...]:
    """What is asked, and the exact line that answers it."""
    spoken = language()
    told: list[str] = []
    for file, complaint in asked:
        told.append(f"{file}: " + say(f"complaint.{complaint.rule}", spoken, **complaint.params))
        if saved:
            told.append(say("import.answer_in_saved", spoken, file=path))
        elif path is not None:
            told.append(say("import.answer_in_map", spoken, file=path))
        else:
            told.append(say("import.answer", spoken))
        told += [f"  {answer}" for answer in complaint.answers]
    return tuple(told)


def _narrow(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
