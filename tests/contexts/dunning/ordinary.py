"""A wholesaler's year as its ledger shows it each morning: waves of invoices, habits of paying, holidays, growth.

A seed gives the same year again. Nothing in it is a mistake; the mistakes are planted by the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from amable.plugs.invoices import ItemRecord
from tests.cast import VALENCIA
from tests.contexts.books import row

DAY = timedelta(days=1)
KEPT = timedelta(days=60)  # for so long the ledger shows what was paid


@dataclass
class Entry:
    """An invoice or credit note, and when it is paid."""

    facts: dict[str, object]
    total: Decimal
    issued: date
    due: date
    settled: date | None
    half_paid: date | None = None
    moved: date | None = None  # since when it falls due a week later


@dataclass
class Wholesaler:
    """`ledger(day)` is what the bookkeeper exports that morning."""

    seed: int = 1
    name: str = "C"
    customers: list[dict[str, object]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        for _ in range(64):
            self.win_a_customer()

    def live(self, first: date, last: date) -> Wholesaler:
        """Let the days from `first` to `last` happen."""
        day = first
        while day <= last:
            if VALENCIA.works(day):
                self.trade(day)
            day += DAY
        return self

    def trade(self, day: date) -> None:
        """A working day: invoices at random, those of the subscribers on the first of the month, some credit notes."""
        if self.chance.random() < 0.2:
            self.win_a_customer()
        if self.chance.random() < 0.15:
            self.chance.choice(self.customers)["email"] = f"nuevo{len(self.entries)}@cliente.example"
        slow = day.month == 8
        for _ in range(self.chance.randrange(0, 2 if slow else 6)):
            self.sell(self.chance.choice(self.customers), day)
        if VALENCIA.add(day.replace(day=1) - DAY, 1) == day:
            for customer in self.customers:
                if customer["subscribed"]:
                    self.sell(customer, day, terms=30)
            for customer in self.chance.sample(self.customers, 6):
                self.give_credit(customer, day)

    def win_a_customer(self) -> None:
        number = len(self.customers)
        self.customers.append(
            {
                "customer_id": f"{self.name}-{number}",
                "customer_name": f"Comercial {self.name} {number}, S.L.",
                "contact_name": "",
                "tax_id": "",
                "email": f"pagos@cliente{self.name.lower()}{number}.example",
                "currency": "USD" if self.chance.random() < 0.1 else "EUR",
                "subscribed": self.chance.random() < 0.6,
                "habit": self.chance.choices(("early", "late", "very_late", "never"), (60, 32, 6, 2))[0],
            }
        )

    def sell(self, customer: dict[str, object], day: date, terms: int = 0) -> None:
        due = day + timedelta(days=terms or self.chance.choice((15, 30, 30, 45)))
        habit = customer["habit"]
        late = {
            "early": self.chance.randrange(-12, 2),
            "late": self.chance.randrange(-2, 24),
            "very_late": self.chance.randrange(15, 70),
        }
        settled = None if habit == "never" else max(day, due + timedelta(days=late[str(habit)]))
        total = Decimal(self.chance.randrange(3_000, 400_000)) / 100
        entry = Entry(customer, total, day, due, settled)
        if settled and self.chance.random() < 0.06:
            entry.half_paid = day + (settled - day) / 2
        if self.chance.random() < 0.01:
            entry.moved = day + 10 * DAY
        self.entries.append(entry)

    def give_credit(self, customer: dict[str, object], day: date) -> None:
        used = day + timedelta(days=self.chance.randrange(10, 60))
        total = -Decimal(self.chance.randrange(1_000, 9_000)) / 100
        self.entries.append(Entry(customer, total, day, day + 30 * DAY, used))

    def ledger(self, day: date) -> list[ItemRecord]:
        """All that is open, and what was paid lately."""
        return list(self._rows(day))

    def _rows(self, day: date) -> Iterator[ItemRecord]:
        for number, entry in enumerate(self.entries):
            paid = entry.settled is not None and entry.settled <= day
            if entry.issued > day or (paid and entry.settled and entry.settled < day - KEPT):
                continue
            half = entry.half_paid is not None and entry.half_paid <= day
            left = entry.total / 2 if half else entry.total
            facts = {name: value for name, value in entry.facts.items() if name not in ("subscribed", "habit")}
            yield row(
                f"{self.name}F-{number}",
                str(entry.total),
                **facts,
                line=number + 2,
                open_amount=Decimal(0) if paid else left.quantize(Decimal("0.01")),
                settled_date=entry.settled if paid else None,
                issue_date=entry.issued,
                due_date=entry.due + 7 * DAY if entry.moved and entry.moved <= day else entry.due,
            )
