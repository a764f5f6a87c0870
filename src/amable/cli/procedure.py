"""`amable procedure check|show`: what is wrong with a procedure, and the calendar an invoice would get."""

from __future__ import annotations

import argparse
from datetime import date, timedelta

from amable.cli.run import procedure_of
from amable.cli.speaking import RefusedError, language, today_in
from amable.core.days import Calendar
from amable.core.languages import say, show_date
from amable.core.planning import Discount, Dossier, Item, Outcome
from amable.core.procedure import Procedure
from amable.core.reasons import step_name
from amable.core.replay import rehearse

_LONGEST = 200  # days after the due date a calendar is followed for


def command(arguments: argparse.Namespace) -> int:
    """Check or show a procedure."""
    procedure = procedure_of(arguments.file)
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
    early = Discount(20_00, due - timedelta(days=1))  # so that a step that offers one is shown
    item = Item(1, "invoice", "1", "EUR", 1_000_00, due, issued=due - timedelta(days=30), discount=early)
    dossier = Dossier(1, procedure, (item,), calendar=calendar, creditor_calendar=calendar)
    for said in rehearse(dossier, due - timedelta(days=45), due + timedelta(days=_LONGEST)):
        lines.append(f"{_line(said.day, due, spoken)}  {step_name(said.step, spoken)}")
        if said.outcome is Outcome.ESCALATED:
            break
    return lines


def _line(day: date, due: date, spoken: str) -> str:
    away = (day - due).days
    weekday = _weekday(day, spoken)
    return f"  {show_date(day, spoken):>20}  {weekday:<10} {away:+4d}"


def _weekday(day: date, spoken: str) -> str:
    from babel.dates import format_date  # noqa: PLC0415

    return str(format_date(day, "EEE", locale=spoken))
