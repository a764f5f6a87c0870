"""What a person does for one customer: chase now, pause, record a promise, a dispute or a plan, and end any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib.messages import INFO, WARNING
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse

from amable.agreements import actions
from amable.agreements.actions import RefusedError
from amable.agreements.models import Dispute, Plan, Promise
from amable.core.agreements import MOST_INSTALMENTS, Ground, Instalment, instalments_of
from amable.core.languages import say
from amable.core.money import Money
from amable.core.reasons import reason, step_name
from amable.correspondence.models import Message, MessageItem
from amable.desk import messages
from amable.desk.changing import look_now
from amable.desk.customer import found, owed_of
from amable.desk.door import Here, back, show, tell
from amable.desk.fields import Amount, Items, currencies, day, line, text
from amable.dunning import chasing, holds, outcomes
from amable.dunning.models import Hold
from amable.dunning.outcomes import Outcome
from amable.ledger.models import Contact, Customer, Item
from amable.organisation.models import Sending
from amable.work.duties import procedure_of

_DAYS_OF_GRACE: Final = 7  # what a pause or a promise begins with in its form
_LONGEST_PAUSE: Final = 366


# --- chase now -------------------------------------------------------------------------------------------------------


def chase(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """What would be said today and why, or why not; on POST it is proposed."""
    it = found(here, customer)
    sending = Sending.objects.filter(creditor=here.creditor).exclude(procedure="").first()
    if sending is None:
        tell(request, here, "agree.chase.no_procedure", level=WARNING)
        return back(request, here, "customer", customer=it.pk)
    procedure = procedure_of(here.creditor, sending)
    if request.method == "POST":
        before = chasing.of_today(here.creditor, it, here.today)
        if before is not None:
            tell(request, here, "agree.chase.once", level=INFO)
            return back(request, here, "customer", customer=it.pk)
        made = chasing.ask(here.creditor, procedure, it, here.today, here.now, by=here.by)
        tell(
            request, here, "agree.chase.proposed" if made else "agree.chase.not_today", level=INFO if made else WARNING
        )
        return back(request, here, "customer", customer=it.pk)
    asked = chasing.rehearse(here.creditor, procedure, it, here.today, here.now)
    planned = asked.planned
    items = Item.objects.filter(creditor=here.creditor).in_bulk([v.item for v in asked.verdicts if v.item > 0])
    facts: dict[str, Any] = {
        "customer": it,
        "asked": asked,
        "state": say(f"desk.state.{asked.standing.state}", here.language) if asked.standing else "",
        "gate": reason(*asked.gate, here.language) if asked.gate else "",
        "why": [
            (items.get(verdict.item), reason(verdict.rule, verdict.params, here.language))
            for verdict in asked.verdicts
            if verdict.item in items
        ],
    }
    if planned is not None:
        facts |= {
            "step": step_name(planned.step, here.language),
            "channel": say(f"desk.contacts.by.{planned.channel or planned.act}", here.language),
            "to": ", ".join(asked.known.recipient.emails) or asked.known.recipient.phone,
            "lines": [(items[one.item], one.amount) for one in planned.lines if one.item in items],
        }
    return show(request, here, "chase.html", **facts)


# --- pause -----------------------------------------------------------------------------------------------------------


class PauseForm(forms.Form):
    """Until when, and why."""

    def __init__(self, here: Here, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        self.here = here
        tomorrow = here.today + timedelta(days=1)
        hint = say("desk.agree.pause.hint", here.language)
        self.fields["until"] = day(say("desk.agree.pause.until", here.language), hint, first=tomorrow)
        self.fields["because"] = line(say("desk.agree.pause.because", here.language))

    def clean(self) -> dict[str, Any]:
        """A day to come, within a year."""
        given: dict[str, Any] = self.cleaned_data
        until = given.get("until")
        if until and until <= self.here.today:
            self.add_error("until", say("desk.agree.pause.over", self.here.language))
        elif until and until > self.here.today + timedelta(days=_LONGEST_PAUSE):
            self.add_error("until", say("desk.agree.pause.too_long", self.here.language))
        return given


def pause(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Do not write to them before a day, for a reason."""
    it = found(here, customer)
    begins = {"until": here.today + timedelta(days=_DAYS_OF_GRACE)}
    form = PauseForm(here, request.POST or None, initial=begins)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        holds.hold(it, given["until"], given["because"], here.today, here.now, by=here.by)
        tell(request, here, "agree.pause.done", day=given["until"])
        return back(request, here, "customer", customer=it.pk)
    return _form(request, here, it, form, "pause")


def end_hold(request: HttpRequest, here: Here, hold: int) -> HttpResponse:
    """End one hold before its day."""
    it = Hold.objects.filter(creditor=here.creditor, pk=hold, customer__in=here.customers.values("pk")).first()
    if it is None:
        raise Http404
    ended = holds.end(it, here.today, here.now, by=here.by)
    tell(request, here, "agree.hold.ended" if ended else "agree.ended_before", level=INFO)
    return back(request, here, "customer", customer=it.customer_id)


# --- promise ---------------------------------------------------------------------------------------------------------


class PromiseForm(forms.Form):
    """How much, by when, for what, and who said so."""

    def __init__(self, here: Here, items: list[Item], currency: str, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        words = here.language
        mine = [item for item in items if item.currency == currency]
        owed = Money(sum(item.open for item in mine), currency)
        hint = say("desk.agree.promise.owed", words, owed=owed)
        label = say("desk.agree.promise.amount", words, currency=currency)
        self.fields["amount"] = Amount(words, currency, label=label, help_text=hint)
        self.fields["on"] = day(
            say("desk.agree.promise.on", words), say("desk.agree.promise.on_hint", words), first=here.today
        )
        self.fields["said_by"] = line(
            say("desk.agree.promise.said_by", words), say("desk.agree.promise.said_by_hint", words)
        )
        self.fields["items"] = Items(mine, words, label=say("desk.agree.items", words),
                                     help_text=say("desk.agree.promise.items_hint", words))  # fmt: skip


def promise(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Record what they promised; asked by a task (`task`), it is done by that."""
    it = found(here, customer)
    task = _task(request, here, it, Outcome.PROMISED)
    items, currency = _to_choose(request, here, it)
    mine = [item for item in items if item.currency == currency]
    spoken_of = _about(task, mine)
    about = spoken_of or [item for item in mine if item.due_on < here.today] or mine
    begins = {
        "amount": sum(item.open for item in about), "on": here.today + timedelta(days=_DAYS_OF_GRACE),
        "items": [str(item.pk) for item in about],
    }  # fmt: skip
    begins |= _said(request, here, task)
    form = PromiseForm(here, items, currency, _sent(request), initial=begins)
    if task is not None:
        form.fields["note"] = text(say("desk.outcome.note", here.language), required=False)

    def record(given: Mapping[str, Any]) -> None:
        facts = {name: given[name] for name in ("amount", "on", "said_by", "items")}
        actions.promise(it, currency=currency, today=here.today, now=here.now, by=here.by, **facts)
        if task is not None:
            _is_done(here, task, Outcome.PROMISED, note=given["note"], said_on=given["on"])

    return _record(request, here, it, form, "promise", record, items, task)


def end_promise(request: HttpRequest, here: Here, promise: int) -> HttpResponse:
    """Take a promise back."""
    it = _mine(here, Promise, promise)
    ended = actions.end_promise(it, today=here.today, now=here.now, by=here.by)
    tell(request, here, "agree.promise.ended" if ended else "agree.ended_before", level=INFO)
    return back(request, here, "customer", customer=it.customer_id)


# --- dispute ---------------------------------------------------------------------------------------------------------


class DisputeForm(forms.Form):
    """Which items, wholly or in part, and why."""

    def __init__(self, here: Here, items: list[Item], currency: str, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        self.language = words = here.language
        mine = [item for item in items if item.currency == currency]
        self.fields["items"] = Items(mine, words, label=say("desk.agree.dispute.items", words))
        label, hint = (
            say("desk.agree.dispute.part", words, currency=currency),
            say("desk.agree.dispute.part_hint", words),
        )
        self.fields["part"] = Amount(words, currency, required=False, label=label, help_text=hint)
        grounds = [(str(one), say(f"desk.ground.{one}", words)) for one in Ground]
        self.fields["ground"] = forms.ChoiceField(label=say("desk.agree.dispute.ground", words), choices=grounds)
        self.fields["note"] = text(say("desk.agree.dispute.note", words), required=False)

    def clean(self) -> dict[str, Any]:
        """A part is of one item: of several nobody could say which."""
        given: dict[str, Any] = self.cleaned_data
        if given.get("part") is not None and len(given.get("items", ())) > 1:
            self.add_error("part", say("desk.agree.dispute.part_of_one", self.language))
        return given


def dispute(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Record what they contest; asked by a task, it is done by that."""
    it = found(here, customer)
    task = _task(request, here, it, Outcome.DISPUTED)
    items, currency = _to_choose(request, here, it)
    about = _about(task, [item for item in items if item.currency == currency])
    begins = {"items": [str(item.pk) for item in about]} | _said(request, here, task)
    form = DisputeForm(here, items, currency, _sent(request), initial=begins)

    def record(given: Mapping[str, Any]) -> None:
        parts = dict.fromkeys(given["items"], given["part"])
        actions.dispute(
            it, ground=Ground(given["ground"]), note=given["note"], parts=parts, today=here.today, now=here.now,
            by=here.by,
        )  # fmt: skip
        if task is not None:
            _is_done(here, task, Outcome.DISPUTED)

    return _record(request, here, it, form, "dispute", record, items, task)


class AnswerForm(forms.Form):
    """Who is right, and what we answer."""

    def __init__(self, here: Here, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        words = here.language
        choices = [(one, say(f"desk.agree.resolve.{one}", words)) for one in ("upheld", "rejected")]
        self.fields["outcome"] = forms.ChoiceField(
            label=say("desk.agree.resolve.outcome", words), choices=choices, widget=forms.RadioSelect
        )
        self.fields["answer"] = text(say("desk.agree.resolve.answer", words))


def resolve(request: HttpRequest, here: Here, dispute: int) -> HttpResponse:
    """Say who is right."""
    it = _mine(here, Dispute, dispute)
    form = AnswerForm(here, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        done = actions.resolve_dispute(
            it, upheld=given["outcome"] == "upheld", answer=given["answer"], today=here.today, now=here.now, by=here.by
        )
        if done:
            tell(request, here, f"agree.resolve.done_{given['outcome']}", level=INFO)
            return back(request, here, "customer", customer=it.customer_id)
        form.add_error(None, say("desk.agree.ended_before", here.language))
    return _form(request, here, it.customer, form, "resolve")


def credited(request: HttpRequest, here: Here, dispute: int) -> HttpResponse:
    """Say that the credit for what was upheld is booked."""
    it = _mine(here, Dispute, dispute)
    done = actions.credit_booked(it, today=here.today, now=here.now, by=here.by)
    tell(request, here, "agree.dispute.credited" if done else "agree.ended_before", level=INFO)
    return back(request, here, "customer", customer=it.customer_id)


# --- plan ------------------------------------------------------------------------------------------------------------


class PlanForm(forms.Form):
    """Which items, in how many equal parts, from when and how far apart; or each instalment by itself."""

    def __init__(self, here: Here, items: list[Item], currency: str, *given: Any, **facts: Any) -> None:
        super().__init__(*given, **facts)
        self.here, self.currency = here, currency
        words = here.language
        mine = [item for item in items if item.currency == currency]
        self.opens = {item.pk: item.open for item in mine}
        self.fields["items"] = Items(mine, words, label=say("desk.agree.items", words))
        self.fields["number"] = forms.IntegerField(
            label=say("desk.agree.plan.number", words), min_value=2, max_value=MOST_INSTALMENTS
        )
        self.fields["first"] = day(say("desk.agree.plan.first", words), first=here.today)
        spacing = [("7", "week"), ("14", "fortnight"), ("30", "month")]
        self.fields["every"] = forms.TypedChoiceField(
            label=say("desk.agree.plan.every", words), coerce=int,
            choices=[(days, say(f"desk.agree.plan.{name}", words)) for days, name in spacing],
        )  # fmt: skip
        self.fields["other"] = forms.CharField(
            label=say("desk.agree.plan.other", words), required=False, max_length=2_000,
            help_text=say("desk.agree.plan.other_hint", words), widget=forms.Textarea({"rows": 3}),
        )  # fmt: skip
        self.fields["note"] = text(say("desk.agree.plan.note", words), required=False)

    def clean(self) -> dict[str, Any]:
        """The instalments as they are meant; each line of one's own is a day and an amount."""
        given: dict[str, Any] = self.cleaned_data
        if self.errors:
            return given
        if given["other"].strip():
            given["instalments"] = [one for row in given["other"].splitlines() if (one := self.read(row))]
            return given
        owed = sum(self.opens[item] for item in given["items"])
        if given["every"] == 30:
            parts = instalments_of(owed, given["number"], given["first"], 0)
            given["instalments"] = [
                one._replace(due=_months_after(given["first"], place)) for place, one in enumerate(parts)
            ]
        else:
            given["instalments"] = instalments_of(owed, given["number"], given["first"], given["every"])
        return given

    def read(self, row: str) -> Instalment | None:
        """A line: a day as 2026-03-31 and an amount."""
        on, _, amount = row.strip().partition(" ")
        if not on:
            return None
        try:
            due = forms.DateField(input_formats=["%Y-%m-%d"]).clean(on)
            minor = Amount(self.here.language, self.currency).clean(amount.strip())
        except forms.ValidationError:
            minor, due = None, None
        if due is None or minor is None:
            self.add_error("other", say("desk.agree.plan.unreadable", self.here.language, row=row.strip()[:60]))
            return None
        return Instalment(due, minor)


def _months_after(first: Any, months: int) -> Any:
    """The same day so many months on, or the last one of a shorter month."""
    year, month = divmod(first.month - 1 + months, 12)
    for on in range(first.day, 27, -1):
        try:
            return first.replace(year=first.year + year, month=month + 1, day=on)
        except ValueError:
            continue
    return first.replace(year=first.year + year, month=month + 1)


def plan(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """Record a plan."""
    it = found(here, customer)
    items, currency = _to_choose(request, here, it)
    about = [str(item.pk) for item in items if item.currency == currency and item.due_on < here.today]
    begins = {"items": about, "number": 3, "first": here.today + timedelta(days=_DAYS_OF_GRACE), "every": "30"}
    form = PlanForm(here, items, currency, request.POST or None, initial=begins)

    def record(given: Mapping[str, Any]) -> None:
        actions.plan(
            it, currency=currency, items=given["items"], instalments=given["instalments"], note=given["note"],
            today=here.today, now=here.now, by=here.by,
        )  # fmt: skip

    return _record(request, here, it, form, "plan", record, items)


def end_plan(request: HttpRequest, here: Here, plan: int) -> HttpResponse:
    """End a plan."""
    it = _mine(here, Plan, plan)
    ended = actions.end_plan(it, today=here.today, now=here.now, by=here.by)
    tell(request, here, "agree.plan.ended" if ended else "agree.ended_before", level=INFO)
    return back(request, here, "customer", customer=it.customer_id)


# --- what they have in common ----------------------------------------------------------------------------------------


def _to_choose(request: HttpRequest, here: Here, customer: Customer) -> tuple[list[Item], str]:
    """What the customer owes, and the currency the form is about: the one asked for, else the oldest item's."""
    items = owed_of(here, customer)
    known = currencies(sorted(items, key=lambda item: item.due_on))
    wanted = request.GET.get("currency", "")
    return items, wanted if wanted in known else (known[0] if known else "EUR")


def _task(request: HttpRequest, here: Here, customer: Customer, outcome: Outcome) -> Message | None:
    """The task that somebody says came to this, where one is named."""
    key = request.GET.get("task", "")
    if not key:
        return None
    task = messages.found(here, key)
    if task.customer_id != customer.pk or outcome not in outcomes.choices(task.act, task.step):
        raise Http404
    return task


def _about(task: Message | None, items: list[Item]) -> list[Item]:
    """What was spoken of in a task, as far as it is still owed."""
    if task is None:
        return []
    named = MessageItem.objects.filter(creditor=task.creditor_id, message=task).values_list("item", flat=True)
    return [item for item in items if item.pk in set(named)]


def _sent(request: HttpRequest) -> Any:
    """What was sent to be recorded: not what a task brought along, which is only what the form begins with."""
    return None if "outcome" in request.POST else request.POST or None


def _said(request: HttpRequest, here: Here, task: Message | None) -> dict[str, Any]:
    """What is known already from a task: who was spoken with, the day they named, and what was noted."""
    if task is None:
        return {}
    contact = Contact.objects.filter(creditor=here.creditor, customer=task.customer_id, role="billing").first()
    known = {
        "on": request.POST.get("said_on", ""), "note": request.POST.get("note", ""),
        "said_by": contact.name if contact else "",
    }  # fmt: skip
    return {name: value for name, value in known.items() if value}


def _is_done(here: Here, task: Message, outcome: Outcome, **facts: Any) -> None:
    outcomes.tell(here.creditor, task, outcome, here.today, here.now, by=here.by, **facts)


def _mine(here: Here, model: Any, pk: int) -> Any:
    """The agreement of this number with a customer in sight."""
    mine = model.objects.filter(creditor=here.creditor, pk=pk, customer__in=here.customers.values("pk"))
    it = mine.select_related("customer__creditor").first()
    if it is None:
        raise Http404
    return it


def _record(
    request: HttpRequest,
    here: Here,
    customer: Customer,
    form: forms.Form,
    name: str,
    record: Callable[[Mapping[str, Any]], None],
    items: list[Item],
    task: Message | None = None,
) -> HttpResponse:
    """Record what the form says, or show it again with what is wrong."""
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                record(form.cleaned_data)
        except RefusedError as refused:
            form.add_error(None, say(f"agreement.{refused.refusal.rule}", here.language, **refused.refusal.params))
        else:
            tell(request, here, f"agree.{name}.done")
            if task is None:
                return back(request, here, "customer", customer=customer.pk)
            look_now(here, task)
            return back(request, here, "today")
    return _form(request, here, customer, form, name, items=items, task=task)


def _form(
    request: HttpRequest,
    here: Here,
    customer: Customer,
    form: forms.Form,
    name: str,
    items: list[Item] | None = None,
    task: Message | None = None,
) -> HttpResponse:
    facts = {"customer": customer, "form": form, "name": name, "nothing": items == [],
             "currencies": currencies(items or ()), "prefix": f"desk.agree.{name}.", "task": task}  # fmt: skip
    return show(request, here, "agree.html", 422 if form.is_bound else 200, **facts)
