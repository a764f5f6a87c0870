"""`amable doctor`: is all in order for messages to leave and to arrive, and if not, what to do."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amable.cli import speaking
from amable.cli.sending import at_work, folder_of, here
from amable.cli.speaking import RefusedError, language
from amable.core.checkup import Checked, Verdict
from amable.core.languages import say
from amable.server import copies, instance
from amable.server.database import kept_in

if TYPE_CHECKING:
    from amable.organisation.models import Creditor

_MEGABYTE: Final = 2**20


def command(arguments: argparse.Namespace) -> int:
    """Check everything and say so; 1 when something is wrong."""
    folder = folder_of(arguments)
    if not kept_in(folder):
        raise RefusedError("not_configured", folder=folder)
    here = [] if os.environ.get("DATABASE_URL") else list(_of_the_machine(folder))
    lines = [_told(checked, None) for checked in here]
    if all(checked.rule != "damaged" for checked in here):
        with at_work(arguments, opened=False) as creditor:
            from amable.work import names  # noqa: PLC0415 - once the database is chosen
            from amable.work.examination import examine  # noqa: PLC0415

            found = examine(creditor, speaking.now(), names.texts, selector=arguments.dkim_selector or "")
            lines += [_told(checked, creditor) for checked in (*found, _witness(folder, creditor))]
    if arguments.json:
        print(json.dumps(lines, ensure_ascii=False, indent=1))
    else:
        width = max(len(say(f"doctor.{verdict}", language())) for verdict in Verdict)
        for line in lines:
            verdict = say(f"doctor.{line['verdict']}", language())
            print(f"{verdict:<{width}}  {line['sentence']}")
    return 1 if any(line["verdict"] == Verdict.WRONG for line in lines) else 0


def _told(checked: Checked, creditor: Creditor | None) -> dict[str, str]:
    params = {name: here(value, creditor) if creditor else value for name, value in checked.params.items()}
    sentence = say(f"doctor.{checked.check}.{checked.rule}", language(), **params)
    if checked.because is not None:
        key, places = checked.because
        sentence += " " + say(key, language(), **places)
    return {"check": checked.check, "verdict": str(checked.verdict), "rule": checked.rule, "sentence": sentence}


# --- the machine: looked at before the folder is opened, which closes it to others -----------------------------------


def _of_the_machine(folder: Path) -> Iterator[Checked]:
    database = folder / "amable.sqlite3"
    yield _running(folder)
    yield _closed(folder)
    yield _room(folder, database)
    yield _whole(database)


def _running(folder: Path) -> Checked:
    """Whether `amable up` is at work."""
    try:
        handle = os.open(folder / "up.lock", os.O_RDWR)
    except OSError:
        return Checked("running", Verdict.LOOK, "not")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Checked("running", Verdict.OK, "at_work")
    finally:
        os.close(handle)
    return Checked("running", Verdict.LOOK, "not")


def _closed(folder: Path) -> Checked:
    """Whether the data is closed to others on this machine."""
    if folder.stat().st_mode & 0o077:
        return Checked("folder", Verdict.WRONG, "open", {"folder": folder})
    return Checked("folder", Verdict.OK, "closed", {"folder": folder})


def _room(folder: Path, database: Path) -> Checked:
    """Whether there is room on the disk: for a while, and for the database to be copied once."""
    free, size = shutil.disk_usage(folder).free, database.stat().st_size
    params = {"folder": folder, "n": free // _MEGABYTE}
    if free < _LITTLE:
        return Checked("disk", Verdict.WRONG, "full", params)
    if free < max(_ENOUGH, 2 * size):
        return Checked("disk", Verdict.LOOK, "filling", params)
    return Checked("disk", Verdict.OK, "fine", params)


_LITTLE: Final = 100 * _MEGABYTE
_ENOUGH: Final = 1024 * _MEGABYTE


def _whole(database: Path) -> Checked:
    """Whether the database is whole."""
    try:
        copies.check(database)
    except (copies.UnusableError, OSError):
        return Checked("database", Verdict.WRONG, "damaged", {"file": database})
    return Checked("database", Verdict.OK, "whole")


def _witness(folder: Path, creditor: Creditor) -> Checked:
    """Whether the length of the record can be remembered outside of the database."""
    if instance.can_remember(instance.instance(folder), creditor.ref):
        return Checked("witness", Verdict.OK, "writable")
    return Checked("witness", Verdict.WRONG, "unwritable", {"folder": instance.memory()})
