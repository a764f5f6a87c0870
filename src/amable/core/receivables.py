"""Receivables: what is still open on an item. Amounts are signed minor units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def open_amount(total: int, ledger_open: int, allocated: int) -> int:
    """What is still open of an item.

    The credit on it is the larger of what the ledger shows (total less its open amount) and what was allocated from
    bank lines, never their sum: both see the same money. A credit note (negative) is used up the same way.
    """
    if total < 0:
        return -open_amount(-total, -ledger_open, -allocated)
    return total - min(total, max(total - ledger_open, allocated))


def credits_differ(total: int, ledger_open: int, allocated: int) -> bool:
    """Whether ledger and bank both saw money for the item, and not the same."""
    by_ledger = total - ledger_open
    return bool(allocated) and bool(by_ledger) and by_ledger != allocated


def discount(total: int, percent: Decimal) -> int:
    """What is let off an invoice that is paid early: a percentage of its total, a half rounded up."""
    return int((total * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))
