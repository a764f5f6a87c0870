"""What another procedure would change in the book as it is: for each customer who owes, today and the days that follow.

Both procedures are really decided, day by day, as if nobody paid or answered; nothing is written.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple

from amable.core.procedure import COURTESIES, MESSAGES, TASKS, Act, Procedure
from amable.core.replay import Said, rehearse
from amable.dunning.dossier import gather, setting
from amable.ledger import queries
from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor

AHEAD: Final = 30  # days that are looked at beyond today
_BATCH: Final = 100
KINDS: Final = ("messages", "tasks", "decisions")

Progress = Callable[[int, int], object]  # customers done, of so many; raises to stop


class Thing(NamedTuple):
    """A message, task or decision on a day, and the steps it speaks of, the firmest last."""

    day: date
    kind: str
    act: Act
    steps: tuple[str, ...]
    items: tuple[int, ...]


class Changed(NamedTuple):
    """A customer for whom something becomes otherwise: what comes now, what would come, and how many days differ."""

    customer: int
    name: str
    now: tuple[Thing, ...]
    then: tuple[Thing, ...]
    days: int


@dataclass(slots=True)
class Effect:
    """What a procedure changes for the `customers` who owe.

    `now` and `then` count what leaves or is asked, by kind, today (`today`) and in all days together (`ahead`).
    `differing` counts messages, tasks and decisions that come on another day, otherwise, or under one only.
    """

    customers: int = 0
    differing: int = 0
    now: dict[str, Counter[str]] = field(default_factory=lambda: {"today": Counter(), "ahead": Counter()})
    then: dict[str, Counter[str]] = field(default_factory=lambda: {"today": Counter(), "ahead": Counter()})
    changed: list[Changed] = field(default_factory=list)


def owing(creditor: Creditor) -> list[int]:
    """The customers with something open."""
    open_ = Item.objects.filter(creditor=creditor).exclude(open=0)
    return sorted(set(open_.values_list("customer_id", flat=True)))


def effect(
    creditor: Creditor,
    before: Procedure,
    after: Procedure,
    today: date,
    progress: Progress = lambda done, of: None,
) -> Effect:
    """What comes to the customers who owe under a procedure and under another."""
    ids = owing(creditor)
    found = Effect()
    progress(0, len(ids))
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        names = dict(Customer.objects.filter(creditor=creditor, pk__in=batch).values_list("pk", "name"))
        now, then = (_ahead(creditor, rules, today, batch) for rules in (before, after))
        for customer in batch:
            _count(found, names[customer], customer, now[customer], then[customer], today)
        found.customers += len(batch)
        progress(found.customers, len(ids))
    found.changed.sort(key=lambda one: (-one.days, one.name, one.customer))
    return found


def _ahead(creditor: Creditor, rules: Procedure, today: date, customers: Sequence[int]) -> dict[int, tuple[Thing, ...]]:
    """What each of these customers hears, and people are asked about them, from today on."""
    listed = queries.customers(creditor, customers)
    last = today + timedelta(days=AHEAD)
    known = gather(setting(creditor, rules, today), listed)
    return {
        customer.pk: tuple(things(rehearse(one.dossier, today, last), rules))
        for customer, one in zip(listed, known, strict=True)
    }


def things(said: Iterator[Said], rules: Procedure) -> list[Thing]:
    """What is said of single items, as the messages, tasks and decisions that say it."""
    carried: dict[tuple[date, str, str], list[Said]] = defaultdict(list)
    for one in said:
        # A customer has one message a day, and a task of each kind.
        carried[one.day, kind(one.act), "" if one.act in MESSAGES else one.step].append(one)
    found = []
    for (day, sort, _), listed in carried.items():
        steps = sorted({one.step for one in listed}, key=lambda step: rules.rank.get(step, -1))
        items = tuple(sorted({one.item for one in listed}))
        found.append(Thing(day, sort, listed[0].act, tuple(steps), items))
    return sorted(found)


def kind(act: Act) -> str:
    """Under which heading something is counted."""
    if act in MESSAGES or act in COURTESIES:
        return "messages"
    return "tasks" if act in TASKS else "decisions"


def _count(
    found: Effect, name: str, customer: int, now: tuple[Thing, ...], then: tuple[Thing, ...], today: date
) -> None:
    for counts, listed in ((found.now, now), (found.then, then)):
        for thing in listed:
            counts["ahead"][thing.kind] += 1
            if thing.day == today:
                counts["today"][thing.kind] += 1
    gone, new = Counter(now) - Counter(then), Counter(then) - Counter(now)
    if not gone and not new:
        return
    # One that comes on the same day otherwise is one difference, not two.
    there, here = (Counter((thing.day, thing.kind) for thing in some_.elements()) for some_ in (gone, new))
    differing = (there | here).total()
    found.differing += differing
    found.changed.append(Changed(customer, name, now, then, differing))
