"""A year of a creditor's ledger as it really looks: most customers pay a little late, some not at all.

The shape follows the statistics of a real ledger: about a third of the invoices is paid late, by a few days on average,
one customer in a hundred by three weeks; disputes are rare and late. A seed gives the same ledger again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from amable.plugs.invoices import ItemRecord

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)
_PLACES = (("ES", "VC"), ("ES", "MD"), ("RO", ""), ("FR", ""), ("DE", "BY"), ("GB", ""))


def ledger(invoices: int, seed: int = 1) -> list[ItemRecord]:
    """So many invoices of a fifth as many customers, from the autumn before to the end of the year."""
    chance = Random(seed)
    customers = [_customer(number, chance) for number in range(max(1, invoices // 5))]
    return [_invoice(line, chance.choice(customers), chance) for line in range(2, invoices + 2)]


def write(path: Path, records: Iterable[ItemRecord]) -> Path:
    """The ledger as the file a bookkeeper would export."""
    columns = (
        "customer_id", "customer_name", "email", "country", "region", "tax_id", "opt_out", "payment_method",
        "invoice_number", "issue_date", "due_date", "currency", "total", "open_amount", "settled_date", "disputed",
        "promise_date",
    )  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for record in records:
            row = {name: getattr(record, name) for name in columns}
            row |= {"opt_out": ",".join(record.opt_out), "disputed": "yes" if record.disputed else ""}
            writer.writerow("" if value is None else str(value) for value in row.values())
    return path


def _customer(number: int, chance: Random) -> dict[str, object]:
    country, region = chance.choice(_PLACES)
    habit = chance.choices(("early", "late", "very_late", "never"), (64, 30, 4, 2))[0]
    return {
        "habit": habit,
        "facts": {
            "customer_id": f"C-{number}",
            "customer_name": f"Cliente {number}, S.L.",
            "email": "" if chance.random() < 0.02 else f"c{number}@example.com",
            "country": country,
            "region": region,
            "tax_id": f"B{number:08}",
            "opt_out": ("email",) if chance.random() < 0.01 else (),
            "payment_method": "direct debit" if chance.random() < 0.05 else "",
        },
    }


def _invoice(line: int, customer: dict[str, object], chance: Random) -> ItemRecord:
    issued = FIRST - timedelta(days=60) + timedelta(days=chance.randrange(410))
    due = issued + timedelta(days=chance.choice((15, 30, 30, 45)))
    disputed = chance.random() < 0.03
    settled = due + timedelta(days=_days_late(str(customer["habit"]), chance) + (20 if disputed else 0))
    open_ = customer["habit"] == "never" or settled > LAST
    total = Decimal(chance.randrange(300, 900_000)) / 100
    if chance.random() < 0.02:
        total = -total / 10
        total = total.quantize(Decimal("0.01"))
    facts: dict[str, object] = customer["facts"]  # type: ignore[assignment]
    return ItemRecord(
        line=line,
        invoice_number=f"F-{line}",
        issue_date=issued,
        due_date=due,
        terms_days=None,
        total=total,
        open_amount=total if open_ else Decimal(0),
        settled_date=None if open_ else settled,
        currency=chance.choices(("EUR", "USD"), (95, 5))[0],
        disputed=disputed,
        promise_date=due + timedelta(days=20) if chance.random() < 0.03 else None,
        **facts,  # type: ignore[arg-type]
    )


def _days_late(habit: str, chance: Random) -> int:
    if habit == "early":
        return -chance.randrange(0, 15)
    if habit == "late":
        return chance.randrange(-3, 26)
    return chance.randrange(12, 60)
