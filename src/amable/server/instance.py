"""Where this is: what tells a database that it was copied or restored, remembered outside of it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from uuid import getnode

from platformdirs import user_data_path, user_state_path


def default_folder() -> Path:
    """The folder of whoever names none: AMABLE_DATA, else the user's own."""
    named = os.environ.get("AMABLE_DATA")
    return Path(named) if named else user_data_path("amable")


def instance(folder: Path) -> str:
    """What names this place: AMABLE_INSTANCE where it is set, else this machine and folder, or this PostgreSQL."""
    if named := os.environ.get("AMABLE_INSTANCE"):
        return sha256(named.encode()).hexdigest()
    return sha256(_server() or f"{_machine()}|{folder.resolve()}".encode()).hexdigest()


def _machine() -> str:
    with suppress(OSError):
        return Path("/etc/machine-id").read_text("ascii").strip()
    return f"{getnode():x}"


def _server() -> bytes:
    """What names the database of a PostgreSQL server; a dump restored elsewhere, or beside it, has another name."""
    from django.db import connection  # noqa: PLC0415 - once the database is chosen

    if connection.vendor != "postgresql":
        return b""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()),"
            " (SELECT timeline_id FROM pg_control_checkpoint()) FROM pg_control_system()"
        )
        return repr(cursor.fetchone()).encode()


def remembered(name: str, creditor: str) -> int | None:
    """The longest the record of this instance ever was, as far as this machine knows."""
    try:
        return int(json.loads(_note(name, creditor).read_text("ascii"))["record"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(name: str, creditor: str, length: int) -> None:
    """Keep how long a creditor's record is now, outside of the database and of its backups."""
    if remembered(name, creditor) == length:
        return
    note = _note(name, creditor)
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="ascii", dir=note.parent, delete=False) as unfinished:
        json.dump({"record": length}, unfinished)
    Path(unfinished.name).replace(note)


def can_remember(name: str, creditor: str) -> bool:
    """Whether what is remembered here can be written."""
    note = _note(name, creditor)
    try:
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=note.parent):
            pass
    except OSError:
        return False
    return not note.exists() or os.access(note, os.W_OK)


def forget(name: str, creditor: str) -> None:
    """Begin anew: a person has said that this is the true state."""
    _note(name, creditor).unlink(missing_ok=True)


def memory() -> Path:
    """The folder of what is remembered outside of the database."""
    return user_state_path("amable")


def _note(name: str, creditor: str) -> Path:
    return memory() / f"{name[:32]}-{creditor}.json"
