"""What a book came to over months: every expectation here was worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.insight import (
    Billed,
    Brought,
    Came,
    Owing,
    Stock,
    Stretch,
    Told,
    Word,
    brought,
    count_back,
    days_in,
    first_to_call,
    months,
    percent,
    simple_dso,
    stock,
    word,
)

JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
DEC, NOV = date(2025, 12, 1), date(2025, 11, 1)
TODAY = date(2026, 3, 17)


def test_months_go_over_the_year() -> None:
    assert months(TODAY, 5) == [NOV, DEC, JAN, FEB, MAR]
    assert [days_in(month, TODAY) for month in (DEC, FEB, MAR)] == [31, 28, 17]
    assert days_in(MAR, date(2026, 3, 31)) == 31


def test_what_was_owed_at_the_end_of_each_month() -> None:
    book = [
        Stretch(DEC, JAN, FEB, 100, 100),  # billed in December, due in January, paid in February
        Stretch(JAN, FEB, None, 40, 40),  # billed in January, due in February, still open
        Stretch(JAN, JAN, JAN, 7, 7),  # billed and paid within January
        Stretch(JAN, FEB, None, -5, 0),  # a credit note not used yet: less is owed, as much is past due
    ]
    assert [stock(book, month) for month in (NOV, DEC, JAN, FEB)] == [
        Stock(0, 0),
        Stock(100, 0),
        Stock(135, 100),
        Stock(35, 40),
    ]


def test_a_part_payment_is_open_until_its_month() -> None:
    # 100 billed in December; 60 came in January, the rest in March: 100, 40, 40, 0.
    parts = [Stretch(DEC, DEC, MAR, 100, 100), Stretch(DEC, DEC, JAN, 60, 60), Stretch(DEC, DEC, MAR, -60, -60)]
    assert [stock(parts, month).owed for month in (DEC, JAN, FEB, MAR)] == [100, 40, 40, 0]


def test_counting_back_takes_the_last_month_in_part() -> None:
    # 900 owed: all of March (17 days, 300), all of February (28 days, 400), 200 of the 620 of January (31 days: 10).
    billed = [Billed(MAR, 17, 300), Billed(FEB, 28, 400), Billed(JAN, 31, 620), Billed(DEC, 31, 500)]
    found = count_back(900, billed)
    assert (found.days, found.beyond) == (17 + 28 + 10, False)
    assert [(step.month, step.unpaid, step.days) for step in found.steps] == [
        (MAR, 300, 17),
        (FEB, 400, 28),
        (JAN, 200, Fraction(10)),
    ]


def test_counting_back_past_months_without_invoices() -> None:
    billed = [Billed(MAR, 17, 0), Billed(FEB, 28, -20), Billed(JAN, 31, 310)]
    assert count_back(155, billed).days == 17 + 28 + 16  # half of January is 15.5 days
    assert count_back(0, billed) == (0, False, ())
    assert count_back(-10, billed).days == 0


def test_more_owed_than_all_that_was_billed_is_said() -> None:
    found = count_back(1_000, [Billed(MAR, 17, 300), Billed(FEB, 28, 400)])
    assert (found.days, found.beyond) == (45, True)


def test_the_simple_measure_over_four_months() -> None:
    billed = [
        Billed(MAR, 17, 300),
        Billed(FEB, 28, 400),
        Billed(JAN, 31, 620),
        Billed(DEC, 31, 500),
        Billed(NOV, 30, 9),
    ]
    assert simple_dso(900, billed) == 53  # 900 x 107 / 1,820 = 52.9
    assert simple_dso(900, billed[:1]) == 51
    assert simple_dso(900, [Billed(MAR, 17, 0)]) is None
    assert simple_dso(-5, billed) == 0


@given(
    st.integers(1, 10**9),
    st.lists(st.tuples(st.integers(1, 31), st.integers(-(10**6), 10**8)), min_size=1, max_size=24),
)
def test_counting_back_never_takes_more_days_than_there_were(owed: int, rows: list[tuple[int, int]]) -> None:
    found = count_back(owed, [Billed(JAN, days, amount) for days, amount in rows])
    assert 0 <= found.days <= sum(days for days, _ in rows)
    unpaid = sum(step.unpaid for step in found.steps)
    assert unpaid == owed if not found.beyond else unpaid < owed


def test_money_is_put_down_to_the_last_word_before_it() -> None:
    told = [
        Told(1, date(2026, 3, 2), "early_late"),
        Told(1, date(2026, 3, 9), "call"),
        Told(2, date(2026, 2, 1), "early_late"),
        Told(3, date(2026, 3, 12), "call"),
    ]
    came = [
        Came(1, date(2026, 3, 12), 500),  # three days after the call
        Came(1, date(2026, 3, 6), 200),  # four days after the reminder, before the call
        Came(2, date(2026, 3, 6), 90),  # more than two weeks after the only word
        Came(3, date(2026, 3, 12), 70),  # on the day of the call: it was on its way
        Came(4, date(2026, 3, 6), 10),  # nobody said anything
    ]
    assert brought(came, told) == [
        Brought("call", 500, 1, 3),
        Brought("early_late", 200, 1, 4),
        Brought("", 170, 3, None),
    ]
    assert brought([Came(2, date(2026, 2, 15), 1)], told) == [Brought("early_late", 1, 1, 14)]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 60), st.integers(1, 1000))))
def test_no_money_is_lost_nor_counted_twice(rows: list[tuple[int, int, int]]) -> None:
    came = [Came(item, MAR + timedelta(days=days), amount) for item, days, amount in rows]
    told = [Told(item, MAR + timedelta(days=day), f"step{day}") for item in (1, 2) for day in (0, 10, 30)]
    found = brought(came, told)
    assert sum(one.amount for one in found) == sum(one.amount for one in came)
    assert sum(one.payments for one in found) == len(came)


@pytest.mark.parametrize(
    ("left", "paid_on", "until", "what"),
    [
        (0, date(2026, 3, 10), date(2026, 3, 10), Word.KEPT),
        (0, date(2026, 3, 11), date(2026, 3, 10), Word.LATE),
        (0, None, date(2026, 3, 10), Word.KEPT),
        (1, None, date(2026, 3, 16), Word.BROKEN),
        (1, None, TODAY, Word.WAITING),
    ],
)
def test_what_became_of_a_promise(left: int, paid_on: date | None, until: date, what: Word) -> None:
    assert word(left, paid_on, until, TODAY) is what


def test_a_call_is_for_money_that_is_later_than_it_usually_is() -> None:
    slow = Owing(1_000_00, 30, 28, broke=False)  # as late as ever: 1,000 x 2 days
    fresh = Owing(400_00, 10, None, broke=False)  # nothing known: 400 x 10
    broke = Owing(300_00, 10, 0, broke=True)  # 300 x 10, twice
    early = Owing(500_00, 3, -5, broke=False)  # usually five days early: 500 x 8
    assert [one.urgency // 100 for one in (slow, fresh, broke, early)] == [2_000, 4_000, 6_000, 4_000]
    assert first_to_call({1: slow, 2: fresh, 3: broke, 4: early}, 3) == [3, 2, 4]
    assert Owing(100, 400, None, broke=False).urgency == 9_000
    assert Owing(100, 5, 20, broke=False).urgency == 100


def test_a_share_in_whole_per_cent() -> None:
    assert [percent(1, 3), percent(2, 3), percent(1, 8), percent(5, 0), percent(0, 4)] == [33, 67, 13, 0, 0]
