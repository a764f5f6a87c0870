"""`amable worker`: one of any number of processes, on any machine, that share the work of one PostgreSQL."""

from __future__ import annotations

import argparse
from pathlib import Path

from amable.cli import speaking
from amable.cli.sending import folder_of, look_around
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import working_in
from amable.core.languages import say
from amable.server import instance
from amable.server.database import is_postgresql, named


def command(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; the messages and customers in hand are finished first."""
    from amable.server.logs import told  # noqa: PLC0415 - so that --help stays quick

    with told(arguments.log_level):
        return _work(arguments)


def _work(arguments: argparse.Namespace) -> int:
    if not is_postgresql(named()):
        raise RefusedError("worker_needs_postgresql")
    if arguments.concurrency < 1:
        raise RefusedError("concurrency", value=arguments.concurrency)
    folder = folder_of(arguments)
    with working_in(folder, beside_others=True):
        from amable.cli.folder import write_letters  # noqa: PLC0415 - once the database is chosen
        from amable.work.distributed import Distributed  # noqa: PLC0415

        here = _look_around(folder)
        work = Distributed(
            speaking.now,
            remember=lambda creditor, length: instance.remember(here, creditor.ref, length),
            handed_over=lambda creditor, day: write_letters(folder, creditor, day),
        )
        print(say("sending.worker_up", language(), database=named()["NAME"], n=arguments.concurrency), flush=True)
        stopped = work.run(arguments.concurrency)
        if not stopped:
            raise RefusedError("worker_lost_database")
        print(say("sending.down", language()), flush=True)
    return 0


def _look_around(folder: Path) -> str:
    """Notice a copy, an older state or a strange clock, for every creditor that sends. What names this place."""
    from amable.organisation.models import Creditor, Sending  # noqa: PLC0415 - once the database is chosen
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            if Sending.objects.filter(creditor=creditor).exists():
                look_around(creditor, folder)
    return instance.instance(folder)
