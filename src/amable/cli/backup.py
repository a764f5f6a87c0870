"""`amable backup`: all there is in one file, also while messages leave."""

from __future__ import annotations

import argparse
import os

from amable.cli import speaking
from amable.cli.sending import folder_of
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import working_in
from amable.core.languages import say
from amable.server import copies, keys
from amable.server.database import kept_in


def command(arguments: argparse.Namespace) -> int:
    """Copy the database, and note when that was."""
    folder, file = folder_of(arguments), arguments.file
    if os.environ.get("DATABASE_URL"):
        raise RefusedError("backup_postgresql")
    if not kept_in(folder):
        raise RefusedError("nothing_to_back_up", folder=folder)
    with working_in(folder, beside_others=True):
        from amable.organisation import second_factors  # noqa: PLC0415 - once the database is chosen
        from amable.organisation.models import Creditor, Sending  # noqa: PLC0415
        from amable.organisation.tenancy import acting_for  # noqa: PLC0415
        from amable.work import mailboxes  # noqa: PLC0415

        moment = speaking.now()
        try:
            copies.back_up(folder / "amable.sqlite3", file)
        except FileExistsError as error:
            raise RefusedError("backup_is_there", file=file) from error
        except copies.UnusableError as error:
            raise RefusedError(f"backup_{error.rule}", file=folder / "amable.sqlite3") from error
        except OSError as error:
            raise RefusedError("backup_unwritable", file=file, why=error.strerror or error) from error
        passwords, codes = False, second_factors.any_sealed()
        for creditor in Creditor.objects.all():
            with acting_for(creditor):
                sendings = Sending.objects.filter(creditor=creditor)
                sendings.update(backed_up_at=moment)
                passwords = passwords or any(mailboxes.is_sealed(one) for one in sendings)
    print(say("backup.done", language(), file=file, n=max(1, file.stat().st_size // 2**20)))
    key = "AMABLE_SECRET_KEY" if os.environ.get("AMABLE_SECRET_KEY") else folder / keys.FILE
    if passwords:
        print(say("backup.key_apart", language(), file=key))
    if codes:
        print(say("backup.key_apart_codes", language(), file=key))
    return 0
