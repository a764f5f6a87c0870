"""`amable stop-sending` and `resume-sending`: the switch that keeps everything from leaving, at once."""

from __future__ import annotations

import argparse

from amable.cli import speaking
from amable.cli.sending import at_work, folder_of, show_brakes, today, whoever
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say
from amable.server import instance


def stop(arguments: argparse.Namespace) -> int:
    """Nothing leaves from now on, also not what is in hand already."""
    with at_work(arguments, opened=False) as creditor:
        from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen

        why = arguments.because or say("sending.no_reason", language())
        brakes.stop(creditor, today(creditor), speaking.now(), by=whoever(), because=why)
        print(say("sending.stopped", language()))
    return 0


def resume(arguments: argparse.Namespace) -> int:
    """Let messages leave again; what was stopped for a copy or a strange clock needs `--confirm`."""
    with at_work(arguments) as creditor:
        from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen
        from amable.organisation.models import Sending  # noqa: PLC0415
        from amable.work.waking import wake  # noqa: PLC0415

        sending = Sending.objects.get(creditor=creditor)
        if brakes.doubtful(sending) and not arguments.confirm:
            show_brakes(creditor)
            waiting = brakes.waiting(sending, today(creditor), speaking.now())
            raise RefusedError("confirm_needed", details=(say("sending.waiting", language(), **waiting),))
        here = instance.instance(folder_of(arguments))
        instance.forget(here, creditor.ref)
        brakes.resume(creditor, today(creditor), speaking.now(), by=whoever(), instance=here)
        wake(creditor)
        print(say("sending.resumed", language()))
        show_brakes(creditor)
    return 0
