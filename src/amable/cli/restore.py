"""`amable restore`: back to the state of a backup, with sending stopped until a person has looked."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from amable.cli import speaking
from amable.cli.sending import folder_of, here, whoever
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import alone_in
from amable.core.languages import say
from amable.server import copies, keys
from amable.server.database import close_database, open_database

if TYPE_CHECKING:
    from amable.organisation.models import Creditor, Sending


def command(arguments: argparse.Namespace) -> int:
    """Look at the backup aside, and put it in place only when it is whole."""
    folder = folder_of(arguments)
    if os.environ.get("DATABASE_URL"):
        raise RefusedError("restore_postgresql")
    with alone_in(folder):
        database, moment = folder / "amable.sqlite3", speaking.now()
        if database.exists() and not arguments.replace:
            raise RefusedError("database_is_there", folder=folder)
        kept = folder / f"amable-before-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}.sqlite3"
        with TemporaryDirectory(dir=folder, prefix=".amable-restore-") as place:
            fresh = Path(place) / database.name
            try:
                copies.stage(arguments.file, fresh)
            except copies.UnusableError as error:
                raise RefusedError(f"backup_{error.rule}", file=arguments.file) from error
            except OSError as error:
                raise RefusedError("file_unreadable", file=arguments.file, why=error.strerror or error) from error
            keys.read_key_of(folder)
            seen, unreadable, shut_out = _examine(Path(place), arguments.file, moment)
            replaced = database.exists()
            copies.put_in_place(fresh, database, kept)
    print(say("restore.done", language(), folder=folder))
    for creditor, at in seen:
        print(say("restore.seen", language(), creditor=creditor.name, moment=here(at, creditor)))
    for name in unreadable:
        print(say("restore.password_lost", language(), creditor=name, folder=folder))
    for address in shut_out:
        print(say("restore.codes_lost", language(), address=address, folder=folder))
    if replaced:
        print(say("restore.kept", language(), file=kept))
    print(say("restore.stopped", language()))
    return 0


def _examine(place: Path, file: Path, moment: datetime) -> tuple[list[tuple[Creditor, datetime]], list[str], list[str]]:
    """Bring the copy up to date, prove its record, and stop its sending.

    When it was last at work, by creditor, the names of those whose password this folder's key does not open, and the
    addresses of the people whose second factor it does not.
    """
    open_database(place)
    try:
        from amable.dunning import brakes  # noqa: PLC0415 - once the database is chosen
        from amable.evidence import log  # noqa: PLC0415
        from amable.organisation import second_factors  # noqa: PLC0415
        from amable.organisation.models import Creditor, Sending  # noqa: PLC0415
        from amable.organisation.tenancy import acting_for  # noqa: PLC0415

        seen: list[tuple[Creditor, datetime]] = []
        unreadable: list[str] = []
        for creditor in Creditor.objects.order_by("pk"):
            with acting_for(creditor):
                log.seal(creditor)  # what was not yet when the copy was made
                if faults := log.verify(creditor):
                    details = tuple(say(f"evidence.{fault.rule}", language(), place=fault.place) for fault in faults)
                    raise RefusedError("backup_record", file=file, details=details[:_SHOWN])
                sending = Sending.objects.filter(creditor=creditor).first()
                if sending is None:
                    continue
                today = speaking.today_in(creditor.timezone)
                brakes.stop(creditor, today, moment, by=whoever(), because="restored")
                log.seal(creditor)
                if sending.seen_at:
                    seen.append((creditor, sending.seen_at))
                if not _opens(sending):
                    unreadable.append(creditor.name)
        return seen, unreadable, second_factors.unreadable()
    finally:
        close_database()


_SHOWN = 10


def _opens(sending: Sending) -> bool:
    """Whether a password that is kept in the row can be read here."""
    from amable.work import mailboxes  # noqa: PLC0415 - once the database is chosen

    if not mailboxes.is_sealed(sending):
        return True
    try:
        mailboxes.secret(sending.password_from)
    except mailboxes.SecretError:
        return False
    return True
