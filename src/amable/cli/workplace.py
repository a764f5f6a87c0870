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
    with _held(folder) as handle:
        try:
            lock = fcntl.LOCK_SH if beside_others else fcntl.LOCK_EX
            fcntl.flock(handle, lock | fcntl.LOCK_NB)
            # Tables change only while nobody else works on them; PostgreSQL sees to that itself.
            alone = lock if elsewhere else fcntl.LOCK_EX
            open_database(folder, migrating=lambda: fcntl.flock(handle, alone | fcntl.LOCK_NB))
            fcntl.flock(handle, lock | fcntl.LOCK_NB)
            yield
        finally:
            close_database()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and lock it against everybody while its database is closed."""
    with _held(folder) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextmanager
def _held(folder: Path) -> Iterator[int]:
    """The folder by a handle that can be locked, private to its owner; refuses when it is locked otherwise."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RefusedError("outbox_unusable", folder=folder, why=error.strerror or "") from error
    try:
        yield handle
    except BlockingIOError as error:
        raise RefusedError("outbox_busy", folder=folder) from error
    finally:
        os.close(handle)
