"""`amable rehearse`: what will leave in the coming days from the state of a folder, which stays as it is."""

from __future__ import annotations

import argparse
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from amable.cli.replay import write_said
from amable.cli.run import checked_procedure, procedure_of
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import meant, working_in
from amable.core.languages import say, show_date
from amable.core.procedure import MESSAGES, Act, Procedure
from amable.core.reasons import step_name
from amable.core.replay import Said, rehearse
from amable.dunning.starters import shipped

if TYPE_CHECKING:
    from amable.organisation.models import Creditor

_BATCH = 500


def command(arguments: argparse.Namespace) -> int:
    """Rehearse the days that follow the folder's last run, print them, and write a row for each item if asked."""
    if not (os.environ.get("DATABASE_URL") or (arguments.outbox / "amable.sqlite3").is_file()):
        raise RefusedError("no_outbox", folder=arguments.outbox)
    if arguments.days < 1:
        raise RefusedError("too_few_days", days=arguments.days)
    given = procedure_of(arguments.procedure) if arguments.procedure else None
    with working_in(arguments.outbox):
        return _rehearse(arguments, given)


def _rehearse(arguments: argparse.Namespace, given: Procedure | None) -> int:
    from amable.dunning.actions import procedure_last_used  # noqa: PLC0415 - once the database is chosen
    from amable.ledger.models import Customer, Item  # noqa: PLC0415
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    creditor = meant()
    if creditor is None or creditor.last_run_on is None:
        raise RefusedError("nothing_recorded")
    first = creditor.last_run_on
    last = first + timedelta(days=arguments.days)
    with acting_for(creditor):
        procedure = given or checked_procedure(procedure_last_used(creditor) or shipped(), "last used")
        said = ahead(creditor, procedure, first, last)
        if arguments.out:
            listed_items = Item.objects.filter(creditor=creditor).values_list("pk", "number", "instalment")
            numbers = {pk: f"{number} / {part}" if part else number for pk, number, part in listed_items}
            names = Customer.objects.filter(creditor=creditor).values_list("pk", "key", "name")
            write_said(arguments.out, said, {pk: (key, name) for pk, key, name in names}, numbers)
    spoken = language()
    print(say("rehearse.title", spoken, creditor=creditor.name, first=first, last=last))
    print()
    for line in table(said):
        print(line)
    print()
    print(say("rehearse.assumes", spoken))
    if arguments.out:
        print(say("replay.where", spoken, n=len(said), file=arguments.out))
    return 0


def ahead(creditor: Creditor, procedure: Procedure, first: date, last: date) -> list[Said]:
    """What would be said in these days, in their order, if nobody pays or answers."""
    from amable.dunning.dossier import gather, setting  # noqa: PLC0415 - once the database is chosen
    from amable.ledger import queries  # noqa: PLC0415
    from amable.ledger.models import Customer  # noqa: PLC0415

    said: list[Said] = []
    it = setting(creditor, procedure, first)
    ids = Customer.objects.filter(creditor=creditor).order_by("pk").values_list("pk", flat=True)
    listed = queries.customers(creditor, list(ids))
    for start in range(0, len(listed), _BATCH):
        for known in gather(it, listed[start : start + _BATCH]):
            said += rehearse(known.dossier, first, last)
    return sorted(said, key=lambda one: one.day)


def table(said: Iterable[Said]) -> list[str]:
    """A line a day on which anything leaves: mails, thanks, tasks, decisions, and which steps they are."""
    spoken = language()
    by_day: dict[date, list[Said]] = defaultdict(list)
    for one in said:
        by_day[one.day].append(one)
    if not by_day:
        return [say("rehearse.quiet", spoken)]
    columns = ("messages", "thanks", "tasks", "decisions")
    heading = [say(f"rehearse.{name}", spoken) for name in ("day", *columns, "steps")]
    rows = [[show_date(day, spoken), *map(str, _counts(listed)), _steps(listed)] for day, listed in by_day.items()]
    widths = [max(len(row[place]) for row in (heading, *rows)) for place in range(len(columns) + 1)]
    return [
        "  ".join([*(cell.rjust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in (heading, *rows)
    ]


def _counts(said: Sequence[Said]) -> tuple[int, int, int, int]:
    """How many messages, thanks, tasks and decisions a day has; thanks within a demand are no message of their own."""
    carried = Counter(act for _, act, _ in {(one.customer, one.act, _own(one)) for one in said})
    written = {one.customer for one in said if one.act in MESSAGES}
    within = len({one.customer for one in said if one.act is Act.THANKS} & written)
    messages = sum(carried[act] for act in (*MESSAGES, Act.CONFIRM))
    tasks = carried[Act.CHECK] + carried[Act.CALL] + carried[Act.MEETING]
    return messages, carried[Act.THANKS] - within, tasks, carried[Act.DECISION]


def _own(one: Said) -> str:
    """A customer has one message a day, and a task of each kind."""
    return "" if one.act in MESSAGES else one.step


def _steps(said: Iterable[Said]) -> str:
    counts = Counter(one.step for one in said)
    return ", ".join(f"{step_name(step, language())} {count}" for step, count in counts.most_common())
