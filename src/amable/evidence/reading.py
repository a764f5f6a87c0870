"""Reads the record back: who did what, newest first, and what each entry says."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import BigIntegerField, CharField, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from amable.core.languages import sentences
from amable.evidence.models import Entry, Personal
from amable.organisation.models import Creditor

_SENTENCE: Final = "record.entry."
# What Amable writes down by itself, many times a day; all else is what people do.
_BY_ITSELF: Final = frozenset(
    {
        "run.done", "payment.booked", "payment.reversed", "money.left", "customer.looked", "customer.rekeyed",
        "message.written", "message.withdrawn", "message.crossed", "message.handed_over", "message.accepted",
        "message.refused", "message.rejected", "message.unknown", "message.delayed", "message.delivered",
        "message.bounced", "message.complained", "message.said", "message.edit_set_aside", "plan.odd",
    }
)  # fmt: skip
_PROCEDURE: Final = "procedure"  # approves by itself, where a person let it


@dataclass(frozen=True, slots=True)
class Question:
    """Which entries: of a person, of an area (what stands before the dot of a kind), from a day to a day.

    `customers` and `messages` name the rows an entry may be about; `by_itself` asks also for what nobody did.
    """

    by: str = ""
    area: str = ""
    since: date | None = None
    until: date | None = None
    customers: QuerySet[Any] | None = None
    messages: QuerySet[Any] | None = None
    by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a person reads it. Of what was erased nothing is left in `personal`."""

    pk: int
    seq: int | None
    kind: str
    day: date
    written_at: datetime
    digest: str
    body: Mapping[str, Any]
    personal: Mapping[str, str]

    @property
    def by(self) -> str:
        """Who did it: an address, the login of a machine, `procedure`, or nobody."""
        return self.personal.get("by", "") or str(self.body.get("by", ""))


def kinds() -> list[str]:
    """Every kind of entry there is a sentence for."""
    return sorted(key.removeprefix(_SENTENCE) for key in sentences("en") if key.startswith(_SENTENCE))


def areas() -> list[str]:
    """What kinds begin with."""
    return sorted({kind.partition(".")[0] for kind in kinds()})


class _Fact(Func):
    """A fact of a body that is a number or a plain word; nothing where the body is no longer what was written."""

    output_field = CharField()

    def __init__(self, name: str) -> None:
        super().__init__(F("body"))
        self.name = name

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        body, params = compiler.compile(self.source_expressions[0])
        return f"CASE WHEN json_valid({body}) THEN json_extract({body}, '$.{self.name}') END", [*params, *params]

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        body, params = compiler.compile(self.source_expressions[0])
        return rf"""substring({body} from '"{self.name}":"?([^",}}\]]+)')""", [*params]


def entries(creditor: Creditor, question: Question) -> QuerySet[Entry]:
    """What answers, newest first."""
    asked: Collection[str] = [kind for kind in kinds() if question.by_itself or kind not in _BY_ITSELF]
    if question.area:
        asked = [kind for kind in asked if kind.partition(".")[0] == question.area]
    found: QuerySet[Entry] = Entry.objects.filter(creditor=creditor, kind__in=asked)
    if question.since:
        found = found.filter(day__gte=question.since)
    if question.until:
        found = found.filter(day__lte=question.until)
    if not question.by_itself:
        found = found.exclude(kind="message.approved", body__contains=f'"by":"{_PROCEDURE}"')
    if question.by:
        named = Personal.objects.filter(creditor=creditor, entry=OuterRef("pk"), field="by", value=question.by)
        found = found.filter(Q(body__contains=f'"by":{json.dumps(question.by, ensure_ascii=False)}') | Exists(named))
    if question.customers is not None and question.messages is not None:
        told = found.annotate(about=Cast(_Fact("customer"), BigIntegerField()), told=_Fact("message"))
        found = told.filter(Q(about__in=question.customers) | Q(told__in=question.messages))
    return found.order_by("-id")


def lines(creditor: Creditor, found: Iterable[Entry]) -> list[Line]:
    """Entries with their personal values, as they were written."""
    listed = list(found)
    personal: dict[int, dict[str, str]] = {}
    for value in Personal.objects.filter(creditor=creditor, entry__in=[entry.pk for entry in listed]):
        personal.setdefault(value.entry_id, {})[value.field] = value.value
    return [
        Line(
            entry.pk, entry.seq, entry.kind, entry.day, entry.written_at, entry.digest, _body(entry),
            personal.get(entry.pk, {}),
        )
        for entry in listed
    ]  # fmt: skip


def people(creditor: Creditor) -> list[str]:
    """Everybody whom the record names as who did something at the desk, by their address."""
    acts = [kind for kind in kinds() if kind not in _BY_ITSELF]
    named = Personal.objects.filter(creditor=creditor, field="by", entry__kind__in=acts).exclude(value="")
    return sorted(named.order_by().values_list("value", flat=True).distinct())


def _body(entry: Entry) -> Mapping[str, Any]:
    try:
        found = json.loads(entry.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
