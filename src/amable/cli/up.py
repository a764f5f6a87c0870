"""`amable up`: plan every night and send in the day, in this one process, until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amable.cli import instance, speaking
from amable.cli.sending import at_work, folder_of, look_around, show_brakes
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say


def command(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; the message in hand is finished first."""
    folder = folder_of(arguments)
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    with at_work(arguments, opened=False) as creditor, only_one(folder):
        from amable.cli.folder import write_letters  # noqa: PLC0415 - once the database is chosen
        from amable.work.embedded import Embedded  # noqa: PLC0415

        here = look_around(creditor, folder)
        work = Embedded(
            speaking.now,
            remember=lambda length: instance.remember(here, length),
            handed_over=lambda creditor, day: write_letters(folder, creditor, day),
        )
        work.start()
        print(say("sending.up", language(), creditor=creditor.name, folder=folder), flush=True)
        show_brakes(creditor)
        try:
            told.wait()
        finally:
            work.stop()
        print(say("sending.down", language()), flush=True)
    return 0


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Refuse to work on a folder on which another process is at work already."""
    handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RefusedError("up_already", folder=folder) from error
    finally:
        os.close(handle)
