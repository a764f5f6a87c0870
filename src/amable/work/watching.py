"""How sending stands, in figures: what `status` shows, what readiness is judged by, what is measured over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Count

from amable.correspondence import outbox
from amable.correspondence.models import Message
from amable.dunning import brakes
from amable.organisation.models import Creditor, Sending
from amable.work.duties import today_of

# Every duty shows that it lives at least this often, also while a mail server is slow to answer: what it is given
# before the message itself is as long.
INTERVAL: Final = timedelta(seconds=60)
ALLOWANCE: Final = timedelta(minutes=15)  # what is due may wait this long without anything being wrong


@dataclass(frozen=True, slots=True)
class Figures:
    """One creditor's sending at one moment. Counts of messages; moments are aware, None where there was none.

    `oldest_due_at` is when the one that waits longest was to leave, `due` how many should have left by now, `queued`
    how many are to leave through the mailbox on their day, `today` the messages of the day by state, `leases_expired`
    how many were left in hand by somebody, `late` whether something is kept longer than it may be, `kept` whether a
    brake that a person knows of keeps it.
    """

    creditor: str
    mailbox: str
    day: date
    today: Mapping[str, int]
    oldest_due_at: datetime | None
    due: int
    approved: int
    refused: int
    unknown: int
    queued: int
    leases_expired: int
    rests: int
    kept: bool
    late: bool
    stopped_at: datetime | None
    planned_at: datetime | None
    bank_until: date | None
    backed_up_at: datetime | None


# One statement, so that the figures are of one moment. The states stand in it as in the indexes on them: only so does
# SQLite see that these will do.
_LEAVING: Final = (
    "(state = 'refused' OR until_at IS NULL OR (day = %(day)s AND until_at > due_at AND until_at > %(now)s))"
)
_OUTBOX: Final = "FROM correspondence_message WHERE creditor_id = %(creditor)s AND"
_WAITING: Final = f"{_OUTBOX} channel IN ('email', 'letter') AND (state = 'approved' OR state = 'refused') AND"
_STATEMENT: Final = f"""
SELECT
  (SELECT min(due_at) {_WAITING} due_at <= %(now)s AND {_LEAVING}),
  (SELECT count(*) {_WAITING} due_at <= %(now)s AND {_LEAVING}),
  (SELECT count(*) {_WAITING} state = 'approved' AND {_LEAVING}),
  (SELECT count(*) {_WAITING} state = 'refused'),
  (SELECT count(*) {_OUTBOX} state = 'unknown'),
  (SELECT count(*) {_WAITING} channel = 'email' AND {_LEAVING}),
  (SELECT count(*) {_OUTBOX} (state = 'claimed' OR state = 'handed_over') AND lease_until < %(now)s),
  (SELECT max(closing_on) FROM banking_statement WHERE creditor_id = %(creditor)s)
"""  # noqa: S608 - made of our own words


def figures(creditor: Creditor, now: datetime) -> Figures:
    """How things stand just now, for whoever acts for this creditor."""
    today = today_of(creditor, now)
    sending = Sending.objects.select_related("creditor").get(creditor=creditor)
    moment: Any = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"creditor": creditor.pk, "day": today.isoformat(), "now": moment})
        oldest, due, approved, refused, unknown, queued, expired, bank_until = cursor.fetchone()
    of_today = Message.objects.filter(creditor=creditor, day=today).values_list("state").annotate(n=Count("pk"))
    oldest_due_at = _moment(oldest)
    kept = any(brake.rule != "resting" for brake in brakes.brakes(sending, today, now))
    waits = now - oldest_due_at if oldest_due_at else timedelta(0)
    return Figures(
        creditor=creditor.ref,
        mailbox=sending.server,
        day=today,
        today=dict(of_today.order_by("state")),
        oldest_due_at=oldest_due_at,
        due=due,
        approved=approved,
        refused=refused,
        unknown=unknown,
        queued=queued,
        leases_expired=expired,
        rests=sending.rests,
        kept=kept,
        late=not kept and waits > allowance(creditor, sending, today),
        stopped_at=sending.stopped_at,
        planned_at=sending.planned_at,
        bank_until=_day(bank_until),
        backed_up_at=sending.backed_up_at,
    )


def allowance(creditor: Creditor, sending: Sending, today: date) -> timedelta:
    """How long what is due may wait: a while, and as long as the mailbox's rate took for what left before it today."""
    minutes = outbox.left_today(creditor, today) / max(1, sending.per_minute)
    return ALLOWANCE + timedelta(minutes=minutes)


def _moment(value: datetime | str | None) -> datetime | None:
    """A moment as the driver gives it: SQLite's is text, in UTC."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


class Fault(NamedTuple):
    """Why the process is not ready; the rule says it all, beside whose and which duty."""

    rule: str
    creditor: str = ""
    duty: str = ""


def silent(beats: Mapping[tuple[str, str], float], tick: float) -> list[Fault]:
    """The duties not heard for two intervals; `beats` has when each last showed that it lives, by creditor and name."""
    limit = 2 * INTERVAL.total_seconds()
    return [Fault("duty_silent", creditor, duty) for (creditor, duty), at in beats.items() if tick - at >= limit]
