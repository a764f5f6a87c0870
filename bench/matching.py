"""Matching payments with open invoices, against the least it can cost: one pattern and a dictionary.

Of the payments 70 % quote one number cleanly, 8 % with odd spacing or case, 7 % two to four numbers, 5 % an RF creditor
reference (ISO 11649), and 10 % only a name, a third of them with a letter lost. Twenty invoices to a customer; amounts
repeat as real ones do.

The floor knows how our numbers look before it starts, takes whatever it finds and asks nothing more. Ours is told
nothing of how numbers look, and weighs who paid, how much, and whether another reading is as good.
"""

from __future__ import annotations

import argparse
import random
import re
from datetime import date
from pathlib import Path
from typing import NamedTuple

from measure import Clock, compare, measure, report

_SYLLABLES = [consonant + vowel for consonant in "bdklmnrstv" for vowel in "aeiou"]
_FORMS = ("GmbH", "Ltd", "SARL", "AG", "BV", "Srl", "SA", "& Co KG")
_DUE = date(2026, 3, 31)


class Invoice(NamedTuple):
    customer: int
    number: str
    reference: str
    amount: int


class Payment(NamedTuple):
    """What arrives, and the invoices it is for."""

    text: str
    payer: str
    amount: int
    truth: tuple[int, ...]


class World(NamedTuple):
    names: list[str]
    invoices: list[Invoice]
    quoting: list[Payment]
    nameless: list[Payment]


def rf(body: str) -> str:
    """An RF creditor reference with its check digits."""
    number = int("".join(str(int(sign, 36)) for sign in body + "RF00"))
    return f"RF{98 - number % 97:02d}{body}"


def make(invoices: int, payments: int) -> World:
    """The same world each time."""
    chance = random.Random(7)

    def word() -> str:
        return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4))).capitalize()

    names = [f"{word()} {word()} {chance.choice(_FORMS)}" for _ in range(invoices // 20 + 1)]
    open_ = [
        Invoice(i // 20, f"INV-2026-{i:07d}", rf(f"INV2026{i:07d}"), int(10 ** chance.uniform(3, 6)) // 50 * 50)
        for i in range(invoices)
    ]
    world = World(names, open_, [], [])
    for _ in range(payments):
        place = chance.randrange(invoices)
        kind = chance.random()
        payment = _quoting(world, place, kind, chance) if kind < 0.9 else _nameless(world, place, chance)
        (world.quoting if kind < 0.9 else world.nameless).append(payment)
    return world


def _quoting(world: World, place: int, kind: float, chance: random.Random) -> Payment:
    invoice = world.invoices[place]
    payer = world.names[invoice.customer]
    if kind < 0.70:
        return Payment(f"Payment {invoice.number} thank you", payer, invoice.amount, (place,))
    if kind < 0.78:
        number = invoice.number.replace("-", chance.choice([" ", "", "/", "- "]))
        text = f"inv. {number.lower() if chance.random() < 0.5 else number} / {payer}"
        return Payment(text, payer, invoice.amount, (place,))
    if kind < 0.85:
        first = invoice.customer * 20
        there = min(20, len(world.invoices) - first)
        several = sorted({first + chance.randrange(there) for _ in range(chance.randint(2, 4))} | {place})
        text = "Invoices " + ", ".join(world.invoices[one].number for one in several)
        return Payment(text, payer, sum(world.invoices[one].amount for one in several), tuple(several))
    reference = invoice.reference
    grouped = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
    return Payment(f"/ROC/{grouped}", payer, invoice.amount, (place,))


def _nameless(world: World, place: int, chance: random.Random) -> Payment:
    invoice = world.invoices[place]
    payer = world.names[invoice.customer]
    text = f"transfer {payer[:12]}"
    payer = payer.upper() if chance.random() < 0.5 else payer.replace(" ", "  ", 1)
    if chance.random() < 0.3:
        lost = chance.randrange(len(payer))
        payer = payer[:lost] + payer[lost + 1 :]
    return Payment(text, payer, invoice.amount, (place,))


def floor(clock: Clock, invoices: int, payments: int) -> None:
    """One compiled pattern made for these numbers, a dictionary; names in blocks of their first three letters."""
    from rapidfuzz import fuzz, process

    world = make(invoices, payments)
    pattern = re.compile(r"\bINV[\s\-/.]*(20\d\d)[\s\-/.]*(\d{7})\b|\b(RF\d\d(?:\s?[0-9A-Z]{1,4}){1,6})", re.IGNORECASE)

    def references(text: str) -> list[str]:
        return [
            f"INV{year}{number}" if year else reference.replace(" ", "").upper()
            for year, number, reference in pattern.findall(text)
        ]

    def folded(name: str) -> str:
        return " ".join(re.sub(r"[^a-z0-9 ]", " ", name.lower()).split())

    with clock("index") as noted:
        index = {}
        for place, invoice in enumerate(world.invoices):
            index[invoice.number.replace("-", "")] = place
            index[invoice.reference] = place
        by_amount: dict[int, list[int]] = {}
        for place, invoice in enumerate(world.invoices):
            by_amount.setdefault(invoice.amount, []).append(place)
        blocks: dict[str, list[str]] = {}
        for name in map(folded, world.names):
            blocks.setdefault(name[:3], []).append(name)
        noted["n"] = len(world.invoices)
    with clock("references") as noted:
        right = 0
        for payment in world.quoting:
            found = sorted({index[one] for one in references(payment.text) if one in index})
            right += found == list(payment.truth) and sum(world.invoices[i].amount for i in found) == payment.amount
        noted |= {"n": len(world.quoting), "right": right}
    with clock("names") as noted:
        alike = 0
        for payment in world.nameless:
            name = folded(payment.payer)
            alike += process.extractOne(name, blocks.get(name[:3], ()), scorer=fuzz.ratio, score_cutoff=80) is not None
        noted |= {"n": len(world.nameless), "right": alike}


def ours(clock: Clock, invoices: int, payments: int) -> None:
    """What a run does: every item and payer into the index, then each line matched."""
    from amable.core.matching import Index, OpenItem, Payer, Received, match

    world = make(invoices, payments)
    with clock("index") as noted:
        index = Index(
            (
                OpenItem(place, one.customer, one.number, "EUR", one.amount, _DUE, one.amount)
                for place, one in enumerate(world.invoices)
            ),
            (Payer(customer, (name,)) for customer, name in enumerate(world.names)),
        )
        noted["n"] = len(world.invoices)
    with clock("references") as noted:
        right = booked_wrong = 0
        for payment in world.quoting:
            best = match(Received(payment.amount, "EUR", payment.payer, text=payment.text), index)[0]
            same = sorted([share.item for share in best.shares]) == list(payment.truth)
            right += same and best.sure
            booked_wrong += best.sure and not same
        noted |= {"n": len(world.quoting), "right": right, "booked wrong": booked_wrong}
    with clock("names") as noted:
        told = booked = 0
        for payment in world.nameless:
            found = match(Received(payment.amount, "EUR", payment.payer, text=payment.text), index)
            told += any(tuple(share.item for share in one.shares) == payment.truth for one in found)
            booked += any(one.sure for one in found)
        noted |= {"n": len(world.nameless), "right": told, "booked wrong": booked}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="append a line of JSON for each row to this file")
    asked = parser.parse_args()
    figures = measure({"floor": floor, "ours": ours}, (asked.invoices, asked.payments), asked.rounds)
    compare(figures, over="floor")
    report(figures, asked.json, invoices=asked.invoices, payments=asked.payments)


if __name__ == "__main__":
    main()
