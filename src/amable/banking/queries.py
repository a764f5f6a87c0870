"""Questions about what came over the bank: the lines as a person decides them, and the statements they came with."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from anyascii import anyascii
from django.db.models import Count, Q, QuerySet, Sum

from amable.banking.actions import WAITING, version
from amable.banking.intake import account
from amable.banking.models import BankLine, PayerAccount, Proposal, Statement
from amable.core.finding import words_of
from amable.core.matching import Certainty, certainty
from amable.core.money import TooPreciseError, known, to_minor
from amable.ledger.models import Customer, Payment
from amable.ledger.queries import Booked, booked
from amable.organisation.models import Creditor

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "waiting": WAITING,
    "booked": ("booked",),
    "returned": ("reversal",),
    "other": ("other",),
    "left": ("left",),
}
_BACK: Final = 20  # payments shown that a movement may take back


@dataclass(frozen=True, slots=True)
class Seems:
    """An item a line seems to pay, with its share."""

    item: int
    number: str
    amount: int
    open: int
    customer: int
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A line with all that is said of it: what it seems to pay or was booked for, and why."""

    line: BankLine
    seems: Sequence[Seems]
    payments: Sequence[Booked]
    reasons: Sequence[tuple[str, Mapping[str, Any]]]
    said: PayerAccount | None

    @property
    def seen(self) -> str:
        """What whoever decides says they saw."""
        return version(self.line)

    @property
    def certainty(self) -> Certainty:
        """How sure the proposal is."""
        return certainty([rule for rule, _ in self.reasons])

    @property
    def waits(self) -> bool:
        """Whether a person is asked about it."""
        return self.line.state in WAITING

    @property
    def is_open(self) -> bool:
        """Whether a person may still decide it."""
        return self.waits or self.line.state in ("left", "other")

    @property
    def can_confirm(self) -> bool:
        """Whether there is a proposal to confirm."""
        return self.waits and self.line.amount > 0 and bool(self.seems or self.line.customer_id)

    @property
    def is_sure(self) -> bool:
        """Whether it may be confirmed together with others: the payer is told firmly, and the amount fits."""
        return self.can_confirm and bool(self.seems) and self.certainty is Certainty.STRONG

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        state = self.line.state
        if state == "booked":
            return not any(one.payment.reversed_on for one in self.payments)
        return state in ("reversal", "other") and bool(self.line.before)

    @property
    def rest(self) -> int:
        """What of a proposed line no item explains."""
        return self.line.amount - sum(share.amount for share in self.seems)


def shown(creditor: Creditor, lines: Sequence[BankLine]) -> list[Shown]:
    """These lines with what is said of them, in a handful of queries."""
    seems: dict[int, list[Seems]] = defaultdict(list)
    proposals = Proposal.objects.filter(creditor=creditor, line__in=lines).order_by("item__due_on", "pk")
    for one in proposals.select_related("item__customer"):
        item = one.item
        seems[one.line_id].append(
            Seems(item.pk, item.number, one.amount, item.open, item.customer_id, item.customer.name)
        )
    payments = booked(creditor, [line.payment_id for line in lines if line.payment_id])
    accounts = PayerAccount.objects.filter(creditor=creditor, iban__in={account(line.iban) for line in lines})
    said = {known.iban: known for known in accounts.select_related("customer")}
    return [
        Shown(
            line,
            seems[line.pk],
            payments.get(line.payment_id or 0, ()),
            [(rule, params) for rule, params in json.loads(line.reasons or "[]")],
            said.get(account(line.iban)),
        )
        for line in lines
    ]


def lines(creditor: Creditor, among: QuerySet[Customer] | None = None) -> QuerySet[BankLine]:
    """The lines of a creditor; with `among`, those of these customers."""
    found = BankLine.objects.filter(creditor=creditor).select_related("customer", "statement")
    return found if among is None else found.filter(customer__in=among)


def matching_lines(
    found: QuerySet[BankLine],
    *,
    kind: str = "",
    account: str = "",
    since: date | None = None,
    until: date | None = None,
    minor: int | None = None,
    text: str = "",
) -> QuerySet[BankLine]:
    """The lines among these that fit what is looked for."""
    if kind in KINDS:
        found = found.filter(state__in=KINDS[kind])
    if account:
        found = found.filter(statement__account=account)
    if since:
        found = found.filter(booked_on__gte=since)
    if until:
        found = found.filter(booked_on__lte=until)
    if minor is not None:
        found = found.filter(amount__in=(minor, -minor))
    for word in words_of(text):
        plain = anyascii(word)  # banks write without accents
        found = found.filter(
            Q(name__icontains=word)
            | Q(name__icontains=plain)
            | Q(text__icontains=word)
            | Q(text__icontains=plain)
            | Q(reference__icontains=word)
            | Q(iban__icontains=word)
            | Q(customer__name__icontains=word)
        )
    return found


def counts(found: QuerySet[BankLine]) -> dict[str, int]:
    """How many lines there are of each kind."""
    by_state = dict(found.order_by().values_list("state").annotate(n=Count("pk")))
    return {kind: sum(by_state.get(state, 0) for state in states) for kind, states in KINDS.items()}


def waiting(found: QuerySet[BankLine]) -> list[tuple[str, int]]:
    """How much money waits for a person, by currency."""
    open_ = found.filter(state__in=WAITING, amount__gt=0).order_by("currency")
    return list(open_.values_list("currency").annotate(total=Sum("amount")))


def could_come_back(line: BankLine) -> list[Booked]:
    """The payments a movement out may take back: of just its amount, its customer's first, then the newest."""
    same = BankLine.objects.filter(
        creditor=line.creditor_id, state="booked", amount=-line.amount, currency=line.currency
    ).values("payment_id")
    found = Payment.objects.filter(creditor=line.creditor_id, reversed_on=None, part_of=None, currency=line.currency)
    found = found.filter(Q(pk__in=same) | (Q(amount=-line.amount) & ~Q(means=""))).filter(
        received_on__lte=line.booked_on
    )
    ids = list(found.order_by("-received_on", "-pk").values_list("pk", flat=True)[:_BACK])
    payments = booked(line.creditor, ids)
    listed = [one for pk in ids for one in payments.get(pk, ())]
    return sorted(listed, key=lambda one: one.payment.customer_id != line.customer_id)


@dataclass(frozen=True, slots=True)
class Taken:
    """A statement with what its lines come to. `differs` is None where the bank gave no balances to check."""

    statement: Statement
    lines: int
    waiting: int
    opening: int | None
    closing: int | None
    differs: int | None


def statements(found: QuerySet[Statement]) -> list[Taken]:
    """Statements, and whether the lines kept of each lead from its opening balance to its closing one."""
    of_kind = Count("bankline", filter=Q(bankline__state__in=WAITING))
    counted = found.annotate(lines=Count("bankline"), waits=of_kind, total=Sum("bankline__amount"))
    return [_checked(one, one.lines, one.waits, one.total or 0) for one in counted]


def _checked(statement: Statement, lines: int, waits: int, total: int) -> Taken:
    opening, closing = (_minor(amount, statement.currency) for amount in (statement.opening, statement.closing))
    differs = closing - opening - total if opening is not None and closing is not None else None
    return Taken(statement, lines, waits, opening, closing, differs)


def _minor(balance: Decimal | None, currency: str) -> int | None:
    """A balance in minor units, None when the bank gave none or one that its currency cannot have."""
    if balance is None or not known(currency):
        return None
    try:
        return to_minor(balance, currency)
    except TooPreciseError:
        return None


def accounts(creditor: Creditor) -> list[str]:
    """The creditor's own accounts, as its statements name them."""
    found = Statement.objects.filter(creditor=creditor).exclude(account="")
    return list(found.order_by("account").values_list("account", flat=True).distinct())
