"""Messages: the list of them all, and one as its reader sees it, with why it was written and what became of it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final, NamedTuple
from urllib.parse import urlencode

from csp.decorators import csp
from django.contrib import messages as told
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from amable.core import sms
from amable.core.delivery import State
from amable.core.kindness import Finding
from amable.core.languages import say, show_date, show_money
from amable.core.money import Money
from amable.core.procedure import Act
from amable.core.reasons import reason, step_name
from amable.correspondence import outbox
from amable.correspondence.composing import Withheld
from amable.correspondence.models import DeliveryEvent, Message
from amable.desk.door import Here, Page, back, show, tell
from amable.desk.today import Choice, Filter, in_sight, rows_of, sentence_case
from amable.dunning import dispatch, editing, queries
from amable.dunning.models import TaskOutcome
from amable.evidence.models import Blob, Entry, Personal
from amable.organisation.models import Sending
from amable.work import duties
from amable.work.waking import wake

PAGE: Final = 50
_CHANNELS: Final = (Act.EMAIL, Act.LETTER, Act.SMS)
_ENTRIES: Final = 200


# --- the list --------------------------------------------------------------------------------------------------------


class Order(NamedTuple):
    """A column the list can be sorted by."""

    name: str
    label: str
    query: str
    sorted: str  # "ascending", "descending" or empty


_SORTED_BY: Final = {
    "day": ("day", "pk"),
    "customer": ("customer__name", "pk"),
    "sum": ("demanded", "pk"),
    "state": ("state", "pk"),
}


def listed(request: HttpRequest, here: Here) -> HttpResponse:
    """Every message to a customer, the newest first, as far as it was asked for."""
    sight = in_sight(here)
    messages: QuerySet[Message] = Message.objects.filter(creditor=here.creditor, act__in=outbox.TO_CUSTOMERS)
    if sight is not None:
        messages = messages.filter(customer__in=sight)
    given, fields = _filters(request, here)
    text = " ".join(request.GET.get("text", "").split())[:100]
    since, until = _day(request.GET.get("since", "")), _day(request.GET.get("until", ""))
    chosen = _filtered(messages, given, text, since, until)
    by = request.GET.get("by", "-day")
    name = by.removeprefix("-") if by.removeprefix("-") in _SORTED_BY else "day"
    falling = by.startswith("-")
    order = [F(field).desc() if falling else F(field).asc() for field in _SORTED_BY[name]]
    shown = Paginator(chosen.order_by(*order).select_related("customer"), PAGE).get_page(request.GET.get("page"))
    asked = given | {
        "text": text,
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
    }
    asked = {key: value for key, value in asked.items() if value}
    orders = {
        one: Order(
            one,
            say(f"desk.messages.column.{one}", here.language),
            urlencode(asked | {"by": one if name == one and falling else f"-{one}"}),
            ("descending" if falling else "ascending") if name == one else "",
        )
        for one in _SORTED_BY
    }
    return show(
        request,
        here,
        "messages.html",
        rows=rows_of(here, list(shown.object_list)),
        shown=shown,
        filters=fields,
        text=text,
        since=asked.get("since", ""),
        until=asked.get("until", ""),
        any=bool(asked),
        by=by,
        orders=orders,
        query=urlencode(asked | {"by": by}),
    )


def _filters(request: HttpRequest, here: Here) -> tuple[dict[str, str], list[Filter]]:
    language = here.language
    known = Message.objects.filter(creditor=here.creditor, act__in=outbox.TO_CUSTOMERS)
    values: dict[str, list[tuple[str, str]]] = {
        "state": [(str(state), say(f"desk.state.{state}", language)) for state in State],
        "channel": [(str(act), say(f"desk.channel.{act}", language)) for act in _CHANNELS],
        "step": [(step, sentence_case(step_name(step, language))) for step in queries.steps(known)],
    }
    given = {
        name: request.GET[name]
        for name, choices in values.items()
        if any(request.GET.get(name) == value for value, _ in choices)
    }
    fields = [
        Filter(
            name,
            say(f"desk.filter.{name}", language),
            [Choice(value, label, given.get(name) == value) for value, label in choices],
        )
        for name, choices in values.items()
    ]
    return given, fields


def _filtered(
    messages: QuerySet[Message], given: dict[str, str], text: str, since: date | None, until: date | None
) -> QuerySet[Message]:
    if "state" in given:
        messages = messages.filter(state=given["state"])
    if "channel" in given:  # a draft of a folder has none of its own: its act says it
        here = Q(channel=given["channel"]) | Q(channel="", act=given["channel"])
        messages = messages.filter(
            here | Q(channel="", act__in=("thanks", "confirm")) if given["channel"] == "email" else here
        )
    if "step" in given:
        messages = messages.filter(step=given["step"])
    if text:
        messages = messages.filter(
            Q(customer__name__icontains=text) | Q(customer__key__iexact=text) | Q(subject__icontains=text)
        )
    if since:
        messages = messages.filter(day__gte=since)
    return messages.filter(day__lte=until) if until else messages


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


# --- one message -----------------------------------------------------------------------------------------------------


def found(here: Here, key: str) -> Message:
    """A message whose customer is in sight."""
    messages = Message.objects.select_related("customer").filter(creditor=here.creditor, key=key)
    if not here.sees_all:
        messages = messages.filter(customer__in=here.customers)
    if (message := messages.first()) is None:
        raise Http404
    return message


@dataclass(frozen=True, slots=True)
class Seen:
    """What a message is made of: its bytes, or what keeps it from being written."""

    data: bytes | None
    ending: str
    findings: tuple[Finding, ...] = ()
    subject: str = ""
    kept: bool = False  # the bytes that left, or will


def seen(here: Here, message: Message) -> Seen:
    """The bytes of a message: those kept, else as it would leave now."""
    data = Blob.objects.filter(creditor=here.creditor, digest=message.blob).values_list("data", flat=True).first()
    if message.blob and data is not None:
        return Seen(bytes(data), _ending(message.path), subject=message.subject, kept=True)
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is None or message.state not in (State.PROPOSED, State.APPROVED, State.CLAIMED, State.REFUSED):
        return Seen(None, "")
    rules = duties.procedure_of(here.creditor, sending)
    written = dispatch.preview(here.creditor, rules, message, here.now, wordings=duties.wordings_of(here.creditor))
    if isinstance(written, Withheld):
        return Seen(None, "", written.findings)
    if written is None or written.data is None:
        return Seen(None, "")
    return Seen(written.data, _ending(written.facts["path"]), subject=written.facts["subject"])


def _ending(path: str) -> str:
    return f".{path.rpartition('.')[2]}" if "." in path else ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as its reader sees it."""

    to: str
    subject: str
    text: str
    attached: list[tuple[int, str, int]]  # place, name, KB


def page(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """A message as its reader sees it, and beside it why, what was known, and what became of it."""
    row = found(here, message)
    what = seen(here, row)
    (shown,) = rows_of(here, [row])
    language = here.language
    mail = _mail(what.data) if what.data and what.ending == ".eml" else None
    text = "" if mail else text_of(what)
    verdicts = queries.why_withdrawn(row)
    about = queries.about(here.creditor, [row])[row.pk]
    sending = Sending.objects.filter(creditor=here.creditor).first()
    return show(
        request,
        here,
        "message.html",
        row=shown,
        message=row,
        seen=what,
        mail=mail,
        text=text,
        is_pdf=what.ending == ".pdf",
        segments=sms.segments(text) if text and row.act == Act.SMS else 0,
        subject=(mail.subject if mail else "") or what.subject or row.subject,
        findings=[say(f"kindness.{one.rule}", language, **one.params) for one in what.findings],
        checked=_warnings(here, row, sending),
        facts=[(name, _shown(value, language)) for name, value in about.verdict.params.items()]
        if about.verdict
        else [],
        rule=about.verdict.rule if about.verdict else "",
        withdrawn=[reason(one.rule, one.params, language) for one in verdicts],
        history=list(_history(here, row)),
        refusals=queries.refusals(row),
        outcomes=TaskOutcome.objects.filter(creditor=here.creditor, message=row).order_by("-told_at"),
        is_task=row.act not in outbox.TO_CUSTOMERS,
        edited=about.edited,
    )


def _warnings(here: Here, row: Message, sending: Sending | None) -> list[str] | None:
    """What the kindness check would have a person look at; None where the message is no longer ours to change."""
    if sending is None or not editing.may_be_edited(row):
        return None
    rules = duties.procedure_of(here.creditor, sending)
    now = editing.planned_now(here.creditor, rules, row, here.now, duties.wordings_of(here.creditor))
    words = editing.words_of(here.creditor, [row.pk]).get(row.key)
    worded = now.words(words) if now else None
    if worded is None or isinstance(worded, Withheld):
        return None
    return [say(f"kindness.{one.rule}", here.language, **one.params) for one in worded.findings]


def _shown(value: object, language: str) -> str:
    if isinstance(value, Money):
        return show_money(value, language)
    if isinstance(value, datetime | date):
        return show_date(value, language)
    return str(value)


def text_of(what: Seen) -> str:
    """A message as plain text; empty where it is nothing but a document."""
    if what.data is None or what.ending == ".pdf":
        return ""
    return _mail(what.data).text if what.ending == ".eml" else what.data.decode("utf-8", "replace")


def _mail(data: bytes) -> Mail:
    mail = _parsed(data)
    body = mail.get_body(("plain",))
    attached = [
        (place, part.get_filename() or "", max(1, len(part.get_payload(decode=True) or b"") // 1024))
        for place, part in enumerate(_leaves(mail))
        if part.get_filename() and not part.get("Content-ID")
    ]
    return Mail(str(mail["To"] or ""), str(mail["Subject"] or ""), body.get_content() if body else "", attached)


def _parsed(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


class Moment(NamedTuple):
    """Something that happened to a message."""

    at: datetime | None
    text: str
    said: str
    tone: str = ""


def _history(here: Here, row: Message) -> Iterator[Moment]:
    """What happened to a message, in order."""
    language = here.language
    if row.approved_at:
        by = row.approved_by
        who = say("desk.message.by_procedure", language) if by == "procedure" else by
        yield Moment(row.approved_at, say("desk.message.approved_by", language, by=who), "")
    if row.offered_at:
        yield Moment(row.offered_at, say("desk.message.offered", language, server=row.server), "")
    if row.settled_at:
        yield Moment(row.settled_at, sentence_case(say(f"desk.state.{_settled(row)}", language)), row.answer)
    for event in DeliveryEvent.objects.filter(creditor=here.creditor, message=row).order_by("at", "pk"):
        said = " ".join(filter(None, (event.recipient, event.said)))
        yield Moment(event.at, sentence_case(say(f"desk.state.{event.kind}", language)), said)


def _settled(row: Message) -> str:
    """What the server's answer made of it, before anything was heard of it later."""
    heard = (State.DELAYED, State.DELIVERED, State.BOUNCED, State.COMPLAINED)
    return State.ACCEPTED if row.state in heard else row.state


# --- its parts, each at an address of its own ------------------------------------------------------------------------

# What others may have written is shown where it can do nothing: no script, no form, nothing fetched.
_STILL: Final = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "sandbox": [True],
}


def _html(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """The mail's own page, its pictures in it."""
    data = seen(here, found(here, message)).data
    if data is None or not data.startswith(b"From:"):
        return HttpResponse("", content_type="text/html; charset=utf-8")
    mail = _parsed(data)
    body = mail.get_body(("html",))
    text = body.get_content() if body else ""
    for part in mail.walk():
        if (name := str(part.get("Content-ID") or "").strip("<>")) and part.get_content_maintype() == "image":
            inside = b64encode(part.get_payload(decode=True) or b"").decode("ascii")  # type: ignore[arg-type]
            text = text.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{inside}")
    return HttpResponse(text, content_type="text/html; charset=utf-8")


html: Page = csp(_STILL)(_html)  # type: ignore[arg-type, assignment]  # it knows pages of one argument only


def document(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """The letter, or the brief of a call, as it is printed."""
    row = found(here, message)
    what = seen(here, row)
    if what.data is None:
        return HttpResponse("", content_type="text/plain; charset=utf-8")
    data, name = what.data, row.key
    return _file(data, f"{name}{what.ending}", _KINDS.get(what.ending, "application/octet-stream"), inline=True)


_KINDS: Final = {".pdf": "application/pdf", ".txt": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8"}


def attachment(request: HttpRequest, here: Here, message: str, part: int) -> HttpResponse:
    """A document that travels with a mail."""
    row = found(here, message)
    data = seen(here, row).data
    if data is None or not data.startswith(b"From:"):
        raise Http404
    return _part(data, part)


def _part(data: bytes, place: int) -> HttpResponse:
    parts = _leaves(_parsed(data))
    if not 0 <= place < len(parts):
        raise Http404
    part = parts[place]
    inside = part.get_payload(decode=True)
    pdf = part.get_content_type() == "application/pdf"
    kind = "application/pdf" if pdf else "application/octet-stream"
    return _file(inside if isinstance(inside, bytes) else b"", part.get_filename() or "part", kind, inline=pdf)


def _leaves(mail: EmailMessage) -> list[EmailMessage]:
    """The parts of a mail that hold something, in their order."""
    return [part for part in mail.walk() if isinstance(part, EmailMessage) and not part.is_multipart()]


def exact(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """The exact bytes, as a file."""
    row = found(here, message)
    what = seen(here, row)
    return _file(
        what.data or b"", f"{row.day.isoformat()}-{row.key}{what.ending}", "application/octet-stream", inline=False
    )


def _file(data: bytes, name: str, kind: str, *, inline: bool) -> HttpResponse:
    header = content_disposition_header(not inline, name) or ""
    return HttpResponse(
        data, content_type=kind, headers={"Content-Disposition": header, "X-Content-Type-Options": "nosniff"}
    )


class Kept(NamedTuple):
    """An entry of the record, as it is shown."""

    entry: Entry
    facts: list[tuple[str, str]]


def record(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """What the record holds of a message, and the place of each entry in its chain."""
    row = found(here, message)
    entries = Entry.objects.filter(creditor=here.creditor, kind__in=_OF_MESSAGES, day__gte=row.day)
    listed_ = list(entries.filter(body__contains=row.key).order_by("pk")[:_ENTRIES])
    values: dict[int, list[tuple[str, str]]] = {}
    for one in Personal.objects.filter(creditor=here.creditor, entry__in=listed_):
        values.setdefault(one.entry_id, []).append((one.field, one.value))
    return show(
        request,
        here,
        "message_record.html",
        message=row,
        entries=[Kept(entry, [*_facts_of(entry, row.key), *values.get(entry.pk, [])]) for entry in listed_],
    )


_OF_MESSAGES: Final = (
    *(f"message.{state}" for state in State),
    *("message.written", "message.unapproved", "message.resolved", "message.crossed", "message.edited"),
    *("message.edit_dropped", "message.edit_set_aside", "task.done", "customer.looked"),
)


def _facts_of(entry: Entry, key: str) -> list[tuple[str, str]]:
    body = json.loads(entry.body)
    if "verdicts" in body:  # of a look at the customer, what concerns this message
        body["verdicts"] = [verdict for verdict in body["verdicts"] if key in verdict]
    return [
        (name, json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value)
        for name, value in body.items()
        if name != "personal"
    ]


# --- of unknown fate -------------------------------------------------------------------------------------------------


def resolve(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """Say what became of a message of unknown fate: it arrived, or it did not and is offered again as it is."""
    row = found(here, message)
    arrived = {"arrived": True, "again": False}.get(request.POST.get("fate", ""))
    if arrived is None:
        tell(request, here, "message.which_fate", level=told.ERROR)
        return back(request, here, "message", message=row.key)
    if not outbox.resolve(here.creditor, row.key, here.today, here.now, arrived=arrived, by=here.by):
        tell(request, here, "message.not_unknown", level=told.WARNING)
    else:
        wake(here.creditor)
        tell(request, here, "message.arrived" if arrived else "message.offered_again")
    return back(request, here, "today")
