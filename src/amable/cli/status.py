"""`amable status`: what waits, what left today, what nobody knows the fate of, and what keeps the rest."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amable.cli import speaking
from amable.cli.sending import at_work, here, in_words, today
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
        if arguments.json:
            rules = {"brakes": [brake.rule for brake in found]}
            print(json.dumps(_without_names(standing) | rules, ensure_ascii=False, indent=1, default=_plain))
        else:
            _show(creditor, standing)
            for brake in found:
                print(in_words(brake.rule, brake.params))
    return 1 if found or standing["unknown"] or standing["rejected"] else 0


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def stand(creditor: Creditor, sending: Any) -> dict[str, Any]:
    """How things stand, as values."""
    from amable.core.delivery import State  # noqa: PLC0415
    from amable.correspondence.models import Message  # noqa: PLC0415
    from amable.work import duties  # noqa: PLC0415
    from amable.work.watching import figures  # noqa: PLC0415

    now = speaking.now()
    figured = figures(creditor, now)
    messages = Message.objects.filter(creditor=creditor)

    def listed(state: State) -> list[dict[str, Any]]:
        facts = ("key", "customer__name", "offered_at", "server", "answer", "message_id", "subject")
        rows = messages.filter(state=state).order_by("-settled_at")[:_LISTED]
        return [dict(zip(("message", "customer", *facts[2:]), row, strict=True)) for row in rows.values_list(*facts)]

    return {
        "day": figured.day,
        "states": dict(figured.today),
        "unknown": listed(State.UNKNOWN),
        "rejected": [one for one in listed(State.REJECTED) if one["offered_at"] is None or _recent(one, now)],
        "next": duties.next_due(creditor, figured.day, now),
        "oldest_due_at": figured.oldest_due_at,
        "late": figured.late,
        "leases_expired": figured.leases_expired,
        "rests": figured.rests,
        "stopped_at": figured.stopped_at,
        "planned_at": figured.planned_at,
        "bank_until": figured.bank_until,
        "backed_up_at": figured.backed_up_at,
        "test_to": sending.test_to,
    }


def _without_names(standing: dict[str, Any]) -> dict[str, Any]:
    """The same for machines, whose logs and mails go anywhere: nobody's name or address, no word of a message.

    What a mail server said may quote an address, so of it there is the code alone.
    """

    def told(one: dict[str, Any]) -> dict[str, Any]:
        code = one["answer"][:3]
        facts = {name: one[name] for name in ("message", "offered_at", "server", "message_id")}
        return facts | {"code": code if code.isascii() and code.isdigit() else ""}

    lists = {name: [told(one) for one in standing[name]] for name in ("unknown", "rejected")}
    rest = {name: value for name, value in standing.items() if name not in (*lists, "test_to")}
    return rest | lists | {"test_mode": bool(standing["test_to"])}


_LISTED = 1000
_RECENT_DAYS = 7


def _recent(one: dict[str, Any], now: datetime) -> bool:
    return bool((now - one["offered_at"]).days < _RECENT_DAYS)


def _show(creditor: Creditor, standing: dict[str, Any]) -> None:
    spoken = language()
    print(say("status.title", spoken, creditor=creditor.name, day=standing["day"]))
    for state, count in standing["states"].items():
        print(say("sending.count", spoken, n=count, state=say(f"state.{state}", spoken)))
    if not standing["states"]:
        print(say("sending.nothing_planned", spoken))
    for name in ("next", "planned_at", "backed_up_at"):
        if standing[name]:
            print(say(f"status.{name}", spoken, moment=here(standing[name], creditor)))
    if standing["late"]:
        print(say("status.late", spoken, moment=here(standing["oldest_due_at"], creditor)))
    if standing["bank_until"]:
        print(say("status.bank_until", spoken, day=standing["bank_until"]))
    if standing["test_to"]:
        print(say("status.test_to", spoken, address=standing["test_to"]))
    for name in ("unknown", "rejected"):
        if standing[name]:
            print()
            print(say(f"status.{name}", spoken, n=len(standing[name])))
        for one in standing[name]:
            when = show_moment(here(one["offered_at"], creditor), spoken) if one["offered_at"] else ""
            cells = (one["message"], one["customer"], when, one["server"], one["answer"], one["message_id"])
            print("  " + "  ".join(str(cell) for cell in cells if cell))
