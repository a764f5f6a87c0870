"""The past and the future as a loop over `decide`: what would be said to a customer day by day, all in memory.

Nothing is read or written. What is planned on one day is on record on the next; nobody answers a task or a decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from amable.core.course import Told
from amable.core.days import ONE_DAY
from amable.core.payers import Profile, Promised, profile
from amable.core.planning import (
    Contact,
    Decision,
    Dossier,
    Item,
    Kind,
    Outcome,
    Paid,
    Planned,
    Promise,
    Receipt,
    decide,
    type_params,
)  # fmt: skip
from amable.core.procedure import MESSAGES, Act, Procedure


class Change(NamedTuple):
    """From this day on so much of an item is open; `rule` and `params` say how it was settled, if it was."""

    on: date
    open: int
    rule: str = ""
    params: type_params = {}  # noqa: RUF012 - never changed


class Life(NamedTuple):
    """An item through time. It is known from its first change on; what its ledger says without a date holds from then.

    `item.disputed` above zero says that whatever is open is disputed; a promise is for whatever is open.
    """

    item: Item
    changes: tuple[Change, ...]


class Waiting(NamedTuple):
    """Money that waits to be matched: it holds these items, and the rest of it counts as the customer's own."""

    since: date
    until: date
    currency: str
    amount: int
    items: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class History:
    """A customer through time. `dossier` is what does not change: procedure, calendars, ways to reach them; no items.

    `bank` is the first and the last day that bank statements tell of, None when there are none.
    """

    dossier: Dossier
    lives: tuple[Life, ...]
    receipts: tuple[Receipt, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    bank: tuple[date, date] | None = None


class Said(NamedTuple):
    """One thing said, asked or decided about one item on one day."""

    day: date
    customer: int
    item: int
    act: Act
    step: str
    outcome: Outcome
    rule: str


@dataclass(slots=True)
class Record:
    """What was said, asked and decided so far, as the dossier of the next day has it."""

    procedure: Procedure
    told: dict[int, list[Told]] = field(default_factory=lambda: defaultdict(list))
    contacts: list[Contact] = field(default_factory=list)
    thanked: set[int] = field(default_factory=set)

    def keep(self, planned: Planned, day: date) -> None:
        """Put one message or task on record."""
        act = planned.act
        wording = planned.step if act in MESSAGES else ""
        for line in planned.lines:
            self.told[line.item].append(Told(line.step, day, wording, line.occurrence, asked=act is Act.DECISION))
        for receipt in planned.thanks:
            self.thanked.update(receipt.settled)
        if act in MESSAGES or act in (Act.CALL, Act.MEETING):
            step = self.procedure.step(planned.step)
            self.contacts.append(Contact(day, act, before_due=step is not None and step.before_due))

    @property
    def written_to(self) -> bool:
        """Whether any message is on record."""
        return any(contact.act in MESSAGES for contact in self.contacts)

    def unthanked(self, receipts: Iterable[Receipt]) -> tuple[Receipt, ...]:
        """The receipts with what nobody was thanked for yet."""
        left = (receipt._replace(settled=self._unthanked(receipt)) for receipt in receipts)
        return tuple(receipt for receipt in left if receipt.settled)

    def _unthanked(self, receipt: Receipt) -> tuple[int, ...]:
        return tuple(item for item in receipt.settled if item not in self.thanked)


def replay(history: History, first: date, last: date, *, every_day: bool = False) -> Iterator[Said]:
    """What the customer would have heard from `first` to `last`, had everything been said from the first day on.

    Days on which nothing became known and nothing was to be looked at are passed over; `every_day` decides those too,
    and finds the same.
    """
    walk = _Walk(history, first)
    look: date | None = first
    habits: object = None
    day = first
    while day <= last:
        news = walk.arrive(day)
        if walk.anything(day):
            known = walk.profile(day)
            if every_day or news or known[1] != habits or (look is not None and look <= day):
                habits = known[1]
                decision = decide(walk.dossier(day, known[0]), day)
                look = decision.look_again
                yield from _said(history.dossier.customer, decision, day, walk.how, history.dossier.procedure)
                for planned in decision.planned:
                    walk.record.keep(planned, day)
        day += ONE_DAY


def rehearse(dossier: Dossier, first: date, last: date) -> Iterator[Said]:
    """What the customer will hear from `first` to `last` if nobody pays, promises or answers in the meantime."""
    record = Record(dossier.procedure)
    record.contacts.extend(dossier.contacts)
    for item in dossier.items:
        record.told[item.id].extend(item.told)
    how = {paid.item: paid.rule for paid in dossier.paid}
    day, look = first, first
    while day <= last:
        if look <= day:
            items = tuple(item._replace(told=tuple(record.told[item.id])) for item in dossier.items)
            known = replace(
                dossier,
                items=items,
                contacts=tuple(record.contacts),
                written_to=dossier.written_to or record.written_to,
                receipts=record.unthanked(dossier.receipts),
                paid=dossier.paid if day == first else (),
            )
            decision = decide(known, day)
            yield from _said(dossier.customer, decision, day, how, dossier.procedure)
            for planned in decision.planned:
                record.keep(planned, day)
            if decision.look_again is None:
                return
            look = decision.look_again
        day += ONE_DAY


def _said(customer: int, decision: Decision, day: date, how: Mapping[int, str], procedure: Procedure) -> Iterator[Said]:
    """A decision as what it says of each item; `how` is the rule by which a thanked item was settled."""
    verdicts = {verdict.item: verdict for verdict in decision.verdicts}
    for place, planned in enumerate(decision.planned):
        thanked = [item for receipt in planned.thanks for item in receipt.settled]
        for line in planned.lines if planned.act is not Act.THANKS else ():
            verdict = verdicts.get(line.item)
            if verdict is not None and verdict.carrier == place:
                outcome, rule = verdict.outcome, verdict.rule
            else:
                outcome, rule = _outcome(planned.act), f"step.{line.step}"
            yield Said(day, customer, line.item, planned.act, line.step, outcome, rule)
        for item in dict.fromkeys(thanked):
            step = procedure.thanks.id if procedure.thanks else planned.step
            yield Said(day, customer, item, Act.THANKS, step, Outcome.PAID, how.get(item, "paid.ledger"))


def _outcome(act: Act) -> Outcome:
    """What an act is about an item whose verdict of the day is carried by another one."""
    if act in MESSAGES or act is Act.CONFIRM:
        return Outcome.SENT
    return Outcome.ESCALATED if act is Act.DECISION else Outcome.TASK


class _Walk:
    """A customer on the way through the days: what is open, what was settled, what is on record."""

    def __init__(self, history: History, first: date) -> None:
        self.history = history
        self.record = Record(history.dossier.procedure)
        self.open: dict[int, Item] = {}
        self.settled: dict[int, tuple[date, date]] = {}
        self.promised: dict[int, date] = {}
        self.paid: list[Paid] = []
        self.how: dict[int, str] = {}  # the rule by which an item was settled
        self.events: dict[date, list[tuple[Life, Change]]] = defaultdict(list)
        self.turns = {day for money in history.waiting for day in (money.since, money.until)}
        self.receipts = sorted((r for r in history.receipts if r.booked_on >= first), key=itemgetter(2))
        before: list[tuple[Life, Change]] = []
        for life in history.lives:
            for change in life.changes:
                (before if change.on < first else self.events[change.on]).append((life, change))
        for life, change in sorted(before, key=lambda event: event[1].on):
            self.apply(life, change)
        self.paid = []  # history, for which nobody is thanked

    def anything(self, day: date) -> bool:
        """Whether there is anything to decide about."""
        return bool(self.open or self.paid or (self.receipts and self.receipts[0].booked_on <= day))

    def arrive(self, day: date) -> bool:
        """Let a day begin; whether anything became known on it."""
        news = bool(self.paid) or day in self.turns
        self.paid = []
        for life, change in self.events.pop(day, ()):
            self.apply(life, change)
            news = True
        return news

    def apply(self, life: Life, change: Change) -> None:
        """So much of an item is open from now on."""
        item, number = life.item, life.item.id
        before = self.open.get(number)
        if item.promise:
            self.promised[number] = item.promise.on
        if change.open == 0:
            self.open.pop(number, None)
            if item.kind == Kind.INVOICE:
                self.settled[number] = item.due, change.on
            if before is not None and item.kind != Kind.UNAPPLIED:
                self.how[number] = change.rule
                self.paid.append(Paid(number, change.rule, change.params))
            return
        cycle = before.cycle if before else item.cycle
        if self.settled.pop(number, None):  # open again: a new cycle begins
            self.record.told.pop(number, None)
            cycle += 1
        owed = abs(change.open)
        self.open[number] = item._replace(
            open=change.open,
            cycle=cycle,
            disputed=owed if item.disputed else 0,
            promise=Promise(owed, item.promise.on) if item.promise else None,
            paid_since=change.on if before and 0 < change.open < before.open else None,
        )

    def profile(self, day: date) -> tuple[Profile, object]:
        """The customer's profile on a day, and what of it makes a difference to what is decided."""
        promises = (Promised(by, self.settled.get(item, (day, None))[1]) for item, by in self.promised.items())
        unpaid = [item.due for item in self.open.values() if item.open > 0]
        known = profile(self.settled.values(), unpaid, day, promises=promises)
        return known, (known.habitually_late, known.relationship, known.pace)

    def dossier(self, day: date, known: Profile) -> Dossier:
        """All that is known of the customer on a day."""
        history = self.history
        held: set[int] = set()
        suspense: dict[str, int] = {}
        for money in history.waiting:
            if money.since <= day < money.until:
                held |= money.items
                suspense[money.currency] = suspense.get(money.currency, 0) + money.amount
        items = [
            item._replace(told=tuple(self.record.told.get(item.id, ())), match_proposed=item.id in held)
            for item in self.open.values()
        ]
        return replace(
            history.dossier,
            items=tuple(sorted(items, key=lambda item: (item.due, item.id))),
            paid=tuple(self.paid),
            receipts=self.recent(day),
            contacts=tuple(self.record.contacts),
            written_to=self.record.written_to,
            suspense={currency: amount for currency, amount in suspense.items() if amount},
            profile=known,
            bank_until=self.bank_until(day),
        )

    def recent(self, day: date) -> tuple[Receipt, ...]:
        """The receipts booked until a day that nobody was thanked for; those too old to be thanked for fall away."""
        if not self.receipts:
            return ()
        oldest = self.history.dossier.calendar.add(day, -_THANKED_WORKING_DAYS)
        self.receipts = [receipt for receipt in self.receipts if receipt.booked_on >= oldest]
        return self.record.unthanked(receipt for receipt in self.receipts if receipt.booked_on <= day)

    def bank_until(self, day: date) -> date | None:
        """How far the bank data of a day reaches."""
        bank = self.history.bank
        return min(day, bank[1]) if bank and bank[0] <= day else None


_THANKED_WORKING_DAYS = 5  # more than enough: `decide` asks for the last two


# --- what a replay comes to ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """A replay in numbers. `messages`, `thanks`, `tasks` and `decisions` count what leaves, not its items.

    `contacts` are messages and calls by customer, `items` the invoices that fell due, `reached` those of the `paid`
    ones that were written about at least once before they were settled.
    """

    messages: int
    thanks: int
    tasks: int
    decisions: int
    contacts: Mapping[int, int]
    items: int
    paid: int
    reached: int
    overdue: int


def totals(histories: Iterable[History], said: Sequence[Said], first: date, last: date) -> Totals:
    """What a replay comes to, from the first day to the last."""
    carried = {(one.day, one.customer, one.act, one.step if one.act not in MESSAGES else "") for one in said}
    written = {(day, customer) for day, customer, act, _ in carried if act in MESSAGES}
    acts: dict[Act, int] = defaultdict(int)
    contacts: dict[int, int] = defaultdict(int)
    for day, customer, act, _ in carried:
        if act is Act.THANKS and (day, customer) in written:
            continue  # a demand opened with the thanks
        acts[act] += 1
        if act in MESSAGES or act in (Act.CALL, Act.MEETING):
            contacts[customer] += 1
    spoken: dict[int, date] = {}
    for one in said:
        if one.act in MESSAGES and one.day < spoken.get(one.item, date.max):
            spoken[one.item] = one.day
    items = paid = reached = overdue = 0
    for history in histories:
        contacts.setdefault(history.dossier.customer, 0)
        for life in history.lives:
            if life.item.kind != Kind.INVOICE or not _open_between(life, first, last):
                continue
            items += 1
            settled = next((c.on for c in reversed(life.changes) if c.open == 0 and c.on <= last), None)
            overdue += life.item.due < min(settled or last, last)
            if settled is not None:
                paid += 1
                reached += spoken.get(life.item.id, date.max) < settled
    tasks = sum(acts[act] for act in (Act.CHECK, Act.CALL, Act.MEETING))
    messages = sum(acts[act] for act in (*MESSAGES, Act.CONFIRM))
    return Totals(messages, acts[Act.THANKS], tasks, acts[Act.DECISION], dict(contacts), items, paid, reached, overdue)


def _open_between(life: Life, first: date, last: date) -> bool:
    """Whether anything was open on an item on any of these days."""
    opens = life.changes
    return any(
        change.open and change.on <= last and (place + 1 == len(opens) or opens[place + 1].on > first)
        for place, change in enumerate(opens)
    )
