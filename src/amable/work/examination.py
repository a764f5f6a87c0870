"""Looks for what keeps messages from leaving and from arriving: each check by itself, whatever the others come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from amable.core import mail_records
from amable.core.checkup import Checked, Verdict
from amable.core.delivery import CLAIMABLE, State
from amable.core.mail_records import Texts
from amable.correspondence import outbox
from amable.correspondence.models import Message
from amable.dunning import brakes
from amable.evidence.models import Entry, Head
from amable.organisation.models import Creditor, Sending
from amable.plugs.loading import transports
from amable.plugs.transport import Unreachable
from amable.work import duties, mailboxes
from amable.work.names import UnansweredError

_EXPIRES_SOON: Final = timedelta(days=14)
_BACKUP_OLD: Final = timedelta(days=2)
_CLOCK_OFF: Final = timedelta(minutes=2)


def examine(creditor: Creditor, now: datetime, texts: Texts, *, selector: str = "") -> Iterator[Checked]:
    """Every check of a creditor's sending, one after the other, as they are done."""
    sending = Sending.objects.select_related("creditor").get(creditor=creditor)
    yield plan(sending, now)
    yield cap(sending, now)
    yield mailbox(sending, now)
    yield from names(creditor.sender_email.rpartition("@")[2].lower(), texts, selector=selector)
    yield clock(sending, now)
    if connection.vendor == "sqlite":
        yield backup(sending, now)
    yield record(creditor, now)


def plan(sending: Sending, now: datetime) -> Checked:
    """Whether today's plan is made, once its hour has come."""
    if sending.planned_on == duties.today_of(sending.creditor, now):
        return Checked("plan", Verdict.OK, "made", {"moment": sending.planned_at})
    if not duties.plan_due(sending.creditor, sending, now):
        return Checked("plan", Verdict.OK, "not_yet", {"time": f"{sending.plan_at:%H:%M}"})
    if brakes.doubtful(sending):
        return Checked("plan", Verdict.LOOK, "stopped")
    return Checked("plan", Verdict.WRONG, "missing", {"time": f"{sending.plan_at:%H:%M}"})


def cap(sending: Sending, now: datetime) -> Checked:
    """Whether the cap of the day leaves room for what is to leave today."""
    today = duties.today_of(sending.creditor, now)
    waiting = Message.objects.filter(
        creditor=sending.creditor,
        day=today,
        customer__isnull=False,
        act__in=outbox.TO_CUSTOMERS,
        channel__in=("email", "letter"),
        state__in=(State.PROPOSED, *CLAIMABLE),
    ).count()
    room = max(0, sending.daily_cap - outbox.left_today(sending.creditor, today))
    verdict, rule = (Verdict.LOOK, "more") if waiting > room else (Verdict.OK, "enough")
    return Checked("cap", verdict, rule, {"waiting": waiting, "room": room, "cap": sending.daily_cap})


def mailbox(sending: Sending, now: datetime) -> Checked:
    """Whether the mailbox lets us in. Nothing is sent."""
    if not sending.server:
        return Checked("mailbox", Verdict.WRONG, "none")
    try:
        visited = transports()["smtp"].visit(mailboxes.login(sending))
    except mailboxes.SecretError as error:
        return Checked("mailbox", Verdict.WRONG, "secret", because=(f"mailbox.{error.rule}", error.params))
    if isinstance(visited, Unreachable):
        params = {"server": sending.server, "answer": visited.said or "–"}
        return Checked("mailbox", Verdict.WRONG, "unreachable", params, (f"transport.{visited.why}", {}))
    if visited.valid_until is None:
        return Checked("mailbox", Verdict.OK, "here", {"server": sending.server})
    found = {"server": sending.server, "encryption": visited.encryption, "day": visited.valid_until.date()}
    soon = visited.valid_until - now < _EXPIRES_SOON
    return Checked("mailbox", Verdict.LOOK if soon else Verdict.OK, "expires" if soon else "fine", found)


def names(domain: str, texts: Texts, *, selector: str) -> Iterator[Checked]:
    """Whether receivers believe mail of the sender's domain."""
    checks: tuple[tuple[str, Callable[[], Checked]], ...] = (
        ("spf", lambda: mail_records.spf(domain, texts)),
        ("dkim", lambda: mail_records.dkim(domain, texts, selector=selector)),
        ("dmarc", lambda: mail_records.dmarc(domain, texts)),
    )
    for check, judge in checks:
        try:
            yield judge()
        except UnansweredError as error:
            yield Checked(check, Verdict.LOOK, "unanswered", {"name": str(error)})


def clock(sending: Sending, now: datetime) -> Checked:
    """Whether this machine's clock goes with what the database has seen, and with that of its server."""
    if sending.seen_at is not None and sending.seen_at > now + _CLOCK_OFF:
        return Checked("clock", Verdict.WRONG, "behind", {"moment": sending.seen_at})
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (there,) = cursor.fetchone()
        if abs(there - now) > _CLOCK_OFF:
            return Checked("clock", Verdict.WRONG, "server", {"moment": there})
    return Checked("clock", Verdict.OK, "fine", {"moment": now})


def backup(sending: Sending, now: datetime) -> Checked:
    """When the last backup was made."""
    if sending.backed_up_at is None:
        return Checked("backup", Verdict.LOOK, "never")
    old = now - sending.backed_up_at > _BACKUP_OLD
    return Checked(
        "backup", *((Verdict.LOOK, "old") if old else (Verdict.OK, "fine")), {"moment": sending.backed_up_at}
    )


def record(creditor: Creditor, now: datetime) -> Checked:
    """Whether the record ends where its seal says, and is sealed but for what is of today."""
    head = Head.objects.filter(creditor=creditor).first() or Head(creditor=creditor)
    last = Entry.objects.filter(creditor=creditor, seq__isnull=False).order_by("-seq").first()
    if (last.seq, last.digest) != (head.seq, head.digest) if last else head.seq:
        return Checked("record", Verdict.WRONG, "cut_off")
    open_ = Entry.objects.filter(creditor=creditor, seq=None, day__lt=duties.today_of(creditor, now)).count()
    if open_:
        return Checked("record", Verdict.LOOK, "unsealed", {"n": open_})
    return Checked("record", Verdict.OK, "sealed", {"n": head.seq})
