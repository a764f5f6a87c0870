"""Cells of tables for people: a spreadsheet shows them and runs none."""

from __future__ import annotations


class Figure(str):
    """A cell that is a number and stays one, its sign included."""

    __slots__ = ()


def harmless(cell: str) -> str:
    """A text cell that a spreadsheet shows and does not run: formulas get an apostrophe in front."""
    flat = " ".join(cell.split("\x00")).replace("\r", " ").replace("\n", " ").replace("\t", " ").strip()
    return f"'{flat}" if flat.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else flat


def shown(cell: object) -> str:
    """A cell of a row of such a table."""
    return cell if isinstance(cell, Figure) else harmless(str(cell))
