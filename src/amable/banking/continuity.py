"""What one statement says against the others of its account: what lies between them, and what they tell twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from amable.banking.models import BankLine, Statement
from amable.core.money import Money, TooPreciseError, known, to_minor
from amable.core.payer_names import same_name
from amable.organisation.bulk import these
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint

_NUMBER: Final = re.compile(r"(\d{1,5})(?:/\d{1,5})?")
_ENDING: Final = 8  # signs at the end of an account that an IBAN and the national number have in common


class Kept(NamedTuple):
    """A statement kept just now: the digest of its file, its row, the fingerprints of its movements known already."""

    digest: str
    statement: Statement
    known_already: frozenset[str]


def gaps(creditor: Creditor, new: Sequence[Kept]) -> list[tuple[str, Complaint]]:
    """What seems to be missing before a new statement: by balances, or by numbers where the bank gives no balances.

    A statement that overlaps what is known has no gap before it. Files may come in any order: all are kept by now.
    """
    found = ((kept.digest, _gap(creditor, kept.statement)) for kept in new if not kept.known_already)
    return [(digest, complaint) for digest, complaint in found if complaint]


def _gap(creditor: Creditor, statement: Statement) -> Complaint | None:
    if not statement.account or statement.closing_on is None:
        return None
    others = Statement.objects.filter(creditor=creditor, account=statement.account, currency=statement.currency)
    others = others.exclude(pk=statement.pk).filter(closing_on__lte=statement.closing_on)
    until = others.filter(closing_on__lt=statement.closing_on).order_by("-closing_on").first()
    if until is None:
        return None
    nearest = list(others.filter(closing_on__gte=until.closing_on).order_by("-closing_on", "-pk"))
    before = [one for one in nearest if one.closing_on == until.closing_on]
    if statement.opening is not None and any(one.closing is not None for one in nearest):
        if any(one.closing == statement.opening for one in nearest):
            return None
        last = next((one for one in before if one.closing is not None), None)
        if last is None or last.closing is None:
            return None
        params: dict[str, object] = {
            "account": statement.account,
            "day": last.closing_on,
            "closing": _money(last.closing, last.currency),
            "opening": _money(statement.opening, statement.currency),
        }
        return Complaint("bank_gap", None, "", str(statement.opening), params)
    return _gap_of_numbers(statement, before[0])


def _gap_of_numbers(statement: Statement, before: Statement) -> Complaint | None:
    """Numbers that a bank counts up within a year."""
    now, last = _NUMBER.fullmatch(statement.number), _NUMBER.fullmatch(before.number)
    if not now or not last or not (statement.closing_on and before.closing_on):
        return None
    if statement.closing_on.year != before.closing_on.year or not 0 < int(last[1]) < int(now[1]) - 1:
        return None
    params: dict[str, object] = {"account": statement.account, "number": statement.number, "before": before.number}
    return Complaint("bank_gap_number", None, "", statement.number, params)


def _money(amount: Decimal, currency: str) -> Money | str:
    try:
        return Money(to_minor(amount, currency), currency) if known(currency) else f"{amount:f}"
    except TooPreciseError:
        return f"{amount:f} {currency}"


def alike(creditor: Creditor, new: Sequence[Kept]) -> tuple[set[str], list[tuple[str, Complaint]]]:
    """New movements (their fingerprints) that another file seems to have told already, in other words.

    Two formats of one bank tell the same money with other texts. Nobody can be sure of that, for amounts repeat: such
    a movement is kept, and a person decides. What speaks against it is another payer,
    reference or number.
    """
    found: set[str] = set()
    told: list[tuple[str, Complaint]] = []
    for kept in new:
        statement = kept.statement
        others = Statement.objects.filter(creditor=creditor).exclude(file_digest=kept.digest)
        same = [pk for pk, account in others.values_list("pk", "account") if _same_account(account, statement.account)]
        if not same:
            continue
        lines = list(BankLine.objects.filter(creditor=creditor, statement=statement, amount__gt=0))
        if not lines:
            continue
        days = [line.booked_on for line in lines]
        earlier = BankLine.objects.filter(creditor=creditor, statement__in=these(same), amount__gt=0)
        earlier = earlier.filter(booked_on__gte=min(days), booked_on__lte=max(days))
        before: dict[tuple[date, int, str], list[BankLine]] = defaultdict(list)
        for line in earlier.iterator():
            if line.fingerprint not in kept.known_already:
                before[line.booked_on, line.amount, line.currency].append(line)
        twice = {line.fingerprint for line in lines if _told(line, before)}
        if twice:
            params: dict[str, object] = {"n": len(twice), "account": statement.account or "–"}
            told.append((kept.digest, Complaint("bank_alike", params=params)))
        found |= twice
    return found, told


def _told(line: BankLine, before: dict[tuple[date, int, str], list[BankLine]]) -> bool:
    """Whether a movement of that day and amount is left that may be this one; it is used up by it."""
    listed = before.get((line.booked_on, line.amount, line.currency), [])
    for other in listed:
        if _may_be_one(line, other):
            listed.remove(other)
            return True
    return False


def _may_be_one(line: BankLine, other: BankLine) -> bool:
    """Whether nothing that both say is different."""
    for name in ("iban", "reference", "end_to_end"):
        said, also = getattr(line, name), getattr(other, name)
        if said and also and said != also:
            return False
    numbers, also_numbers = _numbers(line.text), _numbers(other.text)
    if numbers and also_numbers and numbers.isdisjoint(also_numbers):
        return False
    return not line.name or not other.name or same_name(line.name, other.name)


def _numbers(text: str) -> set[str]:
    """The figures of each word that has some: `F-2026/0012` is 20260012."""
    return {figures for word in text.split() if (figures := "".join(filter(str.isdigit, word)))}


def _same_account(one: str, other: str) -> bool:
    """Whether two ways of writing an account may mean the same; one that a file does not name may be any."""
    plain, also = ("".join(filter(str.isalnum, account)) for account in (one, other))
    return not plain or not also or plain[-_ENDING:] == also[-_ENDING:]
