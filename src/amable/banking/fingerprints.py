"""Tells one bank movement from another, so that each is taken in once, whichever file brings it."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from amable.ledger.texts import keepable_line
from amable.plugs.bank import Statement, StatementLine


def fingerprints(statement: Statement) -> list[tuple[str, StatementLine]]:
    """The movements of a statement, each with what it is known by; two genuine payments alike are two."""
    seen: Counter[str] = Counter()
    found: list[tuple[str, StatementLine]] = []
    for line in map(keepable_line, statement.lines):
        base = _base(statement.account, line)
        seen[base] += 1
        found.append((sha256(f"{base}|{seen[base]}".encode()).hexdigest(), line))
    return found


def _base(account: str, line: StatementLine) -> str:
    """What tells one movement from another, apart from how many alike came before it in the statement."""
    return "|".join(
        (
            account,
            line.booked_on.isoformat(),
            format(line.amount.normalize(), "f"),
            line.currency,
            line.name,
            line.iban,
            line.text,
            line.reference,
            line.end_to_end,
            line.bank_reference,
        )
    )
