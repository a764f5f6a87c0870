"""`amable demo`: a day of the sample creditor, reached by really running every working day before it.

Its desk has a database of its own, which goes on from the evening before: what a run writes as drafts of the day would
count as said there, and the plan of the day would be empty.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tqdm import tqdm

from amable import sample
from amable.cli import up
from amable.cli.run import Errand, checked_procedure, read_input, run
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import working_in
from amable.core import creditor as creditor_file
from amable.core.languages import say
from amable.dunning.starters import shipped
from amable.server import copies, instance, keys
from amable.server.database import kept_in

_MORNING: Final = datetime(2026, 3, 17, 9, 10, tzinfo=ZoneInfo("Europe/Madrid"))
_DESK: Final = "desk"  # the folder of the desk, in that of the demo


def command(arguments: argparse.Namespace) -> int:
    """Run the sample's days up to its today, print that day, and say where to look; serve its desk if wanted."""
    folder = (arguments.outbox or Path("amable-demo")).resolve()
    serving = sys.stdout.isatty() if arguments.serve is None else arguments.serve
    listen = up.listen_at(arguments.listen)
    if arguments.serve and os.environ.get("DATABASE_URL"):
        raise RefusedError("demo_postgresql")
    serving = serving and listen is not None and not os.environ.get("DATABASE_URL")
    reached = _reached(folder)
    _go_on(folder, reached)
    if serving:
        _make_desk(folder, begun_today=reached == sample.TODAY)
    run(_errand(folder, sample.TODAY))
    print()
    print(say("demo.look", language(), folder=folder))
    if serving and listen:
        print()
        _serve(folder / _DESK, listen, chosen=arguments.listen is not None)
    return 0


def _reached(folder: Path) -> date | None:
    """The last day an earlier demo in this folder came to, None when it begins."""
    if not kept_in(folder):
        return None
    with working_in(folder):
        from amable.organisation.models import Creditor  # noqa: PLC0415 - needs the database

        creditor = Creditor.objects.first()
        return creditor.last_run_on if creditor else None


def _go_on(folder: Path, reached: date | None) -> None:
    """Run every working day there is still before the sample's today."""
    days = [day for day in _days(reached or sample.FIRST_DAY, sample.TODAY) if day.weekday() < 5 and day < sample.TODAY]
    if not days:
        return
    print(say("demo.beginning", language(), day=sample.FIRST_DAY, last=sample.TODAY))
    before: set[Path] = set()
    for day in tqdm(days, leave=False, disable=None, unit=""):
        errand = _errand(folder, day)
        run(replace(errand, banks=tuple(path for path in errand.banks if path not in before)), quiet=True)
        before |= set(errand.banks)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _errand(folder: Path, day: date) -> Errand:
    """What the sample's bookkeeper would have typed that morning."""
    given = sample.unpack(folder / "input", day)
    text = shipped()
    return Errand(
        ledgers=(given.ledger,),
        banks=given.statements,
        described=creditor_file.read(given.creditor.read_text("utf-8")),
        procedure=checked_procedure(text, "starter"),
        procedure_text=text,
        as_of=day.isoformat(),
        outbox=folder,
        headings={},
        folders=(),
    )


# --- the desk ------------------------------------------------------------------------------------------------------


def _make_desk(folder: Path, *, begun_today: bool) -> None:
    """The sample's creditor as it was the evening before, with the day's ledger and bank taken in and planned."""
    place = folder / _DESK
    if (place / "planned").exists():
        return
    shutil.rmtree(place, ignore_errors=True)  # whatever a demo that was killed had come to
    place.mkdir(mode=0o700)
    if begun_today:
        _go_on(place, None)
    else:
        copies.back_up(folder / "amable.sqlite3", place / "amable.sqlite3")
    print(say("demo.making_desk", language()), flush=True)
    given = sample.unpack(place / "input", sample.TODAY)
    read = read_input((given.ledger,), given.statements, {})
    with working_in(place):
        from amable.banking import intake as banking  # noqa: PLC0415 - once the database is chosen
        from amable.dunning import setting_up  # noqa: PLC0415
        from amable.ledger import intake  # noqa: PLC0415
        from amable.organisation.models import Creditor  # noqa: PLC0415
        from amable.organisation.tenancy import acting_for  # noqa: PLC0415
        from amable.work import duties  # noqa: PLC0415

        creditor = Creditor.objects.get()
        creditor.passed = ["mailbox", "procedure", "plan"]  # it is set up: nobody is led through that
        creditor.save(update_fields=("passed",))
        with acting_for(creditor):
            here = instance.instance(place)
            before = place if begun_today else folder
            setting_up.begin(
                creditor,
                shipped(),
                sample.TODAY,
                _MORNING,
                instance=here,
                written=lambda path: (before / path).exists(),
            )
            records = (intake.Sourced(file, record) for file, record in read.records)
            intake.take_ledger(creditor, records, read.digests, sample.TODAY)
            banking.take_statements(creditor, read.statements, sample.TODAY)
            duties.plan(creditor, lambda: _MORNING)
    (place / "planned").touch()


def _serve(place: Path, listen: tuple[str, int], *, chosen: bool) -> None:
    """Show the desk by the sample's clock until somebody has seen enough. No duty runs, so nothing is handed over."""
    with up.told_to_stop() as until_told, working_in(place, beside_others=True), ExitStack() as stack:
        from amable.work.house import House  # noqa: PLC0415 - once the database is chosen

        keys.use_key_of(place)
        house = House(_clock(), list, instance.instance(place))
        address = up.serve(stack, house, listen, chosen=chosen)
        if not address:
            return
        print(say("demo.desk", language(), address=address))
        print(say("demo.nothing_leaves", language()))
        print(say("sending.sign_in_link", language(), link=address + _link()), flush=True)
        until_told()


def _clock() -> Callable[[], datetime]:
    """The sample's morning, moving on."""
    begun = time.monotonic()
    return lambda: _MORNING + timedelta(seconds=time.monotonic() - begun)


def _link() -> str:
    """Lets the sample's own bookkeeper in."""
    from amable.desk.entering import link_for  # noqa: PLC0415 - once the database is chosen
    from amable.organisation.models import Creditor, Member, User  # noqa: PLC0415
    from amable.organisation.roles import Role  # noqa: PLC0415

    creditor = Creditor.objects.get()
    facts = {"name": creditor.sender_name, "language": language(), "is_superuser": True}
    user = User.objects.filter(email=creditor.sender_email).first()
    if user is None:
        user = User.objects.create_user(creditor.sender_email, None, **facts)
        Member.objects.create(creditor=creditor, user=user, role=Role.OWNER)
    return link_for(user)
