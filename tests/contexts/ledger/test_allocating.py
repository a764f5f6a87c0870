"""Money booked against items and taken back: what is open follows, whatever the order of things."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amable.ledger import actions
from amable.ledger.actions import Booking, Money, reverse
from amable.ledger.models import Allocation, Item, Payment
from amable.organisation.bulk import numbers
from amable.organisation.models import Creditor
from tests.contexts.books import DAY, TODAY, all_rows, customer, item, row, take

_IDS = count()


def allocate(creditor: Creditor, money: Money, shares: dict[int, int], unapplied: int, today: date) -> Payment:
    """Book one payment."""
    (number,) = numbers(Payment, 1)
    actions.allocate(creditor, [Booking(number, money, shares, unapplied)], today)
    return Payment.objects.get(pk=number)


def book(creditor: Creditor, amount: int, *, unapplied: int = 0, **shares: int) -> Payment:
    """Book a payment of Ana's, its shares by invoice number (`F1`)."""
    money = Money(f"m{next(_IDS)}", customer().pk, TODAY, "EUR", amount, "Ana", "ES91")
    return allocate(creditor, money, {item(number).pk: share for number, share in shares.items()}, unapplied, TODAY)


@pytest.fixture
def owing(acting: Creditor) -> Creditor:
    """Ana owes 500 and 120, and has a credit of 50."""
    take(acting, row("F1"), row("F2", "120.00"), row("AB", "-50.00"))
    return acting


def test_a_payment_settles_items_with_a_credit_note(owing: Creditor) -> None:
    book(owing, 570_00, F1=500_00, F2=120_00, AB=-50_00)
    assert [item(n).open for n in ("F1", "F2", "AB")] == [0, 0, 0]
    assert {i.settled_in_run for i in Item.objects.all()} == {TODAY}
    assert '"paid.bank"' in item("AB").settled_by


def test_a_part_payment_leaves_the_rest(owing: Creditor) -> None:
    book(owing, 100_00, F1=100_00)
    assert (item("F1").open, item("F1").settled_on) == (400_00, None)


def test_what_is_over_is_unapplied(owing: Creditor) -> None:
    payment = book(owing, 600_00, F1=500_00, unapplied=100_00)
    assert payment.unapplied == 100_00


@pytest.mark.parametrize(("amount", "unapplied"), [(500_00, 1), (499_99, 0), (500_01, 0)])
def test_shares_and_rest_add_up_or_nothing_is_booked(owing: Creditor, amount: int, unapplied: int) -> None:
    before = all_rows(Item, Payment, Allocation)
    with pytest.raises(ValueError, match="add up"), transaction.atomic():
        book(owing, amount, F1=500_00, unapplied=unapplied)
    assert all_rows(Item, Payment, Allocation) == before


def test_a_share_of_no_item_is_refused_whole(owing: Creditor) -> None:
    money = Money("m", customer().pk, TODAY, "EUR", 500_00, "Ana", "ES91")
    with pytest.raises(ValueError, match="does not exist"), transaction.atomic():
        allocate(owing, money, {item("F1").pk: 300_00, 999_999: 200_00}, 0, TODAY)
    assert (item("F1").open, Payment.objects.count()) == (500_00, 0)


def test_a_payment_sent_back_opens_what_it_paid_in_a_new_cycle(owing: Creditor) -> None:
    payment = book(owing, 570_00, F1=500_00, F2=120_00, AB=-50_00)
    reopened = reverse(payment, TODAY + DAY)
    assert sorted(i.number for i in reopened) == ["AB", "F1", "F2"]
    assert [(item(n).open, item(n).cycle) for n in ("F1", "F2", "AB")] == [(500_00, 2), (120_00, 2), (-50_00, 2)]
    assert {(i.settled_on, i.settled_in_run, i.settled_by) for i in Item.objects.all()} == {(None, None, "")}
    assert (payment.reversed_on, payment.unapplied) == (TODAY + DAY, 0)


def test_a_part_payment_sent_back_begins_no_cycle(owing: Creditor) -> None:
    reverse(book(owing, 100_00, F1=100_00), TODAY)
    assert (item("F1").open, item("F1").cycle) == (500_00, 1)


def test_one_of_two_payments_sent_back(owing: Creditor) -> None:
    book(owing, 200_00, F1=200_00)
    reverse(book(owing, 300_00, F1=300_00), TODAY)
    assert (item("F1").open, item("F1").allocated, item("F1").cycle) == (300_00, 200_00, 2)


def test_sent_back_twice_is_sent_back_once(owing: Creditor) -> None:
    payment = book(owing, 500_00, F1=500_00)
    reverse(payment, TODAY)
    before = all_rows(Item, Allocation)
    assert reverse(payment, TODAY) == []
    assert all_rows(Item, Allocation) == before


def test_what_the_ledger_settled_stays_as_it_was_when_the_bank_confirms_it(owing: Creditor) -> None:
    take(owing, row("F1", open_amount=Decimal(0), settled_date=TODAY - DAY), row("F2", "120.00"), row("AB", "-50.00"))
    before = item("F1")
    money = Money("m", customer().pk, TODAY, "EUR", 500_00, "Ana", "ES91")
    allocate(owing, money, {before.pk: 500_00}, 0, TODAY + 20 * DAY)
    after = item("F1")
    assert (after.settled_on, after.settled_in_run, after.settled_by) == (
        before.settled_on, before.settled_in_run, before.settled_by,
    )  # fmt: skip
    reverse(Payment.objects.get(), TODAY + 30 * DAY)
    assert (item("F1").open, item("F1").cycle) == (0, 1)  # the ledger still calls it paid


_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("ledger"), st.integers(0, 1000)),
        st.tuples(st.just("pay"), st.integers(1, 1000)),
        st.tuples(st.just("reverse"), st.integers(0, 9)),
    ),
    max_size=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(credit_note=st.booleans(), total=st.integers(1, 1000), events=_EVENTS)
def test_allocations_and_what_is_open_follow_from_what_happened(
    acting: Creditor, *, credit_note: bool, total: int, events: list[tuple[str, int]]
) -> None:
    """Against a model of three numbers: the credit is the larger of what ledger and bank tell, never the sum."""
    sign = -1 if credit_note else 1
    number = f"H{next(_IDS)}"

    def tell(open_: int) -> None:
        amount = Decimal(sign * total) / 100
        take(acting, row(number, str(amount), open_amount=Decimal(sign * open_) / 100), whole=False)

    tell(total)
    by_ledger, cycle, open_ = 0, 1, total
    booked: list[tuple[Payment, int]] = []
    for kind, n in events:
        if kind == "ledger":
            tell(min(n, total))
            by_ledger = total - min(n, total)
        elif kind == "pay" and open_:
            share = min(n, open_)
            rest = n - share
            money = Money(f"m{next(_IDS)}", customer().pk, TODAY, "EUR", sign * (share + rest), "", "")
            booked.append((allocate(acting, money, {item(number).pk: sign * share}, sign * rest, TODAY), share))
        elif kind == "reverse" and booked:
            payment, _ = booked.pop(n % len(booked))
            reverse(payment, TODAY + timedelta(days=1))
        by_bank = sum(share for _, share in booked)
        before, open_ = open_, total - max(by_ledger, min(by_bank, total))
        cycle += before == 0 and open_ > 0
        found = item(number)
        allocations = Allocation.objects.filter(item=found, reversed=False)
        assert found.open == sign * open_
        assert found.allocated == sign * by_bank == sum(a.amount for a in allocations)
        assert found.cycle == cycle
        assert (found.settled_in_run is not None) is (open_ == 0)
        if by_ledger == 0 and by_bank <= total:
            assert found.allocated + found.open == found.total
    for payment, _ in booked:
        whole = sum(a.amount for a in Allocation.objects.filter(payment=payment))
        assert whole + payment.unapplied == payment.amount
