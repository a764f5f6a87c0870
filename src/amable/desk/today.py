"""Today: what leaves, what needs a person, what went wrong, what came in; and what may be done about each message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages as told
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from amable.core.delivery import OPEN, State
from amable.core.languages import LANGUAGES, say, show_money, show_time
from amable.core.money import Money
from amable.core.procedure import Act
from amable.core.reasons import reason, step_name
from amable.correspondence import outbox, tasks
from amable.correspondence.models import EditedWords, Message
from amable.desk import jobs as job_pages
from amable.desk.door import Here, back, moment_of, show, tell, to
from amable.desk.sources import told_fault
from amable.dunning import brakes, editing, outcomes, queries
from amable.dunning.actions import stale_data
from amable.dunning.dossier import setting
from amable.dunning.queries import About, Outlook, Owed
from amable.organisation.models import Sending
from amable.work import duties, jobs, planning, sources
from amable.work.waking import wake

PAGE: Final = 50
FEW: Final = 12  # of a list that has a page of its own, or is short on an ordinary day
_TONES: Final = {
    State.APPROVED: "wait",
    State.CLAIMED: "wait",
    State.HANDED_OVER: "wait",
    State.ACCEPTED: "ok",
    State.DELIVERED: "ok",
    State.REFUSED: "warn",
    State.DELAYED: "warn",
    State.UNKNOWN: "warn",
    State.REJECTED: "bad",
    State.BOUNCED: "bad",
    State.COMPLAINED: "bad",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a list, ready to be shown."""

    message: Message
    step: str
    items: Sequence[Any]
    sum: str
    to: str
    why: str
    edited: EditedWords | None
    editable: bool
    choices: Sequence[str]
    title: str  # of a task, in the reader's language: its subject is in the creditor's

    @property
    def tone(self) -> str:
        """What the colour of its state says."""
        return _TONES.get(State(self.message.state), "")

    @property
    def when(self) -> datetime | None:
        """When it leaves, or left."""
        if self.message.state in _GONE:
            return self.message.settled_at or self.message.offered_at
        return self.message.due_at or self.message.leaves_at

    @property
    def undoable(self) -> bool:
        """Whether its approval can be taken back."""
        return self.message.state == State.APPROVED and self.message.tries == 0

    @property
    def set_aside(self) -> bool:
        """Whether the words a person gave it no longer fit."""
        return bool(self.edited and self.edited.outdated and self.edited.subject)


_GONE: Final = frozenset(State) - OPEN - {State.CLAIMED, State.REFUSED, State.WITHDRAWN}


class Group(NamedTuple):
    """A customer and what leaves to them."""

    customer: Any
    rows: list[Row]


class Notice(NamedTuple):
    """Something that keeps messages from leaving, and what to do about it."""

    rule: str
    text: str
    tone: str
    icon: str


def rows_of(here: Here, messages: Sequence[Message]) -> list[Row]:
    """Messages with what a list shows of them."""
    about = queries.about(here.creditor, messages)
    return [_row(here, message, about[message.pk]) for message in messages]


def _row(here: Here, message: Message, about: About) -> Row:
    verdict = about.verdict
    return Row(
        message,
        sentence_case(step_name(message.step, here.language)),
        about.items,
        say_money(message, here.language),
        about.to,
        reason(verdict.rule, verdict.params, here.language) if verdict else "",
        about.edited,
        editing.may_be_edited(message),
        outcomes.choices(message.act, message.step) if message.act not in outbox.TO_CUSTOMERS else (),
        _title(message, here.language) if message.act not in outbox.TO_CUSTOMERS else "",
    )


def _title(message: Message, language: str) -> str:
    kind = message.act if message.act in (Act.CALL, Act.MEETING) else tasks.kind(message.step)
    return say(f"task.title.{kind}", language, customer=message.customer.name if message.customer else "")


def sentence_case(text: str) -> str:
    """A phrase as the beginning of a line."""
    return text[:1].upper() + text[1:]


def say_money(message: Message, language: str) -> str:
    """What a message asks for; empty where it asks for nothing."""
    return show_money(Money(message.demanded, message.currency), language) if message.demanded else ""


# --- the page --------------------------------------------------------------------------------------------------------


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The day in words, then the work of it."""
    sight = in_sight(here)
    sending = Sending.objects.select_related("creditor").filter(creditor=here.creditor).first()
    leaving = queries.leaving(here.creditor, sight, here.today)
    outlook = queries.outlook(leaving)
    chosen = Filters.of(request.GET, here, leaving)
    # Sorted by nothing but their numbers: a server would carry every column of thousands to sort fifty.
    listed = Paginator(chosen.apply(here, leaving).order_by("customer__name", "pk").values_list("pk", flat=True), PAGE)
    shown = listed.get_page(request.GET.get("page"))
    messages = queries.in_order(here.creditor, list(shown.object_list))
    asked = queries.tasks(here.creditor, sight, here.today).select_related("customer").order_by("-day", "pk")
    tasks = list(asked[: FEW + 1])
    wrong = list(
        queries.went_wrong(here.creditor, sight, here.now).select_related("customer").order_by("-settled_at")[: FEW + 1]
    )
    rows = iter(rows_of(here, [*messages, *tasks[:FEW], *wrong[:FEW]]))
    leave, ask, mend = (list(islice(rows, len(some))) for some in (messages, tasks[:FEW], wrong[:FEW]))
    came = queries.came_in(here.creditor, sight, here.today)
    return show(
        request,
        here,
        "today.html",
        greeting=_greeting(here),
        words=list(_in_words(here, outlook, asked, len(wrong))),
        outlook=outlook,
        waiting=outlook.of(State.PROPOSED),
        waiting_here=chosen.any and chosen.apply(here, leaving).filter(state=State.PROPOSED).count(),
        figures=list(_figures(here, queries.figures(here.creditor, sight, here.today))),
        notices=[*notices(here, sending), *_sources(here)],
        planning=_planning(here),
        sending=sending,
        groups=[Group(customer, list(some)) for customer, some in groupby(leave, key=lambda row: row.message.customer)],
        shown=shown,
        filters=chosen,
        tasks=ask,
        more_tasks=len(tasks) > FEW,
        wrong=mend,
        more_wrong=len(wrong) > FEW,
        came=came.select_related("customer").order_by("-amount")[:FEW],
        came_count=came.count(),
        thanks=leaving.filter(act=Act.THANKS).count(),
    )


class Figure(NamedTuple):
    """A figure of the book, in the currencies that have one; `beside` it the same of the week."""

    label: str
    sums: list[tuple[int, str]]
    beside: list[tuple[int, str]]


def _figures(here: Here, owed: Sequence[Owed]) -> Iterable[Figure]:
    """What is owed and what came in; a currency with nothing of it is left out beside those that have."""
    if not owed:
        return

    def some(name: str) -> list[tuple[int, str]]:
        sums = [(getattr(one, name), one.currency) for one in owed]
        return [pair for pair in sums if pair[0]] or sums[:1]

    for name in ("owed", "overdue", "due_this_week", "promised"):
        yield Figure(say(f"desk.today.{name}", here.language), some(name), [])
    yield Figure(say("desk.today.came_in", here.language), some("came_in_today"), some("came_in_this_week"))


def _planning(here: Here) -> job_pages.Shown | None:
    """The work that brings the plan into line just now."""
    job = jobs.in_hand(here.creditor, planning.PLAN)
    return job_pages.shown(here, job) if job else None


def in_sight(here: Here) -> Any:
    """The customers in sight, None for all."""
    return None if here.sees_all else here.customers


def _greeting(here: Here) -> str:
    hour = here.now.astimezone(here.zone).hour
    when = "morning" if hour < 12 else "afternoon" if hour < 19 else "evening"
    name = (here.member.user.name or "").split(" ")[0]
    return say(f"desk.today.{when}", here.language, name=name) if name else say(f"desk.today.{when}_you", here.language)


def _in_words(here: Here, outlook: Outlook, asked: QuerySet[Message], wrong: int) -> Iterable[str]:
    """The day in a few sentences: what leaves and when, what is asked, what went wrong."""
    language = here.language
    if n := outlook.of(State.PROPOSED):
        yield say("desk.today.wait", language, n=n)
    on_their_way = sum(outlook.of(state) for state in (State.APPROVED, State.CLAIMED, State.HANDED_OVER, State.REFUSED))
    if on_their_way and outlook.first and outlook.last and outlook.first > here.now:
        first, last = (show_time(moment.astimezone(here.zone), language) for moment in (outlook.first, outlook.last))
        yield say("desk.today.leave_at", language, n=on_their_way, first=first, last=last)
    elif on_their_way:
        yield say("desk.today.leave", language, n=on_their_way)
    if n := outlook.gone:
        yield say("desk.today.left", language, n=n)
    if not (outlook.of(State.PROPOSED) or on_their_way or outlook.gone):
        yield say("desk.today.nothing", language)
    by_act = dict(asked.order_by().values_list("act").annotate(n=Count("pk")).values_list("act", "n"))
    calls = sum(n for act, n in by_act.items() if act in (Act.CALL, Act.MEETING))
    others = sum(by_act.values()) - calls
    if calls:
        yield say("desk.today.calls", language, n=calls)
    if others:
        yield say("desk.today.others", language, n=others)
    if wrong:
        yield say("desk.today.went_wrong", language, n=wrong)
    if not calls and not others and not wrong:
        yield say("desk.today.no_tasks", language)


def notices(here: Here, sending: Sending | None) -> Iterable[Notice]:
    """What keeps messages from leaving, the gravest first."""
    language = here.language
    if sending is None:
        yield Notice("not_set_up", say("desk.brake.not_set_up", language), "warn", "mailbox")
        return
    for brake in brakes.brakes(sending, here.today, here.now):
        grave = brake.rule.startswith("stopped")
        text = say(f"desk.brake.{brake.rule}", language, **brake.params)
        yield Notice(brake.rule, text, "bad" if grave else "warn", "octagon-x" if grave else "triangle-alert")
    if odd := brakes.oddities(sending):
        said = " ".join(say(f"brake.{brake.rule}", language, **brake.params) for brake in odd)
        yield Notice("odd", say("desk.brake.odd", language, what=said), "warn", "scale")
    if sending.procedure and (
        gate := stale_data(setting(here.creditor, duties.procedure_of(here.creditor, sending), here.today))
    ):
        yield Notice("stale", reason(gate.rule, gate.params, language), "warn", "calendar-x")
    if sending.test_to:
        yield Notice("test", say("desk.brake.test", language, address=sending.test_to), "", "flask-conical")
    if sending.planned_on != here.today and sending.broke_off_at is not None:
        at = show_time(sending.broke_off_at.astimezone(here.zone), language)
        yield Notice("broke_off", say("desk.brake.broke_off", language, at=at), "bad", "triangle-alert")
    elif sending.planned_on != here.today:
        yield Notice("no_plan", say("desk.brake.no_plan", language), "", "clock")


def _sources(here: Here) -> Iterable[Notice]:
    """What keeps files from coming by themselves."""
    for fault in sources.faults(here.creditor):
        yield Notice("source", told_fault(here, fault), "warn", "folder-input")


# --- filters ---------------------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A value a filter may have, in words."""

    value: str
    label: str
    chosen: bool


class Filter(NamedTuple):
    """One filter: its name in the address, its label and its values."""

    name: str
    label: str
    choices: list[Choice]


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for in the address, and what may be."""

    given: dict[str, str]
    fields: list[Filter]

    @classmethod
    def of(cls, query: QueryDict, here: Here, leaving: QuerySet[Message]) -> Filters:
        """The filters of a request."""
        language = here.language
        values: dict[str, list[tuple[str, str]]] = {
            "show": [("mine", say("desk.today.mine", language))],
            "state": [(str(state), say(f"desk.state.{state}", language)) for state in _SHOWN],
            "step": [(step, sentence_case(step_name(step, language))) for step in queries.steps(leaving)],
            "language": [(one, say(f"desk.language.{one}", language)) for one in LANGUAGES],
        }
        if here.sees_all:
            values["manager"] = [(name, name) for name in queries.managers(here.creditor, None, here.today)]
        given = {
            name: str(query[name])
            for name, listed in values.items()
            if query.get(name) and any(query[name] == value for value, _ in listed)
        }
        fields = [
            Filter(
                name,
                say(f"desk.filter.{name}", language),
                [Choice(value, label, given.get(name) == value) for value, label in listed],
            )
            for name, listed in values.items()
            if listed
        ]
        return cls(given, fields)

    @property
    def any(self) -> bool:
        """Whether something is filtered."""
        return bool(self.given)

    @property
    def query(self) -> str:
        """The filters as they stand in an address."""
        return urlencode(self.given)

    def apply(self, here: Here, messages: QuerySet[Message]) -> QuerySet[Message]:
        """The messages that were asked for."""
        if "state" in self.given:
            messages = messages.filter(state=self.given["state"])
        if "step" in self.given:
            messages = messages.filter(step=self.given["step"])
        if "language" in self.given:
            messages = messages.filter(language=self.given["language"])
        if "manager" in self.given:
            messages = messages.filter(customer__manager_name=self.given["manager"])
        if "show" in self.given:
            outdated = queries.set_aside(here.creditor)
            grave = (State.UNKNOWN, State.REJECTED, State.BOUNCED, State.COMPLAINED)
            messages = messages.filter(Q(state=State.PROPOSED) | Q(state__in=grave) | outdated)
        return messages


_SHOWN: Final = (State.PROPOSED, State.APPROVED, State.ACCEPTED, State.REFUSED, State.UNKNOWN, State.REJECTED)


# --- what may be done ------------------------------------------------------------------------------------------------


def approve(request: HttpRequest, here: Here) -> HttpResponse:
    """Let messages leave: those named, or all that were seen and asked for."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is None:
        tell(request, here, "today.not_set_up", level=told.ERROR)
        return back(request, here, "today")
    if brakes.oddities(sending):
        tell(request, here, "today.odd_first", level=told.ERROR)
        return back(request, here, "today")
    proposed = queries.leaving(here.creditor, in_sight(here), here.today).filter(state=State.PROPOSED)
    if request.POST.get("all"):
        seen = request.POST.get("seen", "")
        chosen = Filters.of(request.POST, here, proposed).apply(here, proposed)
        proposed = chosen.filter(pk__lte=int(seen) if seen.isdecimal() and len(seen) < 18 else 0)
    else:
        proposed = proposed.filter(key__in=request.POST.getlist("message")[:PAGE])
    undo = timedelta(minutes=sending.undo_minutes)
    wanted = list(proposed.values_list("pk", flat=True))
    count = outbox.approve(here.creditor, wanted, here.now, by=here.by, undo=undo)
    if not count:
        tell(request, here, "today.none_approved", level=told.WARNING)
        return back(request, here, "today")
    brakes.trust(here.creditor, here.now)
    wake(here.creditor)
    address = f"{to(here, 'unapprove')}?{urlencode({'at': here.now.isoformat()})}"
    tell(request, here, "today.approved", n=count, minutes=sending.undo_minutes, undo=address)
    return back(request, here, "today")


def unapprove(request: HttpRequest, here: Here) -> HttpResponse:
    """Take approvals back: of the messages named, or those of one moment."""
    approved = queries.leaving(here.creditor, in_sight(here), here.today).filter(state=State.APPROVED)
    if named := request.POST.getlist("message"):
        approved = approved.filter(key__in=named[:PAGE])
    else:
        approved = approved.filter(approved_at=moment_of(request.GET.get("at", "")) or _NEVER, approved_by=here.by)
    count = outbox.unapprove(here.creditor, list(approved.values_list("pk", flat=True)), by=here.by)
    tell(request, here, "today.unapproved" if count else "today.too_late", n=count, level=told.SUCCESS if count else 40)
    return back(request, here, "today")


_NEVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def send_now(request: HttpRequest, here: Here) -> HttpResponse:
    """Let the messages named leave without waiting for the end of the undo window, though never before their hour."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    if sending is None or brakes.oddities(sending):
        tell(request, here, "today.odd_first" if sending else "today.not_set_up", level=told.ERROR)
        return back(request, here, "today")
    named = request.POST.getlist("message")[:PAGE]
    wanted = queries.leaving(here.creditor, in_sight(here), here.today).filter(key__in=named, state__in=OPEN)
    numbers = list(wanted.values_list("pk", flat=True))
    approved = outbox.approve(here.creditor, numbers, here.now, by=here.by, undo=timedelta(0))
    if approved:
        brakes.trust(here.creditor, here.now)
    outbox.hurry(here.creditor, here.today, here.now, numbers)
    wake(here.creditor)
    kept = any(
        brake.wholly for brake in brakes.brakes(Sending.objects.get(creditor=here.creditor), here.today, here.now)
    )
    if not numbers:
        tell(request, here, "today.too_late", level=told.WARNING)
    else:
        tell(request, here, "today.hurried_kept" if kept else "today.hurried", n=len(numbers))
    return back(request, here, "today")


def accept_odd(request: HttpRequest, here: Here) -> HttpResponse:
    """Say that today's plan is right, odd as it looks."""
    brakes.accept(here.creditor, here.today, here.now, by=here.by)
    tell(request, here, "today.odd_accepted")
    return back(request, here, "today")
