"""`amable simulate`: how long invented payers take to pay under a procedure, and how often they hear from us."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from statistics import fmean

from amable.cli.run import procedure_of
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say
from amable.core.simulator import PATIENCE, PEOPLE, Interval, Lived, difference, interval, simulate

_INVOICES = 4
_FEW = 10  # the normal approximation is no good for fewer payers


def command(arguments: argparse.Namespace) -> int:
    """Simulate one procedure, or two side by side, and print days to pay and contacts with their intervals."""
    if arguments.payers < 2:
        raise RefusedError("too_few_payers")
    procedures = [
        procedure_of(path) for path in (arguments.procedure, arguments.against)[: 1 + bool(arguments.against)]
    ]
    lives = [
        simulate(procedure, arguments.payers, arguments.seed, arm=arm, invoices=_INVOICES)
        for procedure, arm in zip(procedures, "AB", strict=False)
    ]
    spoken = language()
    for place, (procedure, lived) in enumerate(zip(procedures, lives, strict=True)):
        title = say(
            "simulate.title", spoken, n=len(lived), invoices=_INVOICES, seed=str(arguments.seed), name=procedure.name
        )
        print(f"{'AB'[place]}  {title}" if len(lives) > 1 else title)
        _table(lived)
        unpaid = sum(one.unpaid for one in lived)
        if unpaid:
            print(say("simulate.unpaid", spoken, n=unpaid, days=PATIENCE))
        print()
    if len(lives) > 1:
        _difference(*lives)
        print()
    print(say("simulate.honest", spoken))
    return 0


def _table(lived: Sequence[Lived]) -> None:
    """Days and contacts of all payers, then of each temperament."""
    spoken = language()
    rows = [tuple(say(f"simulate.{name}", spoken) for name in ("temperament", "payers", "days", "contacts"))]
    for name in ("", *(kind.name for kind in PEOPLE)):
        mine = [one for one in lived if not name or one.temperament == name]
        if mine:
            label = say(f"temperament.{name}" if name else "simulate.all", spoken)
            days, contacts = ([one.days for one in mine], [one.contacts for one in mine])
            rows.append((label, str(len(mine)), _mean(days), _mean(contacts)))
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    for row in rows:
        print("  ".join((row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)))))


def _difference(one: Sequence[Lived], other: Sequence[Lived]) -> None:
    """How the second procedure differs from the first, and whether chance could do as much."""
    spoken = language()
    for name in ("days", "contacts"):
        found = difference([getattr(x, name) for x in one], [getattr(x, name) for x in other])
        verdict = say("simulate.some" if found.real else "simulate.none", spoken)
        print(f"{say('simulate.difference', spoken)}, {say(f'simulate.{name}', spoken)}: {_shown(found, 2)}  {verdict}")


def _mean(values: Sequence[float]) -> str:
    """The mean, with its interval where there are payers enough for one."""
    return _shown(interval(values)) if len(values) >= _FEW else f"{fmean(values):.1f}"


def _shown(found: Interval, places: int = 1) -> str:
    if found.high == float("inf"):
        return f"{found.mean:.{places}f}"
    return f"{found.mean:.{places}f} [{found.low:.{places}f}, {found.high:.{places}f}]"
