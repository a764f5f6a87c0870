"""`amable resolve`: a person says what became of a message whose fate is unknown."""

from __future__ import annotations

import argparse

from amable.cli import speaking
from amable.cli.sending import at_work, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say


def command(arguments: argparse.Namespace) -> int:
    """It arrived, or it did not and is offered once more."""
    with at_work(arguments) as creditor:
        from amable.correspondence import outbox  # noqa: PLC0415 - once the database is chosen
        from amable.work.waking import wake  # noqa: PLC0415

        now = speaking.now()
        by = whoever()
        if not outbox.resolve(creditor, arguments.message, today(creditor), now, arrived=arguments.arrived, by=by):
            raise RefusedError("not_unknown", message=arguments.message)
        wake(creditor)
        print(say("sending.arrived" if arguments.arrived else "sending.offered_again", language()))
    return 0
