"""What a person says a task came to: what may be said of which task, what is kept of it, and what follows.

Only what planning has a rule for changes the plan: a day until which reminders rest is a hold. All else is a fact that
is recorded and shown to whoever speaks with the customer next.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from amable.core.delivery import OPEN, State
from amable.core.procedure import Act
from amable.correspondence.models import Message
from amable.dunning import holds
from amable.dunning.models import TaskOutcome
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Contact
from amable.organisation import calendars
from amable.organisation.models import Creditor


class Outcome(StrEnum):
    """What a call, a check or a decision came to."""

    REACHED = "reached"
    PROMISED = "promised"
    PAID_NOW = "paid_now"
    DISPUTED = "disputed"
    WRONG_NUMBER = "wrong_number"
    VOICEMAIL = "voicemail"
    REFUSED = "refused"
    ALL_WELL = "all_well"
    NOT_RECEIVED = "not_received"
    SAYS_PAID = "says_paid"
    GO_ON = "go_on"
    WAIT = "wait"
    NO = "no"
    DONE = "done"


_SPOKEN: Final = (
    Outcome.REACHED,
    Outcome.PROMISED,
    Outcome.PAID_NOW,
    Outcome.DISPUTED,
    Outcome.WRONG_NUMBER,
    Outcome.VOICEMAIL,
    Outcome.REFUSED,
)
_CHECKED: Final = (Outcome.ALL_WELL, Outcome.NOT_RECEIVED, Outcome.DISPUTED, Outcome.SAYS_PAID)
_DECIDED: Final = (Outcome.GO_ON, Outcome.WAIT, Outcome.NO)
NEEDS_A_DAY: Final = frozenset({Outcome.PROMISED, Outcome.WAIT})  # named by the customer, or by whoever decides
_AGAIN: Final = frozenset({Outcome.VOICEMAIL, Outcome.WRONG_NUMBER})


def choices(act: str, step: str) -> tuple[Outcome, ...]:
    """What may be said of a task."""
    if act in (Act.CALL, Act.MEETING):
        return _SPOKEN
    if act == Act.DECISION:
        return _DECIDED
    return _CHECKED if step == "check" else (Outcome.DONE,)


@transaction.atomic
def tell(
    creditor: Creditor,
    message: Message,
    outcome: Outcome,
    today: date,
    now: datetime,
    *,
    note: str = "",
    said_on: date | None = None,
    phone: str = "",
    because: str = "",
    by: str,
) -> TaskOutcome:
    """Record what a task came to.

    With a day named (`said_on`), reminders rest until it is over, for the reason in `because`; without one it is a
    promise recorded beside it that says how long. A right number takes the place of the wrong one. Where nobody was
    reached the task comes back on the next working day, with a new number at once. A task that was not mailed yet need
    not be: it is done.
    """
    row = (
        Message.objects.select_for_update(of=("self",)).select_related("customer").get(creditor=creditor, pk=message.pk)
    )
    again = _again_on(creditor, outcome, today, phone=phone)
    told = TaskOutcome.objects.create(
        creditor=creditor, message=row, outcome=outcome, note=note, said_on=said_on, phone=phone, again_on=again,
        told_at=now, told_by=by,
    )  # fmt: skip
    if row.state in OPEN:
        row.state = State.SAID
        row.save(update_fields=("state",))
    if phone and row.customer_id is not None:
        Contact.objects.filter(creditor=creditor, customer=row.customer_id, role="billing").update(phone=phone)
    facts = {
        "message": row.key,
        "outcome": outcome.value,
        "said_on": said_on.isoformat() if said_on else None,
        "again_on": again.isoformat() if again else None,
    }
    named = {name: value for name, value in (("note", note), ("phone", phone), ("by", by)) if value}
    log.record(creditor, [Event("task.done", today, facts, named)])
    if said_on is not None and because and row.customer is not None:
        holds.hold(row.customer, said_on + timedelta(days=1), because, today, now, by=by)
    return told


def _again_on(creditor: Creditor, outcome: Outcome, today: date, *, phone: str) -> date | None:
    """When a task is put again."""
    if outcome not in _AGAIN:
        return None
    if phone:
        return today
    years = (today.year, today.year + 1)
    ours = calendars.with_closed(
        calendars.public(creditor.country, creditor.region, *years), creditor.closed_days, *years
    )
    return ours.on_or_after(today + timedelta(days=1))
