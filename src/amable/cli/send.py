"""`amable send`: hand over what was approved and is due, once, and say what became of it."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from amable.cli import speaking
from amable.cli.sending import at_work, folder_of, show_brakes, today
from amable.cli.speaking import language
from amable.core.languages import say
from amable.server import instance

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
        sending = Sending.objects.get(creditor=creditor)
        connections = mailboxes.connect(sending)
        patience = timedelta(minutes=2) / min(sending.per_minute, sending.per_minute_and_domain)
        states: Counter[str] = Counter()
        try:
            while True:
                done = duties.send(creditor, speaking.now, connections)
                states += Counter(done.sent.states)
                wait = (done.next_at - speaking.now()) if done.next_at else None
                if wait is None or wait > patience or done.sent.unreachable or done.sent.stopped or not _moves(done):
                    break
                time.sleep(max(0.0, wait.total_seconds()))  # for its rate
        finally:
            for connection in connections:
                connection.close()
        folder = folder_of(arguments)
        instance.remember(instance.instance(folder), creditor.ref, log.length(creditor))
        write_letters(folder, creditor, day)
        show(states, done)
        show_brakes(creditor)
    return 1 if done.sent.unreachable else 0


def _moves(done: Pass) -> bool:
    """Whether anything became of any message in this pass, so that the next may follow."""
    return bool(done.sent.states)


def show(states: Counter[str], done: Pass) -> None:
    """A line for each thing that became of messages."""
    spoken = language()
    for state, count in sorted(states.items()):
        print(say("sending.count", spoken, n=count, state=say(f"state.{state}", spoken)))
    if not states:
        print(say("sending.nothing_left", spoken))
    if done.sent.unreachable:
        why = done.sent.unreachable
        print(say("sending.unreachable", spoken, server=why.server, answer=why.said))
