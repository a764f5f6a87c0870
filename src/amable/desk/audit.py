"""Who did what: the record in words, filtered, proved and handed out as a table."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core.languages import say, sentences
from amable.correspondence.models import Message
from amable.desk import exports
from amable.desk.door import Here, show, tell, to
from amable.dunning import proof
from amable.evidence import log, reading
from amable.evidence.models import Entry
from amable.evidence.reading import Line, Question
from amable.ledger.models import Customer
from amable.organisation.models import Member, User
from amable.work.files import BY_ITSELF

_PAGE: Final = 50
_BATCH: Final = 1000
_FAULTS: Final = 5
_MOST: Final = 300_000  # entries; more take longer to prove than a browser waits


class Told(NamedTuple):
    """An entry in words: who, what, about whom, and in small what the person wrote or changed."""

    line: Line
    who: str
    what: str
    detail: str
    customer: Customer | None
    message: str


class Wanted(NamedTuple):
    """The filters, as the address of the page has them."""

    by: str
    area: str
    since: str
    until: str
    customer: str
    all: str


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """Fifty entries that answer, and where the next older ones are."""
    wanted, before = _wanted(request), request.GET.get("before", "")
    found = reading.entries(here.creditor, _question(here, wanted))
    if before.isascii() and before.isdigit():
        found = found.filter(pk__lt=int(before[:18]))
    listed = list(found[: _PAGE + 1])
    filters = {name: value for name, value in wanted._asdict().items() if value}
    older = urlencode({**filters, "before": listed[_PAGE - 1].pk}) if len(listed) > _PAGE else ""
    return show(
        request, here, "audit.html", told=told(here, listed[:_PAGE]), wanted=wanted, older=older, paged=bool(before),
        filters=urlencode(filters), filtered=bool(filters), people=_people(here), areas=_areas(here.language),
    )  # fmt: skip


def export(request: HttpRequest, here: Here) -> HttpResponse:
    """Everything that answers, as a table for a spreadsheet; the last columns are what the chain is made of."""
    found = reading.entries(here.creditor, _question(here, _wanted(request)))
    heading = [say(f"desk.audit.column_{name}", here.language) for name in _COLUMNS]
    return exports.csv(f"record-{here.today}", heading, _rows(here, found), here.language)


def _rows(here: Here, found: QuerySet[Entry]) -> Iterator[list[exports.Cell]]:
    last: int | None = None
    while batch := list((found if last is None else found.filter(pk__lt=last))[:_BATCH]):
        for one in told(here, batch):
            yield [
                str(one.line.seq or ""),
                one.line.written_at.astimezone(here.zone).isoformat(timespec="seconds"),
                one.who,
                one.what,
                one.detail,
                one.customer.name if one.customer else "",
                one.line.kind,
                json.dumps(one.line.body, ensure_ascii=False, sort_keys=True),
                one.line.digest,
            ]
        last = batch[-1].pk


_COLUMNS: Final = ("number", "when", "who", "what", "detail", "customer", "kind", "body", "digest")


def verify(request: HttpRequest, here: Here) -> HttpResponse:
    """Prove that nobody changed, removed or reordered an entry."""
    head = log.seal(here.creditor)
    count = log.length(here.creditor)
    if count > _MOST:
        tell(request, here, "audit.too_long", level=messages.WARNING, n=count)
        return redirect(to(here, "audit"))
    faults = proof.faults(here.creditor)
    for fault in faults[:_FAULTS]:
        messages.error(request, say(f"evidence.{fault.rule}", here.language, place=fault.place))
    if not faults:
        tell(request, here, "audit.whole", n=count, head=head[:12])
    return redirect(to(here, "audit"))


def told(here: Here, found: Sequence[Entry]) -> list[Told]:
    """Entries in the reader's words, with a bounded number of questions."""
    listed = reading.lines(here.creditor, found)
    names = _names({line.by for line in listed} | {line.personal.get("member", "") for line in listed})
    keys = {str(line.body["message"]) for line in listed if "message" in line.body}
    written = Message.objects.filter(creditor=here.creditor, key__in=keys).select_related("customer")
    letters = {message.key: message for message in written}
    numbers = {line.body.get("customer") for line in listed}
    customers = Customer.objects.in_bulk([number for number in numbers if isinstance(number, int)])
    return [_told(here, line, names, letters, customers) for line in listed]


def _told(
    here: Here, line: Line, names: Mapping[str, str], letters: Mapping[str, Message], customers: Mapping[int, Customer]
) -> Told:
    message = letters.get(str(line.body.get("message", "")))
    customer = customers.get(line.body.get("customer", 0)) or (message.customer if message else None)
    if line.by in ("", "procedure"):
        who = say(f"record.by_{line.by or 'itself'}", here.language)
    elif line.by in BY_ITSELF:
        who = say(f"desk.files.by_{line.by}", here.language)
    else:
        who = names.get(line.by.lower(), line.by)
    return Told(
        line,
        who,
        _what(here.language, line, names),
        _detail(here.language, line),
        customer,
        message.key if message else "",
    )


def _what(language: str, line: Line, names: Mapping[str, str]) -> str:
    key = f"record.entry.{line.kind}"
    if key not in sentences(language):  # of a plug, or of a later version
        return say("record.other", language, kind=line.kind)
    member = line.personal.get("member", "")
    fields = ", ".join(_called(f"desk.settings.{name}", language, name) for name in line.body.get("fields", ()))
    role, was = (_called(f"desk.staff.role_{line.body.get(name, '')}", language, "–") for name in ("role", "was"))
    asked = "on" if line.body.get("asked") else "off"
    if (variant := f"record.variant.{line.kind}_{asked}") in sentences(language):
        key = variant
    ways = ", ".join(_called(f"record.way_{way}", language, way) for way in line.body.get("ways", ()))
    return say(
        key, language, member=names.get(member.lower(), member) or "–", fields=fields, role=role, was=was, ways=ways
    )


def _detail(language: str, line: Line) -> str:
    """What the person wrote, or from what to what a setting went."""
    because = line.personal.get("because") or str(line.body.get("because", ""))
    if because:
        return _called(f"record.why_{because}", language, because)
    before, after = line.body.get("from"), line.body.get("to")
    if isinstance(before, dict) and isinstance(after, dict):
        return "; ".join(f"{_plain(before[name])} → {_plain(after.get(name))}" for name in before)
    return line.personal.get("address", "")


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value) or "–"


def _called(key: str, language: str, otherwise: str) -> str:
    return say(key, language) if key in sentences(language) else otherwise


def _names(addresses: Collection[str]) -> dict[str, str]:
    """What people are called, by their address."""
    known = User.objects.filter(email__in={address.lower() for address in addresses if address})
    return {user.email.lower(): user.get_full_name() for user in known}


def _people(here: Here) -> list[tuple[str, str]]:
    """Whom to filter by: the staff, and who was of it."""
    staff = Member.objects.filter(creditor=here.creditor).values_list("user__email", flat=True)
    addresses = {*staff, *reading.people(here.creditor)}
    names = _names(addresses)
    return sorted(((one, names.get(one.lower(), one)) for one in addresses), key=lambda one: one[1].casefold())


def _areas(language: str) -> list[tuple[str, str]]:
    return sorted(
        ((one, _called(f"record.area_{one}", language, one)) for one in reading.areas()), key=lambda one: one[1]
    )


def _wanted(request: HttpRequest) -> Wanted:
    return Wanted(*(request.GET.get(name, "").strip()[:200] for name in Wanted._fields))


def _question(here: Here, wanted: Wanted) -> Question:
    customers: Any = None
    told_to: Any = None
    if wanted.customer:
        customers = Customer.objects.filter(creditor=here.creditor, name__icontains=wanted.customer).values("pk")
        told_to = Message.objects.filter(creditor=here.creditor, customer__in=customers).values("key")
    return Question(
        wanted.by, wanted.area, _day(wanted.since), _day(wanted.until), customers, told_to, wanted.all == "1"
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
