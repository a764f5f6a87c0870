"""Customers: what each owes, since when, what they heard last, and when they are looked at next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from amable.core.languages import say
from amable.core.payers import Profile
from amable.desk.door import Here, show
from amable.desk.lists import Asked, columns, pager
from amable.dunning import book
from amable.dunning.book import CUSTOMER_SORTS, BookLine, CustomersWanted

_COLUMNS = {"name": False, "owed": True, "overdue": True, "oldest": False, "next": False}


class Line(NamedTuple):
    """A line of the list, with how they pay in words."""

    it: BookLine
    pays: str


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The list."""
    asked = Asked(request)
    sort = asked.one_of("sort", CUSTOMER_SORTS, "overdue")
    falling = asked.one_of("order", ("up", "down"), "down" if _COLUMNS[sort] else "up") == "down"
    want = CustomersWanted(
        text=asked.text("text"), manager=asked.text("manager"), segment=asked.text("segment"),
        currency=asked.text("currency")[:3], overdue=asked.yes("overdue"), held=asked.yes("held"),
        everybody=asked.yes("everybody"), sort=sort, falling=falling, page=asked.page,
    )  # fmt: skip
    found = book.customers(here.creditor, None if here.sees_all else here.customers, want, here.today)
    facts = {
        "want": want,
        "lines": [Line(line, pays_in_words(line.pays, here.language)) for line in found.lines],
        "totals": found.totals,
        "several": len(found.totals) > 1 or any(total.currency != found.totals[0].currency for total in found.totals),
        "columns": columns(asked, here.language, "customers", _COLUMNS, sort, falling=falling),
        "pager": pager(asked, want.page, book.PAGE, found.shown, found.count),
        "choices": book.choices(here.creditor, here.customers),
        "filtered": any((want.text, want.manager, want.segment, want.currency, want.overdue, want.held)),
    }
    return show(request, here, "customers.html", **facts)


def pays_in_words(profile: Profile, language: str) -> str:
    """How they usually pay, in a few words; what is not known is said to be."""
    if profile.median_late is None:
        return say("desk.pays.unknown", language)
    late = round(profile.median_late)
    if late > 0:
        return say("desk.pays.late", language, n=late)
    return say("desk.pays.early" if late < 0 else "desk.pays.on_time", language, n=-late)


def pays_in_full(profile: Profile, language: str) -> Iterable[str]:
    """How they pay and keep their word, in sentences."""
    yield say("desk.pays.usually", language, when=pays_in_words(profile, language))
    if profile.settled:
        yield say("desk.pays.count", language, n=profile.settled, on_time=profile.on_time)
    promised = profile.promises_kept + profile.promises_broken
    if promised:
        yield say("desk.pays.promises", language, n=promised, kept=profile.promises_kept)
