"""Whether a day's plan is so far out of the ordinary that a person should look first, told from a few counts.

What is ordinary is what the days before came to. A book changes little from one plan to the next: invoices are added
and paid, but the due dates, amounts and addresses that were known stay what they were. A wrong column, a mistaken
export or a lost payment file changes many of them at once, on whatever day it happens; how many messages a day brings
says much less, as most businesses send their invoices in waves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Final, NamedTuple

from amable.core.money import Money

LOOK_BACK: Final = (
    25  # plans with messages: more than a month of working days, so that the wave of every month is among them
)
PAID_WITHIN: Final = 7  # days

_ENOUGH: Final = 5  # plans with messages from which on something is usual
_FEW: Final = 20  # messages a person can read before they leave: never too many
_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Figures:
    """What a day's plan came to, and the book it was made from. Items are the open invoices in the latest ledger.

    `demanded` is in minor units by currency, `messages_in` the demands in it. `dated` items state an issue date:
    `misdated` are due before it or were issued after today, `due_on_issue` fall due on it. `twins` are like an older
    one in customer, currency, total and dates. `one_address` counts the customers owing who share the commonest
    address, `own_address` those at the creditor's own. `credits_lost` of the open `credits` are no longer in the
    ledger, or no longer negative. `paid` were settled within `PAID_WITHIN` days.

    The rest compares with the last ordinary plan: how many of the `known` items have another due date, amount or
    currency now, how many of `known_paid` are open again, how many of `known_customers` have another address, how many
    items have `vanished` from the ledger, and how many `latecomers` are new to it though due long before that plan.
    """

    day: date
    messages: int = 0
    messages_in: Mapping[str, int] = field(default_factory=dict)
    demanded: Mapping[str, int] = field(default_factory=dict)
    owing: int = 0
    items: int = 0
    overdue: int = 0
    overdue_days: float = 0.0
    dated: int = 0
    misdated: int = 0
    due_on_issue: int = 0
    twins: int = 0
    one_address: int = 0
    own_address: int = 0
    credits: int = 0
    credits_lost: int = 0
    paid: int = 0
    known: int = 0
    due_changed: int = 0
    amount_changed: int = 0
    currency_changed: int = 0
    known_paid: int = 0
    reopened: int = 0
    known_customers: int = 0
    address_changed: int = 0
    vanished: int = 0
    latecomers: int = 0


class Oddity(NamedTuple):
    """What is odd about a plan; the sentence is `brake.odd.<rule>`."""

    rule: str
    params: Mapping[str, object]


def odd(today: Figures, before: Sequence[Figures]) -> tuple[Oddity, ...]:
    """What is odd about today's plan, after the ordinary plans of the days before, the oldest first.

    Without any, only what is odd in itself is told.
    """
    return tuple(found for rule in _RULES for found in rule(today, before))


_Rule = Callable[[Figures, Sequence[Figures]], Iterator[Oddity]]


# --- more than on other days -----------------------------------------------------------------------------------------


def _messages(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    """Many more messages than usual, and than on the fullest day of the last month."""
    counts = [figures.messages for figures in before if figures.messages][-LOOK_BACK:]
    if len(counts) < _ENOUGH or today.messages <= _FEW:
        return
    usual, most, days = median(counts), max(counts), _days_in_one(today, before)
    if today.messages > 3 * usual * days and today.messages > 1.5 * most * days:
        yield Oddity("messages", {"n": today.messages, "usual": round(usual), "most": most})


def _demanded(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    """Much more money than on any day of the last month; one large invoice among few messages is nothing odd."""
    for currency, amount in today.demanded.items():
        sums = [figures.demanded[currency] for figures in before if figures.demanded.get(currency)][-LOOK_BACK:]
        if len(sums) < _ENOUGH or today.messages_in.get(currency, 0) <= _FEW:
            continue
        if amount > 4 * max(sums) * _days_in_one(today, before):
            yield Oddity("demanded", {"amount": Money(amount, currency), "most": Money(max(sums), currency)})


def _days_in_one(today: Figures, before: Sequence[Figures]) -> int:
    """How many days' messages may come at once, because nothing was planned on the days before: a week's at most."""
    away = (today.day - before[-1].day).days if before else 0
    return min(max(1, away - 3), 5)  # a long weekend is nothing to catch up


# --- the book as it stands -------------------------------------------------------------------------------------------


def _overdue(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    """Twice as long overdue as before, on average: dates of another year, or old invoices that were paid long ago."""
    if today.overdue < 10:
        return
    days = round(today.overdue_days)
    if not before:
        if days > _YEAR:
            yield Oddity("overdue_years", {"n": days})
        return
    most = round(max(figures.overdue_days for figures in before))
    if days > 2 * most and days > most + 20:
        yield Oddity("overdue", {"n": days, "most": most})


def _misdated(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.misdated >= 3 and _more(today, before, "misdated", "dated", 0.05):
        yield _counted("misdated", today.misdated, today.dated)


def _due_on_issue(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.due_on_issue >= 5 and _more(today, before, "due_on_issue", "dated", 0.5):
        yield _counted("due_on_issue", today.due_on_issue, today.dated)


def _twins(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.twins >= 4 and _more(today, before, "twins", "items", 0.1):
        yield _counted("twins", today.twins, today.items)


def _one_address(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.one_address >= 4 and _more(today, before, "one_address", "owing", 0.2):
        yield _counted("one_address", today.one_address, today.owing)


def _own_address(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.own_address >= 2 and _more(today, before, "own_address", "owing", 0.05):
        yield _counted("own_address", today.own_address, today.owing)


def _credits_lost(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if today.credits_lost >= 3 and _more(today, before, "credits_lost", "credits", 0.5):
        yield _counted("credits_lost", today.credits_lost, today.credits)


def _unpaid(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    """Nobody paid for a week, who always did: the payments were not entered, or not imported."""
    least = min((figures.paid for figures in before), default=0)
    if today.paid == 0 and len(before) >= 2 * _ENOUGH and least >= 5:
        yield Oddity("unpaid", {"n": least, "days": PAID_WITHIN})


def _more(today: Figures, before: Sequence[Figures], part: str, whole: str, share: float) -> bool:
    """Whether the part is more than this share of the whole, and clearly more than it ever was before."""
    usual = max((_share(figures, part, whole) for figures in before), default=0.0)
    return _share(today, part, whole) > max(share, 1.5 * usual)


def _share(figures: Figures, part: str, whole: str) -> float:
    return float(getattr(figures, part) / (getattr(figures, whole) or 1))


# --- what was known, and is otherwise now ----------------------------------------------------------------------------


def _due_changed(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    if _many(today.due_changed, today.known):
        yield _counted("due_changed", today.due_changed, today.known)


def _amount_changed(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    if _many(today.amount_changed, today.known):
        yield _counted("amount_changed", today.amount_changed, today.known)


def _currency_changed(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    """An invoice never changes its currency; a few are enough, for most are in one's own."""
    if today.currency_changed >= 3:
        yield _counted("currency_changed", today.currency_changed, today.known)


def _reopened(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    if _many(today.reopened, today.known_paid):
        yield _counted("reopened", today.reopened, today.known_paid)


def _address_changed(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    if _many(today.address_changed, today.known_customers):
        yield _counted("address_changed", today.address_changed, today.known_customers)


def _vanished(today: Figures, _: Sequence[Figures]) -> Iterator[Oddity]:
    """More than a ledger loses that lists only what is open, from one plan to the next."""
    before = today.items + today.vanished
    if today.vanished >= 10 and today.vanished > before / 2:
        yield _counted("vanished", today.vanished, before)


def _latecomers(today: Figures, before: Sequence[Figures]) -> Iterator[Oddity]:
    if before and _many(today.latecomers, today.overdue, share=0.2):
        yield _counted("latecomers", today.latecomers, today.overdue)


def _many(n: int, total: int, share: float = 0.1) -> bool:
    """More than a few that were mended by hand; in a book of a few invoices, more than half of them."""
    return (n >= 5 and n > share * total) or (n >= 3 and n > total / 2)


def _counted(rule: str, n: int, total: int) -> Oddity:
    return Oddity(rule, {"n": n, "total": total})


_RULES: Final[tuple[_Rule, ...]] = (
    _messages,
    _demanded,
    _due_changed,
    _amount_changed,
    _currency_changed,
    _reopened,
    _address_changed,
    _own_address,
    _one_address,
    _twins,
    _latecomers,
    _vanished,
    _credits_lost,
    _unpaid,
    _misdated,
    _due_on_issue,
    _overdue,
)
