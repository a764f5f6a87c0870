"""Payments, part payments, credit notes, discounts, reversals and undos in any order: the ledger equals a model.

`make sequences` runs ten thousand of them; the suite a few.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from amable.banking import actions
from amable.banking.actions import version
from amable.banking.models import BankLine, Proposal
from amable.core.allocating import RefusedError
from amable.ledger import actions as ledger
from amable.ledger.models import Allocation, Item, Payment
from amable.organisation.models import Creditor
from tests.contexts.banking.test_deciding import NOW, OWNER, TOTALS, line_of, owing
from tests.contexts.books import TODAY, customer, item

__all__ = ["owing"]

LINES = (500_00, 170_00, 420_00, 999_99)
SEQUENCES = int(os.environ.get("AMABLE_SEQUENCES", "20"))
# Explaining traces every line, which takes most of the time of a long run.
PHASES = tuple(phase for phase in Phase if phase is not Phase.explain)


@dataclass
class Part:
    """What one customer paid with a line: its shares and discounts by item."""

    amount: int
    shares: dict[str, int]
    let_off: dict[str, int] = field(default_factory=dict)

    @property
    def unapplied(self) -> int:
        return self.amount - sum(self.shares.values())


@dataclass
class Line:
    """What became of a line of the bank: its parts by customer, and whether it was sent back."""

    parts: dict[str, Part] = field(default_factory=dict)
    returned: bool = False


class Model:
    """The books as simple as they can be said: nothing is kept but what lies on what."""

    def __init__(self) -> None:
        self.lines = [Line() for _ in LINES]

    def on(self, number: str) -> int:
        """What lies on an item."""
        return sum(
            part.shares.get(number, 0) + part.let_off.get(number, 0)
            for line in self.lines
            if not line.returned
            for part in line.parts.values()
        )

    def room(self, number: str) -> int:
        return TOTALS[number] - self.on(number)

    def fits(self, number: str, share: int) -> bool:
        """Whether a share has the sign of its item and still fits on it."""
        room = self.room(number)
        return share * room > 0 and abs(share) <= abs(room)

    # Each deed says whether it can be; where it cannot, nothing changes.

    def pay(self, n: int, shares: dict[str, int], rest_for: str, let_off: dict[str, int]) -> bool:
        line, rest = self.lines[n], LINES[n] - sum(shares.values())
        owners = list(dict.fromkeys(OWNER[number] for number in shares))
        whose = rest_for or (owners[0] if len(owners) == 1 else "")
        if line.parts or rest < 0 or (rest and not whose):
            return False
        if not all(self.fits(number, share + let_off.get(number, 0)) for number, share in shares.items()):
            return False
        parts: dict[str, Part] = {}
        for owner in dict.fromkeys([*owners, *([whose] if rest else [])]):
            mine = {number: share for number, share in shares.items() if OWNER[number] == owner}
            off = {number: off for number, off in let_off.items() if OWNER[number] == owner}
            parts[owner] = Part(sum(mine.values()) + (rest if owner == whose else 0), mine, off)
        if any(part.amount <= 0 for part in parts.values()):
            return False
        line.parts = parts
        return True

    def undo(self, n: int) -> bool:
        line = self.lines[n]
        if not line.parts or line.returned:
            return False
        line.parts = {}
        return True

    def send_back(self, n: int) -> bool:
        line = self.lines[n]
        if not line.parts or line.returned:
            return False
        line.returned = True
        return True

    def undo_send_back(self, n: int) -> bool:
        line = self.lines[n]
        if not line.returned:
            return False
        for part in line.parts.values():
            for number, share in part.shares.items():
                if abs(share + part.let_off.get(number, 0)) > abs(self.room(number)):
                    return False
        line.returned = False
        return True

    def apply(self, n: int, owner: str, shares: dict[str, int]) -> bool:
        part = self._part(n, owner)
        if part is None or not shares or any(OWNER[number] != owner for number in shares):
            return False
        if not all(self.fits(number, share) for number, share in shares.items()):
            return False
        if not 0 <= part.unapplied - sum(shares.values()) <= part.amount:
            return False
        for number, share in shares.items():
            part.shares[number] = part.shares.get(number, 0) + share
        return True

    def release(self, n: int, owner: str, shares: dict[str, int]) -> bool:
        part = self._part(n, owner)
        if part is None:
            return False
        for number, share in shares.items():
            given_ = part.shares.get(number, 0)
            if share * given_ <= 0 or abs(share) > abs(given_):
                return False
        if not 0 <= part.unapplied + sum(shares.values()) <= part.amount:
            return False
        for number, share in shares.items():
            part.shares[number] -= share
            part.let_off.pop(number, None)
            if not part.shares[number]:
                del part.shares[number]
        return True

    def _part(self, n: int, owner: str) -> Part | None:
        line = self.lines[n]
        return None if line.returned else line.parts.get(owner)

    def check(self) -> None:
        """The rows say the same."""
        items = {found.number: found for found in Item.objects.all()}
        for number, total in TOTALS.items():
            found = items[number]
            assert (found.allocated, found.open) == (self.on(number), self.room(number)), number
            assert (found.settled_on is not None) is (found.open == 0) is (found.settled_by != "")
            assert abs(found.allocated) <= abs(total)
        given_: dict[int, dict[str, tuple[int, int, bool]]] = {}
        for a in Allocation.objects.select_related("item"):
            given_.setdefault(a.payment_id, {})[a.item.number] = a.amount, a.let_off, a.reversed
        there = [
            (
                payment.customer.key,
                (payment.amount, payment.unapplied, payment.reversed_on is not None),
                given_.get(payment.pk, {}),
            )
            for payment in Payment.objects.select_related("customer")
        ]
        expected = []
        for line in self.lines:
            for owner, part in line.parts.items():
                whole = part.amount, 0 if line.returned else part.unapplied, line.returned
                shares = {
                    number: (share, part.let_off.get(number, 0), line.returned) for number, share in part.shares.items()
                }
                expected.append((owner, whole, shares))
        by_text = lambda row: repr((row[0], row[1], sorted(row[2].items())))  # noqa: E731
        assert sorted(there, key=by_text) == sorted(expected, key=by_text)


_PICKS = st.dictionaries(
    st.sampled_from(sorted(TOTALS)), st.sampled_from((100, 100, 100, 50, 33, 1, 101, -100)), max_size=3
)
_DEEDS = st.lists(
    st.tuples(
        st.sampled_from(("pay", "pay", "pay early", "undo", "send back", "undo send back", "apply", "release")),
        st.integers(0, len(LINES) - 1),
        st.sampled_from(("C-1", "C-2", "")),
        _PICKS,
    ),
    max_size=12,
)


class Waiting(NamedTuple):
    """Lines that wait for a person, and the movements that send them back."""

    lines: list[int]
    back: list[int]


@pytest.fixture
def waiting(owing: Creditor) -> Waiting:
    return Waiting(
        [line_of(owing, f"{amount / 100:.2f}", f"n{n}").pk for n, amount in enumerate(LINES)],
        [line_of(owing, f"-{amount / 100:.2f}", kind="return").pk for amount in LINES],
    )


@settings(max_examples=SEQUENCES, phases=PHASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=_DEEDS)
def test_whatever_happens_to_money_the_ledger_equals_the_model(
    waiting: Waiting, *, deeds: list[tuple[str, int, str, dict[str, int]]]
) -> None:
    with transaction.atomic():
        model = Model()
        for deed in deeds:
            can, do = _deed(model, *waiting, deed)
            try:
                with transaction.atomic():
                    do()
            except RefusedError:
                assert not can, deed
            else:
                assert can, deed
            model.check()
        transaction.set_rollback(True)


def _deed(
    model: Model, lines: list[int], back: list[int], deed: tuple[str, int, str, dict[str, int]]
) -> tuple[bool, Callable[[], object]]:
    """Whether it can be by the model, which is changed where it can; and what does it to the books."""
    kind, n, key, picks = deed
    line, movement = BankLine.objects.get(pk=lines[n]), BankLine.objects.get(pk=back[n])
    by = {"today": TODAY, "by": "m"}
    if kind in ("pay", "pay early"):
        shares = {number: share for number, share in _shares(model.room, picks).items() if share}
        let_off = {number: share // 50 for number, share in shares.items() if kind == "pay early" and share > 50}
        shares = {number: share - let_off.get(number, 0) for number, share in shares.items()}
        wanted = {item(number).pk: share for number, share in shares.items()}
        off = {item(number).pk: share for number, share in let_off.items()}
        rest_for = customer(key).pk if key else None
        booked = bool(model.lines[n].parts)
        can = model.pay(n, shares, key, let_off)
        return can, partial(_pay, line, wanted, off if not booked else {}, rest_for)
    if kind == "undo":
        return model.undo(n), partial(actions.undo, line, seen=version(line), **by)
    if kind == "send back":
        paid, can = line.payment, model.send_back(n)
        if paid is None:
            return can, _refuse
        return can, partial(actions.take_back, movement, paid, seen=version(movement), now=NOW, **by)
    if kind == "undo send back":
        return model.undo_send_back(n), partial(actions.undo, movement, seen=version(movement), **by)
    owner = key or "C-1"
    part = model.lines[n].parts.get(owner)
    of = model.room if kind == "apply" else (lambda number: part.shares.get(number, 0) if part else 0)
    shares = {number: share for number, share in _shares(of, picks).items() if share}
    wanted = {item(number).pk: share for number, share in shares.items()}
    parts = ledger.parts_of(line.payment) if line.payment else []
    payment = next((one for one in parts if one.customer.key == owner), None)
    if kind == "apply":
        can = model.apply(n, owner, shares)
        return can, partial(ledger.apply_cash, payment, shares=wanted, **by) if payment else _refuse
    can = model.release(n, owner, shares)
    return can, partial(ledger.release, payment, shares=wanted, **by) if payment else _refuse


def _shares(of: Callable[[str], int], picks: dict[str, int]) -> dict[str, int]:
    return {number: of(number) * percent // 100 for number, percent in picks.items()}


def _refuse() -> None:
    raise RefusedError("gone")


def _pay(line: BankLine, shares: dict[int, int], let_off: dict[int, int], rest_for: int | None) -> None:
    """Book a line as a person divides it; discounts come with what was proposed."""
    Proposal.objects.filter(line=line).delete()
    if let_off:
        Proposal.objects.bulk_create(
            Proposal(creditor=line.creditor, line=line, item_id=pk, amount=share, let_off=let_off.get(pk, 0))
            for pk, share in shares.items()
        )
    actions.book(line, shares=shares, rest_for=rest_for, seen=version(line), today=TODAY, now=NOW, by="m")


@pytest.mark.parametrize("number", sorted(TOTALS))
def test_the_model_begins_as_the_books_do(owing: Creditor, number: str) -> None:
    assert Model().room(number) == Item.objects.get(creditor=owing, number=number).open
