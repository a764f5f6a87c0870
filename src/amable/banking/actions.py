"""What a person decides about a movement of the bank, and what undoes it.

Whoever decides says what they saw (`seen`, see `version`): a line that is something else by now raises DecidedError,
so that two people never book the same money twice. What cannot be raises RefusedError; nothing is changed then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from amable.banking.intake import OPEN_ITEM, account, kept_before, kept_reasons, received_by
from amable.banking.models import BankLine, PayerAccount, Proposal
from amable.core import matching
from amable.core.allocating import Part, RefusedError, divide
from amable.core.matching import OpenItem, Payer, Share
from amable.core.paying import show_iban
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger import actions as ledger
from amable.ledger import queries
from amable.ledger.models import Allocation, Customer, Item, Payment

WAITING: Final = ("proposed", "unknown")  # a person is asked
_OPEN: Final = frozenset((*WAITING, "left", "other"))


class DecidedError(Exception):
    """Somebody else decided the line meanwhile; it is as `line` says now."""

    def __init__(self, line: BankLine) -> None:
        super().__init__(line.fingerprint)
        self.line = line


def version(line: BankLine) -> str:
    """What tells a line from the same line after somebody decided it."""
    at = line.decided_at.isoformat() if line.decided_at else ""
    return f"{line.state} {line.payment_id or ''} {line.customer_id or ''} {at}"


def _in_hand(line: BankLine, seen: str) -> BankLine:
    """The line as it is now, kept from everybody else until the transaction ends."""
    ledger.books(line.creditor)
    now = BankLine.objects.select_for_update().get(creditor=line.creditor_id, pk=line.pk)
    if version(now) != seen:
        raise DecidedError(now)
    return now


@transaction.atomic
def confirm(line: BankLine, *, seen: str, today: date, now: datetime, by: str) -> list[Payment]:
    """Book a line as it is proposed; where no item is, the money is the customer's unapplied cash."""
    line = _in_hand(line, seen)
    if line.state not in WAITING or (line.customer_id is None and not proposed(line)):
        raise RefusedError("nothing_proposed")
    return _book(line, proposed(line), line.customer_id, today, now, by, reasons=line.reasons)


def confirm_all(seen: Mapping[BankLine, str], *, today: date, now: datetime, by: str) -> list[BankLine]:
    """Book each of these lines as it is proposed, and return those: what was decided meanwhile, or fits no more, stays.

    Each is a decision of its own; those of one moment have the same `decided_at`.
    """
    booked: list[BankLine] = []
    for line, version_seen in seen.items():
        try:
            confirm(line, seen=version_seen, today=today, now=now, by=by)
        except (DecidedError, RefusedError):
            continue
        booked.append(line)
    return booked


def undo_all(lines: Iterable[BankLine], *, today: date, by: str) -> list[BankLine]:
    """Take back what was decided about each of these lines, and return those of which that could be."""
    undone: list[BankLine] = []
    for line in lines:
        try:
            undo(line, seen=version(line), today=today, by=by)
        except (DecidedError, RefusedError):
            continue
        undone.append(line)
    return undone


@transaction.atomic
def book(
    line: BankLine,
    *,
    shares: Mapping[int, int],
    rest_for: int | None,
    seen: str,
    today: date,
    now: datetime,
    by: str,
    remember: int | None = None,
) -> list[Payment]:
    """Book a line as a person divides it: its shares by item, and whose the rest is.

    `remember` is the customer whose account the payer's is from now on.
    """
    line = _in_hand(line, seen)
    reasons = line.reasons if dict(shares) == proposed(line) else ""
    payments = _book(line, shares, rest_for, today, now, by, reasons=reasons)
    if remember is not None and line.iban:
        _learn(line, remember, today, now, by)
    return payments


def proposed(line: BankLine) -> dict[int, int]:
    """The items a line seems to pay, each with its share."""
    listed = Proposal.objects.filter(creditor=line.creditor_id, line=line).order_by("pk")
    return dict(listed.values_list("item_id", "amount"))


def _let_off(line: BankLine) -> dict[int, int]:
    """The discounts for early payment that go with what a line seems to pay."""
    listed = Proposal.objects.filter(creditor=line.creditor_id, line=line).exclude(let_off=0)
    return dict(listed.values_list("item_id", "let_off"))


def _book(
    line: BankLine,
    shares: Mapping[int, int],
    rest_for: int | None,
    today: date,
    now: datetime,
    by: str,
    *,
    reasons: str,
) -> list[Payment]:
    if line.state not in _OPEN:
        raise RefusedError("undo_first")
    if line.amount <= 0:
        raise RefusedError("money_out")
    let_off = _let_off(line) if dict(shares) == proposed(line) else {}
    rooms = queries.rooms(line.creditor, shares)
    parts = divide(line.amount, line.currency, shares, rooms, rest_for, let_off)
    money = ledger.Money(
        line.fingerprint, parts[0].customer, line.booked_on, line.currency, line.amount, line.name,
        line.statement.account, by=by,
    )  # fmt: skip
    concerned = _concerned(line)
    payments = ledger.book(line.creditor, money, parts, today)
    customer = parts[0].customer if len(parts) == 1 else None
    _decide(line, "booked", now, by, customer=customer, payment=payments[0], reasons=reasons)
    facts = _facts(line) | {"parts": _told(parts, payments)}
    log.record(line.creditor, [Event("payment.decided", today, facts, _people(line, by))])
    ledger.look_again(line.creditor, concerned | {part.customer for part in parts}, today)
    return payments


def _told(parts: Iterable[Part], payments: Iterable[Payment]) -> list[dict[str, object]]:
    return [
        {"payment": payment.pk, "customer": part.customer, "items": part.shares, "unapplied": part.unapplied}
        for part, payment in zip(parts, payments, strict=True)
    ]


def _facts(line: BankLine) -> dict[str, object]:
    booked_on = line.booked_on.isoformat()
    return {"line": line.fingerprint, "amount": line.amount, "currency": line.currency, "booked_on": booked_on}


def _people(line: BankLine, by: str) -> dict[str, str]:
    """The personal values of a decision about a line."""
    return {"by": by, "payer": line.name, "iban": line.iban}


def _concerned(line: BankLine) -> set[int]:
    """Whose reminders rest for a line, or whose it is."""
    items = Proposal.objects.filter(creditor=line.creditor_id, line=line).values_list("item__customer_id", flat=True)
    return {*items, *filter(None, (line.customer_id,))}


def _decide(
    line: BankLine,
    state: str,
    now: datetime,
    by: str,
    *,
    customer: int | None,
    payment: Payment | None,
    reasons: str,
    stood: ledger.Stood | None = None,
) -> None:
    """Write what a line is from now on, and keep what it was."""
    line.before = kept_before(line, line.state, stood)
    line.state, line.customer_id, line.payment, line.reasons = state, customer, payment, reasons
    line.decided_by, line.decided_at = by, now
    line.save(update_fields=_DECIDED)


_DECIDED: Final = ("state", "customer", "payment", "reasons", "in_run", "decided_by", "decided_at", "before")


@transaction.atomic
def leave(line: BankLine, *, seen: str, today: date, now: datetime, by: str) -> None:
    """Say that a movement is not from a customer: it holds nothing and nobody is asked about it any more."""
    line = _in_hand(line, seen)
    if line.state not in (*WAITING, "left"):
        raise RefusedError("undo_first")
    concerned = _concerned(line)
    _decide(line, "other", now, by, customer=None, payment=None, reasons="")
    log.record(line.creditor, [Event("line.left", today, _facts(line), _people(line, by))])
    ledger.look_again(line.creditor, concerned, today)


@transaction.atomic
def take_back(line: BankLine, payment: Payment, *, seen: str, today: date, now: datetime, by: str) -> None:
    """Say which payment a movement takes back: what it was set against is open again."""
    line = _in_hand(line, seen)
    if line.state not in _OPEN:
        raise RefusedError("undo_first")
    parts = ledger.parts_of(payment)
    if not parts or payment.part_of_id is not None:
        raise RefusedError("gone")
    if any(part.reversed_on for part in parts):
        raise RefusedError("sent_back")
    if payment.currency != line.currency or sum(part.amount for part in parts) != -line.amount:
        raise RefusedError("other_amount")
    concerned = _concerned(line) | {part.customer_id for part in parts}
    stood = ledger.standing(payment)
    reopened = ledger.reverse(payment, line.booked_on)
    customer = payment.customer_id if len(parts) == 1 else None
    _decide(line, "reversal", now, by, customer=customer, payment=payment, reasons="", stood=stood)
    facts = _facts(line) | {"payment": payment.pk, "items": [item.pk for item in reopened]}
    log.record(line.creditor, [Event("payment.reversed", today, facts, _people(line, by))])
    ledger.look_again(line.creditor, concerned, today)


@transaction.atomic
def undo(line: BankLine, *, seen: str, today: date, by: str) -> None:
    """Take back what was decided about a line, by a person or unasked: everything is as it was before.

    A line that was booked unasked is proposed then, so that a person says what it pays.
    """
    line = _in_hand(line, seen)
    concerned = _concerned(line)
    payment = line.payment
    facts = _facts(line) | {"was": line.state, "payment": line.payment_id}
    if line.state == "booked" and payment is not None:
        facts["items"] = ledger.shares_of(payment)
        _propose_what_was_booked(line, payment)
        line.payment = None
        line.save(update_fields=("payment",))
        concerned |= ledger.unbook(payment)
        concerned |= _forget_for(line, today)
    elif line.state == "reversal" and payment is not None and line.before:
        stood = json.loads(line.before)["stood"]
        concerned |= ledger.restore(payment, ledger.Stood(**stood))
    elif line.state != "other" or not line.before:
        raise RefusedError("nothing_to_undo")
    _as_before(line, today)
    log.record(line.creditor, [Event("decision.undone", today, facts, _people(line, by))])
    ledger.look_again(line.creditor, concerned | _concerned(line), today)


def _propose_what_was_booked(line: BankLine, payment: Payment) -> None:
    """Keep what a line was booked for unasked as what it seems to pay."""
    if line.before:
        return
    listed = Allocation.objects.filter(creditor=line.creditor_id, payment=payment, reversed=False).order_by("pk")
    shares = [Share(*row) for row in listed.values_list("item_id", "amount", "let_off")]
    Proposal.objects.filter(creditor=line.creditor_id, line=line).delete()
    Proposal.objects.bulk_create(
        Proposal(
            creditor_id=line.creditor_id, line=line, item_id=share.item, amount=share.amount, let_off=share.let_off
        )
        for share in shares
    )


def _as_before(line: BankLine, today: date) -> None:
    """A line as it was before it was decided; one that was booked unasked waits for a person from today on."""
    if not line.before:
        line.state, line.in_run, line.payment, line.decided_at, line.decided_by = "proposed", today, None, None, ""
    else:
        before: dict[str, Any] = json.loads(line.before)
        whose = before["customer"]
        whose = queries.stand_for(line.creditor, [whose] if whose else ()).get(whose, whose)
        line.state, line.customer_id, line.reasons = before["state"], whose, before["reasons"]
        line.in_run, line.payment, line.before = date.fromisoformat(before["in_run"]), None, before["before"]
        at = before["decided_at"]
        line.decided_by, line.decided_at = before["decided_by"], datetime.fromisoformat(at) if at else None
    line.save(update_fields=_DECIDED)


# --- whose an account is ---------------------------------------------------------------------------------------------


@transaction.atomic
def say_whose(line: BankLine, customer: Customer, *, seen: str, today: date, now: datetime, by: str) -> int:
    """Say that the payer's account is this customer's, from now on. Returns how many waiting lines it explains.

    Nothing is booked for it: what waits from that account is proposed to the customer.
    """
    line = _in_hand(line, seen)
    if not line.iban:
        raise RefusedError("no_account")
    return _learn(line, customer.pk, today, now, by)


def _learn(line: BankLine, customer: int, today: date, now: datetime, by: str) -> int:
    iban = account(line.iban)
    known = PayerAccount.objects.filter(creditor=line.creditor_id, iban=iban).select_related("customer").first()
    if known is not None and known.customer_id != customer:
        raise RefusedError("account_known", customer=known.customer.name)
    if known is None:
        PayerAccount.objects.create(creditor=line.creditor, iban=iban, customer_id=customer, said_by=by, said_at=now)
        log.record(line.creditor, [Event("account.learned", today, {"customer": customer}, {"by": by, "iban": iban})])
    waiting = _from(iban, line).filter(state="unknown", amount__gt=0, kind="payment")
    explained = list(waiting.order_by("booked_on", "pk"))
    for one in explained:
        _propose(one, customer, today, now, by)
    if explained:
        ledger.look_again(line.creditor, [customer], today)
    return len(explained)


def _from(iban: str, line: BankLine) -> QuerySet[BankLine]:
    """The movements from an account, however its groups of four were written."""
    return BankLine.objects.filter(creditor=line.creditor_id, iban__in={iban, line.iban, show_iban(iban)})


def _propose(line: BankLine, customer: int, today: date, now: datetime, by: str) -> None:
    """Propose a line to a customer of whom a person said that it is theirs; what it pays is told as for any line."""
    open_items = Item.objects.filter(creditor=line.creditor_id, customer=customer).exclude(open=0)
    names = Customer.objects.filter(creditor=line.creditor_id, pk=customer).values_list("name", flat=True)
    index = matching.Index(
        [OpenItem(*row) for row in open_items.values_list(*OPEN_ITEM)],
        [Payer(customer, tuple(names), (line.iban,))],
    )
    best = matching.match(received_by(line), index)[0]  # the account alone is a reading
    _decide(line, "proposed", now, by, customer=customer, payment=None, reasons=kept_reasons(best.reasons))
    line.in_run = today
    line.save(update_fields=("in_run",))
    Proposal.objects.bulk_create(
        Proposal(
            creditor_id=line.creditor_id, line=line, item_id=share.item, amount=share.amount, let_off=share.let_off
        )
        for share in best.shares
    )


def _forget_for(line: BankLine, today: date) -> set[int]:
    """What was learned by the decision that is undone is learned no more. Whose reminders that concerns."""
    if line.decided_at is None:
        return set()
    known = PayerAccount.objects.filter(
        creditor=line.creditor_id, iban=account(line.iban), said_by=line.decided_by, said_at=line.decided_at
    ).first()
    return _forget(known, line.iban, today) if known else set()


@transaction.atomic
def forget(known: PayerAccount, *, today: date, by: str) -> None:
    """Take back whose an account is, and what was proposed because of it and nobody decided yet."""
    ledger.books(known.creditor)
    facts = {"customer": known.customer_id}
    log.record(known.creditor, [Event("account.forgotten", today, facts, {"by": by, "iban": known.iban})])
    ledger.look_again(known.creditor, _forget(known, known.iban, today), today)


def _forget(known: PayerAccount, iban: str, today: date) -> set[int]:
    proposed_for_it = BankLine.objects.filter(
        creditor=known.creditor_id, iban__in={known.iban, iban, show_iban(known.iban)}, state="proposed",
        customer=known.customer_id, decided_at=known.said_at, decided_by=known.said_by,
    )  # fmt: skip
    for line in proposed_for_it.exclude(before=""):
        Proposal.objects.filter(creditor=line.creditor_id, line=line).delete()
        _as_before(line, today)
    known.delete()
    return {known.customer_id}
