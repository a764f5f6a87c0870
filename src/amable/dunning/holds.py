"""Holds stated by a person: made, and ended."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from amable.dunning.models import Hold
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.actions import look_again
from amable.ledger.models import Customer


@transaction.atomic
def hold(customer: Customer, until: date, because: str, today: date, now: datetime, *, by: str) -> Hold:
    """Do not write to a customer before that day, for a reason that is kept."""
    made = Hold.objects.create(
        creditor_id=customer.creditor_id, customer=customer, until=until, because=because, held_at=now, held_by=by
    )
    facts = {"customer": customer.pk, "until": until.isoformat()}
    log.record(customer.creditor, [Event("customer.held", today, facts, {"because": because, "by": by})])
    look_again(customer.creditor, [customer.pk], today)
    return made


@transaction.atomic
def release(customer: Customer, today: date, now: datetime, *, by: str) -> int:
    """End every hold of a customer before its day. Returns how many there were."""
    count = Hold.objects.filter(creditor=customer.creditor_id, customer=customer, ended_at=None).update(ended_at=now)
    if count:
        log.record(customer.creditor, [Event("customer.released", today, {"customer": customer.pk}, {"by": by})])
        look_again(customer.creditor, [customer.pk], today)
    return count


@transaction.atomic
def end(held: Hold, today: date, now: datetime, *, by: str) -> bool:
    """End one hold before its day. False when it was over."""
    if not Hold.objects.filter(creditor=held.creditor_id, pk=held.pk, ended_at=None).update(ended_at=now):
        return False
    creditor = held.customer.creditor
    log.record(creditor, [Event("customer.released", today, {"customer": held.customer_id}, {"by": by})])
    look_again(creditor, [held.customer_id], today)
    return True
