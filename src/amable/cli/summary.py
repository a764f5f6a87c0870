"""The day in one screen: totals per currency, what leaves, what rests and why, and the head of the chain."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from tqdm import tqdm

from amable.banking.models import Statement
from amable.cli import speaking
from amable.cli.folder import KINDS, VerdictRow
from amable.core.languages import say, show_money
from amable.core.money import Money
from amable.core.planning import Outcome
from amable.core.procedure import MESSAGES
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


class Tally:
    """What the verdicts of a day come to: sums by currency, items by outcome, what is held by reason."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.owed: dict[str, Counter[str]] = defaultdict(Counter)
        self.outcomes: Counter[Outcome] = Counter()
        self.examples: dict[Outcome, VerdictRow] = {}
        self.held: dict[str, Counter[str]] = defaultdict(Counter)
        self.reasons: Counter[str] = Counter()

    def counting(self, rows: Iterable[VerdictRow]) -> Iterator[VerdictRow]:
        """The same rows, counted as they pass."""
        for row in rows:
            self._count(row)
            yield row

    def _count(self, row: VerdictRow) -> None:
        outcome, rule, totals = row.verdict.outcome, row.verdict.rule, self.owed[row.currency]
        self.outcomes[outcome] += 1
        self.examples.setdefault(outcome, row)
        totals["owed"] += row.open
        if row.due_on < self.today and row.open > 0:
            totals["overdue"] += row.open
        if rule == "hold.promised":
            totals["promised"] += row.open
        elif outcome is Outcome.HELD and row.open > 0:
            totals["held"] += row.open
        if outcome is Outcome.HELD:
            self.held[rule][row.currency] += row.open
            self.reasons[rule] += 1


def show(
    folder: Path,
    creditor: Creditor,
    today: date,
    gate: Gate | None,
    tally: Tally,
    done: Reviewed,
    rejected: int,
    head: str,
) -> None:
    """Print the day, in the language of whoever runs the command."""
    language = speaking.language()
    print(say("summary.title", language, creditor=creditor.name, day=today))
    if creditor.placeholder:
        print(say("summary.rehearsal", language))
    print()
    _counts(creditor, today, language)
    _totals(creditor, today, tally, language)
    _outcomes(tally, language)
    if not Statement.objects.filter(creditor=creditor).exists():
        print(say("summary.no_bank", language))
    if gate:
        print(say(gate.rule, language, **gate.params))
    if done.withdrawn:
        print(say("summary.withdrawn", language, n=done.withdrawn))
    if rejected:
        print(say("summary.rejected", language, n=rejected))
    places = ", ".join(f"{kind}/" for kind in KINDS if (folder / kind).is_dir())
    print(say("summary.where", language, folder=folder, places=places))
    print(say("summary.head", language, head=head))


def _counts(creditor: Creditor, today: date, language: str) -> None:
    written = Message.objects.filter(creditor=creditor, day=today, state="proposed")
    places = Counter(path.partition("/")[0] for path in written.values_list("path", flat=True))
    thanks = Counter(path.partition("/")[0] for path in written.filter(act="thanks").values_list("path", flat=True))
    print(say("summary.mails", language, n=places["mail"]))
    for key, n in (
        ("summary.thanks", thanks["mail"]),
        ("summary.letters", places["letters"]),
        ("summary.texts", places["sms"]),
        ("summary.tasks", places["tasks"]),
        ("summary.digests", places["staff"]),
    ):
        if n:
            print(say(key, language, n=n))
    print()


def _totals(creditor: Creditor, today: date, tally: Tally, language: str) -> None:
    """Owed, overdue, written to, promised and held, by currency."""
    owed = tally.owed
    asked = Message.objects.filter(creditor=creditor, day=today, state="proposed", act__in=MESSAGES)
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


def _outcomes(tally: Tally, language: str) -> None:
    """How many items came to which outcome, the held ones by reason, each with an example."""
    for outcome in Outcome:
        if not tally.outcomes[outcome]:
            continue
        print(f"{tally.outcomes[outcome]:>6}  {say(f'outcome.{outcome.value}', language)}")
        row = tally.examples[outcome]
        why = reason(row.verdict.rule, row.verdict.params, language)
        print(f"        {say('summary.example', language, invoice=row.number, customer=row.customer, why=why)}")
        if outcome is Outcome.HELD:
            for rule, n in tally.reasons.most_common():
                sums = ", ".join(show_money(Money(m, c), language) for c, m in sorted(tally.held[rule].items()))
                print(f"        {n:>4}  {say(f'why.{rule}', language)} ({sums})")
    print()
