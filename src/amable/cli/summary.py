"""The day in one screen: totals per currency, what leaves, what rests and why, and the head of the chain."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tqdm import tqdm

from amable.banking.models import Statement
from amable.cli import folder as outbox_folder
from amable.cli import speaking
from amable.core.languages import say, show_money
from amable.core.money import Money
from amable.core.planning import Outcome
from amable.core.procedure import Procedure
from amable.core.reasons import reason
from amable.correspondence.models import Message
from amable.dunning.actions import Gate, Reviewed
from amable.organisation.models import Creditor

_LONG_WORK = 2000  # rows from which on a bar shows that something happens


@contextmanager
def progress(rows: int, *, quiet: bool) -> Iterator[Callable[[int], object]]:
    """A bar on long work, at a terminal only."""
    hidden = quiet or rows < _LONG_WORK or not sys.stderr.isatty()
    with tqdm(unit="", leave=False, disable=hidden) as bar:
        yield bar.update


def show(
    folder: Path,
    creditor: Creditor,
    today: date,
    gate: Gate | None,
    procedure: Procedure,
    done: Reviewed,
    rejected: int,
    head: str,
) -> None:
    """Print the day, in the language of whoever runs the command."""
    language = speaking.language()
    rows = list(outbox_folder.verdict_rows(creditor, today, gate, procedure))
    print(say("summary.title", language, creditor=creditor.name, day=today))
    if creditor.placeholder:
        print(say("summary.rehearsal", language))
    print()
    _counts(creditor, today, language)
    _totals(creditor, today, rows, language)
    _outcomes(rows, language)
    if not Statement.objects.filter(creditor=creditor).exists():
        print(say("summary.no_bank", language))
    if gate:
        print(say(gate.rule, language, **gate.params))
    if done.withdrawn:
        print(say("summary.withdrawn", language, n=done.withdrawn))
    if rejected:
        print(say("summary.rejected", language, n=rejected))
    print(say("summary.where", language, folder=folder))
    print(say("summary.head", language, head=head))


def _counts(creditor: Creditor, today: date, language: str) -> None:
    written = Message.objects.filter(creditor=creditor, day=today, state="proposed")
    counts = Counter(written.values_list("act", flat=True))
    mails, thanks = counts.pop("email", 0) + counts.pop("confirm", 0), counts.pop("thanks", 0)
    staff = counts.pop("staff", 0)
    print(say("summary.mails", language, n=mails + thanks))
    for key, n in (("summary.thanks", thanks), ("summary.tasks", sum(counts.values())), ("summary.digests", staff)):
        if n:
            print(say(key, language, n=n))
    print()


def _totals(creditor: Creditor, today: date, rows: list[outbox_folder.VerdictRow], language: str) -> None:
    """Owed, overdue, written to, promised and held, by currency."""
    owed: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        totals = owed[row.currency]
        totals["owed"] += row.open
        if row.due_on < today and row.open > 0:
            totals["overdue"] += row.open
        if row.verdict.rule == "hold.promised":
            totals["promised"] += row.open
        elif row.verdict.outcome is Outcome.HELD and row.open > 0:
            totals["held"] += row.open
    asked = Message.objects.filter(creditor=creditor, day=today, state="proposed", act="email")
    for currency, demanded in asked.values_list("currency", "demanded"):
        owed[currency]["written"] += demanded
    names = ("owed", "overdue", "written", "promised", "held")
    headings = [say(f"summary.{name}", language) for name in names]
    cells = [
        [show_money(Money(owed[currency][name], currency), language) if owed[currency][name] else "–" for name in names]
        for currency in sorted(owed)
    ]
    widths = [max(len(printed[place]) for printed in (headings, *cells)) for place in range(len(names))]
    for printed in (headings, *cells):
        print("  ".join(cell.rjust(width) for cell, width in zip(printed, widths, strict=True)))
    print()


def _outcomes(rows: list[outbox_folder.VerdictRow], language: str) -> None:
    """How many items came to which outcome, the held ones by reason, each with an example."""
    outcomes = Counter(row.verdict.outcome for row in rows)
    examples = {row.verdict.outcome: row for row in reversed(rows)}
    for outcome in Outcome:
        if not outcomes[outcome]:
            continue
        print(f"{outcomes[outcome]:>6}  {say(f'outcome.{outcome.value}', language)}")
        row = examples[outcome]
        why = reason(row.verdict.rule, row.verdict.params, language)
        print(f"        {say('summary.example', language, invoice=row.number, customer=row.customer, why=why)}")
        if outcome is Outcome.HELD:
            held: dict[str, Counter[str]] = defaultdict(Counter)
            count: Counter[str] = Counter()
            for row in rows:
                if row.verdict.outcome is Outcome.HELD:
                    held[row.verdict.rule][row.currency] += row.open
                    count[row.verdict.rule] += 1
            for rule, n in count.most_common():
                sums = ", ".join(show_money(Money(m, c), language) for c, m in sorted(held[rule].items()))
                print(f"        {n:>4}  {say(f'why.{rule}', language)} ({sums})")
    print()
