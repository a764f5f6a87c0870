"""The pages in the list at the side, in their order, with the letter that leads there after `g`."""

from __future__ import annotations

from typing import Final, NamedTuple

from amable.core.languages import say
from amable.desk.door import Here, to
from amable.organisation.roles import May


class Page(NamedTuple):
    """A line of the list."""

    title: str
    address: str
    letter: str
    icon: str
    current: bool


class _Line(NamedTuple):
    name: str  # of the route, and of the sentence `desk.<name>`
    letter: str
    icon: str
    may: May = May.SEE


_LINES: Final = (
    _Line("today", "t", "sun"),
    _Line("customers", "c", "users"),
    _Line("items", "i", "receipt"),
    _Line("messages", "m", "mail"),
    _Line("money", "b", "landmark"),
    _Line("procedures", "p", "route"),
    _Line("wordings", "w", "file-pen-line"),
    _Line("overview", "o", "chart-column"),
    _Line("files", "f", "folder-input", May.RUN),
    _Line("settings", "s", "settings"),
)


def listed(here: Here, path: str) -> list[Page]:
    """The pages this member of staff may open; the current one is that whose address begins the path, the longest."""
    lines = [line for line in _LINES if here.may(line.may)]
    addresses = [to(here, line.name) for line in lines]
    within = [address for address in addresses if path == address or path.startswith(f"{address}/")]
    current = max(within, key=len, default="")
    return [
        Page(say(f"desk.{line.name}", here.language), address, line.letter, line.icon, address == current)
        for line, address in zip(lines, addresses, strict=True)
    ]
