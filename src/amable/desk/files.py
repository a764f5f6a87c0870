"""Files: dropped, read as a job, shown as they were understood, asked about, and taken in."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.core.files import File as Upload
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count, F, Max, Min, Value
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.encoding import iri_to_uri

from amable.banking.models import Statement
from amable.core.languages import say, show_amount, show_date, show_money
from amable.core.ledger_map import IGNORE
from amable.core.money import Money, TooPreciseError, known, to_minor
from amable.desk import exports
from amable.desk import jobs as job_pages
from amable.desk.door import Here, is_ours, show, tell, to
from amable.ledger.models import Taken
from amable.ledger.records import currency_of
from amable.organisation.models import User
from amable.work import files, reading, telling
from amable.work.files import state_of
from amable.work.models import Arrival, File, Job, Mail, Rejection, told_again

MOST: Final = reading.LARGEST_FILE // 2**20  # megabytes of a file, or of all that are dropped together
LIMIT: Final = reading.LARGEST_FILE + 64 * 1024  # bytes: the file, and what a form puts around it

# Our columns as a person chooses among them; the sentence of each is `files.field_<column>`.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": (
        "invoice_number", "series", "instalment", "document_type", "applies_to", "po_number",
        "payment_reference", "description", "pdf", "issue_date", "due_date", "terms_days", "delivered_date",
    ),
    "money": (
        "total", "open_amount", "paid_amount", "ageing", "currency", "status", "settled_date", "discount_percent",
        "discount_until", "payment_method", "disputed", "promise_date",
    ),
    "customer": (
        "customer_id", "customer_name", "contact_name", "email", "phone", "address", "tax_id", "language", "country",
        "region", "timezone", "kind", "segment", "account_manager", "account_manager_email", "opt_out", "pause_until",
    ),
}  # fmt: skip
_EFFECTS: Final = ("new", "settled_new", "changed", "settled", "reopened", "missing", "same")
_ALWAYS: Final = ("new", "changed", "settled", "missing")
_REJECTED: Final = ("line", "column", "value", "why", "advice")
_PAGE: Final = 50
_MOST_HEADINGS: Final = 200
_MANY_MISSING: Final = 0.5  # of what was open
_CHOICES: Final = {"dates": ("day first", "month first"), "decimal": ("comma", "point")}
_TWO_WAYS: Final = re.compile(r"\D*(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4}|\d{2})\b.*", re.DOTALL)
_FIGURE: Final = re.compile(r"-?\d{1,3}([.,])\d{3}")


# --- the list --------------------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A file in the list, or what the command line took in of a kind on a day: of that nobody knows names or rows."""

    file: File | None
    kind: str
    n: int
    day: date
    state: str
    who: str


def listed(request: HttpRequest, here: Here) -> HttpResponse:
    """What was given and taken in, the newest first, and how new the book is."""
    at = _number(request.GET.get("page"))
    keys = list(_keys(here)[at * _PAGE : (at + 1) * _PAGE + 1])
    ours = {file.pk: file for file in File.objects.filter(pk__in=[pk for pk, sort, *_ in keys if sort == "file"])}
    names = _names([file.taken_by or file.given_by for file in ours.values()], here.language)
    newest = files.newest_jobs(list(ours.values()))
    lines = [
        _line(ours[pk], newest.get(pk), names) if sort == "file" else _Line(None, kind, n, day, "taken", "")
        for pk, sort, day, kind, n in keys[:_PAGE]
    ]
    return show(
        request, here, "files.html", lines=lines, page=at, more=len(keys) > _PAGE, fresh=_fresh(here),
        most=MOST, next=_wanted(request),
    )  # fmt: skip


def _keys(here: Here) -> Any:
    """Files of the desk, and those taken in otherwise by day and kind: number, sort, day, kind, how many."""
    ours = File.objects.filter(creditor=here.creditor)
    taken = ours.exclude(taken_at=None).values("digest")
    others = Taken.objects.filter(creditor=here.creditor).exclude(digest__in=taken).order_by()
    by_day = others.values("day", "kind").annotate(first=Min("pk"), n=Count("pk"), sort=Value("taken"))
    both = ours.order_by().annotate(first=F("pk"), n=Value(1), sort=Value("file"))
    columns = ("first", "sort", "day", "kind", "n")
    return both.values_list(*columns).union(by_day.values_list(*columns), all=True).order_by("-day", "sort", "-first")


def _line(file: File, job: Job | None, names: Mapping[str, str]) -> _Line:
    who = file.taken_by or file.given_by
    return _Line(file, file.kind, 1, file.day, state_of(file, job), names.get(who, who))


class _Fresh(NamedTuple):
    """The newest day of a kind of file, and how many days ago that was."""

    day: date | None
    days: int


def _fresh(here: Here) -> dict[str, _Fresh]:
    ledger = Taken.objects.filter(creditor=here.creditor, kind="ledger").aggregate(day=Max("day"))["day"]
    bank = Statement.objects.filter(creditor=here.creditor).aggregate(day=Max("closing_on"))["day"]
    found = {"ledger": ledger, "bank": bank}
    return {kind: _Fresh(day, (here.today - day).days if day else 0) for kind, day in found.items()}


def _names(emails: Sequence[str], language: str) -> dict[str, str]:
    """What to call who gave files; some came by themselves."""
    themselves = {one: say(f"desk.files.by_{one}", language) for one in files.BY_ITSELF}
    return {user.email: user.get_full_name() for user in User.objects.filter(email__in=set(emails))} | themselves


# --- one file --------------------------------------------------------------------------------------------------------


def drop(request: HttpRequest, here: Here) -> HttpResponse:
    """Keep a file somebody dropped, and begin to read it; several at once are kept as one archive."""
    given = [one for one in request.FILES.getlist("file") if isinstance(one, UploadedFile)]
    address = _wanted(request) or to(here, "files")
    if not given:
        tell(request, here, "files.told_none", level=messages.ERROR)
    elif sum(one.size or 0 for one in given) > reading.LARGEST_FILE:
        tell(request, here, "files.told_large", level=messages.ERROR, n=MOST)
    else:
        leads_to = _wanted(request)
        with _together(given, here.language) as one:
            file, new = files.keep(here.creditor, one.name or "?", one, by=here.by, now=here.now, leads_to=leads_to)
        if not new:
            name = _names([file.given_by], here.language).get(file.given_by, file.given_by)
            tell(request, here, "files.told_twice", name=name)
        address = to(here, "file", file=file.pk)
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":  # it goes there by itself, to be told there
        return HttpResponse(address, status=201, content_type="text/plain")
    return _go(address)


@contextmanager
def _together(given: Sequence[UploadedFile[Any]], language: str) -> Iterator[Upload[Any]]:
    """The one file, or an archive of all: what they say together (the same invoice twice) is said of the whole drop."""
    if len(given) == 1:
        yield given[0]
        return
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w") as archive:
            for place, one in enumerate(given, 1):
                told = zipfile.ZipInfo(f"{place}/{Path(one.name or '').name or place}")
                with archive.open(told, "w", force_zip64=True) as entry:
                    for chunk in one.chunks():
                        entry.write(chunk)
        yield Upload(packed, say("desk.files.dropped", language, n=len(given)))


def page(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """What a file is, by its state: being read, a question, what it would change, what it changed."""
    return _page(request, here, _found(here, file))


def _page(
    request: HttpRequest, here: Here, file: File, *, typed: Mapping[str, str] | None = None, status: int = 200
) -> HttpResponse:
    job = files.latest(file)
    state = state_of(file, job)
    names = _names([file.given_by, file.taken_by], here.language)
    facts: dict[str, Any] = {
        "file": file,
        "state": state,
        "given_by": names.get(file.given_by, file.given_by),
        "itself": file.given_by in files.BY_ITSELF,
        "taken_by": names.get(file.taken_by, file.taken_by),
        "job": job_pages.shown(here, job) if job else None,
        "mail": _mail(here, file),
        "leads_to": file.leads_to or to(here, "files"),
        "most": MOST,
        **_rejections(request, here, file),
    }
    if state == "taken":
        done = files.latest(file, done=True)
        facts["found"] = found = done.found if done else {}
        facts["effect"] = _Effect(here, found["effect"]) if "effect" in found else None
        facts["notices"] = _notices(here, found)
        facts["until"] = max((one["until"] for one in found.get("statements", ()) if one["until"]), default=None)
        facts["until"] = date.fromisoformat(facts["until"]) if facts["until"] else None
    elif state in ("ready", "asks", "unusable", "stopped", "failed"):
        read = files.latest(file, of=files.LOOK, done=True)
        if read is not None and read.found.get("rows") and read.found["kind"] == "bank":
            facts["held"] = _Held(read, here.language)
        if read is not None and read.found["kind"] == "ledger":
            facts["seen"] = _Seen(here, file, read, typed or {})
            facts["notices"] = _notices(here, read.found) if read.found["rows"] else []
            facts["before"] = files.taken_before(file)
    facts["changed_meanwhile"] = typed is not None
    return show(request, here, "file.html", status, **facts)


def _mail(here: Here, file: File) -> Mail | None:
    """The message a file came with."""
    came = Arrival.objects.filter(creditor=here.creditor, file=file).exclude(mail=None).select_related("mail")
    first = came.order_by("pk").first()
    return first.mail if first else None


def how(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """Read a ledger again as somebody says it is to be read."""
    with transaction.atomic():
        wanted = _waiting(here, file)
        read = files.latest(wanted, of=files.LOOK) if wanted else None
        if wanted is None or read is None:
            tell(request, here, "files.told_not_waiting", level=messages.ERROR)
            return _go(to(here, "file", file=file))
        meanwhile = str(read.pk) != request.POST.get("seen")
        if not meanwhile:
            files.say_how(wanted, _lines(request.POST, read), by=here.by, now=here.now)
    if meanwhile:
        return _page(request, here, wanted, typed=request.POST.dict(), status=409)
    return _go(to(here, "file", file=file))


def again(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """Read a file once more whose reading was stopped or failed."""
    with transaction.atomic():
        if (wanted := _waiting(here, file)) is not None:
            files.look_again(wanted, by=here.by, now=here.now)
    return _go(to(here, "file", file=file))


def take(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """Take a ledger in, as the complete one or as additions."""
    whole = {"complete": True, "additions": False}.get(request.POST.get("whole", ""))
    with transaction.atomic():
        wanted = _waiting(here, file)
        read = files.latest(wanted, of=files.LOOK, done=True) if wanted else None
        if wanted is None or read is None:
            tell(request, here, "files.told_not_waiting", level=messages.ERROR)
        elif str(read.pk) != request.POST.get("seen") or read.found["questions"] or not read.found["rows"]:
            tell(request, here, "files.told_read_anew", level=messages.ERROR)
        elif whole is None:
            tell(request, here, "files.told_choose", level=messages.ERROR)
        else:
            files.take_in(wanted, whole=whole, by=here.by, now=here.now)
    return _go(to(here, "file", file=file))


def leave(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """Do not take a file in after all. What is being read or taken in is stopped first."""
    with transaction.atomic():
        wanted = _waiting(here, file)
        if wanted is not None:
            files.let_go(wanted, now=here.now)
    if wanted is None:
        tell(request, here, "files.told_not_waiting", level=messages.ERROR)
        return _go(to(here, "file", file=file))
    tell(request, here, "files.told_left", name=wanted.name)
    return _go(wanted.leads_to or to(here, "files"))


def rejected(request: HttpRequest, here: Here, file: int) -> HttpResponse:
    """Every row or value that could not be used, as a table that a spreadsheet shows and does not run."""
    found, language = _found(here, file), here.language
    columns = ("line", "column", "value", "why", "advice")
    rows = (
        (one.line or None, telling.field(one.field, language), one.value, *telling.words(one, language))
        for one in _rejected(here, found).iterator()
    )
    heading = [say(f"desk.files.rejected_{name}", language) for name in columns]
    return exports.csv(f"rejected-{found.pk}", heading, rows, language)


def _found(here: Here, pk: int) -> File:
    found = File.objects.filter(creditor=here.creditor, pk=pk).select_related("creditor").first()
    if found is None:
        raise Http404
    return found


def _waiting(here: Here, pk: int) -> File | None:
    """The file, held against another's change of it; none when it does not wait for a person."""
    _found(here, pk)
    held = File.objects.select_for_update(of=("self",)).filter(creditor=here.creditor, pk=pk)
    found = held.select_related("creditor").get()
    job = files.latest(found)
    return found if state_of(found, job) not in ("taken", "left", "working") else None


def _wanted(request: HttpRequest) -> str:
    """The page to go on to afterwards (`next`), if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return wanted if is_ours(wanted) else ""


def _go(address: str) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": iri_to_uri(address)})


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


# --- how it was understood -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading, the first values below it, and which of our columns it was taken for.

    `theirs` is what it is now, where somebody chose otherwise meanwhile.
    """

    place: int
    heading: str
    cells: list[str]
    column: str
    why: str
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class _Option:
    """An answer to a question: its place, and its words with what the file's own example would mean."""

    value: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class _Question:
    place: int
    sentence: str
    options: list[_Option]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Something a file cannot tell by itself: a select, or an input where there are no options."""

    name: str
    value: str
    options: list[_Option] = field(default_factory=list)


class _Seen:
    """A ledger as it was read."""

    def __init__(self, here: Here, file: File, read: Job, typed: Mapping[str, str]) -> None:
        found = read.found
        language = here.language
        self.job, self.rows, self.readable = read.pk, found.get("rows", 0), found.get("readable", True)
        self.by, self.understood = read.asked_by, found.get("understood", [])
        self.sheets = [one["sheet"] for one in self.understood if one["sheet"]]
        self.headings = [_heading(n, one, typed) for n, one in enumerate(_headings(found))]
        self.cut = max(0, len(self.understood[0]["headings"]) - _MOST_HEADINGS) if self.understood else 0
        self.left_out = [
            say(f"import.rows_{why}", language, n=n)
            for one in self.understood
            for why, n in sorted(one["left_out"].items())
        ]
        self.questions = [_question(n, one, typed, language) for n, one in enumerate(found.get("questions", []))]
        self.choices = [
            _choice(name, found["settings"], typed, language) for name in ("dates", "decimal", "currency", "terms")
        ]
        self.sheet = found["settings"].get("sheet", "")
        self.currency = currency_of(here.creditor.country) if found.get("no_currency") else ""
        self.no_currency = found.get("no_currency", 0)
        self.items = [_item(one, currency_of(here.creditor.country), language) for one in found.get("items", [])]
        self.remembered = found.get("remembered")
        if self.remembered:
            who = self.remembered["by"]
            self.remembered = {
                "by": _names([who], language).get(who, who),
                "on": date.fromisoformat(self.remembered["on"]),
            }
        self.effect = _Effect(here, found["effect"]) if "effect" in found else None
        self.additions = found.get("additions", False)
        self.einvoices = found.get("einvoices", False)
        self.chosen = self._chosen()
        self.fields = [
            (
                say(f"desk.files.fields_{group}", language),
                sorted(((name, telling.field(name, language)) for name in names), key=lambda one: one[1].casefold()),
            )
            for group, names in FIELDS.items()
        ]

    @property
    def many_missing(self) -> bool:
        """Whether so much would be missing that the file may well be a part."""
        return self.effect is not None and self.effect.missing > _MANY_MISSING * max(1, self.effect.before)

    def _chosen(self) -> str:
        """Complete or additions; nothing is chosen for a person where a mistake would be large."""
        if self.additions or self.einvoices or not self.readable:
            return "additions"
        return "" if self.many_missing else "complete"


class _Held:
    """Bank statements that wait for a person: their accounts, the last day, and what came in and went out."""

    def __init__(self, read: Job, language: str) -> None:
        found = read.found
        self.job, self.rows = read.pk, found["rows"]
        self.accounts = ", ".join(dict.fromkeys(one["account"] for one in found["statements"] if one["account"]))
        until = max((one["until"] for one in found["statements"] if one["until"]), default=None)
        self.until = date.fromisoformat(until) if until else None
        self.sums = [
            tuple(_amount(figure, currency, language) for figure in both) for currency, both in found["sums"].items()
        ]


def _headings(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    understood = found.get("understood") or [{"headings": []}]
    headings: list[dict[str, Any]] = understood[0]["headings"][:_MOST_HEADINGS]
    return headings


def _heading(place: int, one: Mapping[str, Any], typed: Mapping[str, str]) -> _Heading:
    chosen = typed.get(f"column-{place}", one["column"])
    theirs = one["column"] if chosen != one["column"] else ""
    return _Heading(place, one["heading"], one["cells"], chosen, one["why"], theirs)


def _question(place: int, one: Mapping[str, Any], typed: Mapping[str, str], language: str) -> _Question:
    params = telling.labelled({name: told_again(value) for name, value in one["params"].items()}, language)
    options = [
        _Option(str(n), _answer(answer, one, language), typed.get(f"answer-{place}") == str(n))
        for n, answer in enumerate(one["answers"])
    ]
    return _Question(place, say(f"complaint.{one['rule']}", language, **params), options)


def _answer(answer: Mapping[str, str], asked: Mapping[str, Any], language: str) -> str:
    """An answer in words, with what it would make of the file's own example."""
    ((name, value),) = answer.items()
    example = str(asked["params"].get("value", ""))
    if name == "dates" and value in _CHOICES["dates"] and (day := _read_as(example, value)):
        return say(
            f"desk.files.answer_{value.replace(' ', '_')}", language, value=example, day=show_date(day, language)
        )
    if name == "decimal" and value in _CHOICES["decimal"] and _FIGURE.fullmatch(example):
        amount = example.replace("," if value == "point" else ".", "").replace(",", ".")
        figure = show_amount(Money(int(Decimal(amount).scaleb(2)), "EUR"), language)
        return say(f"desk.files.answer_{value}", language, value=example, amount=figure)
    if name in _CHOICES and value in _CHOICES[name]:
        return say(f"desk.files.{name}_{value.replace(' ', '_')}", language)
    if name == "terms":
        return say("desk.files.answer_terms", language, n=int(value.split()[0]))
    if name == "sheet":
        return say("desk.files.answer_sheet", language, name=value)
    return say("desk.files.answer_heading", language, heading=name, field=telling.field(value, language))


def _read_as(example: str, order: str) -> date | None:
    found = _TWO_WAYS.fullmatch(example)
    if found is None:
        return None
    first, second, year = (int(part) for part in found.groups())
    day, month = (first, second) if order == "day first" else (second, first)
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _choice(name: str, settings: Mapping[str, str], typed: Mapping[str, str], language: str) -> _Choice:
    value = typed.get(name, settings.get(name, ""))
    if name == "terms":
        value = value.split()[0] if value else ""
    options = [
        _Option(one, say(f"desk.files.{name}_{one.replace(' ', '_')}", language), one == value)
        for one in _CHOICES.get(name, ())
    ]
    return _Choice(name, value, options)


class _Item(NamedTuple):
    """A row as it would land."""

    customer: str
    number: str
    due: date | None
    issued: date | None
    terms: int | None
    total: str
    open: str


def _item(one: Mapping[str, Any], currency: str, language: str) -> _Item:
    day = {name: date.fromisoformat(one[name]) if one[name] else None for name in ("due", "issued")}
    sums = [_amount(one[name], one["currency"] or currency, language) for name in ("total", "open")]
    return _Item(one["customer"], one["number"], day["due"], day["issued"], one["terms"], *sums)


def _amount(figure: str, currency: str, language: str) -> str:
    try:
        return show_money(Money(to_minor(Decimal(figure), currency), currency), language)
    except (TooPreciseError, KeyError, ValueError):
        return f"{figure} {currency}"


def _lines(said: Mapping[str, str], read: Job) -> dict[str, str]:
    """The map that a form says: which heading is which, what a file cannot tell, and the answers to its questions."""
    found = read.found
    lines: dict[str, str] = {}
    ours = {name for names in FIELDS.values() for name in names}
    for place, one in enumerate(_headings(found)):
        column = said.get(f"column-{place}", one["column"])
        lines[one["heading"]] = column if column in ours else IGNORE
    for name, values in _CHOICES.items():
        if said.get(name) in values:
            lines[name] = said[name]
    currency = said.get("currency", "").strip().upper()
    if known(currency):
        lines["currency"] = currency
    terms = said.get("terms", "").strip()
    if terms.isascii() and terms.isdigit() and int(terms[:5]) <= 365:
        lines["terms"] = f"{int(terms)} days"
    if sheet := found["settings"].get("sheet"):
        lines["sheet"] = sheet
    for place, one in enumerate(found.get("questions", [])):
        chosen = said.get(f"answer-{place}", "")
        if chosen.isdigit() and int(chosen[:3]) < len(one["answers"]):
            answer: dict[str, str] = one["answers"][int(chosen[:3])]
            for column in answer.values():  # another heading that was taken for it is not
                lines |= {heading: IGNORE for heading, taken in lines.items() if taken == column in ours}
            lines |= answer
    return lines


# --- what it changes -------------------------------------------------------------------------------------------------


class _Change(NamedTuple):
    """A line of the effect: what becomes of how many items, and their sums in the order of the currencies."""

    what: str
    words: str
    n: int
    sums: list[tuple[int, str]]


class _Effect:
    """What a ledger changes, in the order in which people ask."""

    def __init__(self, here: Here, found: Mapping[str, Any]) -> None:
        items, sums = found["items"], found["sums"]
        self.currencies = sorted(sums)
        self.changes = [
            _Change(
                what, say(f"import.{what}", here.language), items.get(what, 0),
                [(sums[currency].get(what, 0), currency) for currency in self.currencies],
            )
            for what in _EFFECTS
            if items.get(what) or what in _ALWAYS
        ]  # fmt: skip
        self.open = [(sums[currency].get("open", 0), currency) for currency in self.currencies]
        self.missing = items.get("missing", 0)
        self.before = found["open_before"]
        self.nothing = not any(items.get(what) for what in ("new", "settled_new", "changed", "settled", "reopened"))
        self.customers, self.new_customers = found["customers"], found["new_customers"]
        self.spellings = [" = ".join(names) for names in found["spellings"]]
        self.spellings_count = found["spellings_count"]
        self.alike = [" ≠ ".join(pair) for pair in found["alike"]]
        self.alike_count = found["alike_count"]


# --- what could not be used ------------------------------------------------------------------------------------------


def _rejections(request: HttpRequest, here: Here, file: File) -> dict[str, Any]:
    at = _number(request.GET.get("rejected"))
    found = list(_rejected(here, file)[at * _PAGE : (at + 1) * _PAGE + 1])
    rows = [(one, telling.field(one.field, here.language), *telling.words(one, here.language)) for one in found[:_PAGE]]
    return {"rejections": rows, "rejections_page": at, "rejections_more": len(found) > _PAGE}


def _notices(here: Here, found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a person should know though nothing is wrong: what, and what to do if it is not right."""
    told = [
        (one["rule"], {name: told_again(value) for name, value in one["params"].items()})
        for one in found.get("notices", ())
    ]
    return [
        (
            reading.placed(say(f"complaint.{rule}", here.language, **params), params, here.language),
            say(f"advice.{rule}", here.language, **params),
        )
        for rule, params in told
    ]


def _rejected(here: Here, file: File) -> Any:
    return Rejection.objects.filter(creditor=here.creditor, file=file).order_by("place")
