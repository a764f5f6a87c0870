"""Records what a person says was agreed with a customer, and ends it; a refusal is a sentence (`agreement.<rule>`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from amable.agreements.models import Dispute, DisputeItem, Plan, PlanInstalment, PlanItem, Promise, PromiseItem
from amable.core.agreements import (
    Ground,
    Instalment,
    Refusal,
    refuse_part,
    refuse_plan,
    refuse_promise,
    shared_out,
)
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.actions import look_again
from amable.ledger.models import Customer, Item


class RefusedError(Exception):
    """It cannot be recorded; nothing was changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal


@transaction.atomic
def promise(
    customer: Customer,
    *,
    amount: int,
    currency: str,
    on: date,
    said_by: str,
    items: Collection[int],
    today: date,
    now: datetime,
    by: str,
) -> Promise:
    """Record that the customer will pay so much by a day for these items, the oldest first; reminders rest until then.

    An earlier promise about any of them that is still waited for is replaced.
    """
    about = _owed(customer, items, currency)
    owed = sum(item.open for item in about)
    if refusal := refuse_promise(amount, on, today, owed, currency):
        raise RefusedError(refusal)
    shares = shared_out(amount, [(item.pk, item.open) for item in about])
    before = Promise.objects.filter(creditor=customer.creditor_id, customer=customer, ended_at=None, on__gte=today)
    before.filter(promiseitem__item__in=list(shares)).update(ended_at=now, ended_by=by)
    made = Promise.objects.create(
        creditor_id=customer.creditor_id, customer=customer, currency=currency, amount=amount, on=on,
        said_by=said_by, noted_on=today, made_at=now, made_by=by,
    )  # fmt: skip
    opens = {item.pk: item.open for item in about}
    PromiseItem.objects.bulk_create(
        PromiseItem(
            creditor_id=customer.creditor_id, promise=made, item_id=item, amount=share, open_then=opens[item]
        )
        for item, share in shares.items()
    )  # fmt: skip
    facts = {
        "customer": customer.pk, "promise": made.pk, "amount": [amount, currency], "on": on.isoformat(),
        "items": sorted(shares),
    }  # fmt: skip
    _record(customer, "promise.made", today, facts, {"said_by": said_by, "by": by})
    return made


@transaction.atomic
def end_promise(promise: Promise, *, today: date, now: datetime, by: str) -> bool:
    """Take a promise back: it holds nothing any more and counts neither as kept nor as broken. False when it was."""
    mine = Promise.objects.filter(creditor=promise.creditor_id, pk=promise.pk, ended_at=None)
    if not mine.update(ended_at=now, ended_by=by):
        return False
    facts: dict[str, object] = {"customer": promise.customer_id, "promise": promise.pk}
    _record(promise.customer, "promise.ended", today, facts, {"by": by})
    return True


@transaction.atomic
def dispute(
    customer: Customer,
    *,
    ground: Ground,
    note: str,
    parts: Mapping[int, int | None],
    today: date,
    now: datetime,
    by: str,
) -> Dispute:
    """Record that the customer contests items, wholly (None) or in part; that much of them rests until resolved."""
    items = Item.objects.filter(creditor=customer.creditor_id, customer=customer, pk__in=list(parts), open__gt=0)
    about = {item.pk: item for item in items}
    if not about or about.keys() != parts.keys():
        raise RefusedError(Refusal("no_items"))
    for number, part in parts.items():
        item = about[number]
        if part is not None and (refusal := refuse_part(part, item.open, item.currency)):
            raise RefusedError(refusal)
    standing = DisputeItem.objects.filter(
        creditor=customer.creditor_id, dispute__customer=customer, dispute__outcome="", item__in=list(parts)
    )
    if twice := standing.select_related("item").first():
        raise RefusedError(Refusal("disputed_already", {"number": twice.item.number}))
    made = Dispute.objects.create(
        creditor_id=customer.creditor_id, customer=customer, ground=ground, note=note, opened_on=today,
        opened_at=now, opened_by=by,
    )  # fmt: skip
    DisputeItem.objects.bulk_create(
        DisputeItem(creditor_id=customer.creditor_id, dispute=made, item_id=item, amount=part)
        for item, part in sorted(parts.items())
    )
    facts = {
        "customer": customer.pk, "dispute": made.pk, "ground": str(ground),
        "items": [[item, part] for item, part in sorted(parts.items())],
    }  # fmt: skip
    _record(customer, "dispute.opened", today, facts, {"note": note, "by": by})
    return made


@transaction.atomic
def resolve_dispute(
    dispute: Dispute, *, upheld: bool, answer: str, today: date, now: datetime, by: str
) -> bool:  # fmt: skip
    """Say who is right. What was rejected is asked for again; what was upheld rests until the credit is booked.

    False when somebody said it before.
    """
    outcome = "upheld" if upheld else "rejected"
    mine = Dispute.objects.filter(creditor=dispute.creditor_id, pk=dispute.pk, outcome="")
    if not mine.update(outcome=outcome, answer=answer, resolved_at=now, resolved_by=by):
        return False
    facts: dict[str, object] = {"customer": dispute.customer_id, "dispute": dispute.pk, "outcome": outcome}
    _record(dispute.customer, "dispute.resolved", today, facts, {"answer": answer, "by": by})
    return True


@transaction.atomic
def credit_booked(dispute: Dispute, *, today: date, now: datetime, by: str) -> bool:
    """Say that what was upheld has been credited: whatever is open now is owed. False when somebody said it before."""
    mine = Dispute.objects.filter(creditor=dispute.creditor_id, pk=dispute.pk, outcome="upheld", credited_at=None)
    if not mine.update(credited_at=now):
        return False
    facts: dict[str, object] = {"customer": dispute.customer_id, "dispute": dispute.pk}
    _record(dispute.customer, "dispute.credited", today, facts, {"by": by})
    return True


@transaction.atomic
def plan(
    customer: Customer,
    *,
    currency: str,
    items: Collection[int],
    instalments: Sequence[Instalment],
    note: str,
    today: date,
    now: datetime,
    by: str,
) -> Plan:
    """Record that the customer pays these items in instalments; they rest until the first one that is missed."""
    about = _owed(customer, items, currency)
    owed = sum(item.open for item in about)
    if refusal := refuse_plan(instalments, today, owed, currency):
        raise RefusedError(refusal)
    standing = PlanItem.objects.filter(
        creditor=customer.creditor_id, plan__customer=customer, plan__ended_at=None, item__in=[one.pk for one in about]
    )
    if twice := standing.select_related("item").first():
        raise RefusedError(Refusal("planned_already", {"number": twice.item.number}))
    made = Plan.objects.create(
        creditor_id=customer.creditor_id, customer=customer, currency=currency, note=note, made_on=today,
        made_at=now, made_by=by,
    )  # fmt: skip
    PlanItem.objects.bulk_create(
        PlanItem(creditor_id=customer.creditor_id, plan=made, item=item, open_then=item.open) for item in about
    )
    PlanInstalment.objects.bulk_create(
        PlanInstalment(creditor_id=customer.creditor_id, plan=made, due_on=one.due, amount=one.amount)
        for one in sorted(instalments)
    )
    facts = {
        "customer": customer.pk, "plan": made.pk, "currency": currency, "items": [item.pk for item in about],
        "instalments": [[one.due.isoformat(), one.amount] for one in sorted(instalments)],
    }  # fmt: skip
    _record(customer, "plan.made", today, facts, {"note": note, "by": by})
    return made


@transaction.atomic
def end_plan(plan: Plan, *, today: date, now: datetime, by: str) -> bool:
    """End a plan: its items are asked for by their due dates again. False when it had been ended."""
    if not Plan.objects.filter(creditor=plan.creditor_id, pk=plan.pk, ended_at=None).update(ended_at=now, ended_by=by):
        return False
    facts: dict[str, object] = {"customer": plan.customer_id, "plan": plan.pk}
    _record(plan.customer, "plan.ended", today, facts, {"by": by})
    return True


def _owed(customer: Customer, items: Collection[int], currency: str) -> list[Item]:
    """These items as far as the customer owes them, the oldest due first."""
    mine = Item.objects.filter(creditor=customer.creditor_id, customer=customer, currency=currency, open__gt=0)
    return list(mine.filter(pk__in=list(items)).order_by("due_on", "pk"))


def _record(
    customer: Customer, kind: str, today: date, facts: Mapping[str, object], personal: Mapping[str, str]
) -> None:
    said = {name: value for name, value in personal.items() if value}
    log.record(customer.creditor, [Event(kind, today, facts, said)])
    look_again(customer.creditor, [customer.pk], today)
