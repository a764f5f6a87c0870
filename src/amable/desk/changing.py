"""Changes what is to happen: the words of a message before it leaves, a hold on its customer, what a task came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import messages as told
from django.http import Http404, HttpRequest, HttpResponse

from amable.core import rewording
from amable.core.kindness import Severity
from amable.core.languages import say, show_date
from amable.core.marked import lay_text
from amable.core.rewording import Words
from amable.correspondence import outbox
from amable.correspondence.composing import Withheld, Worded
from amable.correspondence.models import EditedWords, Message
from amable.desk.customer import owed_of
from amable.desk.door import Here, back, show, tell, to
from amable.desk.messages import found, seen, text_of
from amable.desk.today import rows_of
from amable.dunning import actions, editing, holds, outcomes
from amable.dunning.editing import PlannedNow
from amable.dunning.outcomes import NEEDS_A_DAY, Outcome
from amable.dunning.writing import TALKS
from amable.organisation.models import Sending
from amable.work import duties

_A_WEEK: Final = timedelta(days=7)
_LONGEST_HOLD: Final = timedelta(days=366)
RECORDED: Final = {Outcome.PROMISED: "customer_promise", Outcome.DISPUTED: "customer_dispute"}
LONGEST: Final = 2000  # characters of a note


# --- the words of a message ------------------------------------------------------------------------------------------


def edit(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """Change subject and prose; figures, tables, ways to pay and the signature stay ours."""
    row = found(here, message)
    planned = _planned(here, row)
    standing = EditedWords.objects.filter(creditor=here.creditor, message=row).first()
    if planned is None or isinstance(ours := planned.words(None), Withheld):
        return show(request, here, "edit_too_late.html", 409 if request.method == "POST" else 200, message=row)
    if request.method != "POST":
        words = _theirs(standing, ours) or rewording.words_of(ours.rendered)
        return _editor(request, here, row, planned, ours, words, seen=standing.version if standing else 0)
    seen = _number(request.POST.get("seen", ""))
    if request.POST.get("drop"):
        done = editing.discard(here.creditor, row, here.today, here.now, seen=seen, by=here.by)
        tell(request, here, "edit.dropped" if done else "edit.changed_meanwhile", level=told.SUCCESS if done else 40)
        return back(request, here, "message", message=row.key)
    words = _typed(request, ours)
    if request.POST.get("look") or words.basis != rewording.basis(ours.ours):
        stale = words.basis != rewording.basis(ours.ours)
        fresh = words._replace(basis=rewording.basis(ours.ours))
        return _editor(request, here, row, planned, ours, fresh, seen=seen, stale=stale, status=409 if stale else 200)
    return _keep(request, here, row, planned, ours, words, seen)


def _keep(
    request: HttpRequest, here: Here, row: Message, planned: PlannedNow, ours: Worded, words: Words, seen: int
) -> HttpResponse:
    """Keep what was typed, unless the kindness check or somebody else's change stands in the way."""
    worded = planned.words(words)
    errors = worded.findings if isinstance(worded, Withheld) else worded.errors
    asks = _asks(worded, words, ours)
    if errors or _too_long(words, here.language) or (asks and not request.POST.get("sure")):
        return _editor(request, here, row, planned, ours, words, seen=seen, status=422)
    kept = editing.keep(here.creditor, row, words, here.today, here.now, seen=seen, by=here.by)
    if kept.done:
        tell(request, here, "edit.kept")
        return back(request, here, "message", message=row.key)
    if kept.newer is None:
        return show(request, here, "edit_too_late.html", 409, message=row, words=words)
    return _editor(request, here, row, planned, ours, words, seen=kept.newer.version, newer=kept.newer, status=409)


def _planned(here: Here, row: Message) -> PlannedNow | None:
    """What is decided now in place of a message whose words may still be changed."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is None or not editing.may_be_edited(row):
        return None
    rules = duties.procedure_of(here.creditor, sending)
    return editing.planned_now(here.creditor, rules, row, here.now, duties.wordings_of(here.creditor))


def _theirs(standing: EditedWords | None, ours: Worded) -> Words | None:
    """What somebody wrote before, where it fits into the message as it is now."""
    places = sum(part.changeable for part in rewording.stretches(ours.rendered))
    if standing is None or not standing.texts or len(standing.texts) != places:
        return None
    return Words(standing.subject, tuple(standing.texts), rewording.basis(ours.ours))


def _typed(request: HttpRequest, ours: Worded) -> Words:
    places = sum(part.changeable for part in rewording.stretches(ours.rendered))
    texts = tuple(request.POST.get(f"text-{n}", "").replace("\r\n", "\n") for n in range(places))
    return Words(request.POST.get("subject", ""), texts, request.POST.get("basis", ""))


def _too_long(words: Words, language: str) -> list[str]:
    """What a browser would not have let them type: nothing of it is cut off unseen."""
    found = []
    if len(words.subject) > rewording.LONGEST_SUBJECT:
        found.append(say("desk.edit.long_subject", language, n=rewording.LONGEST_SUBJECT))
    if any(len(text) > rewording.LONGEST for text in words.texts):
        found.append(say("desk.edit.long_text", language, n=rewording.LONGEST))
    return found


def _asks(worded: Worded | Withheld, words: Words, ours: Worded) -> list[tuple[str, dict[str, object]]]:
    """What a person is asked to look at before it is kept: warnings, and figures that are none of ours."""
    if isinstance(worded, Withheld):
        return []
    warnings = [(f"kindness.{one.rule}", dict(one.params)) for one in worded.findings if one.severity is Severity.WARN]
    for figure in rewording.foreign_figures(words, ours.ours):
        warnings.append(("desk.edit.foreign_figure", {"figure": figure}))
    return warnings


def _editor(
    request: HttpRequest,
    here: Here,
    row: Message,
    planned: PlannedNow,
    ours: Worded,
    words: Words,
    *,
    seen: int,
    stale: bool = False,
    newer: EditedWords | None = None,
    status: int = 200,
) -> HttpResponse:
    """The words as they are typed, between what stays ours, with what the kindness check says of them."""
    worded = planned.words(words)
    errors = worded.findings if isinstance(worded, Withheld) else worded.errors
    return show(
        request,
        here,
        "edit.html",
        status,
        message=row,
        row=rows_of(here, [row])[0],
        subject=words.subject,
        parts=list(_parts(ours, words)),
        basis=words.basis,
        seen=seen,
        stale=stale,
        newer=newer,
        newer_texts="\n\n".join(newer.texts) if newer else "",
        edited=seen > 0,
        errors=[
            *_too_long(words, here.language),
            *(say(f"kindness.{one.rule}", here.language, **one.params) for one in errors),
        ],
        asks=[say(key, here.language, **params) for key, params in _asks(worded, words, ours)],
        longest=rewording.LONGEST,
        longest_subject=rewording.LONGEST_SUBJECT,
    )


def _parts(ours: Worded, words: Words) -> Any:
    """The stretches of the body: those to be typed with their number, the others as they read."""
    texts = iter(enumerate(words.texts))
    for part in rewording.stretches(ours.rendered):
        if part.changeable:
            number, text = next(texts)
            yield {"number": number, "text": text, "lines": max(3, text.count("\n") + len(text) // 80 + 2)}
        else:
            yield {"number": None, "text": lay_text(part.text)}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


# --- a hold ----------------------------------------------------------------------------------------------------------


def hold(request: HttpRequest, here: Here, message: str) -> HttpResponse:
    """Do not write to the customer of a message before a day, for a stated reason."""
    row = found(here, message)
    if row.customer is None:
        raise Http404
    until = _day(request.POST.get("until", "")) if request.method == "POST" else here.today + _A_WEEK
    because = " ".join(request.POST.get("because", "").split())
    wrong: dict[str, str] = {}
    if request.method == "POST":
        if until is None or not here.today < until <= here.today + _LONGEST_HOLD:
            wrong["until"] = say("desk.hold.wrong_day", here.language, day=here.today + timedelta(days=1))
        if not because or len(because) > LONGEST:
            wrong["because"] = say("desk.hold.wrong_reason", here.language, n=LONGEST)
    if request.method != "POST" or wrong or until is None:
        typed = request.POST.get("until", "") if wrong.get("until") else until.isoformat() if until else ""
        facts = {"message": row, "until": typed, "because": because, "wrong": wrong}
        facts |= {"first": here.today + timedelta(days=1), "last": here.today + _LONGEST_HOLD, "longest": LONGEST}
        return show(request, here, "hold.html", 422 if wrong else 200, **facts)
    holds.hold(row.customer, until, because, here.today, here.now, by=here.by)
    look_now(here, row)
    tell(request, here, "hold.held", customer=row.customer.name, day=until)
    return back(request, here, "today")


def look_now(here: Here, row: Message) -> None:
    """Bring today's plan into line for the customer of a message."""
    if row.customer_id is not None:
        look_at(here, [row.customer_id])


def look_at(here: Here, customers: Sequence[int]) -> None:
    """Bring today's plan, where there is one already, into line for these customers."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is not None and sending.planned_on == here.today:
        rules = duties.procedure_of(here.creditor, sending)
        actions.look_now(here.creditor, rules, here.today, here.now, customers)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# --- what a task came to ---------------------------------------------------------------------------------------------


def outcome(request: HttpRequest, here: Here, task: str) -> HttpResponse:
    """Say what a call, a check or a decision came to."""
    row = found(here, task)
    if row.act in outbox.TO_CUSTOMERS or row.customer is None:
        raise Http404
    choices = outcomes.choices(row.act, row.step)
    asked = request.POST.get("outcome", "") or request.GET.get("outcome", "")
    chosen = Outcome(asked) if asked in choices else None
    note = request.POST.get("note", "").replace("\r\n", "\n").strip()
    phone = " ".join(request.POST.get("phone", "").split())
    said_on = _day(request.POST.get("said_on", ""))
    if chosen in RECORDED and owed_of(here, row.customer):
        return _record_it(here, row, RECORDED[chosen])
    wrong: dict[str, str] = {}
    if request.method == "POST":
        if chosen is None:
            wrong["outcome"] = say("desk.outcome.choose", here.language)
        if chosen in NEEDS_A_DAY and (said_on is None or not here.today <= said_on <= here.today + _LONGEST_HOLD):
            wrong["said_on"] = say("desk.outcome.wrong_day", here.language, day=here.today)
        if len(note) > LONGEST:
            wrong["note"] = say("desk.outcome.long_note", here.language, n=LONGEST)
        if len(phone) > 60:
            wrong["phone"] = say("desk.outcome.wrong_phone", here.language)
    if request.method != "POST" or wrong or chosen is None:
        facts = {"message": row, "row": rows_of(here, [row])[0], "choices": choices, "chosen": chosen, "wrong": wrong}
        facts |= {"note": note, "phone": phone, "said_on": request.POST.get("said_on", ""), "needs_a_day": NEEDS_A_DAY}
        facts |= {"last": here.today + _LONGEST_HOLD, "longest": LONGEST} | _brief(here, row)
        return show(request, here, "outcome.html", 422 if wrong else 200, **facts)
    day = said_on if chosen in NEEDS_A_DAY else None
    because = _because(here, chosen, day, note)
    number = phone if chosen is Outcome.WRONG_NUMBER else ""
    done = outcomes.tell(
        here.creditor, row, chosen, here.today, here.now,
        note=note, said_on=day, phone=number, because=because, by=here.by,
    )  # fmt: skip
    if day is not None:
        look_now(here, row)
    if done.again_on and done.again_on > here.today:
        tell(request, here, "outcome.again", day=done.again_on)
    else:
        tell(request, here, "outcome.number_kept" if number else "outcome.kept")
    return back(request, here, "today")


def _record_it(here: Here, row: Message, form: str) -> HttpResponse:
    """What they said is recorded as what it is, in the customer's own form; what was typed goes there (307) too."""
    assert row.customer_id is not None
    query = urlencode({"task": row.key, "currency": row.currency})
    return HttpResponse(status=307, headers={"Location": f"{to(here, form, customer=row.customer_id)}?{query}"})


def _brief(here: Here, row: Message) -> dict[str, Any]:
    """What whoever does the task should know: the brief of a call or meeting, else what the task says."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is not None and row.act in TALKS:
        rules = duties.procedure_of(here.creditor, sending)
        planned = editing.planned_now(here.creditor, rules, row, here.now, None)
        if planned is not None and (sheet := planned.sheet()):
            unticked = tuple(piece for piece in sheet.pieces if not piece.boxes)
            return {"sheet": replace(sheet, pieces=unticked)}
    return {"text": text_of(seen(here, row))}


def _because(here: Here, chosen: Outcome, day: date | None, note: str) -> str:
    """The reason of the hold that follows, in the creditor's language, as its people read it later."""
    if day is None:
        return ""
    language = here.creditor.language
    said = say(f"desk.outcome.because.{chosen}", language, day=show_date(day, language))
    return f"{said} {note}".strip()[:LONGEST]
