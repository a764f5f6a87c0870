"""`amable approve`: let what is planned for today leave, or take an approval back while it can be undone."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from amable.cli import speaking
from amable.cli.sending import at_work, in_words, show_brakes, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say

if TYPE_CHECKING:
    from amable.organisation.models import Creditor


def command(arguments: argparse.Namespace) -> int:
    """Approve the messages named, or all of today; `--undo` takes it back."""
    if not arguments.message and not arguments.all and not arguments.customer:
        raise RefusedError("approve_what")
    with at_work(arguments) as creditor:
        from amable.correspondence import outbox  # noqa: PLC0415 - once the database is chosen
        from amable.dunning import brakes  # noqa: PLC0415
        from amable.organisation.models import Sending  # noqa: PLC0415
        from amable.work.waking import wake  # noqa: PLC0415

        chosen = _chosen(creditor, arguments)
        if arguments.undo:
            print(say("sending.unapproved", language(), n=outbox.unapprove(creditor, chosen, by=whoever())))
            return 0
        sending = Sending.objects.get(creditor=creditor)
        if (odd := brakes.oddities(sending)) and not arguments.anyway:
            details = tuple(in_words(brake.rule, brake.params) for brake in odd)
            raise RefusedError("odd_plan", details=details)
        undo = timedelta(minutes=sending.undo_minutes)
        now = speaking.now()
        count = outbox.approve(creditor, chosen, now, by=whoever(), undo=undo)
        if count:
            brakes.trust(creditor, now)
            wake(creditor)
        print(say("sending.approved", language(), n=count))
        if count and sending.undo_minutes:
            print(say("sending.undo_until", language(), n=sending.undo_minutes))
        show_brakes(creditor)
    return 0 if count else 1


def _chosen(creditor: Creditor, arguments: argparse.Namespace) -> list[int]:
    """The numbers of the messages meant; refuses a key nobody has."""
    from amable.correspondence.models import Message  # noqa: PLC0415

    of_today = Message.objects.filter(creditor=creditor, day=today(creditor))
    if arguments.message:
        found = dict(of_today.filter(key__in=arguments.message).values_list("key", "pk"))
        if unknown := [key for key in arguments.message if key not in found]:
            raise RefusedError("no_such_message", message=", ".join(unknown))
        return list(found.values())
    if arguments.customer:
        of_today = of_today.filter(customer__key__in=arguments.customer)
    return list(of_today.values_list("pk", flat=True))
