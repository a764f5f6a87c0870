"""Reminding a customer today because a person asks: what would be said, why not, and the proposal itself.

The ask is a fact of its day. It cuts short the wait for a step's own day and nothing else: holds, spacing, caps,
weekends and quiet hours stay, and the message is proposed like any other, under the same approval and brakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from amable.core.delivery import State
from amable.core.planning import Planned, Verdict, decide
from amable.core.procedure import MESSAGES, Procedure
from amable.correspondence.models import Message
from amable.dunning.actions import gated_act, look_now, stale_data
from amable.dunning.dossier import Known, gather, setting
from amable.dunning.models import Ask
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import queries
from amable.ledger.models import Customer
from amable.organisation.models import Creditor


@dataclass(frozen=True, slots=True)
class Chase:
    """What asking today would come to: the message, or the verdicts that say why none; `standing` is one of today."""

    planned: Planned | None
    verdicts: Sequence[Verdict]
    known: Known
    standing: Message | None = None
    gate: tuple[str, dict[str, object]] | None = None


def rehearse(creditor: Creditor, procedure: Procedure, customer: Customer, today: date, now: datetime) -> Chase:
    """What would be said to this customer if it was asked for today. Changes nothing."""
    it = setting(creditor, procedure, today)
    (known,) = gather(it, queries.customers(creditor, [customer.pk]))
    decision = decide(replace(known.dossier, asked=True), today, now)
    planned = next((one for one in decision.planned if one.act in MESSAGES), None)
    gate = stale_data(it)
    if planned is not None and gate and gated_act(planned, procedure):
        return Chase(None, decision.verdicts, known, of_today(creditor, customer, today), (gate.rule, gate.params))
    return Chase(planned, decision.verdicts, known, of_today(creditor, customer, today))


def of_today(creditor: Creditor, customer: Customer, today: date) -> Message | None:
    """The message that this customer gets or got today, if any."""
    mine = Message.objects.filter(creditor=creditor, customer=customer, day=today, act__in=MESSAGES)
    return mine.exclude(state=State.WITHDRAWN).order_by("pk").first()


def ask(
    creditor: Creditor, procedure: Procedure, customer: Customer, today: date, now: datetime, *, by: str
) -> Message | None:
    """Ask that the customer be reminded today; the proposal, None when there is a reason not to. Once a day."""
    with transaction.atomic():
        _, new = Ask.objects.get_or_create(
            creditor=creditor, customer=customer, day=today, defaults={"asked_at": now, "asked_by": by}
        )
        if new:
            log.record(creditor, [Event("customer.chased", today, {"customer": customer.pk}, {"by": by})])
    look_now(creditor, procedure, today, now, [customer.pk])
    return of_today(creditor, customer, today)
