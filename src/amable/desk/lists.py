"""A long list by its address: filters and order are words in it, so that it can be kept, sent and gone back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from django.http import HttpRequest, QueryDict

from amable.core.finding import LONGEST, amounts_of, minors
from amable.core.languages import say

_MOST_PAGES: Final = 100_000


class Asked:
    """What the address of a list asks for; what it cannot be read as counts as not asked."""

    def __init__(self, request: HttpRequest) -> None:
        self.given: QueryDict = request.GET

    def text(self, name: str) -> str:
        """A text, as far as it means anything."""
        return self.given.get(name, "").strip()[:LONGEST]

    def one_of(self, name: str, choices: Sequence[str], otherwise: str = "") -> str:
        """One of some words."""
        word = self.text(name)
        return word if word in choices else otherwise

    def yes(self, name: str) -> bool:
        """A box that is ticked."""
        return bool(self.text(name))

    def day(self, name: str) -> date | None:
        """A day as a browser writes it."""
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            return None

    def minor(self, name: str, currency: str) -> int | None:
        """An amount of a currency in minor units, None when it is none or could be two."""
        found = {minor for amount in amounts_of(self.text(name)) if (minor := minors(amount, currency)) is not None}
        return found.pop() if len(found) == 1 else None

    @property
    def page(self) -> int:
        """Which page of it."""
        word = self.text("page")
        return min(max(int(word), 1), _MOST_PAGES) if word.isascii() and word.isdigit() else 1

    def address(self, **changes: str) -> str:
        """The same list but for these words; an empty one goes."""
        words = self.given.copy()
        words.pop("page", None)
        for name, word in changes.items():
            words.pop(name, None)
            if word:
                words[name] = word
        return f"?{words.urlencode()}"


class Column(NamedTuple):
    """A heading that sorts; `order` is `ascending`, `descending` or empty."""

    title: str
    address: str
    order: str
    figures: bool


def columns(
    asked: Asked, language: str, area: str, names: Mapping[str, bool], sort: str, *, falling: bool
) -> dict[str, Column]:
    """The headings of a list by name; True for those of figures, which begin with the largest."""
    found = {}
    for name, figures in names.items():
        current = name == sort
        down = not falling if current else figures
        order = ("descending" if falling else "ascending") if current else ""
        address = asked.address(sort=name, order="down" if down else "up")
        found[name] = Column(say(f"desk.{area}.{name}", language), address, order, figures)
    return found


class Pager(NamedTuple):
    """Where in a list one is, and the addresses of its neighbours."""

    first: int
    last: int
    of: int
    before: str
    after: str


def pager(asked: Asked, page: int, size: int, shown: int, count: int) -> Pager:
    """The place of a page in a list of so many."""
    start = (page - 1) * size
    before = asked.address(page=str(page - 1)) if page > 1 else ""
    after = asked.address(page=str(page + 1)) if start + shown < count else ""
    return Pager(min(start + 1, count), start + shown, count, before, after)
