"""Two hundred ordinary days of a wholesaler are left in peace, and each accident with a ledger is held, on any of them.

The days take the real way: the ledger is taken in, the customers are looked at, the plan is examined, the mails leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.db import transaction

from amable.core.anomalies import Oddity
from amable.core.delivery import OPEN, State
from amable.correspondence.models import Message
from amable.dunning import actions, brakes, figures
from amable.organisation.models import Creditor, Sending
from amable.plugs.invoices import ItemRecord
from tests.cast import MADRID, VALENCIA, procedure
from tests.contexts.books import take
from tests.contexts.dunning.ordinary import DAY, Wholesaler

FIRST = date(2026, 1, 7)
DAYS = 200
AWAY = (90, 95)  # a week in which nobody ran anything
ACCIDENT_DAYS = (90, 151)  # after the week left out, and in summer

Records = Sequence[ItemRecord]


def edited(**facts: Callable[[ItemRecord], object]) -> Callable[[Records], list[ItemRecord]]:
    """The same ledger with some columns read otherwise."""
    return lambda records: [replace(r, **{name: of(r) for name, of in facts.items()}) for r in records]  # type: ignore[arg-type]


def swapped(day: date | None) -> date | None:
    """Day and month in the other order, where that is a date at all."""
    return day if day is None or day.day > 12 else date(day.year, day.day, day.month)


def twice(records: Records) -> list[ItemRecord]:
    return [*records, *(replace(r, invoice_number=f"SIN{n:05}/A", line=r.line + 9000) for n, r in enumerate(records))]


def slipped(records: Records) -> list[ItemRecord]:
    """The column of the addresses, one row further down."""
    return [replace(r, email=above.email) for above, r in zip([records[-1], *records], records, strict=False)]


def another_creditors(records: Records) -> list[ItemRecord]:
    """Of the same day, but of another business of the bookkeeper's."""
    today = max(r.settled_date or r.issue_date or date.min for r in records)
    return Wholesaler(seed=7, name="X").live(today - timedelta(days=120), today).ledger(today)


def without_credits(records: Records) -> list[ItemRecord]:
    return [r for r in records if r.total > 0]


def days_earlier(days: int) -> Callable[[ItemRecord], date | None]:
    return lambda r: r.due_date - timedelta(days=days) if r.due_date else None


ACCIDENTS: dict[str, tuple[Callable[[Records], list[ItemRecord]], str]] = {
    "the issue date read as the due date": (edited(due_date=lambda r: r.issue_date), "due_on_issue"),
    "the delivery date read as the due date": (
        edited(due_date=lambda r: r.issue_date + 3 * DAY if r.issue_date else None),
        "due_changed",
    ),
    "day and month swapped where they can be": (
        edited(due_date=lambda r: swapped(r.due_date), issue_date=lambda r: swapped(r.issue_date)),
        "due_changed",
    ),
    "a year too early": (edited(due_date=days_earlier(365)), "overdue"),
    "payments not in the ledger": (
        edited(open_amount=lambda r: r.total, settled_date=lambda _: None),
        "reopened",
    ),
    "the ledger twice, under other numbers": (twice, "twins"),
    "the currency lost": (edited(currency=lambda _: ""), "currency_changed"),
    "all addresses one's own": (edited(email=lambda _: "cobros@turia.example"), "own_address"),
    "all addresses one customer's": (edited(email=lambda _: "pagos@clientec1.example"), "one_address"),
    "addresses slipped by a row": (slipped, "address_changed"),
    "amounts a hundred times too large": (
        edited(total=lambda r: r.total * 100, open_amount=lambda r: r.open_amount * 100),
        "amount_changed",
    ),
    "another creditor's ledger": (another_creditors, "vanished"),
    "credit notes left out": (without_credits, "credits_lost"),
    "minus signs lost": (
        edited(total=lambda r: abs(r.total), open_amount=lambda r: abs(r.open_amount)),
        "credits_lost",
    ),
}


def run_days() -> Iterator[date]:
    """The days on which somebody ran it: working days, a week left out."""
    day, count = FIRST, 0
    while count < DAYS:
        if VALENCIA.works(day):
            if not AWAY[0] <= count < AWAY[1]:
                yield day
            count += 1
        day += DAY


def plan(creditor: Creditor, records: Records, today: date) -> list[Oddity]:
    """A morning: the ledger is taken in, everybody is looked at, the plan is examined."""
    actions.turn_day(creditor, today)
    take(creditor, *records, today=today)
    actions.review(creditor, procedure(), today, None, composed=False)
    return figures.examine(creditor, today)


def send(today: date) -> None:
    """What is proposed leaves, and what is for our own people."""
    Message.objects.filter(day=today, state__in=OPEN).update(state=State.ACCEPTED)


def test_ordinary_days_pass_and_accidents_are_held(acting: Creditor) -> None:
    Sending.objects.create(creditor=acting)
    days = list(run_days())
    wholesaler = Wholesaler().live(FIRST - timedelta(days=150), days[-1])
    held: list[tuple[date, list[Oddity]]] = []
    missed: list[tuple[date, str, list[str]]] = []
    written = 0
    for count, today in enumerate(days):
        records = wholesaler.ledger(today)
        if count in ACCIDENT_DAYS:
            missed += accidents_not_held(acting, records, today)
        if oddities := plan(acting, records, today):
            held.append((today, oddities))
            brakes.trust(acting, datetime.combine(today, time(8), MADRID))
        send(today)
        written += Message.objects.filter(day=today).count()
    assert not missed
    assert len(held) <= 2, held
    assert written > 10 * len(days)


def accidents_not_held(creditor: Creditor, records: Records, today: date) -> list[tuple[date, str, list[str]]]:
    """The accidents that would pass on a day, with what was found odd about them; none of them happens in the end."""
    passed = []
    for name, (happens, rule) in ACCIDENTS.items():
        with transaction.atomic():
            rules = [found.rule for found in plan(creditor, happens(records), today)]
            transaction.set_rollback(True)
        if rule not in rules:
            passed.append((today, name, rules))
    return passed
