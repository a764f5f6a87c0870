"""A person decides what a bank line pays: nothing is given away twice, and whatever is undone was never there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Barrier, Thread
from typing import Any, cast

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amable.banking import actions
from amable.banking.actions import DecidedError, version
from amable.banking.models import BankLine, PayerAccount, Proposal
from amable.core.allocating import RefusedError
from amable.evidence import log
from amable.evidence.models import Entry
from amable.ledger import actions as ledger
from amable.ledger.models import Allocation, Item, Payment
from amable.organisation.models import Creditor
from amable.organisation.tenancy import acting_for
from tests.contexts.books import (
    ANA_IBAN,
    DAY,
    TODAY,
    all_rows,
    customer,
    item,
    live,
    messages,
    open_of,
    paid,
    receive,
    row,
    sent_back,
    states,
    take,
    verdict,
)

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
BOOKS = (Item, Payment, Allocation, BankLine, Proposal, PayerAccount)
PAU: dict[str, Any] = {
    "customer_id": "C-2",
    "customer_name": "Forn Sant Pau",
    "tax_id": "B46000001",
    "email": "pau@forn.example",
}
STRANGER: dict[str, Any] = {"name": "Gestoría Núñez", "iban": "ES6099990001440000000022"}


@pytest.fixture
def owing(acting: Creditor) -> Creditor:
    """Ana owes 500 and 120 and has a credit of 50; Pau owes 300."""
    take(acting, row("F1"), row("F2", "120.00"), row("AB", "-50.00"), row("P1", "300.00", **PAU))
    return acting


def line_of(creditor: Creditor, amount: str, text: str = "", **facts: Any) -> BankLine:
    """A movement that waits for a person."""
    receive(creditor, paid(amount, text, **(STRANGER | facts)), file=f"{amount}{text}{facts}")
    return BankLine.objects.latest("pk")


def book(line: BankLine, *, rest_for: int | None = None, remember: int | None = None, **shares: int) -> list[Payment]:
    chosen = {item(number).pk: share for number, share in shares.items()}
    return actions.book(
        line, shares=chosen, rest_for=rest_for, remember=remember, seen=version(line), today=TODAY, now=NOW, by="marta"
    )


def undo(line: BankLine) -> None:
    line.refresh_from_db()
    actions.undo(line, seen=version(line), today=TODAY, by="marta")


def refused(do: Callable[[], object]) -> str:
    """The rule by which something is refused; nothing is changed by it."""
    before = all_rows(*BOOKS, Entry)
    with pytest.raises(RefusedError) as why, transaction.atomic():
        do()
    assert all_rows(*BOOKS, Entry) == before
    return why.value.rule


def test_a_proposal_is_confirmed_as_it_stands(owing: Creditor) -> None:
    line = line_of(owing, "500.00", name="Talleres Miro", iban="")
    assert states() == ["proposed"]
    (payment,) = actions.confirm(line, seen=version(line), today=TODAY, now=NOW, by="marta")
    line.refresh_from_db()
    assert (line.state, line.customer, line.payment, line.decided_by) == ("booked", customer(), payment, "marta")
    assert open_of("F1") == [0]
    assert (item("F1").settled_on, json.loads(item("F1").settled_by)["rule"]) == (TODAY, "paid.bank")
    entry = Entry.objects.get(kind="payment.decided")
    assert "marta" not in entry.body
    assert log.seal(owing)
    assert log.verify(owing) == []


def test_a_line_is_divided_among_items_of_two_customers(owing: Creditor) -> None:
    pau = customer("C-2")
    line = line_of(owing, "700.00")
    book(line, F1=300_00, P1=300_00, rest_for=pau.pk)
    first, second = Payment.objects.order_by("pk")
    assert (first.customer, first.amount, first.unapplied, first.part_of) == (customer(), 300_00, 0, None)
    assert (second.customer, second.amount, second.unapplied, second.part_of) == (pau, 400_00, 100_00, first)
    assert open_of("F1", "P1") == [200_00, 0]
    line.refresh_from_db()
    assert (line.customer, line.payment) == (None, first)


@pytest.mark.parametrize(
    ("shares", "rule"),
    [
        ({"F1": 500_01}, "more_than_open"),
        ({"F1": 500_00, "F2": 120_00}, "more_than_came"),
        ({"AB": 10_00}, "wrong_sign"),
        ({"AB": -50_01, "F1": 500_00}, "more_than_open"),
        ({"F1": 100_00, "P1": 100_00}, "whose_rest"),
        ({"P1": 300_00, "AB": -50_00}, "whose_rest"),
        ({}, "nothing_chosen"),
    ],
)
def test_nothing_is_given_away_that_is_not_there(owing: Creditor, shares: dict[str, int], rule: str) -> None:
    line = line_of(owing, "510.00")
    assert refused(lambda: book(line, **shares)) == rule


def test_another_currency_is_refused(owing: Creditor) -> None:
    line = line_of(owing, "500.00", currency="RON")
    assert refused(lambda: book(line, F1=500_00)) == "other_currency"


def test_a_credit_note_alone_is_no_payment(owing: Creditor) -> None:
    line = line_of(owing, "250.00")
    assert refused(lambda: book(line, P1=300_00, AB=-50_00)) == "credit_alone"


def test_another_creditors_item_cannot_be_paid(owing: Creditor) -> None:
    line = line_of(owing, "10.00")
    book_ = {999_999: 10_00}
    do = lambda: actions.book(line, shares=book_, rest_for=None, seen=version(line), today=TODAY, now=NOW, by="m")  # noqa: E731
    assert refused(do) == "gone"


def test_what_a_person_decided_is_undone_to_the_letter(owing: Creditor) -> None:
    line = line_of(owing, "700.00")
    before = all_rows(*BOOKS)
    book(line, F1=500_00, P1=100_00, rest_for=customer().pk, remember=customer().pk)
    assert PayerAccount.objects.get().customer == customer()
    undo(line)
    assert all_rows(*BOOKS) == before
    line.refresh_from_db()
    actions.leave(line, seen=version(line), today=TODAY, now=NOW, by="marta")
    assert states() == ["other"]
    undo(line)
    assert all_rows(*BOOKS) == before


def test_what_was_booked_unasked_is_proposed_when_undone(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    line = BankLine.objects.get()
    assert states() == ["booked"]
    undo(line)
    line.refresh_from_db()
    assert (line.state, line.customer, line.payment) == ("proposed", customer(), None)
    assert actions.proposed(line) == {item("F1").pk: 500_00}
    assert (item("F1").open, item("F1").cycle, Payment.objects.count()) == (500_00, 1, 0)
    take(owing, row("F9", "9.00"), whole=False, today=TODAY)
    receive(owing, paid("1.00", **STRANGER), file="more")
    assert states()[0] == "proposed"  # never again unasked


def test_reminders_go_on_where_they_were_when_a_booking_is_undone(acting: Creditor) -> None:
    """Reminded, paid by mistake, thanked in a draft, undone: the thanks is withdrawn and the same cycle goes on."""
    live(acting, row(), today=TODAY - 7 * DAY)
    live(acting, row(), today=TODAY)
    said = [(one.step, one.day) for one in messages()]
    assert said
    line = line_of(acting, "500.00", on=TODAY)
    book(line, **{"F-1001": 500_00})
    live(acting, today=TODAY)
    assert verdict()[0] == "paid"
    assert [one.act for one in messages(state="proposed")] == ["thanks"]
    undo(line)
    actions.leave(line, seen=version(BankLine.objects.get()), today=TODAY, now=NOW, by="marta")
    live(acting, today=TODAY)
    assert not messages(state="proposed", act="thanks")
    assert [(one.step, one.day) for one in messages() if one.act == "email"] == said
    assert item().cycle == 1


def test_two_decisions_one_after_the_other_see_each_other(owing: Creditor) -> None:
    line = line_of(owing, "120.00")
    seen = version(line)
    book(line, F2=120_00)
    with pytest.raises(DecidedError) as told:
        actions.leave(line, seen=seen, today=TODAY, now=NOW, by="jorge")
    assert (told.value.line.state, told.value.line.decided_by) == ("booked", "marta")


def together(creditor: Creditor, *things: Callable[[], object]) -> list[object]:
    """Do things at the same moment, each in a thread with a connection of its own; what came of each."""
    ready = Barrier(len(things))
    came: list[object] = [None] * len(things)

    def run(place: int, do: Callable[[], object]) -> None:
        try:
            with acting_for(creditor):
                ready.wait(20)
                came[place] = do()
        except (DecidedError, RefusedError) as why:
            came[place] = why
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(place, do)) for place, do in enumerate(things)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return came


def test_two_people_confirm_the_same_line_at_once_and_one_is_told(owing: Creditor) -> None:
    line = line_of(owing, "500.00", name="Talleres Miro", iban="")
    seen = version(line)

    def confirm(by: str) -> Callable[[], object]:
        own = BankLine.objects.get(pk=line.pk)
        return lambda: actions.confirm(own, seen=seen, today=TODAY, now=NOW, by=by)

    came = together(owing, confirm("marta"), confirm("jorge"))
    told = [one for one in came if isinstance(one, DecidedError)]
    assert len(told) == 1
    assert told[0].line.decided_by in {"marta", "jorge"}
    assert (Payment.objects.count(), open_of("F1")) == (1, [0])


def test_two_lines_cannot_both_pay_the_same_item_at_once(owing: Creditor) -> None:
    one, other = line_of(owing, "300.00", "uno"), line_of(owing, "300.00", "dos")
    p1 = item("P1").pk

    def pay(line: BankLine) -> Callable[[], object]:
        seen = version(line)
        return lambda: actions.book(line, shares={p1: 300_00}, rest_for=None, seen=seen, today=TODAY, now=NOW, by="m")

    came = together(owing, pay(one), pay(other))
    refusals = [why.rule for why in came if isinstance(why, RefusedError)]
    assert refusals == ["more_than_open"]
    assert (item("P1").allocated, item("P1").open, Payment.objects.count()) == (300_00, 0, 1)


def test_a_bank_file_and_a_person_at_once_book_an_item_once(owing: Creditor) -> None:
    line = line_of(owing, "300.00", "uno")
    p1, seen = item("P1").pk, version(line)
    together(
        owing,
        lambda: actions.book(line, shares={p1: 300_00}, rest_for=None, seen=seen, today=TODAY, now=NOW, by="marta"),
        lambda: receive(owing, paid("300.00", "P1", name="Forn Sant Pau", iban=""), file="second"),
    )
    assert item("P1").allocated == sum(a.amount for a in Allocation.objects.filter(item=p1)) == 300_00


# --- money sent back -------------------------------------------------------------------------------------------------


def test_a_person_says_which_payment_came_back_and_undoes_it(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    receive(owing, sent_back("500.00", name="Talleres Miro", iban=""), file="back")
    line = BankLine.objects.latest("pk")
    assert line.state == "proposed"
    before = all_rows(*BOOKS)
    actions.take_back(line, Payment.objects.get(), seen=version(line), today=TODAY, now=NOW, by="marta")
    assert (item("F1").open, item("F1").cycle) == (500_00, 2)
    undo(line)
    assert all_rows(*BOOKS) == before


def test_what_came_back_unasked_is_undone_too(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    before = all_rows(Item, Payment, Allocation)
    receive(owing, sent_back("500.00"), file="back")
    line = BankLine.objects.latest("pk")
    assert line.state == "reversal"
    undo(line)
    assert all_rows(Item, Payment, Allocation) == before
    assert states()[-1] == "proposed"


def test_a_return_is_not_undone_when_other_money_paid_since(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    receive(owing, sent_back("500.00"), file="back")
    back = BankLine.objects.latest("pk")
    book(line_of(owing, "500.00"), F1=500_00)
    assert refused(lambda: undo(back)) == "paid_since"


def test_a_divided_line_comes_back_whole(owing: Creditor) -> None:
    line = line_of(owing, "600.00")
    book(line, F1=300_00, P1=300_00)
    receive(owing, sent_back("600.00", **STRANGER), file="back")
    assert states()[-1] == "reversal"
    assert open_of("F1", "P1") == [500_00, 300_00]
    assert {payment.reversed_on for payment in Payment.objects.all()} == {TODAY}


def test_a_booking_that_came_back_is_not_undone(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    receive(owing, sent_back("500.00"), file="back")
    first = BankLine.objects.earliest("pk")
    assert refused(lambda: undo(first)) == "sent_back"


def test_only_the_same_amount_can_come_back(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))
    line = line_of(owing, "-499.99", kind="return")
    do = lambda: actions.take_back(line, Payment.objects.get(), seen=version(line), today=TODAY, now=NOW, by="m")  # noqa: E731
    assert refused(do) == "other_amount"


# --- accounts --------------------------------------------------------------------------------------------------------


def test_an_account_a_person_named_explains_what_waits_and_what_comes(owing: Creditor) -> None:
    one, other = line_of(owing, "120.00", "uno"), line_of(owing, "77.00", "dos")
    before = all_rows(*BOOKS)
    actions.say_whose(one, customer(), seen=version(one), today=TODAY, now=NOW, by="marta")
    assert states() == ["proposed", "proposed"]
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.customer, actions.proposed(one)) == (customer(), {item("F2").pk: 120_00})
    assert (other.customer, actions.proposed(other)) == (customer(), {})
    assert Payment.objects.count() == 0  # nothing is booked for it
    actions.forget(PayerAccount.objects.get(), today=TODAY, by="marta")
    assert all_rows(*BOOKS) == before


def test_what_comes_from_an_account_a_person_named_is_known(owing: Creditor) -> None:
    line = line_of(owing, "77.00", "uno")
    actions.say_whose(line, customer("C-2"), seen=version(line), today=TODAY, now=NOW, by="marta")
    receive(owing, paid("300.00", "gracias", **STRANGER), file="next")
    assert open_of("P1") == [0]


def test_an_account_has_one_owner(owing: Creditor) -> None:
    line = line_of(owing, "77.00", "uno")
    actions.say_whose(line, customer(), seen=version(line), today=TODAY, now=NOW, by="marta")
    line.refresh_from_db()
    do = lambda: actions.say_whose(line, customer("C-2"), seen=version(line), today=TODAY, now=NOW, by="m")  # noqa: E731
    assert refused(do) == "account_known"


def test_what_a_person_says_of_an_account_outweighs_what_was_learned(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F1"))  # from Ana's own account, in her name
    line = BankLine.objects.get()
    actions.say_whose(line, customer("C-2"), seen=version(line), today=TODAY, now=NOW, by="marta")
    receive(owing, paid("300.00", "gracias", iban=ANA_IBAN, name="Pau"), file="next")
    assert open_of("P1") == [0]


# --- against a model -------------------------------------------------------------------------------------------------

NUMBERS = ("F1", "F2", "AB", "P1")
TOTALS = {"F1": 500_00, "F2": 120_00, "AB": -50_00, "P1": 300_00}
OWNER = {"F1": "C-1", "F2": "C-1", "AB": "C-1", "P1": "C-2"}
_SHARES = st.dictionaries(st.sampled_from(NUMBERS), st.integers(-60_00, 520_00), max_size=3)
_DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), st.integers(0, 3), _SHARES, st.sampled_from(("", "C-1", "C-2"))),
        st.tuples(st.just("leave"), st.integers(0, 3), st.just({}), st.just("")),
        st.tuples(st.just("undo"), st.integers(0, 3), st.just({}), st.just("")),
        st.tuples(st.just("apply"), st.integers(0, 5), _SHARES, st.just("")),
        st.tuples(st.just("release"), st.integers(0, 5), _SHARES, st.just("")),
        st.tuples(st.just("record"), st.integers(1, 600_00), _SHARES, st.sampled_from(("C-1", "C-2"))),
        st.tuples(st.just("take_back"), st.integers(0, 3), st.just({}), st.just("")),
    ),
    max_size=9,
)


class Model:
    """What the books must say: of each payment its amount, what it gave to each item, and whether it came back."""

    def __init__(self) -> None:
        self.payments: dict[int, tuple[int, dict[str, int], bool]] = {}

    def read(self) -> None:
        """Note what the rows say of payments; the rest follows from it."""
        numbers = dict(Item.objects.values_list("pk", "number"))
        self.payments = {
            payment.pk: (
                payment.amount,
                {numbers[a.item_id]: a.amount for a in Allocation.objects.filter(payment=payment)},
                payment.reversed_on is not None,
            )
            for payment in Payment.objects.all()
        }

    def check(self) -> None:
        given_to = dict.fromkeys(NUMBERS, 0)
        for pk, (amount, shares, came_back) in self.payments.items():
            payment = Payment.objects.get(pk=pk)
            assert payment.amount > 0
            assert payment.unapplied >= 0
            assert {OWNER[number] for number in shares} <= {payment.customer.key}
            assert payment.unapplied == (0 if came_back else amount - sum(shares.values()))
            for number, share in shares.items():
                assert share * TOTALS[number] > 0
                given_to[number] += 0 if came_back else share
        for number, total in TOTALS.items():
            found = item(number)
            assert found.allocated == given_to[number]
            assert found.allocated + found.open == total
            assert abs(found.allocated) <= abs(total)
            assert (found.settled_on is not None) is (found.open == 0)
        for line in BankLine.objects.filter(state="booked"):
            assert line.payment is not None
            assert sum(part.amount for part in ledger.parts_of(line.payment)) == line.amount


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=_DEEDS, in_order=st.booleans())
def test_whatever_people_decide_the_books_add_up_and_it_can_all_be_undone(
    owing: Creditor, *, deeds: list[tuple[str, int, dict[str, int], str]], in_order: bool
) -> None:
    """Undone in order, the last first, everything is as it was to the letter; in any order the books add up."""
    amounts = ("500.00", "170.00", "420.00", "999.99")
    with transaction.atomic():
        lines = [line_of(owing, amount, f"n{n}") for n, amount in enumerate(amounts)]
        back = [line_of(owing, f"-{amount}", kind="return") for amount in amounts]
        before = all_rows(*BOOKS)
        model, undoing = Model(), list[Callable[[], object]]()

        def attempt(do: Callable[[], object]) -> object:
            stood = all_rows(*BOOKS)
            try:
                with transaction.atomic():
                    came = do()
            except RefusedError:
                assert all_rows(*BOOKS) == stood
                return None
            model.read()
            model.check()
            return came

        for deed in deeds:
            if deed[0] == "undo":
                if undoing:
                    attempt(undoing.pop(-1 if in_order else deed[1] % len(undoing)))
            elif undo_it := attempt(partial(_do, lines, back, deed)):
                undoing.append(cast("Callable[[], object]", undo_it))
        if in_order:
            while undoing:
                undoing.pop()()
                model.read()
                model.check()
            assert all_rows(*BOOKS) == before
        transaction.set_rollback(True)


def _do(
    lines: list[BankLine], back: list[BankLine], deed: tuple[str, int, dict[str, int], str]
) -> Callable[[], object]:
    """Do one thing; what undoes it."""
    kind, n, shares, key = deed
    chosen = {item(number).pk: share for number, share in shares.items() if share}
    if kind == "record":
        identity = f"hand {n} {Payment.objects.count()} {key} {chosen}"
        money = ledger.Money(identity, customer(key).pk, TODAY, "EUR", n, "", "", "cash")
        payment = ledger.record_payment(customer(key), money, shares=chosen, today=TODAY, by="m")
        return lambda: ledger.remove_payment(Payment.objects.get(pk=payment.pk), today=TODAY, by="m")
    if kind in ("apply", "release"):
        listed = list(Payment.objects.order_by("pk"))
        if n >= len(listed):
            raise RefusedError("gone")
        there, other = ledger.apply_cash, ledger.release
        if kind == "release":
            there, other = other, there
        there(listed[n], shares=chosen, today=TODAY, by="m")
        return lambda: other(_payment(listed[n].pk), shares=chosen, today=TODAY, by="m")
    line = BankLine.objects.get(pk=lines[n].pk)
    if kind == "take_back":
        if line.payment is None:
            raise RefusedError("gone")
        movement = BankLine.objects.get(pk=back[n].pk)
        actions.take_back(movement, line.payment, seen=version(movement), today=TODAY, now=NOW, by="m")
        return lambda: undo(movement)
    if kind == "leave":
        actions.leave(line, seen=version(line), today=TODAY, now=NOW, by="m")
    else:
        book(line, rest_for=customer(key).pk if key else None, **shares)
    return lambda: undo(line)


def _payment(number: int) -> Payment:
    """A payment that may have been undone meanwhile."""
    found = Payment.objects.filter(pk=number).first()
    if found is None:
        raise RefusedError("gone")
    return found
