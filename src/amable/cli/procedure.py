"""`amable procedure check|show`: what is wrong with a procedure, and the calendar an invoice would get."""

from __future__ import annotations

import argparse
from datetime import date, timedelta

from amable.cli.run import checked_procedure, starter
from amable.cli.speaking import RefusedError, language, today_in
from amable.core.days import Calendar
from amable.core.languages import say, show_date
from amable.core.planning import Contact as Spoken
from amable.core.planning import Dossier, Item, Outcome, Told, decide
from amable.core.procedure import MESSAGES, Act, Procedure
from amable.core.reasons import step_name

_LONGEST = 200  # days after the due date a calendar is followed for


def command(arguments: argparse.Namespace) -> int:
    """Check or show a procedure."""
    text = starter()
    if arguments.file:
        try:
            text = arguments.file.read_text("utf-8-sig")
        except OSError as error:
            raise RefusedError("file_unreadable", file=arguments.file, why=error.strerror or "") from error
        except UnicodeDecodeError as error:
            raise RefusedError("file_not_utf8", file=arguments.file) from error
    procedure = checked_procedure(text, str(arguments.file or "starter"))
    if arguments.verb == "check":
        print(say("cli.procedure_fine", language(), name=procedure.name, n=len(procedure.steps)))
        return 0
    due = _due(arguments.due)
    for line in calendar_of(procedure, due, _calendar(arguments, due)):
        print(line)
    return 0


def _due(text: str | None) -> date:
    if not text:
        return today_in("UTC") + timedelta(days=30)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError("as_of_unreadable", value=text) from error


def _calendar(arguments: argparse.Namespace, due: date) -> Calendar:
    from amable.organisation import calendars  # noqa: PLC0415 - loads every country's holidays

    country, region = arguments.country.upper(), arguments.region.upper()
    region = region.removeprefix(f"{country}-")
    return calendars.public(country, region, due.year - 1, due.year + 1)


def calendar_of(procedure: Procedure, due: date, calendar: Calendar) -> list[str]:
    """The days on which an invoice nobody pays or answers would be written about, by really deciding each day."""
    spoken = language()
    lines = [say("cli.calendar_of", spoken, name=procedure.name, day=due, place=calendar.place or "–")]
    told: list[Told] = []
    contacts: list[Spoken] = []
    day = due - timedelta(days=45)
    while (day - due).days <= _LONGEST:
        item = Item(1, "invoice", "1", "EUR", 1_000_00, due, issued=due - timedelta(days=60), told=tuple(told))
        dossier = Dossier(
            1, procedure, (item,), calendar=calendar, creditor_calendar=calendar, contacts=tuple(contacts)
        )
        decision = decide(dossier, day)
        for planned in decision.planned:
            lines.append(f"{_line(day, due, spoken)}  {step_name(planned.step, spoken)}")
            wording = planned.step if planned.act in MESSAGES else ""
            told += [
                Told(line.step, day, wording, line.occurrence, asked=planned.act is Act.DECISION)
                for line in planned.lines
            ]
            if planned.act in MESSAGES or planned.act in (Act.CALL, Act.MEETING):
                step = procedure.step(planned.step)
                contacts.append(Spoken(day, planned.act, before_due=bool(step and step.before_due)))
        if decision.verdicts[0].outcome is Outcome.ESCALATED:
            break
        day += timedelta(days=1)
    return lines


def _line(day: date, due: date, spoken: str) -> str:
    away = (day - due).days
    weekday = _weekday(day, spoken)
    return f"  {show_date(day, spoken):>20}  {weekday:<10} {away:+4d}"


def _weekday(day: date, spoken: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415

    return str(format_date(day, "EEE", locale=spoken))
