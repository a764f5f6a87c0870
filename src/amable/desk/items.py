"""Items: every invoice and credit note, by age, filtered and sorted, and the same as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from amable.core.languages import say
from amable.desk import exports
from amable.desk.door import Here, show, to
from amable.desk.lists import Asked, columns, pager
from amable.dunning import book
from amable.dunning.book import BUCKETS, ITEM_SORTS, STATUSES, ItemsWanted
from amable.ledger.models import Item

_COLUMNS = {"customer": False, "number": False, "due": False, "open": True}


class Line(NamedTuple):
    """An item with its age, the column it stands in, and what is known of it beside."""

    item: Item
    late: int
    bucket: str
    marks: frozenset[str]


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The list."""
    asked = Asked(request)
    choices = book.choices(here.creditor, here.customers)
    want = _wanted(asked, choices.currencies)
    found = book.items(here.creditor, None if here.sees_all else here.customers, want, here.today)
    marks = book.marks(here.creditor, [item.pk for item in found.items], here.today)
    lines = []
    for item in found.items:
        late = (here.today - item.due_on).days
        lines.append(Line(item, late, book.bucket_of(late), frozenset(marks.get(item.pk, ()))))
    export = to(here, "items_export") + asked.address()
    facts = {
        "want": want,
        "lines": lines,
        "ageing": found.ageing,
        "buckets": list(BUCKETS),
        "statuses": STATUSES,
        "several": len({one.currency for one in found.ageing}) > 1,
        "columns": columns(asked, here.language, "items", _COLUMNS, want.sort, falling=want.falling),
        "pager": pager(asked, want.page, book.PAGE, len(lines), found.count),
        "choices": choices,
        "csv": f"{export}&as=csv",
        "xlsx": f"{export}&as=xlsx",
        "asked": {name: asked.text(name) for name in ("least", "most")},
        "unread": _unread(asked, want, here.language),
        "filtered": asked.address(sort="", order="") != "?",
    }
    return show(request, here, "items.html", **facts)


def export(request: HttpRequest, here: Here) -> HttpResponse:
    """What is filtered, as a file: CSV for any spreadsheet, or XLSX."""
    asked = Asked(request)
    want = _wanted(asked, book.choices(here.creditor, here.customers).currencies)
    found = book.wanted_items(here.creditor, None if here.sees_all else here.customers, want, here.today)
    rows = exports.rows(here.creditor, found, here.today, here.language)
    heading = exports.heading(here.language)
    name = f"{say('desk.items.file', here.language)}-{here.today.isoformat()}"
    if asked.one_of("as", ("csv", "xlsx"), "csv") == "xlsx":
        return _file(exports.xlsx(heading, rows), f"{name}.xlsx", exports.XLSX)
    return _file(exports.csv(heading, rows, here.language), f"{name}.csv", exports.CSV)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep; it is whole before the page is left, so nothing is read for it afterwards."""
    return HttpResponse(content, kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _wanted(asked: Asked, currencies: Sequence[str]) -> ItemsWanted:
    sort = asked.one_of("sort", ITEM_SORTS, "due")
    currency = asked.text("currency")[:3]
    if not currency and len(currencies) == 1 and (asked.text("least") or asked.text("most")):
        currency = currencies[0]
    return ItemsWanted(
        text=asked.text("text"), status=asked.one_of("status", STATUSES, "open"),
        bucket=asked.one_of("bucket", tuple(BUCKETS)), currency=currency, manager=asked.text("manager"),
        due_from=asked.day("from"), due_to=asked.day("to"),
        least=asked.minor("least", currency) if currency else None,
        most=asked.minor("most", currency) if currency else None,
        sort=sort, falling=asked.one_of("order", ("up", "down"), "up") == "down", page=asked.page,
    )  # fmt: skip


def _unread(asked: Asked, want: ItemsWanted, language: str) -> str:
    """Why an amount that was typed does not filter: it is none, or of no currency."""
    typed = [name for name in ("least", "most") if asked.text(name)]
    if not typed:
        return ""
    if not want.currency:
        return say("desk.items.which_currency", language)
    wrong = [asked.text(name) for name in typed if getattr(want, name) is None]
    return say("desk.items.no_amount", language, value=wrong[0]) if wrong else ""
