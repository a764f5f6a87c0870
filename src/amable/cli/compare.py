"""`amable compare`: two procedures on the same past, side by side."""

from __future__ import annotations

import argparse
from dataclasses import replace

from amable.cli.replay import caveats, past_of, span
from amable.cli.run import procedure_of
from amable.cli.speaking import language
from amable.core.languages import say
from amable.core.replay import Totals, replay, totals


def command(arguments: argparse.Namespace) -> int:
    """Replay the past under both procedures and print what each comes to."""
    procedures = [procedure_of(path) for path in (arguments.a, arguments.b)]
    first, last = span(arguments)
    known = past_of(arguments, procedures[0], first, last)
    found = []
    for procedure in procedures:
        histories = [replace(h, dossier=replace(h.dossier, procedure=procedure)) for h in known.histories]
        said = [one for history in histories for one in replay(history, first, last)]
        found.append(totals(histories, said, first, last))
    spoken = language()
    print(say("compare.title", spoken, a=procedures[0].name, b=procedures[1].name, first=first, last=last))
    print()
    rows = [("", f"A {procedures[0].name}", f"B {procedures[1].name}")]
    rows += [(label, a, b) for (label, a), (_, b) in zip(*map(_lines, found), strict=True)]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    for label, a, b in rows:
        print(f"{label.ljust(widths[0])}  {a.rjust(widths[1])}  {b.rjust(widths[2])}".rstrip())
    print()
    print(say("compare.honest", spoken))
    for line in caveats(known, last):
        print(line)
    return 1 if known.complaints else 0


def _lines(found: Totals) -> list[tuple[str, str]]:
    """What is compared: the label and the figure."""
    spoken = language()
    contacts = sorted(found.contacts.values())
    mean = sum(contacts) / len(contacts) if contacts else 0.0
    share = found.reached / found.paid if found.paid else 0.0
    figures = [
        ("messages", str(found.messages)),
        ("thanks", str(found.thanks)),
        ("tasks", str(found.tasks)),
        ("decisions", str(found.decisions)),
        ("per_customer", f"{mean:.2f}"),
        ("most", str(contacts[-1] if contacts else 0)),
        ("paid", str(found.paid)),
        ("reached", f"{found.reached} ({share:.0%})"),
    ]
    return [(say(f"compare.{name}", spoken), figure) for name, figure in figures]
