"""Tries a wording on a customer of the book: what they would read in it today, in the real message where one is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from django.db.models import Count, Q, QuerySet, Sum

from amable.core import examples, wording
from amable.core.days import leaving_moment
from amable.core.planning import Line, Planned, Section, decide
from amable.core.procedure import COURTESIES, MESSAGES, Act, Procedure, Step
from amable.core.wording import MissingFieldError, Template
from amable.correspondence import composing
from amable.correspondence.composing import Occasion, Tried
from amable.correspondence.models import Message
from amable.dunning.dossier import Known, gather, setting
from amable.ledger import queries
from amable.ledger.models import Customer
from amable.organisation.models import Creditor

_FEW: Final = 20  # customers offered
_ITEMS: Final = 5  # items a tried message speaks of at most
_WAITING: Final = ("proposed", "approved")
_SECTIONS: Final = {"thank_you": Section.SETTLED, "promise_confirmation": Section.PROMISED}


@dataclass(frozen=True, slots=True)
class Fitting:
    """A wording tried on a customer; `due_today` when it is the message that leaves today."""

    tried: Tried
    occasion: Occasion
    due_today: bool


def steps_that_say(rules: Procedure, stage: str) -> list[Step]:
    """The steps that speak in the words of a stage, of one invoice or of several."""
    single = stage.removesuffix("_multi")
    return [step for step in (*rules.messages, *rules.courtesies) if step.wording == single]


def waiting(rules: Procedure, template: Template, among: QuerySet[Customer], today: date) -> QuerySet[Message]:
    """The messages of today, not sent yet, that speak in the words of this stage and language to these customers."""
    said = Q(pk__in=())
    for step in steps_that_say(rules, template.stage):
        said |= Q(act=step.act) if step.act in COURTESIES else Q(step=step.id, act__in=MESSAGES)
    return Message.objects.filter(said, day=today, language=template.language, state__in=_WAITING, customer__in=among)


def candidates(
    rules: Procedure, template: Template, among: QuerySet[Customer], today: date, named: str = ""
) -> Sequence[Customer]:
    """On whom a wording can be tried: who would get it next first, then those who owe most in its language."""
    owing = among.filter(item__open__gt=0)
    if named:
        owing = owing.filter(name__icontains=named)
    least = 2 if template.multi else 1
    owing = owing.annotate(owed=Sum("item__open"), items=Count("item")).filter(items__gte=least)
    next_ = [] if named else list(waiting(rules, template, among, today).values_list("customer", flat=True)[:200])
    first = list(owing.filter(pk__in=next_).order_by("name", "pk")[:_FEW])
    if template.multi:  # who is written to about several at once is not always who owes several
        first = [customer for customer in first if _speaks_of_several(customer, today)] or first
    spoken = owing.filter(language=template.language).exclude(pk__in=[one.pk for one in first])
    listed = [*first, *spoken.order_by("-owed", "pk")[: _FEW - len(first)]]
    return listed or list(owing.order_by("-owed", "pk")[:_FEW])


def _speaks_of_several(customer: Customer, today: date) -> bool:
    messages = Message.objects.filter(customer=customer, day=today, state__in=_WAITING)
    return messages.annotate(n=Count("messageitem__item", distinct=True)).filter(n__gt=1).exists()


def fit(creditor: Creditor, rules: Procedure, template: Template, customer: int, now: datetime, today: date) -> Fitting:
    """The wording on this customer, in the wording's language; raises RefusedError for one that cannot be filled."""
    [row] = queries.customers(creditor, [customer])
    [known] = gather(setting(creditor, rules, today), [row])
    recipient = replace(known.recipient, language=template.language)
    due = _due(known, rules, template, today)
    planned = due or _made_up(known, template, today)
    steps = steps_that_say(rules, template.stage)
    step = next((one for one in steps if one.id == planned.step), None) or replace(
        (steps or list(rules.messages))[0], wording=template.stage.removesuffix("_multi")
    )
    key = composing.message_key(creditor, row.key, today, "tried")
    occasion = Occasion(
        planned, step, creditor, recipient, known.facts, key, today,
        leaving_moment(key, today, now, known.dossier.zone, business=True), known.addresses,
    )  # fmt: skip
    lending = examples.values(template.language, several=template.multi)
    return Fitting(composing.try_on(occasion, template, lending), occasion, due is not None)


def _due(known: Known, rules: Procedure, template: Template, today: date) -> Planned | None:
    """What this customer is really written today in this stage, about one or about several."""
    named = {step.id for step in steps_that_say(rules, template.stage)}
    for planned in decide(known.dossier, today).planned:
        step = rules.carried_out(planned.act, planned.step)
        speaks = planned.act in MESSAGES or planned.act in COURTESIES
        spoken = [line for line in planned.lines if line.section is not Section.CREDIT]
        main = [line for line in spoken if line.section is Section.OVERDUE] or spoken
        several = len({line.item for line in main}) > 1
        if step and speaks and step.id in named and wording.stage_for(step.wording, several=several) == template.stage:
            return planned
    return None


def _made_up(known: Known, template: Template, today: date) -> Planned:
    """A message about what is open now, as if its day had come."""
    open_ = [row for row in known.rows if row.open > 0]
    currency = open_[0].currency if open_ else ""
    open_ = [row for row in open_ if row.currency == currency]
    early = template.stage.removesuffix("_multi") in _BEFORE_DUE
    fitting = [row for row in open_ if (row.due_on >= today) is early] or open_
    chosen = fitting if len(fitting) > 1 or not template.multi else open_
    section = _SECTIONS.get(template.stage.removesuffix("_multi"), Section.DUE_SOON if early else Section.OVERDUE)
    lines = tuple(Line(row.pk, row.open, section, "", 1) for row in chosen[: _ITEMS if template.multi else 1])
    if not lines:
        raise MissingFieldError("invoice.number")
    demanded = 0 if section in _SECTIONS.values() else sum(line.amount for line in lines)
    channel = Act.SMS if template.channel == "sms" else Act.EMAIL
    return Planned(Act.EMAIL, "", currency, lines, demanded, channel=channel)


_BEFORE_DUE: Final = frozenset({
    "gentle_before_due", "second_notice_before_due", "due_today", "early_payment_discount", "payment_terms_welcome",
    "invoice_received_check", "alternative_method", "sms_reminder",
})  # fmt: skip
