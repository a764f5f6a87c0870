"""One customer: what they owe and since when, how they pay, what was said, agreed and booked, and what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from django.db.models import Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.agreements import queries as agreements
from amable.agreements.models import Dispute, DisputeItem, Plan, PlanInstalment, Promise, PromiseItem
from amable.core.agreements import Standing, left_of, waited_for
from amable.core.languages import say
from amable.core.planning import Outcome
from amable.core.procedure import Act
from amable.core.reasons import reason, step_name
from amable.correspondence.models import MessageItem
from amable.correspondence.outbox import TO_CUSTOMERS
from amable.desk.customers import pays_in_full
from amable.desk.door import Here, show, to
from amable.desk.lists import Asked
from amable.dunning import book
from amable.dunning.actions import gated, stale_data
from amable.dunning.dossier import Setting, setting
from amable.dunning.models import Hold
from amable.dunning.story import KINDS, Event, story
from amable.dunning.verdicts import KeptVerdict, unpack
from amable.ledger.corrections import BILLING
from amable.ledger.models import Contact, Correction, Customer, Item, Merged, Note, Payment
from amable.organisation.bulk import these
from amable.organisation.models import Sending
from amable.work.duties import procedure_of

_MOST_ITEMS: Final = 100
_TONES: Final = {
    Outcome.SENT: "ok", Outcome.PAID: "ok", Outcome.ESCALATED: "warn", Outcome.TASK: "warn", Outcome.HELD: "wait",
}  # fmt: skip


def found(here: Here, pk: int) -> Customer:
    """The customer of this number, as far as it is in sight."""
    customer = here.customers.filter(pk=pk).first()
    if customer is None:
        raise Http404
    return customer


class Owed(NamedTuple):
    """What they owe in one currency, since when anything is past due, and what of it is promised."""

    currency: str
    owed: int
    overdue: int
    since: date | None
    unapplied: int


@dataclass(frozen=True, slots=True)
class Line:
    """An item with what was decided about it last, in one sentence, and what that sentence rests on."""

    item: Item
    late: int
    outcome: str
    tone: str
    why: str
    rule: str
    next_look: date | None
    told: Sequence[tuple[date, str, str]]


class Agreement(NamedTuple):
    """A promise, dispute or plan as it stands: its state, items, and whether a person may still end it."""

    kind: str
    it: Promise | Dispute | Plan
    standing: Standing
    items: Sequence[tuple[Item, int | None]]
    instalments: Sequence[tuple[PlanInstalment, str]] = ()
    left: int = 0
    currency: str = ""


def page(request: HttpRequest, here: Here, customer: int) -> HttpResponse:
    """The page."""
    merged = Merged.objects.filter(creditor=here.creditor, was=customer).first()
    if merged is not None:
        return redirect(page_of(here, found(here, merged.customer_id)))
    it = found(here, customer)
    asked = Asked(request)
    creditor, today = here.creditor, here.today
    sending = Sending.objects.filter(creditor=creditor).exclude(procedure="").first()
    around = setting(creditor, procedure_of(creditor, sending), today) if sending else None
    items = list(
        Item.objects.filter(creditor=creditor, customer=it).exclude(open=0).order_by("due_on", "pk")[: _MOST_ITEMS + 1]
    )
    contacts = {contact.role: contact for contact in Contact.objects.filter(creditor=creditor, customer=it)}
    told = story(it, text=asked.text("text"), kind=asked.one_of("kind", KINDS), page=asked.page)
    facts = {
        "customer": it,
        "owed": _owed(here, it),
        "pays": list(pays_in_full(book.profiles(creditor, [it.pk], today)[it.pk], here.language)),
        "lines": _lines(here, it, items[:_MOST_ITEMS], around),
        "more_items": len(items) > _MOST_ITEMS,
        "billing": contacts.pop(BILLING, None),
        "contacts": list(contacts.values()),
        "refused": [one for one in it.opt_out.split(",") if one],
        "corrections": list(Correction.objects.filter(creditor=creditor, customer=it).order_by("field")),
        "holds": list(Hold.objects.filter(creditor=creditor, customer=it, ended_at=None, until__gt=today)),
        "agreements": _agreements(here, it, around),
        "notes": list(Note.objects.filter(creditor=creditor, customer=it).order_by("-pk")[:5]),
        "story": [_told(event, here.language) for event in told.events],
        "older": asked.address(page=str(asked.page + 1)) if told.more else "",
        "newer": asked.address(page=str(asked.page - 1)) if asked.page > 1 else "",
        "kinds": KINDS,
        "kind": asked.one_of("kind", KINDS),
        "text": asked.text("text"),
        "merged": list(Merged.objects.filter(creditor=creditor, customer=it).order_by("-pk")),
        "said_on": book.said_last(creditor, [it.pk]).get(it.pk),
    }
    return show(request, here, "customer.html", **facts)


def _owed(here: Here, customer: Customer) -> list[Owed]:
    want = book.CustomersWanted()
    mine = here.customers.filter(pk=customer.pk)
    sums = book.customers(here.creditor, mine, want, here.today)
    late = Item.objects.filter(creditor=here.creditor, customer=customer, open__gt=0, due_on__lt=here.today)
    unapplied: dict[str, int] = defaultdict(int)
    received = Payment.objects.filter(creditor=here.creditor, customer=customer, reversed_on=None)
    for currency, amount in received.exclude(unapplied=0).values_list("currency", "unapplied"):
        unapplied[currency] += amount
    since = dict(late.order_by().values("currency").annotate(oldest=Min("due_on")).values_list("currency", "oldest"))
    return [
        Owed(one.currency, one.owed, one.overdue, since.get(one.currency), unapplied.get(one.currency, 0))
        for one in sums.totals
    ]


def _lines(here: Here, customer: Customer, items: Sequence[Item], around: Setting | None) -> list[Line]:
    look = book.looks(here.creditor, [customer.pk]).get(customer.pk)
    verdicts: dict[int, KeptVerdict] = {one.item: one for one in unpack(look.verdicts)} if look else {}
    gate = stale_data(around) if around else None
    told: dict[int, list[tuple[date, str, str]]] = defaultdict(list)
    rows = MessageItem.objects.filter(
        creditor=here.creditor, item__in=these([item.pk for item in items]), withdrawn=False, message__rehearsal=False
    ).order_by("message__day", "pk")
    for about, day, step, act, state in rows.values_list(
        "item_id", "message__day", "step", "message__act", "message__state"
    ):
        became = say(f"desk.state.{state}", here.language) if act in TO_CUSTOMERS else ""
        told[about].append((day, step_name(step, here.language), became))
    lines = []
    for item in items:
        verdict = verdicts.get(item.pk)
        late = (here.today - item.due_on).days
        if verdict is None:
            waiting = say("desk.customer.not_looked", here.language)
            lines.append(Line(item, late, "", "", waiting, "", customer.review_on, told[item.pk]))
            continue
        if around is not None:
            verdict = gated(verdict, gate, here.today, around.procedure)
        lines.append(
            Line(
                item, late, say(f"outcome.{verdict.outcome}", here.language), _TONES.get(verdict.outcome, ""),
                reason(verdict.rule, verdict.params, here.language), verdict.rule, verdict.next_look, told[item.pk],
            )
        )  # fmt: skip
    return lines


# --- what was agreed -------------------------------------------------------------------------------------------------


def _agreements(here: Here, customer: Customer, around: Setting | None) -> list[Agreement]:
    """What stands or awaits a word of a person; what is over is in the story."""
    return [*_promises(here, customer, around), *_disputes(here, customer), *_plans(here, customer, around)]


def _waits(here: Here, around: Setting | None, on: date) -> bool:
    if around is None:
        return here.today <= on
    return waited_for(on, here.today, around.creditor_calendar, around.bank_until) is not None


def _promises(here: Here, customer: Customer, around: Setting | None) -> Iterable[Agreement]:
    rows = Promise.objects.filter(creditor=here.creditor, customer=customer, ended_at=None).order_by("on", "pk")
    parts: dict[int, list[PromiseItem]] = defaultdict(list)
    for part in PromiseItem.objects.filter(creditor=here.creditor, promise__in=rows).select_related("item"):
        parts[part.promise_id].append(part)
    for one in rows:
        left = sum(left_of(part.amount, part.open_then, part.item.open) for part in parts[one.pk])
        if not left:
            continue
        standing = Standing.WAITING if _waits(here, around, one.on) else Standing.BROKEN
        items = [(part.item, part.amount) for part in parts[one.pk]]
        yield Agreement("promise", one, standing, items, left=left, currency=one.currency)


def _disputes(here: Here, customer: Customer) -> Iterable[Agreement]:
    standing = Q(outcome="") | Q(outcome="upheld", credited_at=None)
    rows = Dispute.objects.filter(standing, creditor=here.creditor, customer=customer).order_by("pk")
    parts: dict[int, list[DisputeItem]] = defaultdict(list)
    for part in DisputeItem.objects.filter(creditor=here.creditor, dispute__in=rows).select_related("item"):
        parts[part.dispute_id].append(part)
    for one in rows:
        mine = parts[one.pk]
        if one.outcome and not any(part.item.open for part in mine):
            continue
        items = [(part.item, part.amount) for part in mine]
        yield Agreement("dispute", one, Standing(one.outcome or Standing.OPEN), items)


def _plans(here: Here, customer: Customer, around: Setting | None) -> Iterable[Agreement]:
    rows = Plan.objects.filter(creditor=here.creditor, customer=customer, ended_at=None).order_by("pk")
    standing = agreements.plans(here.creditor, [customer.pk]) if rows else {}
    instalments: dict[int, list[PlanInstalment]] = defaultdict(list)
    for part in PlanInstalment.objects.filter(creditor=here.creditor, plan__in=rows).order_by("due_on"):
        instalments[part.plan_id].append(part)
    named = {number for plan in standing.values() for number in plan.items}
    items = Item.objects.filter(creditor=here.creditor, pk__in=these(named)).in_bulk()
    for one in rows:
        plan = standing[one.pk]
        if plan.next is None:
            continue
        kept = _waits(here, around, plan.next.due)
        about = sorted((items[number] for number in plan.items), key=lambda item: (item.due_on, item.pk))
        owed, shown = 0, []
        for part in instalments[one.pk]:
            owed += part.amount
            state = (
                "paid" if owed <= plan.paid else "missed" if not kept and part.due_on == plan.next.due else "to_come"
            )
            shown.append((part, state))
        left = max(0, sum(part.amount for part in instalments[one.pk]) - plan.paid)
        yield Agreement(
            "plan", one, Standing.WAITING if kept else Standing.BROKEN, [(item, None) for item in about], shown,
            left, one.currency,
        )  # fmt: skip


# --- the story -------------------------------------------------------------------------------------------------------

_ICONS: Final = {
    "message": "mail", "message_asks": "mail", "paid": "banknote", "settled": "banknote", "sent_back": "undo-2",
    "invoice_came": "file-text", "credit_came": "file-text", "went_missing": "file-question-mark",
    "corrected": "pencil", "promised": "handshake", "promise_ended": "handshake", "disputed": "scale",
    "dispute_upheld": "scale", "dispute_rejected": "scale", "planned": "calendar-days", "plan_ended": "calendar-days",
    "held": "pause", "released": "play", "asked": "bell", "noted": "sticky-note", "task": "clipboard-check",
    "merged": "users",
}  # fmt: skip
_TASKS: Final = frozenset(Act) - TO_CUSTOMERS


class Told(NamedTuple):
    """An event in words."""

    it: Event
    sentence: str
    icon: str
    state: str
    text: str


def _told(event: Event, language: str) -> Told:
    params = dict(event.params)
    if "step" in params:
        params["step"] = step_name(str(params["step"]), language)
    if params.get("channel") in _TASKS:  # the name of its step says it all; its subject is in the creditor's language
        return Told(event, str(params["step"]), _ICONS["task"], "", "")
    if "channel" in params:
        params["channel"] = say(f"desk.contacts.by.{params['channel']}", language)
    if "ground" in params:
        params["ground"] = say(f"desk.ground.{params['ground']}", language)
    if "field" in params:
        params["field"] = say(f"desk.contacts.field.{params['field']}", language)
    sentence = say(f"story.{event.rule}", language, **params)
    state = say(f"desk.state.{event.state}", language) if event.state else ""
    return Told(event, sentence, _ICONS[event.rule], state, event.text)


def owed_of(here: Here, customer: Customer) -> list[Item]:
    """What the customer owes, the oldest first, for a person to choose from."""
    mine = Item.objects.filter(creditor=here.creditor, customer=customer, open__gt=0)
    return list(mine.order_by("currency", "due_on", "pk")[:_MOST_ITEMS])


def page_of(here: Here, customer: Customer) -> str:
    """The address of a customer's page."""
    return to(here, "customer", customer=customer.pk)
