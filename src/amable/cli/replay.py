"""`amable replay`: what would have been said, asked and decided in the past, had Amable written from the first day."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from amable.cli import understanding
from amable.cli.run import creditor_of, procedure_of, read_input, read_map
from amable.cli.speaking import RefusedError, language
from amable.cli.tables import write_table
from amable.core import creditor as creditor_file
from amable.core.languages import say
from amable.core.procedure import Procedure
from amable.core.reasons import step_name
from amable.core.replay import Said, Totals, replay, totals
from amable.dunning.past import Past, past

COLUMNS = ("date", "customer_id", "customer", "invoice", "step", "outcome", "rule")


def command(arguments: argparse.Namespace) -> int:
    """Replay the past, write a row for each thing said, asked or decided, and print what it comes to."""
    procedure = procedure_of(arguments.procedure)
    first, last = span(arguments)
    known = past_of(arguments, procedure, first, last)
    said = [one for history in known.histories for one in replay(history, first, last)]
    said.sort(key=lambda one: one.day)
    write_said(arguments.out, said, known.customers, known.numbers)
    print(say("replay.title", language(), name=procedure.name, first=first, last=last))
    print()
    show(totals(known.histories, said, first, last), said)
    print()
    for line in caveats(known, last):
        print(line)
    print(say("replay.where", language(), n=len(said), file=arguments.out))
    return 1 if known.complaints else 0


def span(arguments: argparse.Namespace) -> tuple[date, date]:
    """The first and the last day."""
    first, last = day(arguments.first), day(arguments.last)
    if last < first:
        raise RefusedError("span_backwards", first=first, last=last)
    return first, last


def day(text: str) -> date:
    """A day as a user writes it."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError("day_unreadable", value=text) from error


def past_of(arguments: argparse.Namespace, procedure: Procedure, first: date, last: date) -> Past:
    """The past as the files of the command line tell it, with what could not be used."""
    given = read_input(arguments.ledger, arguments.bank, read_map(arguments.map), (), arguments.map)
    understanding.show_guesses(given.understood)
    creditor = creditor_of(arguments.creditor) or creditor_file.placeholder(language())
    known = past(creditor, procedure, given.records, given.statements, first, last)
    known.complaints = given.complaints + known.complaints
    return known


def write_said(
    path: Path, said: Iterable[Said], customers: Mapping[int, tuple[str, str]], numbers: Mapping[int, str]
) -> None:
    """A row for each thing said of each item."""
    cash = say("wording.part.unapplied", language())
    rows = (
        (
            one.day.isoformat(), *customers[one.customer], numbers.get(one.item) or cash, one.step, one.outcome.value,
            one.rule,
        )
        for one in said
    )  # fmt: skip
    try:
        write_table(path, COLUMNS, rows)
    except OSError as error:
        raise RefusedError("out_unusable", file=path, why=error.strerror or "") from error


def show(found: Totals, said: Iterable[Said]) -> None:
    """What a replay comes to, in a few lines."""
    spoken = language()
    for key in ("messages", "thanks", "tasks", "decisions"):
        print(f"{getattr(found, key):>7}  {say(f'replay.{key}', spoken)}")
    print(f"{found.paid:>7}  {say('replay.paid', spoken, items=found.items)}")
    print(f"{found.reached:>7}  {say('replay.reached', spoken)}")
    steps = Counter(one.step for one in said)
    for step, count in steps.most_common():
        print(f"{count:>14}  {step_name(step, spoken)}")


def caveats(known: Past, last: date) -> list[str]:
    """What the figures rest on, and what was left out."""
    spoken = language()
    lines = [say("replay.assumes", spoken), say("replay.undated_facts", spoken)]
    if known.bank is None:
        lines.append(say("replay.no_bank", spoken))
    elif known.bank[1] < last:
        lines.append(say("replay.bank_ends", spoken, day=known.bank[1]))
    if known.undated:
        lines.append(say("replay.undated", spoken, n=known.undated))
    if known.complaints:
        lines.append(say("replay.rejected", spoken, n=len(known.complaints)))
        for file, complaint in known.complaints[:5]:
            place = f"{file}:{complaint.line}" if complaint.line else file
            lines.append(f"  {place}: {say(f'complaint.{complaint.rule}', spoken, **complaint.params)}")
    return lines
