"""`amable status`: what waits, what left today, what nobody knows the fate of, and what keeps the rest."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from amable.cli import speaking
from amable.cli.sending import at_work, in_words, today
from amable.cli.speaking import language
from amable.core.languages import say, show_moment

if TYPE_CHECKING:
    from amable.organisation.models import Creditor


def command(arguments: argparse.Namespace) -> int:
    """Print how things stand; 1 when something waits for a person."""
    with at_work(arguments) as creditor:
        from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen
        from amable.organisation.models import Sending  # noqa: PLC0415

        sending = Sending.objects.select_related("creditor").get(creditor=creditor)
        standing = stand(creditor, sending)
        found = brakes.brakes(sending, today(creditor), speaking.now()) + brakes.oddities(sending)
        standing["brakes"] = [brake.rule for brake in found]
        if arguments.json:
            print(json.dumps(standing, ensure_ascii=False, indent=1, default=_plain))
        else:
            _show(creditor, standing)
            for brake in found:
                print(in_words(brake.rule, brake.params))
    return 1 if found or standing["unknown"] or standing["rejected"] else 0


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def stand(creditor: Creditor, sending: Any) -> dict[str, Any]:
    """How things stand, as values."""
    from django.db.models import Count, Max  # noqa: PLC0415

    from amable.banking.models import Statement  # noqa: PLC0415
    from amable.core.delivery import State  # noqa: PLC0415
    from amable.correspondence.models import Message  # noqa: PLC0415
    from amable.work import duties  # noqa: PLC0415

    day, now = today(creditor), speaking.now()
    messages = Message.objects.filter(creditor=creditor)
    counts = messages.filter(day=day).values_list("state").annotate(n=Count("pk")).order_by("state")

    def listed(state: State) -> list[dict[str, Any]]:
        facts = ("key", "customer__name", "offered_at", "server", "answer", "message_id", "subject")
        rows = messages.filter(state=state).order_by("-settled_at")[:_LISTED]
        return [dict(zip(("message", "customer", *facts[2:]), row, strict=True)) for row in rows.values_list(*facts)]

    return {
        "day": day,
        "states": dict(counts),
        "unknown": listed(State.UNKNOWN),
        "rejected": [one for one in listed(State.REJECTED) if one["offered_at"] is None or _recent(one, now)],
        "next": duties.next_due(creditor, day, now),
        "planned_at": sending.planned_at,
        "bank_until": Statement.objects.filter(creditor=creditor).aggregate(day=Max("closing_on"))["day"],
        "test_to": sending.test_to,
    }


_LISTED = 1000
_RECENT_DAYS = 7


def _recent(one: dict[str, Any], now: datetime) -> bool:
    return bool((now - one["offered_at"]).days < _RECENT_DAYS)


def _here(moment: datetime, creditor: Creditor) -> datetime:
    """A moment on the creditor's clock."""
    return moment.astimezone(ZoneInfo(creditor.timezone))


def _show(creditor: Creditor, standing: dict[str, Any]) -> None:
    spoken = language()
    print(say("status.title", spoken, creditor=creditor.name, day=standing["day"]))
    for state, count in standing["states"].items():
        print(say("sending.count", spoken, n=count, state=say(f"state.{state}", spoken)))
    if not standing["states"]:
        print(say("sending.nothing_planned", spoken))
    for name in ("next", "planned_at"):
        if standing[name]:
            print(say(f"status.{name}", spoken, moment=_here(standing[name], creditor)))
    if standing["bank_until"]:
        print(say("status.bank_until", spoken, day=standing["bank_until"]))
    if standing["test_to"]:
        print(say("status.test_to", spoken, address=standing["test_to"]))
    for name in ("unknown", "rejected"):
        if standing[name]:
            print()
            print(say(f"status.{name}", spoken, n=len(standing[name])))
        for one in standing[name]:
            when = show_moment(_here(one["offered_at"], creditor), spoken) if one["offered_at"] else ""
            cells = (one["message"], one["customer"], when, one["server"], one["answer"], one["message_id"])
            print("  " + "  ".join(str(cell) for cell in cells if cell))
