"""Items: every invoice and credit note, by age, filtered and sorted, and the same as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from amable.core.languages import say
from amable.core.money import from_minor
from amable.desk import exports
from amable.desk.door import Here, show, to
from amable.desk.lists import Asked, columns, pager
from amable.dunning import book
from amable.dunning.book import BUCKETS, ITEM_SORTS, STATUSES, ItemsWanted
from amable.ledger.models import Item
from amable.organisation.bulk import batched, these
from amable.organisation.models import Creditor

_BATCH: Final = 2_000
_FIELDS: Final = (
    "customer_number", "customer", "number", "kind", "issued", "due", "late", "currency", "total", "open", "status",
    "manager", "purchase_order", "description",
)  # fmt: skip
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
    name = f"{say('desk.items.file', here.language)}-{here.today.isoformat()}"
    heading = [say(f"desk.items.column.{field}", here.language) for field in _FIELDS]
    rows = _rows(here.creditor, found, here.today, here.language)
    if asked.one_of("as", ("csv", "xlsx"), "csv") == "xlsx":
        return exports.xlsx(name, heading, rows)
    return exports.csv(name, heading, rows, here.language)


class _Written(NamedTuple):
    """What of an item stands in the file."""

    pk: int
    customer__key: str
    customer__name: str
    number: str
    instalment: str
    kind: str
    issued_on: date | None
    due_on: date
    currency: str
    total: int
    open: int
    customer__manager_name: str
    customer__manager_email: str
    po_number: str
    description: str


def _rows(creditor: Creditor, found: QuerySet[Item], today: date, language: str) -> Iterator[list[exports.Cell]]:
    """A row an item, by due date."""
    numbers = found.order_by("due_on", "pk").values_list("pk", flat=True).iterator(chunk_size=_BATCH)
    for ids in batched(numbers, _BATCH):
        listed = Item.objects.filter(creditor=creditor, pk__in=these(ids)).values_list(*_Written._fields)
        items = {row[0]: _Written._make(row) for row in listed}
        marks = book.marks(creditor, ids, today)
        for pk in ids:
            yield _row(items[pk], marks.get(pk, set()), today, language)


def _row(item: _Written, marks: set[str], today: date, language: str) -> list[exports.Cell]:
    status = "settled" if not item.open else next(iter(sorted(marks)), "")
    status = status or ("overdue" if item.open > 0 and item.due_on < today else "open")
    return [
        item.customer__key,
        item.customer__name,
        f"{item.number} {item.instalment}".strip(),
        say(f"desk.items.kind.{item.kind}", language),
        item.issued_on,
        item.due_on,
        (today - item.due_on).days,
        item.currency,
        from_minor(item.total, item.currency),
        from_minor(item.open, item.currency),
        say(f"desk.items.status.{status}", language),
        item.customer__manager_name or item.customer__manager_email,
        item.po_number,
        item.description,
    ]


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
