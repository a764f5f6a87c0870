"""The guided start of a creditor, one thing a page: what is there already is not asked again, and all can wait."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable import sample
from amable.banking.models import Statement
from amable.core import procedure as language_of_procedures
from amable.core.days import Calendar
from amable.core.delivery import State
from amable.core.languages import say, show_money
from amable.core.money import Money
from amable.core.planning import Dossier, Item, Outcome
from amable.core.procedure import Act, Procedure
from amable.core.reasons import step_name
from amable.core.replay import rehearse
from amable.correspondence import outbox
from amable.correspondence.models import Message
from amable.desk import jobs as job_pages
from amable.desk import steps
from amable.desk.calendars import working_days
from amable.desk.door import Here, show, to
from amable.desk.files import MOST
from amable.dunning import brakes, procedures, starters
from amable.dunning.models import Look
from amable.ledger import models as ledger
from amable.organisation import calendars
from amable.organisation.models import Sending
from amable.work import duties, jobs, planning

_SHOWN: Final = 8  # messages of the first plan
_LONGEST: Final = timedelta(days=200)  # after the due date a calendar is followed for
_SAMPLE_COLUMNS: Final = (
    "customer_id", "customer_name", "contact_name", "email", "country", "region", "invoice_number", "description",
    "issue_date", "due_date", "currency", "total", "open_amount",
)  # fmt: skip


def resume(request: HttpRequest, here: Here) -> HttpResponse:
    """Where it goes on."""
    return redirect(steps.next_address(here))


# --- files ---------------------------------------------------------------------------------------------------------


def ledger_step(request: HttpRequest, here: Here) -> HttpResponse:
    """What the ledger should be, where to drop it, and how much of it is there; the page of the file leads back."""
    if request.method == "POST":
        return _passed(here, "ledger")
    items = ledger.Item.objects.filter(creditor=here.creditor).exclude(open=0)
    sums = items.values("currency").annotate(n=Count("pk"), open=Sum("open")).order_by("currency")
    customers = items.values("customer").distinct().count()
    return _show(request, here, "ledger", **_dropping(here, "ledger"), sums=list(sums), customers=customers)


def bank_step(request: HttpRequest, here: Here) -> HttpResponse:
    """The same for the statements of the bank."""
    if request.method == "POST":
        return _passed(here, "bank")
    newest = Statement.objects.filter(creditor=here.creditor).order_by("-closing_on").first()
    return _show(request, here, "bank", **_dropping(here, "bank"), newest=newest)


def _dropping(here: Here, step: str) -> dict[str, object]:
    """What the place to drop a file at needs: where it leads once the file is taken in, and how much may be dropped."""
    return {"next": to(here, f"start-{step}"), "most": MOST}


def sample_ledger(request: HttpRequest, here: Here) -> HttpResponse:
    """A ledger to try, of invoices around today; its customers live at addresses that lead nowhere."""
    by = here.today - sample.TODAY
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_SAMPLE_COLUMNS)
    rows = [
        row
        for row in sample.ledger_as_of(sample.ledger_full(), sample.TODAY)
        if row["open_amount"] != "0,00" and not row["instalment"]
    ]
    for row in rows[:12]:
        moved = row | {name: _moved(row[name], by) for name in ("issue_date", "due_date")}
        writer.writerow([moved[name] for name in _SAMPLE_COLUMNS])
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sample-ledger.csv"'
    return response


def _moved(day: str, by: timedelta) -> str:
    of_month, month, year = map(int, day.split("/"))
    return (date(year, month, of_month) + by).isoformat()


# --- the procedure -------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One thing an invoice would bring about: on which day, how many days after it falls due, and what."""

    day: date
    away: str
    what: str
    decides: bool


class Choice(NamedTuple):
    """A procedure that ships, in a sentence, and what it would do about an invoice."""

    name: str
    title: str
    about: str
    lines: list[Line]
    current: bool


class Example(NamedTuple):
    """The invoice the calendars are about: one of their own, or one made up before there is any."""

    number: str
    customer: str
    amount: str
    due: date
    own: bool


def procedure_step(request: HttpRequest, here: Here) -> HttpResponse:
    """Choose how one asks."""
    sending = Sending.objects.select_related("creditor").get(creditor=here.creditor)
    current = duties.procedure_of(here.creditor, sending)
    if request.method == "POST":
        chosen = request.POST.get("procedure", "")
        if chosen in starters.SHIPPED:
            if chosen != current.name:
                procedures.switch_on(
                    here.creditor,
                    starters.shipped(chosen),
                    duties.wordings_of(here.creditor),
                    today=here.today,
                    now=here.now,
                    by=here.by,
                )
            return _passed(here, "procedure")
        if "skip" in request.POST:
            return _passed(here, "procedure")
    item, calendar, example = _example(here)
    choices = [
        Choice(
            name,
            say(f"desk.choose.{name}", here.language),
            say(f"desk.choose.{name}_about", here.language),
            list(_calendar(language_of_procedures.read(starters.shipped(name)), item, calendar, here.language)),
            current.name == name,
        )
        for name in starters.SHIPPED
    ]
    ours = current.name in starters.SHIPPED
    return _show(request, here, "procedure", choices=choices, example=example, own="" if ours else current.name)


def _example(here: Here) -> tuple[Item, Calendar, Example]:
    """An open invoice of theirs that falls due next, else the last one that did, else one made up."""
    open_ = ledger.Item.objects.filter(creditor=here.creditor, kind="invoice", open__gt=0).select_related("customer")
    found = open_.filter(due_on__gte=here.today).order_by("due_on", "pk").first() or open_.order_by("-due_on").first()
    due = found.due_on if found else here.today + timedelta(days=20)
    minor, currency = (found.open, found.currency) if found else (1_210_00, "EUR")
    country, region = (found.customer.country, found.customer.region) if found else _place(here)
    calendar = calendars.public(country or here.creditor.country, region, due.year - 1, due.year + 1)
    issued = (found.issued_on if found else None) or due - timedelta(days=30)
    number = found.number if found else "F-117"
    example = Example(
        number,
        found.customer.name if found else "",
        show_money(Money(minor, currency), here.language),
        due,
        found is not None,
    )
    return Item(1, "invoice", number, currency, minor, due, issued=issued), calendar, example


def _place(here: Here) -> tuple[str, str]:
    return here.creditor.country, here.creditor.region


def _calendar(rules: Procedure, item: Item, calendar: Calendar, language: str) -> Any:
    """The days on which the item would be written about if nobody pays or answers, by really deciding each day."""
    dossier = Dossier(1, rules, (item,), calendar=calendar, creditor_calendar=calendar)
    for said in rehearse(dossier, item.due - timedelta(days=45), item.due + _LONGEST):
        days = (said.day - item.due).days
        when = "on" if not days else "before" if days < 0 else "after"
        away = say(f"desk.choose.{when}", language, n=abs(days))
        yield Line(said.day, away, step_name(said.step, language), said.act is Act.DECISION)
        if said.outcome is Outcome.ESCALATED:
            return


# --- the first plan ------------------------------------------------------------------------------------------------


def plan_step(request: HttpRequest, here: Here) -> HttpResponse:
    """Make the first plan, and say what it is before anybody approves it."""
    sending = Sending.objects.select_related("creditor").get(creditor=here.creditor)
    if request.method == "POST":
        if "make" not in request.POST:
            steps.passed(here, "plan")
            return redirect(to(here, "today"))
        planning.make(here.creditor, lambda: here.now, by=here.by, then="start-plan")
        return redirect(to(here, "start-plan"))
    open_items = ledger.Item.objects.filter(creditor=here.creditor, open__gt=0).count()
    looked = Look.objects.filter(creditor=here.creditor).exists()
    made = sending.planned_on == here.today and (looked or not open_items)
    of_today = Message.objects.filter(creditor=here.creditor, day=here.today, state=State.PROPOSED)
    messages = of_today.filter(act__in=outbox.TO_CUSTOMERS, customer__isnull=False)
    tasks = of_today.exclude(act__in=outbox.TO_CUSTOMERS).filter(customer__isnull=False).count()
    found = brakes.oddities(sending)
    job = jobs.newest(here.creditor, planning.PLAN, {"then": "start-plan"})
    told = job is not None and (job.ended_at is None or not (sending.planned_at and sending.planned_at > job.ended_at))
    return _show(
        request,
        here,
        "plan",
        items=open_items,
        made=made,
        works_on=working_days(here).on_or_after(here.today),
        job=job_pages.shown(here, job) if job and told and job.outcome != "done" else None,
        under_way=job is not None and job.ended_at is None,
        count=messages.count(),
        tasks=tasks,
        shown=[
            {"customer": one.customer, "step": step_name(one.step, here.language),
             "asked": show_money(Money(one.demanded, one.currency), here.language) if one.demanded else ""}
            for one in messages.select_related("customer").order_by("-demanded", "pk")[:_SHOWN]
        ],
        odd=[say(f"brake.{one.rule}", here.language, **one.params) for one in found],
        sending=sending,
    )  # fmt: skip


# --- what the steps share ------------------------------------------------------------------------------------------


def _passed(here: Here, step: str) -> HttpResponse:
    steps.passed(here, step)
    return redirect(steps.next_address(here, step))


def _show(request: HttpRequest, here: Here, step: str, **facts: Any) -> HttpResponse:
    return show(request, here, f"start_{step}.html", steps=steps.listed(step, here), **facts)
