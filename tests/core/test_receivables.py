"""What is let off an invoice that is paid early."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from amable.core.receivables import discount


def test_a_half_is_rounded_up() -> None:
    assert discount(500_00, Decimal(2)) == 10_00
    assert discount(1_25, Decimal(2)) == 3
    assert discount(1_24, Decimal(2)) == 2


@given(st.integers(1, 10**12), st.decimals("0.01", "99.99", places=2))
def test_never_more_than_the_invoice_nor_less_than_nothing(total: int, percent: Decimal) -> None:
    assert 0 <= discount(total, percent) <= total
    assert abs(discount(total, percent) * 100 - total * percent) <= 50
