"""A cell of a table that people open in a spreadsheet: shown, and never run."""

from __future__ import annotations


def harmless(cell: str) -> str:
    """A text cell that a spreadsheet shows and does not run: formulas get an apostrophe in front."""
    flat = " ".join(cell.split("\x00")).replace("\r", " ").replace("\n", " ").replace("\t", " ").strip()
    return f"'{flat}" if flat.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) else flat
