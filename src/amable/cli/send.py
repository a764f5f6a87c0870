"""`amable send`: hand over what was approved and is due, once, and say what became of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from amable.cli import instance, speaking
from amable.cli.sending import at_work, folder_of, show_brakes, today
from amable.cli.speaking import language
from amable.core.languages import say

if TYPE_CHECKING:
    from amable.work.duties import Pass


def command(arguments: argparse.Namespace) -> int:
    """Send; `--now` does not wait for the hour of the morning, nor for the time in which one can still undo."""
    with at_work(arguments) as creditor:
        from amable.cli.folder import write_letters  # noqa: PLC0415 - once the database is chosen
        from amable.correspondence import outbox  # noqa: PLC0415
        from amable.evidence import log  # noqa: PLC0415
        from amable.organisation.models import Sending  # noqa: PLC0415
        from amable.work import duties, mailboxes  # noqa: PLC0415

        day = today(creditor)
        if arguments.now:
            outbox.hurry(creditor, day, speaking.now())
        connections = mailboxes.connect(Sending.objects.get(creditor=creditor))
        try:
            done = duties.send(creditor, speaking.now, connections)
        finally:
            for connection in connections:
                connection.close()
        folder = folder_of(arguments)
        instance.remember(instance.instance(folder), log.length(creditor))
        write_letters(folder, creditor, day)
        show(done)
        show_brakes(creditor)
    return 1 if done.sent.unreachable else 0


def show(done: Pass) -> None:
    """A line for each thing that became of messages."""
    spoken = language()
    for state, count in sorted(done.sent.states.items()):
        print(say("sending.count", spoken, n=count, state=say(f"state.{state}", spoken)))
    if not done.sent.states:
        print(say("sending.nothing_left", spoken))
    if done.sent.unreachable:
        why = done.sent.unreachable
        print(say("sending.unreachable", spoken, server=why.server, answer=why.said))
