"""What keeps messages from leaving for a whole creditor: the switch, the first plan, copies, odd plans and the rest.

Brakes are laid over when something is to leave and when it is shown; none is written into a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from amable.core.delivery import CLAIMABLE
from amable.core.money import Money
from amable.correspondence import outbox
from amable.correspondence.models import Message, in_states
from amable.dunning.models import PlanFigures
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Sending

_SEEN: Final = timedelta(seconds=30)  # between two notes that work goes on
_JUMP: Final = timedelta(hours=2)  # a clock may be set right by less than that
_AWAY: Final = timedelta(days=31)  # a machine is switched off for less than that


class Brake(NamedTuple):
    """A reason why nothing leaves, or only what is for our own people; the sentence is `brake.<rule>`."""

    rule: str
    params: Mapping[str, object]
    wholly: bool = True


def brakes(sending: Sending, today: date, now: datetime) -> list[Brake]:
    """Every reason that holds just now, the gravest first."""
    found: list[Brake] = []
    zone = ZoneInfo(sending.creditor.timezone)
    if sending.stopped_at is not None:
        params = {"moment": sending.stopped_at.astimezone(zone), **_params(sending)}
        found.append(Brake(f"stopped.{_why(sending)}", params))
    if sending.trusted_at is None:
        found.append(Brake("untrusted", {}))
    if not sending.server:
        found.append(Brake("no_mailbox", {}))
    if sending.resting_until is not None and now < sending.resting_until:
        until = sending.resting_until.astimezone(zone)
        params = {"until": until, "server": sending.server, "answer": sending.resting_because}
        found.append(Brake("resting", params))
    if outbox.left_today(sending.creditor, today) >= sending.daily_cap:
        found.append(Brake("cap", {"n": sending.daily_cap}, wholly=False))
    return found


def _why(sending: Sending) -> str:
    """By what the switch was thrown: one of our own reasons, else a person."""
    return sending.stopped_because if sending.stopped_because in _OURS else "person"


def _params(sending: Sending) -> dict[str, object]:
    return {"by": sending.stopped_by, "because": sending.stopped_because}


_OURS: Final = frozenset({"copied", "older", "clock", "restored", "moved"})


def doubtful(sending: Sending) -> bool:
    """Whether what is known may be of another time or place: then nothing is planned either."""
    return sending.stopped_at is not None and sending.stopped_because in _OURS


def stop(creditor: Creditor, today: date, now: datetime, *, by: str, because: str) -> None:
    """Throw the switch: nothing leaves any more, also of what is in hand already, until somebody lets it.

    A doubt of ours weighs more than what a person stopped for: it needs another look before it is resumed.
    """
    with transaction.atomic():
        sending = Sending.objects.filter(creditor=creditor)
        standing = sending.exclude(stopped_because__in=_OURS) if because in _OURS else sending.filter(stopped_at=None)
        if standing.update(stopped_at=now, stopped_by=by, stopped_because=because):
            log.record(creditor, [Event("sending.stopped", today, {"because": because}, {"by": by})])


def move(creditor: Creditor, today: date, now: datetime, *, by: str) -> None:
    """Everything goes on elsewhere from now on: the switch is thrown for that reason, also where it was before."""
    with transaction.atomic():
        facts = {"stopped_at": now, "stopped_by": by, "stopped_because": "moved"}
        if Sending.objects.filter(creditor=creditor).update(**facts):
            log.record(creditor, [Event("sending.stopped", today, {"because": "moved"}, {"by": by})])


def resume(creditor: Creditor, today: date, now: datetime, *, by: str, instance: str) -> None:
    """Let messages leave again, from here: whoever says so has seen what will."""
    with transaction.atomic():
        standing = Sending.objects.filter(creditor=creditor)
        facts = {"stopped_at": None, "stopped_by": "", "stopped_because": "", "resting_until": None, "rests": 0}
        standing.update(instance=instance, seen_at=now, **facts)
        log.record(creditor, [Event("sending.resumed", today, {"instance": instance}, {"by": by})])


def opened(creditor: Creditor, today: date, now: datetime, *, instance: str, newest: int | None = None) -> None:
    """Begin to work on a database here and now; a copy, an older state or a strange clock stops sending.

    `newest` is the highest place in the chain of evidence that was ever seen here, as it is remembered outside of the
    database, None when nothing is.
    """
    sending = Sending.objects.get(creditor=creditor)
    if sending.instance and sending.instance != instance:
        stop(creditor, today, now, by="", because="copied")
    elif newest is not None and log.length(creditor) < newest:
        stop(creditor, today, now, by="", because="older")
    elif sending.seen_at and not sending.seen_at - _JUMP <= now <= sending.seen_at + _AWAY:
        stop(creditor, today, now, by="", because="clock")
    elif not sending.instance:
        Sending.objects.filter(creditor=creditor).update(instance=instance)


def seen(creditor: Creditor, today: date, now: datetime, *, expected: datetime) -> bool:
    """Note that work goes on. A clock that is not about where it is `expected` stops sending; then False."""
    if abs(now - expected) > _JUMP:
        stop(creditor, today, now, by="", because="clock")
        return False
    Sending.objects.filter(creditor=creditor).exclude(seen_at__gt=now - _SEEN).update(seen_at=now)
    return True


_RESTS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


def waiting(sending: Sending, today: date, now: datetime) -> dict[str, object]:
    """What a person should know before messages leave again: how old the data is, and how much is due at once."""
    approved = Message.objects.filter(in_states(CLAIMABLE), creditor=sending.creditor_id, due_at__lte=now)
    customers = Customer.objects.filter(creditor=sending.creditor_id, review_on__lte=today)
    hours = (now - sending.seen_at) // timedelta(hours=1) if sending.seen_at else 0
    return {"hours": max(0, hours), "n": approved.count(), "customers": customers.count()}


def rest(sending: Sending, now: datetime, answer: str) -> None:
    """Leave a mailbox alone that could not be reached, the longer the more often that happens."""
    gap = _RESTS[min(sending.rests, len(_RESTS) - 1)]
    Sending.objects.filter(creditor=sending.creditor_id).update(
        resting_until=now + gap, rests=sending.rests + 1, resting_because=answer[:500]
    )


def reached(sending: Sending) -> None:
    """Forget that a mailbox could not be reached: now it was."""
    if sending.rests:
        Sending.objects.filter(creditor=sending.creditor_id).update(resting_until=None, rests=0, resting_because="")


def trust(creditor: Creditor, now: datetime) -> None:
    """A person has seen the plan of this creditor and approved it: from now on messages may leave.

    What was odd about it is ordinary from now on.
    """
    with transaction.atomic():
        Sending.objects.filter(creditor=creditor, trusted_at=None).update(trusted_at=now)
        Sending.objects.filter(creditor=creditor).update(anomaly="")
        newest = PlanFigures.objects.filter(creditor=creditor).order_by("-day").first()
        if newest is not None and newest.odd:
            newest.accepted_at = now
            newest.save(update_fields=("accepted_at",))


def accept(creditor: Creditor, today: date, now: datetime, *, by: str) -> None:
    """A person says that today's plan is right, odd as it looks; whether it is approved is another question."""
    with transaction.atomic():
        if not Sending.objects.filter(creditor=creditor).exclude(anomaly="").update(anomaly=""):
            return
        PlanFigures.objects.filter(creditor=creditor, day=today).exclude(odd="").update(accepted_at=now)
        log.record(creditor, [Event("plan.accepted", today, {}, {"by": by})])


def oddities(sending: Sending) -> list[Brake]:
    """What was odd about today's plan and waits for a person, empty when nothing is."""
    return [
        Brake(
            f"odd.{rule}", {name: Money(*value) if isinstance(value, list) else value for name, value in params.items()}
        )
        for rule, params in json.loads(sending.anomaly or "[]")
    ]
