"""The folder a command works in: private to its owner, nobody else's while it must be, its database open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from amable.cli.speaking import RefusedError
from amable.server.database import can_postgresql, close_database, is_postgresql, named, open_database


@contextmanager
def working_in(folder: Path, *, beside_others: bool = False) -> Iterator[None]:
    """Make the folder if need be, lock it against a second run, and open its database until the work is done.

    Commands that may work `beside_others` of their kind share the lock: what they do is settled row by row.
    """
    elsewhere = is_postgresql(named())
    if elsewhere and not can_postgresql():
        raise RefusedError("scale_missing")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RefusedError("outbox_unusable", folder=folder, why=error.strerror or "") from error
    try:
        lock = fcntl.LOCK_SH if beside_others else fcntl.LOCK_EX
        fcntl.flock(handle, lock | fcntl.LOCK_NB)
        # Tables change only while nobody else works on them; PostgreSQL sees to that itself.
        alone = lock if elsewhere else fcntl.LOCK_EX
        open_database(folder, migrating=lambda: fcntl.flock(handle, alone | fcntl.LOCK_NB))
        fcntl.flock(handle, lock | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RefusedError("outbox_busy", folder=folder) from error
    finally:
        close_database()
        os.close(handle)
