"""The folder a command works in: private to its owner, nobody else's while it must be, its database open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from amable.cli.speaking import RefusedError
from amable.server import keys
from amable.server.database import can_postgresql, close_database, is_postgresql, named, open_database

if TYPE_CHECKING:
    from amable.organisation.models import Creditor


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
            keys.read_key_of(folder)
            yield
        finally:
            close_database()


def meant(ref: str = "") -> Creditor | None:
    """The creditor a command is for: the one it names by its ref, else the only one; None when there is none yet."""
    from amable.organisation.models import Creditor  # noqa: PLC0415 - once the database is chosen

    known = list(Creditor.objects.order_by("name"))
    details = tuple(f"{one.ref}  {one.name}" for one in known)
    if ref:
        found = next((one for one in known if one.ref == ref), None)
        if found is None:
            raise RefusedError("no_such_creditor", details=details, ref=ref)
        return found
    if len(known) > 1:
        raise RefusedError("which_creditor", details=details)
    return known[0] if known else None


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
