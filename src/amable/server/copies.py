"""Copies of the SQLite database: one made while others work on it, and one put in place of what is there."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_ASIDE: Final = ("-wal", "-shm", "")  # the log of a database before the database it belongs to


class UnusableError(Exception):
    """A file that is no whole database of ours; `rule` says why not."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def back_up(database: Path, to: Path) -> None:
    """Copy a database, as it is at one moment, into a file that is not there yet. Nobody has to wait for it.

    The copy is whole and on the disk before it has its name. Raises FileExistsError, OSError or UnusableError.
    """
    if to.exists() or to.is_symlink():
        raise FileExistsError(to)
    with TemporaryDirectory(dir=to.parent, prefix=".amable-backup-") as place:
        copy = Path(place) / "copy"
        _copy(database, copy)
        check(copy)
        os.close(os.open(to, os.O_CREAT | os.O_EXCL, 0o600))  # the name is ours: nothing of others is overwritten
        copy.rename(to)
    _on_disk(to.parent)


def stage(backup: Path, place: Path) -> None:
    """Copy a backup to where it can be looked at and brought up to date. Raises OSError or UnusableError."""
    with backup.open("rb"):  # a file one may not read is no question of its content
        pass
    _copy(backup, place)
    check(place)


def _copy(source: Path, to: Path) -> None:
    handle = os.open(to, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as there,
            closing(sqlite3.connect(to)) as here,
        ):
            there.backup(here)  # in one step: its readers and writers do not wait, and it need not begin again
            here.execute("PRAGMA journal_mode = DELETE")  # so that it is all in one file
        os.fsync(handle)
    except sqlite3.DatabaseError as error:
        raise _told(error) from error
    finally:
        os.close(handle)


def _told(error: sqlite3.DatabaseError) -> Exception:
    """What the system refused stays what it is; the rest is about the file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return OSError(0, str(error))
    return UnusableError("busy" if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) else "no_database")


def check(database: Path) -> None:
    """Raise UnusableError unless a file is a whole database of ours."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
                raise UnusableError("damaged")
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise _told(error) from error
    if not {"organisation_creditor", "evidence_entry", "django_migrations"} <= tables:
        raise UnusableError("not_ours")


def put_in_place(fresh: Path, database: Path, kept: Path) -> None:
    """Set a database in place of the one there is, if there is one, which goes to `kept`. Nobody may be at work on it.

    Whenever it is killed, each of the two is whole at one of its places.
    """
    _fold(fresh)
    if fresh.with_name(f"{fresh.name}-wal").exists():
        raise UnusableError("damaged")
    if database.exists():
        _fold(database)
    for suffix in _ASIDE:
        old = database.with_name(database.name + suffix)
        if old.exists():
            old.rename(kept.with_name(kept.name + suffix))
    fresh.rename(database)
    _on_disk(database.parent)


def _fold(database: Path) -> None:
    """Take the log of a database into it. One that is damaged keeps it beside itself."""
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _on_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
