"""`amable plan`: make today's plan if it is still to be made, and show what would leave, to whom and why."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from amable.cli import speaking
from amable.cli.sending import at_work, show_brakes, today
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say, show_money
from amable.core.money import Money, to_minor
from amable.core.procedure import COURTESIES, MESSAGES
from amable.core.reasons import step_name

if TYPE_CHECKING:
    from amable.organisation.models import Creditor


def command(arguments: argparse.Namespace) -> int:
    """Plan and print."""
    with at_work(arguments) as creditor:
        now = today(creditor)
        day = _day(arguments.as_of, now)
        if day > now:
            return _ahead(creditor, now, day, as_json=arguments.json)
        from amable.organisation.models import Sending  # noqa: PLC0415 - once the database is chosen
        from amable.work import duties, heartbeat  # noqa: PLC0415
        from amable.work.waking import wake  # noqa: PLC0415

        sending = Sending.objects.get(creditor=creditor)
        if not duties.plan(creditor, speaking.now):
            raise RefusedError("plan_under_way")
        if sending.planned_on != now:
            heartbeat.call(sending.heartbeat)
        duties.look_again(creditor, speaking.now)
        wake(creditor)
        if arguments.show:
            return _show_message(creditor, arguments.show)
        rows = proposed(creditor, now)
        if arguments.json:
            print(json.dumps(rows, ensure_ascii=False, indent=1))
            return 0
        print(say("sending.plan_title", language(), creditor=creditor.name, day=now))
        print()
        show(rows)
        show_brakes(creditor)
    return 0


def _day(as_of: str | None, now: date) -> date:
    if not as_of:
        return now
    try:
        day = date.fromisoformat(as_of)
    except ValueError as error:
        raise RefusedError("as_of_unreadable", value=as_of) from error
    if day < now:
        raise RefusedError("plan_is_over", day=day)
    return day


def proposed(creditor: Creditor, day: date) -> list[dict[str, Any]]:
    """What is to leave today, by customer."""
    from amable.core.delivery import State  # noqa: PLC0415
    from amable.correspondence.models import Message  # noqa: PLC0415

    rows = Message.objects.filter(creditor=creditor, day=day).exclude(state__in=(State.WITHDRAWN, State.SAID))
    return [
        {
            "message": m.key,
            "state": m.state,
            "customer_id": m.customer.key if m.customer else "",
            "customer": m.customer.name if m.customer else "",
            "channel": m.channel,
            "act": m.act,
            "step": m.step,
            "subject": m.subject,
            "currency": m.currency,
            "demanded": str(Money(m.demanded, m.currency).amount) if m.demanded else "",
            "leaves_at": moment.isoformat() if (moment := m.due_at or m.leaves_at) else "",
            "approved_by": m.approved_by,
        }
        for m in rows.select_related("customer").order_by("customer__name", "slot")
    ]


def show(rows: Iterable[dict[str, Any]]) -> None:
    """A line a message: key, to whom, through what, which step, how much, and where it stands."""
    spoken = language()
    listed = list(rows)
    for row in listed:
        asked, currency = row["demanded"], row["currency"]
        amount = show_money(Money(to_minor(Decimal(asked), currency), currency), spoken) if asked else ""
        where = say(f"state.{row['state']}", spoken)
        cells = (row["message"], row["customer"], _what(row, spoken), amount, row["channel"], where)
        print("  ".join(cell for cell in cells if cell))
    if not listed:
        print(say("sending.nothing_planned", spoken))
    print()


def _show_message(creditor: Creditor, key: str) -> int:
    """Print one message as it would leave now."""
    from amable.correspondence.models import Message  # noqa: PLC0415 - once the database is chosen
    from amable.dunning.dispatch import preview  # noqa: PLC0415
    from amable.evidence.models import Blob  # noqa: PLC0415
    from amable.organisation.models import Sending  # noqa: PLC0415
    from amable.work import duties  # noqa: PLC0415

    message = Message.objects.filter(creditor=creditor, key=key).first()
    if message is None:
        raise RefusedError("no_such_message", message=key)
    kept = Blob.objects.filter(creditor=creditor, digest=message.blob).values_list("data", flat=True).first()
    if kept is None:
        rules = duties.procedure_of(creditor, Sending.objects.get(creditor=creditor))
        found = preview(creditor, rules, message, speaking.now(), wordings=duties.wordings_of(creditor))
        if found is None or not hasattr(found, "data"):
            raise RefusedError("would_not_leave", message=key)
        kept = found.data
    print(in_words(bytes(kept or b"")))
    return 0


def in_words(data: bytes) -> str:
    """A mail as somebody reads it in a terminal: who, what about, the text, and what is attached."""
    if not data.startswith(b"From:"):
        return say("sending.no_text", language(), n=len(data) // 1024 + 1)
    mail = message_from_bytes(data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    heads = [f"{name}: {mail[name]}" for name in ("To", "Subject")]
    files = [f"[{part.get_filename()}]" for part in mail.iter_attachments() if part.get_filename()]
    return "\n".join([*heads, "", body.get_content().rstrip() if body else "", *files])


def _what(row: dict[str, Any], spoken: str) -> str:
    """Which step it is; of a task what it asks."""
    return step_name(row["step"], spoken) if row["act"] in MESSAGES | COURTESIES else row["subject"]


def _ahead(creditor: Creditor, now: date, day: date, *, as_json: bool) -> int:
    """What would leave on a day to come if nobody pays or answers until then."""
    from amable.cli.rehearse import ahead, table  # noqa: PLC0415
    from amable.organisation.models import Sending  # noqa: PLC0415
    from amable.work import duties  # noqa: PLC0415

    sending = Sending.objects.get(creditor=creditor)
    said = ahead(creditor, duties.procedure_of(creditor, sending), now, day)
    of_day = [one for one in said if one.day == day]
    if as_json:
        print(json.dumps([{"day": one.day.isoformat(), "step": one.step, "act": one.act} for one in of_day], indent=1))
        return 0
    print(say("rehearse.title", language(), creditor=creditor.name, first=day, last=day))
    print()
    for line in table(of_day):
        print(line)
    print()
    print(say("rehearse.assumes", language()))
    return 0
