"""Procedures: the one in force and its versions, drafts built without a programmer, and what they would change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from amable.core import procedure_text, procedure_words
from amable.core.days import Calendar
from amable.core.languages import say
from amable.core.money import TooPreciseError, to_minor
from amable.core.planning import Dossier, Outcome
from amable.core.planning import Item as OpenItem
from amable.core.procedure import Act, Procedure
from amable.core.procedure_check import examine, read
from amable.core.procedure_text import ByHandError
from amable.core.reasons import step_name
from amable.core.replay import Said, rehearse
from amable.desk import building
from amable.desk import jobs as job_pages
from amable.desk.door import Here, back, show, tell, to
from amable.dunning import effects, past_book, procedures, starters
from amable.dunning.dossier import gather, setting
from amable.dunning.models import ProcedureDraft, ProcedureVersion
from amable.ledger import queries
from amable.ledger.models import Customer, Item
from amable.organisation.models import Sending
from amable.work import duties, jobs, looking, planning

_FOLLOWED: Final = 200  # days after the due date for which a calendar is followed
_PASTS: Final = (30, 90, 180, 365)  # days a replay may look back
_CHOICES: Final = 20  # invoices offered where a number fits several
_LONGEST: Final = 200 * 1024  # characters of a text that is kept


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The procedure in force as a time line, the drafts, those to begin from, and all versions."""
    text = procedures.text_in_force(here.creditor)
    found = read(text)
    versions = procedures.versions(here.creditor)
    digest = _digest_in_force(here)
    current = next((version for version in versions if version.digest == digest), None)
    shipped = [(name, starters.shipped(name)) for name in starters.SHIPPED]
    wordings = duties.wordings_of(here.creditor)
    return show(
        request, here, "procedures.html",
        name=found.name if found else "", found=found, version=current, stops=building.stops(text, here.language),
        grace=_grace(found, here), limits=_limits(found, here), versions=versions, sends=digest is not None,
        drafts=[_Listed(draft, _name(draft.text), examine(draft.text, wordings).fit)
                for draft in procedures.drafts(here.creditor)],
        shipped=[(name, building.stops(body, here.language)) for name, body in shipped],
    )  # fmt: skip


class _Listed(NamedTuple):
    """A draft in the list."""

    draft: ProcedureDraft
    name: str
    fit: bool


def _digest_in_force(here: Here) -> str | None:
    return Sending.objects.filter(creditor=here.creditor).values_list("procedure", flat=True).first()


def _name(text: str) -> str:
    return procedure_text.top(text).get("procedure", "") if building.readable(text) else ""


def _grace(found: Procedure | None, here: Here) -> str:
    """How long courtesy lasts: until the first message after the due date."""
    first = found.first_overdue if found else None
    return procedure_words.when(first.when, here.language) if first else ""


def _limits(found: Procedure | None, here: Here) -> list[tuple[str, int]]:
    if found is None:
        return []
    names = ("spacing", "messages_a_week", "contacts_a_week", "reply_working_days")
    return [(say(f"desk.procedures.limit.{name}", here.language), getattr(found.limits, name)) for name in names]


# --- drafts ----------------------------------------------------------------------------------------------------------


def begin(request: HttpRequest, here: Here) -> HttpResponse:
    """Begin a draft from the procedure in force, a version or one of the shipped ones."""
    source = request.POST.get("from", "force")
    if source in starters.SHIPPED:
        text = starters.shipped(source)
    elif source.startswith("version:") and source.removeprefix("version:").isdecimal():
        version = _version(here, int(source.removeprefix("version:")))
        text, source = procedures.text_of(here.creditor, version.digest), f"version {version.number}"
    else:
        text, source = procedures.text_in_force(here.creditor), "force"
    draft = procedures.begin(here.creditor, text, begun_from=source, now=here.now, by=here.by)
    return back(request, here, "draft", draft=draft.pk)


def draft(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """The builder: the time line, a form for each step, the text beside it."""
    found = _draft(here, draft)
    opened = request.GET.get("open", "")
    return _builder(request, here, found, opened=int(opened) if opened.isdecimal() and len(opened) < 4 else -1)


def _draft(here: Here, pk: int) -> ProcedureDraft:
    return get_object_or_404(ProcedureDraft, creditor=here.creditor, pk=pk)


def _builder(request: HttpRequest, here: Here, found: ProcedureDraft, *, opened: int = -1) -> HttpResponse:
    examined = examine(found.text, duties.wordings_of(here.creditor))
    address = to(here, "draft", draft=found.pk)
    return show(
        request, here, "procedure_draft.html",
        draft=found, tab="draft", examined=examined, built=building.built(found.text, examined, here.language, opened),
        stops=building.stops(found.text, here.language, address), grace=_grace(examined.procedure, here),
        segments=sorted(set(here.customers.exclude(segment="").values_list("segment", flat=True).distinct()[:100])),
    )  # fmt: skip


def change(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """What was filled in, and the button that was pressed; nobody's change is lost, whoever was quicker."""
    found = _draft(here, draft)
    verb, form = request.POST.get("do", "save"), request.POST
    base = procedure_text.tidy(form.get("base", found.text))
    edition = int(form["edition"]) if form.get("edition", "").isdecimal() else found.edition
    opened = -1
    if verb == "undo":
        mine = found.before or found.text
    else:
        if len(form.get("text", "")) > _LONGEST:
            tell(request, here, "procedures.too_long", level=messages.ERROR)
            return _builder(request, here, found)
        presumes = {at: form.getlist(f"{at}-presumes") for at in _places(form)}
        mine, failed = building.applied(base, form.dict(), presumes)
        try:
            if building.readable(mine):
                mine, opened = building.done(mine, verb)
        except ByHandError:
            failed.append("")
        if failed:
            named = ", ".join(step_name(step, here.language) for step in failed if step)
            key = "procedures.by_hand" if named else "procedures.by_hand_any"
            tell(request, here, key, level=messages.ERROR, step=named)
    if mine != found.text:
        try:
            procedures.rewrite(found, mine, edition=edition, now=here.now, by=here.by)
        except procedures.ChangedMeanwhileError:
            found.refresh_from_db()
            return _conflict(request, here, found, base=base, mine=mine)
        tell(request, here, _told(verb))
    if opened < 0 and verb.partition(":")[0] in ("open", "save"):
        kept = verb.partition(":")[2]
        opened = int(kept) if kept.isdecimal() and len(kept) < 4 else -1
    place = f"?open={opened}#step-{opened}" if opened >= 0 else ""
    return HttpResponse(status=303, headers={"Location": to(here, "draft", draft=found.pk) + place})


def _places(form: Mapping[str, Any]) -> list[int]:
    found = (re.fullmatch(r"(\d{1,3})-act", name) for name in form)
    return [int(one[1]) for one in found if one]


def _told(verb: str) -> str:
    what = verb.partition(":")[0]
    known = {"undo": "undone", "remove": "removed", "add": "added", "copy": "copied"}
    return f"procedures.{known.get(what, 'saved')}"


def _conflict(request: HttpRequest, here: Here, found: ProcedureDraft, *, base: str, mine: str) -> HttpResponse:
    """Somebody was quicker: what they did and what was typed, side by side, and the choice."""
    return show(
        request, here, "procedure_conflict.html",
        draft=found, tab="draft", mine=mine,
        theirs_words=_differences(base, found.text, here), mine_words=_differences(base, mine, here),
        lines=procedures.changed_lines(found.text, mine),
    )  # fmt: skip


def _differences(before: str, after: str, here: Here) -> list[str]:
    """What differs between two texts, in words, as far as both can be read."""
    old, new = read(before), read(after)
    if old is None or new is None:
        return []
    found = procedure_words.differences(old, new, here.language)
    return [procedure_words.in_words(one, here.language) for one in found]


def discard(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """Put a draft aside; the message on the next page takes it back."""
    found = _draft(here, draft)
    procedures.discard(found, now=here.now)
    sentence = say("desk.procedures.discarded", here.language, name=_name(found.text) or "–")
    messages.add_message(request, messages.SUCCESS, sentence, extra_tags=to(here, "draft_restore", draft=found.pk))
    return back(request, here, "procedures")


def restore(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """Take a draft back that was put aside."""
    found = _draft(here, draft)
    procedures.restore(found)
    return back(request, here, "draft", draft=found.pk)


# --- before switching on ---------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A customer for whom something changes, with what comes now and what would."""

    customer: int
    name: str
    now: list[Shown]
    then: list[Shown]


class Shown(NamedTuple):
    """A message, task or decision in a few words."""

    day: date
    words: str
    shape: str
    differs: bool


def effect(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """What the draft does otherwise than the procedure in force, in words, as text, and in today's book."""
    found = _draft(here, draft)
    before = procedures.text_in_force(here.creditor)
    examined = examine(found.text, duties.wordings_of(here.creditor))
    now = read(before)
    same = before == found.text
    compared = examined.procedure is not None and now is not None and not same
    given = looking.of_effect(found, before, here.today)
    if request.method == "POST":
        if compared:
            looking.ask(here.creditor, looking.EFFECT, given, by=here.by, now=here.now)
        return HttpResponse(status=303, headers={"Location": to(here, "draft_effect", draft=found.pk)})
    job = jobs.newest(here.creditor, looking.EFFECT, given) if compared else None
    looked = job.found if job is not None and job.outcome == "done" else {}
    rows = _rows(looked.get("first", ()), here)
    return show(
        request, here, "procedure_effect.html",
        draft=found, tab="effect", examined=examined, differences=_differences(before, found.text, here),
        same=same, lines=procedures.changed_lines(before, found.text), compared=compared,
        job=job_pages.shown(here, job) if job else None, ended_at=job.ended_at if job else None,
        looked=looked, rows=rows, figures=_counted(looked), more=looked.get("changed", 0) - len(rows),
        built=building.built(found.text, examined, here.language),
        becomes_itself=bool(examined.procedure and now and examined.procedure.approves_itself > now.approves_itself),
    )  # fmt: skip


def _counted(looked: Mapping[str, Any]) -> list[tuple[str, int, int, int, int]]:
    if not looked:
        return []
    now, then = looked["now"], looked["then"]
    return [(kind, *(counts[when].get(kind, 0) for when in ("today", "ahead") for counts in (now, then)))
            for kind in effects.KINDS]  # fmt: skip


def _rows(changed: Sequence[Mapping[str, Any]], here: Here) -> list[Row]:
    names = dict(
        Customer.objects.filter(creditor=here.creditor, pk__in=[one["customer"] for one in changed]).values_list(
            "pk", "name"
        )
    )
    return [
        Row(
            one["customer"],
            names[one["customer"]],
            [_in_few_words(thing, here) for thing in one["now"]],
            [_in_few_words(thing, here) for thing in one["then"]],
        )
        for one in changed
        if one["customer"] in names
    ]


def _in_few_words(thing: Mapping[str, Any], here: Here) -> Shown:
    words = step_name(thing["step"], here.language)
    return Shown(date.fromisoformat(thing["day"]), words, thing["kind"], thing["differs"])


def calendar(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """What a single invoice would get under the draft: one of the book, or one of an amount and a due date."""
    found = _draft(here, draft)
    examined = examine(found.text, duties.wordings_of(here.creditor))
    number = " ".join(request.GET.get("number", "").split())[:200]
    amount, due = request.GET.get("amount", "").strip()[:20], request.GET.get("due", "").strip()[:10]
    facts: dict[str, Any] = {"days": [], "choices": [], "item": None, "wrong": "", "unknown": False}
    if examined.procedure and (number or request.GET.get("item")):
        facts |= _of_the_book(request, here, examined.procedure, number)
    elif examined.procedure and (amount or due):
        facts |= _invented(here, examined.procedure, amount, due)
    example = here.today + timedelta(days=30)
    return show(
        request, here, "procedure_calendar.html",
        draft=found, tab="calendar", examined=examined, number=number, amount=amount or "1000",
        due=due or example.isoformat(), currency=_currency(here), **facts,
        built=building.built(found.text, examined, here.language),
    )  # fmt: skip


def _currency(here: Here) -> str:
    known = Item.objects.filter(creditor=here.creditor).order_by("-pk").values_list("currency", flat=True).first()
    return known or "EUR"


class Day(NamedTuple):
    """A day of a calendar: what happens, and how far it is from the due date."""

    day: date
    away: int
    words: str
    icon: str
    shape: str


def _of_the_book(request: HttpRequest, here: Here, rules: Procedure, number: str) -> dict[str, Any]:
    """From today on, with all that is known of the customer."""
    mine = Item.objects.filter(creditor=here.creditor, customer__in=here.customers).exclude(open=0)
    wanted = request.GET.get("item", "")
    matching = mine.filter(pk=int(wanted)) if wanted.isdecimal() and len(wanted) < 18 else mine.filter(number=number)
    listed = list(matching.select_related("customer").order_by("due_on", "pk")[:_CHOICES])
    if not listed:
        listed = list(
            mine.filter(number__icontains=number).select_related("customer").order_by("due_on", "pk")[:_CHOICES]
        )
    if len(listed) != 1:
        return {"choices": listed, "unknown": not listed}
    item = listed[0]
    [known] = gather(setting(here.creditor, rules, here.today), queries.customers(here.creditor, [item.customer_id]))
    said = rehearse(known.dossier, here.today, max(here.today, item.due_on) + timedelta(days=_FOLLOWED))
    return {"item": item, "days": _days((one for one in said if one.item == item.pk), item.due_on, here)}


def _invented(here: Here, rules: Procedure, amount: str, due: str) -> dict[str, Any]:
    """From thirty days before the due date on, as if the invoice were issued then."""
    currency = _currency(here)
    try:
        minor = to_minor(Decimal(amount.replace(",", ".") or "1000"), currency)
        day = date.fromisoformat(due)
    except (ArithmeticError, ValueError, TooPreciseError):
        return {"wrong": "amount_or_day"}
    if not here.today.year - 5 <= day.year <= here.today.year + 1 or not 0 < minor < 10**14:
        return {"wrong": "amount_or_day"}
    ours: Calendar = setting(here.creditor, rules, day).creditor_calendar
    item = OpenItem(1, "invoice", "1", currency, minor, day, issued=day - timedelta(days=30))
    dossier = Dossier(
        1, rules, (item,), calendar=ours, creditor_calendar=ours, country=here.creditor.country,
        reach=frozenset(rules.ways_used),
    )  # fmt: skip
    said = rehearse(dossier, day - timedelta(days=45), day + timedelta(days=_FOLLOWED))
    return {"days": _days(said, day, here)}


def _days(said: Any, due: date, here: Here) -> list[Day]:
    listed: list[Day] = []
    one: Said
    for one in said:
        act = Act(one.act)
        words = step_name(one.step, here.language)
        listed.append(Day(one.day, (one.day - due).days, words, building.ICONS[act], effects.kind(act)))
        if one.outcome is Outcome.ESCALATED:
            break
    return listed


def replay(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """The draft over the past of the book, beside what was really done."""
    found = _draft(here, draft)
    examined = examine(found.text, duties.wordings_of(here.creditor))
    asked = request.POST if request.method == "POST" else request.GET
    back_days = int(asked["days"]) if asked.get("days", "") in map(str, _PASTS) else 0
    first, last = here.today - timedelta(days=back_days), here.today - timedelta(days=1)
    begun = past_book.begun(here.creditor)
    if begun is not None and first < begun <= last:
        first = begun  # before it there is nothing to compare with
    given = looking.of_replay(found, back_days, first, last)
    wanted = bool(back_days and examined.procedure)
    if request.method == "POST":
        if wanted:
            looking.ask(here.creditor, looking.REPLAY, given, by=here.by, now=here.now)
        address = to(here, "draft_replay", draft=found.pk)
        return HttpResponse(status=303, headers={"Location": f"{address}?days={back_days}" if wanted else address})
    job = jobs.newest(here.creditor, looking.REPLAY, given) if wanted else None
    replayed = job.found if job is not None and job.outcome == "done" else {}
    return show(
        request, here, "procedure_replay.html",
        draft=found, tab="replay", examined=examined, pasts=_PASTS, back=back_days or 90, replayed=replayed,
        job=job_pages.shown(here, job) if job else None, ended_at=job.ended_at if job else None,
        first=first, last=last, begun=begun == first,
        figures=[(name, replayed["really"][name], replayed["would"][name]) for name in past_book.FIGURES if replayed],
        built=building.built(found.text, examined, here.language),
    )  # fmt: skip


# --- switching on ----------------------------------------------------------------------------------------------------


def switch_on(request: HttpRequest, here: Here, draft: int) -> HttpResponse:
    """Put a draft in force, as its writer saw it."""
    found = _draft(here, draft)
    if request.POST.get("edition", "") != str(found.edition):
        tell(request, here, "procedures.looked_at_older", level=messages.ERROR)
        return back(request, here, "draft_effect", draft=found.pk)
    note = " ".join(request.POST.get("note", "").split())
    if not _switched_on(request, here, found.text, note):
        return back(request, here, "draft_effect", draft=found.pk)
    procedures.discard(found, now=here.now)
    return back(request, here, "procedures")


def _switched_on(request: HttpRequest, here: Here, text: str, note: str) -> bool:
    if _digest_in_force(here) is None:
        tell(request, here, "procedures.not_sending", level=messages.ERROR)
        return False
    try:
        version = procedures.switch_on(
            here.creditor,
            text,
            duties.wordings_of(here.creditor),
            today=here.today,
            now=here.now,
            by=here.by,
            note=note,
        )
    except procedures.UnfitError:
        tell(request, here, "procedures.unfit", level=messages.ERROR)
        return False
    tell(request, here, "procedures.switched_on", version=version.number, name=version.name)
    planning.follow(here.creditor, lambda: here.now, by=here.by)
    return True


def version(request: HttpRequest, here: Here, version: int) -> HttpResponse:
    """A version that was in force: its time line, its text, and how it differs from the one in force."""
    found = _version(here, version)
    text = procedures.text_of(here.creditor, found.digest)
    now = procedures.text_in_force(here.creditor)
    return show(
        request, here, "procedure_version.html",
        version=found, text=text, stops=building.stops(text, here.language), in_force=text == now,
        differences=_differences(now, text, here), lines=procedures.changed_lines(now, text),
    )  # fmt: skip


def _version(here: Here, pk: int) -> ProcedureVersion:
    return get_object_or_404(ProcedureVersion, creditor=here.creditor, pk=pk)


def go_back(request: HttpRequest, here: Here, version: int) -> HttpResponse:
    """Put an earlier version in force again, as a new one."""
    found = _version(here, version)
    note = say("desk.procedures.back_note", here.creditor.language, version=found.number)
    _switched_on(request, here, procedures.text_of(here.creditor, found.digest), note)
    return back(request, here, "procedures")
