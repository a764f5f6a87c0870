"""The customers every test knows, and how their days pass.

Punctual pays when reminded kindly; Forgetful pays late and means no harm; Promising names a day; Disputing contests;
Silent never answers; Gone cannot be reached. All owe the same baker in Valencia.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from amable.core.course import Told
from amable.core.days import Calendar
from amable.core.payers import Profile
from amable.core.planning import Contact, Decision, Dossier, Item, Kind, Planned, Promise, Verdict, decide
from amable.core.procedure import MESSAGES, Act, Procedure, read

DUE = date(2026, 3, 3)  # a Tuesday
SAN_JOSE = date(2026, 3, 19)  # a Thursday, holiday in Valencia
VALENCIA = Calendar(
    "ES-VC",
    {
        date(2026, 1, 1): "Año Nuevo",
        date(2026, 1, 6): "Epifanía",
        SAN_JOSE: "San José",
        date(2026, 4, 3): "Viernes Santo",
        date(2026, 4, 6): "Lunes de Pascua",
        date(2026, 5, 1): "Fiesta del Trabajo",
    },
)
MADRID = ZoneInfo("Europe/Madrid")
DAY = timedelta(days=1)


@cache
def procedure(name: str = "starter") -> Procedure:
    """One of the procedures that ship."""
    return read(files("amable").joinpath("dunning", "starters", f"{name}.yaml").read_text("utf-8"))


def invoice(number: int = 1, *, due: date = DUE, open: int = 500_00, **facts: Any) -> Item:  # noqa: A002
    """An invoice of 500 euros, issued a month before it falls due."""
    facts.setdefault("issued", due - timedelta(days=30))
    facts.setdefault("currency", "EUR")
    return Item(number, facts.pop("kind", Kind.INVOICE), f"F-{number}", open=open, due=due, **facts)


def credit(number: int = 90, *, open: int = -100_00, **facts: Any) -> Item:  # noqa: A002
    """A credit note of 100 euros."""
    return invoice(number, open=open, **{"kind": Kind.CREDIT_NOTE, **facts})


def told(*steps: tuple[str, date], **facts: Any) -> tuple[Told, ...]:
    """Messages about an item, each in the words of its own step, counted."""
    seen: dict[str, int] = {}
    found = []
    for step, day in steps:
        seen[step] = seen.get(step, 0) + 1
        found.append(Told(step, day, step, seen[step], **facts))
    return tuple(found)


def customer(*items: Item, **facts: Any) -> Dossier:
    """A customer in Valencia of whom nothing particular is known."""
    facts.setdefault("procedure", procedure())
    return Dossier(
        1,
        items=items or (invoice(),),
        **{
            "calendar": VALENCIA,
            "creditor_calendar": VALENCIA,
            "zone": MADRID,
            "country": "ES",
            "minimum": {"EUR": 5_00, "USD": 5_00},
            **facts,
        },
    )


def punctual(*items: Item, **facts: Any) -> Dossier:
    """Pays on the day, year after year."""
    return customer(*items, profile=Profile(settled=12, median_late=-1, observed=12), **facts)


def forgetful(*items: Item, **facts: Any) -> Dossier:
    """Pays two weeks late, always."""
    return customer(*items, profile=Profile(settled=5, median_late=14, observed=5), **facts)


def promising(*items: Item, on: date, amount: int = 500_00, **facts: Any) -> Dossier:
    """Has promised to pay."""
    return customer(*(item._replace(promise=Promise(amount, on)) for item in items or (invoice(),)), **facts)


def disputing(*items: Item, amount: int = 500_00, **facts: Any) -> Dossier:
    """Contests the invoices, or a part of each."""
    return customer(*(item._replace(disputed=amount) for item in items or (invoice(),)), **facts)


def silent(*items: Item, **facts: Any) -> Dossier:
    """Receives every message and answers none."""
    return customer(*items, profile=Profile(settled=1, silent=3), **facts)


def gone(*items: Item, **facts: Any) -> Dossier:
    """No address is left to write to."""
    return customer(*items, reach=frozenset(), **facts)


@dataclass
class Life:
    """A customer's days: what is planned on one is on record on the next."""

    dossier: Dossier
    record: dict[int, list[Told]] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    said: list[tuple[date, Planned]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for item in self.dossier.items:
            self.record.setdefault(item.id, list(item.told))

    def known(self) -> Dossier:
        """The dossier as it stands."""
        items = tuple(item._replace(told=tuple(self.record.get(item.id, item.told))) for item in self.dossier.items)
        return replace(self.dossier, items=items, contacts=(*self.dossier.contacts, *self.contacts))

    def change(self, **facts: Any) -> None:
        """Something about the customer becomes known."""
        self.dossier = replace(self.dossier, **facts)

    def change_items(self, edit: Callable[[Item], Item | None]) -> None:
        """Something about the items becomes known; None settles one."""
        kept = [edit(item) for item in self.dossier.items]
        self.change(items=tuple(item for item in kept if item is not None))

    def add(self, *items: Item) -> None:
        """New invoices are issued."""
        self.change(items=(*self.dossier.items, *items))

    def live(self, today: date, now: datetime | None = None) -> Decision:
        """Decide a day, and carry out what was planned."""
        decision = decide(self.known(), today, now)
        for planned in decision.planned:
            self.said.append((today, planned))
            self.carry_out(planned, today)
        return decision

    def carry_out(self, planned: Planned, today: date) -> None:
        wording = planned.step if planned.act in MESSAGES else ""
        for line in planned.lines:
            asked = planned.act is Act.DECISION
            self.record.setdefault(line.item, []).append(Told(line.step, today, wording, line.occurrence, asked))
        if planned.act in (*MESSAGES, Act.CALL, Act.MEETING):
            step = self.dossier.procedure.step(planned.step)
            assert step is not None
            self.contacts.append(Contact(today, planned.act, step.before_due))

    def through(self, first: date, last: date) -> Iterator[tuple[date, Decision]]:
        """Every day from `first` to `last`."""
        for today in days(first, last):
            yield today, self.live(today)

    def until(self, last: date, *, first: date = date(2026, 2, 1)) -> Life:
        """Let the days pass."""
        for _ in self.through(first, last):
            pass
        return self

    def steps(self) -> list[tuple[date, str]]:
        """What was said and asked, and when."""
        return [(today, planned.step) for today, planned in self.said]


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def verdict(decision: Decision, item: int = 1) -> Verdict:
    """The verdict of an item."""
    return next(verdict for verdict in decision.verdicts if verdict.item == item)


def verdicts(dossier: Dossier, today: date, now: datetime | None = None) -> dict[int, tuple[str, str]]:
    """Outcome and rule of every item of a customer on a day."""
    return {found.item: (found.outcome.value, found.rule) for found in decide(dossier, today, now).verdicts}


def messages(decisions: Iterable[Planned] | Decision) -> Sequence[Planned]:
    """The messages to the customer among what was planned, thanks apart."""
    planned = decisions.planned if isinstance(decisions, Decision) else decisions
    return [one for one in planned if one.act in MESSAGES]
