"""`amable demo`: a day of the sample creditor, reached by really running every working day before it."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from tqdm import tqdm

from amable import sample
from amable.cli.run import Errand, checked_procedure, run, starter
from amable.cli.speaking import language
from amable.cli.workplace import working_in
from amable.core import creditor as creditor_file
from amable.core.languages import say
from amable.server.database import kept_in


def command(arguments: argparse.Namespace) -> int:
    """Run the sample's days up to its today, print that day, and say where to look."""
    folder = (arguments.outbox or Path("amable-demo")).resolve()
    reached = _reached(folder)
    days = [day for day in _days(reached or sample.FIRST_DAY, sample.TODAY) if day.weekday() < 5 and day < sample.TODAY]
    if days:
        print(say("demo.beginning", language(), day=sample.FIRST_DAY, last=sample.TODAY))
        before: set[Path] = set()
        for day in tqdm(days, leave=False, disable=None, unit=""):
            errand = _errand(folder, day)
            run(replace(errand, banks=tuple(path for path in errand.banks if path not in before)), quiet=True)
            before |= set(errand.banks)
    run(_errand(folder, sample.TODAY))
    print()
    print(say("demo.look", language(), folder=folder))
    return 0


def _reached(folder: Path) -> date | None:
    """The last day an earlier demo in this folder came to, None when it begins."""
    if not kept_in(folder):
        return None
    with working_in(folder):
        from amable.organisation.models import Creditor  # noqa: PLC0415 - needs the database

        creditor = Creditor.objects.first()
        return creditor.last_run_on if creditor else None


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _errand(folder: Path, day: date) -> Errand:
    """What the sample's bookkeeper would have typed that morning."""
    given = sample.unpack(folder / "input", day)
    text = starter()
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
