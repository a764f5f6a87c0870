"""Statements taken in: each movement once, sure money booked, money sent back taken back, the rest put to a person."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amable.banking import actions
from amable.banking.intake import LEDGER_TELLS_AFTER
from amable.banking.models import BankLine, Proposal, Statement
from amable.evidence.models import Entry, Personal
from amable.ledger.models import Allocation, Item, Payment, Taken
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement as ReadStatement
from amable.plugs.loading import bank_readers
from tests.contexts.books import (
    ANA_IBAN,
    DAY,
    TODAY,
    all_rows,
    customer,
    item,
    open_of,
    paid,
    receive,
    row,
    rules,
    sent_back,
    statement,
    states,
    take,
)  # fmt: skip
from tests.material import DATA, material

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
ROWS = (Statement, BankLine, Proposal, Payment, Allocation, Item)


@pytest.fixture
def owing(acting: Creditor) -> Creditor:
    """Ana owes 500 and 120 euros and has a credit of 50; Eva owes 80."""
    take(
        acting, row("F-1001"), row("F-1002", "120.00"), row("AB-7", "-50.00"),
        row("G-2001", "80.00", customer_id="C-2", customer_name="Eva Soler", tax_id=""),
    )  # fmt: skip
    return acting


# --- each movement once -----------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(owing: Creditor) -> None:
    lines = (paid("500.00", "F-1001"), paid("30.00", "hola"), paid("7.00", name="Nobody", iban=""))
    receive(owing, *lines)
    before = all_rows(*ROWS, Taken, Entry)
    again = receive(owing, *lines)
    assert (again.lines, again.known_already) == (0, 3)
    assert all_rows(*ROWS, Taken, Entry) == before


def test_the_same_file_given_twice_at_once(owing: Creditor) -> None:
    from amable.banking.intake import take_statements

    told = [statement(paid("500.00", "F-1001"))]
    taken = take_statements(owing, [("d" * 64, told), ("d" * 64, told)], TODAY)
    assert (taken.lines, taken.known_already, taken.booked) == (1, 1, 1)


def test_a_statement_that_overlaps_adds_only_what_is_new(owing: Creditor) -> None:
    first, second, third = paid("500.00", "F-1001"), paid("120.00", "F-1002"), paid("80.00", "G-2001", name="Eva Soler")
    receive(owing, first, second)
    taken = receive(owing, second, third, file="next")
    assert (taken.lines, taken.known_already) == (1, 1)
    assert open_of("F-1001", "F-1002", "G-2001") == [0, 0, 0]


def test_two_payments_alike_in_one_statement_are_two(owing: Creditor) -> None:
    receive(owing, paid("100.00", "F-1001"), paid("100.00", "F-1001"))
    assert (Payment.objects.count(), open_of("F-1001")) == (2, [300_00])
    receive(owing, paid("100.00", "F-1001"), paid("100.00", "F-1001"), file="again")
    assert (Payment.objects.count(), open_of("F-1001")) == (2, [300_00])
    receive(owing, *[paid("100.00", "F-1001")] * 3, file="and one more")
    assert (Payment.objects.count(), open_of("F-1001")) == (3, [200_00])


@pytest.mark.parametrize(
    "other",
    [
        {"on": TODAY - DAY}, {"name": "Ana"}, {"iban": ""}, {"text": "F-1001 "}, {"reference": "1"},
        {"end_to_end": "1"}, {"bank_reference": "1"}, {"currency": "USD"}, {"amount": "100.01"},
    ],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_movements_that_differ_in_anything_are_two(owing: Creditor, other: dict[str, object]) -> None:
    receive(owing, paid("100.00", "F-1001"))
    receive(owing, paid(**({"amount": "100.00", "text": "F-1001"} | other)))  # type: ignore[arg-type]
    assert BankLine.objects.count() == 2


def test_a_trailing_zero_is_no_other_amount(owing: Creditor) -> None:
    receive(owing, paid("100.00", "F-1001"))
    assert receive(owing, paid("100", "F-1001")).known_already == 1


def test_a_statement_without_movements_still_says_until_when(owing: Creditor) -> None:
    taken = receive(owing, file="quiet")
    assert (taken.lines, taken.complaints) == (0, [])
    assert Statement.objects.get().closing_on == TODAY


def test_a_statement_of_many_thousand_movements(owing: Creditor) -> None:
    lines = [paid("1.00", f"donation {n}", name="", iban="") for n in range(2500)]
    assert receive(owing, *lines).lines == 2500
    assert receive(owing, *lines, paid("500.00", "F-1001"), file="more").known_already == 2500


# --- what a payment does ----------------------------------------------------------------------------------------------


def test_a_payment_that_names_its_invoice_is_booked(owing: Creditor) -> None:
    taken = receive(owing, paid("500.00", "Factura F-1001"))
    found, payment = item(), Payment.objects.get()
    assert (taken.booked, states()) == (1, ["booked"])
    assert (found.open, found.settled_on, found.settled_in_run) == (0, TODAY, TODAY)
    assert (payment.customer, payment.amount, payment.unapplied, payment.payer) == (
        customer(), 500_00, 0, "Talleres Miró SL",
    )  # fmt: skip
    entry = Entry.objects.get(kind="payment.booked")
    assert "Talleres" not in entry.body
    assert dict(Personal.objects.values_list("field", "value")) == {"payer": "Talleres Miró SL", "iban": ANA_IBAN}


@pytest.mark.parametrize(
    ("amount", "text", "left", "unapplied"),
    [
        ("200.00", "F-1001", [300_00, 120_00, -50_00], 0),
        ("510.00", "F-1001", [0, 120_00, -50_00], 10_00),
        ("620.00", "F-1001 F-1002", [0, 0, -50_00], 0),
        ("570.00", "F-1001 F-1002 AB-7", [0, 0, 0], 0),
        ("450.00", "F-1001 AB-7", [0, 120_00, 0], 0),
        ("450.00", "F-1001", [0, 120_00, 0], 0),  # the only credit note that explains the amount
    ],
    ids=["part", "over", "several", "several and a credit", "a credit named", "a credit understood"],
)
def test_what_a_payment_settles(owing: Creditor, amount: str, text: str, left: list[int], unapplied: int) -> None:
    receive(owing, paid(amount, text))
    assert states() == ["booked"]
    assert open_of("F-1001", "F-1002", "AB-7") == left
    assert Payment.objects.get().unapplied == unapplied


def test_a_payment_nobody_is_known_for_waits(owing: Creditor) -> None:
    taken = receive(owing, paid("500.00", "gracias", name="Somebody Else Ltd", iban="GB33BUKB20201555555555"))
    assert (taken.unknown, states(), Payment.objects.count()) == (1, ["unknown"], 0)


def test_a_name_and_an_amount_are_proposed_and_not_booked(owing: Creditor) -> None:
    receive(owing, paid("500.00", "gracias"))
    line = BankLine.objects.get()
    assert (line.state, line.customer) == ("proposed", customer())
    assert list(Proposal.objects.values_list("item__number", "amount")) == [("F-1001", 500_00)]
    assert open_of("F-1001") == [500_00]


def test_a_payment_for_several_customers_is_proposed(owing: Creditor) -> None:
    receive(owing, paid("580.00", "F-1001 G-2001", name="Gestoría", iban=""))
    line = BankLine.objects.get()
    assert (line.state, line.customer) == ("proposed", None)
    assert sorted(Proposal.objects.values_list("item__number", "amount")) == [("F-1001", 500_00), ("G-2001", 80_00)]


def test_a_second_payment_sees_what_the_first_left_open(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F-1001"), paid("500.00", "F-1001", bank_reference="2"))
    assert states() == ["booked", "proposed"]
    assert open_of("F-1001") == [0]


def test_other_money_is_no_business_of_ours(owing: Creditor) -> None:
    receive(owing, paid("-500.00", "F-1001", kind="debit"), paid("-3.00", kind="charge"), paid("0.00", "F-1001"))
    assert states() == ["other", "other", "other"]
    assert open_of("F-1001") == [500_00]


def test_a_payment_in_another_currency_settles_nothing(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F-1001", currency="USD"))
    assert states() == ["proposed"]
    assert open_of("F-1001") == [500_00]


# --- what the ledger told already -------------------------------------------------------------------------------------


def test_money_the_ledger_has_booked_already_is_recognised(owing: Creditor) -> None:
    """Ledger and statement of the same morning tell of the same payment: no task, nothing held, nothing doubled."""
    take(owing, row("F-1001", open_amount=Decimal(0), settled_date=TODAY), row("F-1002", "120.00"), today=TODAY + DAY)
    taken = receive(owing, paid("500.00", "F-1001"), today=TODAY + DAY)
    assert (taken.booked, taken.proposed) == (1, 0)
    assert (item().open, item().allocated, item().cycle) == (0, 500_00, 1)
    assert '"paid.ledger"' in item().settled_by
    assert Payment.objects.get().unapplied == 0


def test_a_second_payment_of_what_is_paid_is_put_to_a_person(owing: Creditor) -> None:
    take(owing, row("F-1001", open_amount=Decimal(0), settled_date=TODAY), row("F-1002", "120.00"))
    receive(owing, paid("500.00", "F-1001"))
    receive(owing, paid("500.00", "F-1001", bank_reference="2"))
    assert states() == ["booked", "proposed"]


def test_another_amount_than_the_ledger_booked_is_put_to_a_person(owing: Creditor) -> None:
    take(owing, row("F-1001", open_amount=Decimal(0), settled_date=TODAY), row("F-1002", "120.00"))
    receive(owing, paid("510.00", "F-1001"))
    assert states() == ["proposed"]


def test_a_payment_that_came_before_its_invoice_is_matched_when_the_ledger_brings_it(acting: Creditor) -> None:
    take(acting, row("F-1001"))
    receive(acting, paid("99.00", "F-3003", name="Nueva SL", iban=""))
    assert states() == ["unknown"]
    new = row("F-3003", "99.00", customer_id="C-3", customer_name="Nueva SL", tax_id="")
    take(acting, row("F-1001"), new, today=TODAY + DAY)
    receive(acting, today=TODAY + DAY)
    assert (states(), open_of("F-3003")) == (["booked"], [0])


# --- left to the ledger -----------------------------------------------------------------------------------------------

LATER = TODAY + LEDGER_TELLS_AFTER * DAY


def left(creditor: Creditor) -> list[str]:
    return [entry.body for entry in Entry.objects.filter(kind="money.left").order_by("id")]


def test_money_nobody_matched_is_left_to_a_later_ledger(owing: Creditor) -> None:
    receive(owing, paid("500.00", "gracias"), paid("130.00", "F-1002"), paid("1.00", name="Nobody", iban=""))
    assert states() == ["proposed", "booked", "unknown"]
    take(owing, row("F-1001", description="later"), today=LATER - DAY)
    receive(owing, today=LATER - DAY, file="1")
    assert (states(), Payment.objects.get().unapplied) == (["proposed", "booked", "unknown"], 10_00)
    take(owing, row("F-1001", description="later still"), today=LATER)
    receive(owing, today=LATER, file="2")
    assert (states(), Payment.objects.get().unapplied) == (["left", "booked", "left"], 0)
    assert len(left(owing)) == 3
    assert any('"amount":1000' in body and '"payment"' in body for body in left(owing))
    payment = Payment.objects.get()
    assert payment.amount - sum(Allocation.objects.values_list("amount", flat=True)) == 10_00


def test_the_same_ledger_given_again_tells_nothing_new(owing: Creditor) -> None:
    ledger = (row("F-1001"), row("F-1002", "120.00"))
    take(owing, *ledger)
    receive(owing, paid("500.00", "gracias"))
    take(owing, *ledger, today=LATER)
    receive(owing, today=LATER)
    assert states() == ["proposed"]


def test_a_day_without_a_bank_file_leaves_money_too(owing: Creditor) -> None:
    from amable.banking.intake import take_statements

    receive(owing, paid("500.00", "gracias"))
    take(owing, row("F-1001", description="later"), today=LATER)
    take_statements(owing, [], LATER)
    assert states() == ["left"]


# --- money sent back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_file", [True, False])
def test_a_payment_sent_back_opens_what_it_paid(owing: Creditor, *, same_file: bool) -> None:
    back = sent_back("570.00", end_to_end="E1")
    first = paid("570.00", "F-1001 F-1002 AB-7", end_to_end="E1")
    if same_file:
        taken = receive(owing, first, back)
    else:
        receive(owing, first)
        taken = receive(owing, back, today=TODAY + DAY)
    assert (taken.reversed, states()) == (1, ["booked", "reversal"])
    assert open_of("F-1001", "F-1002", "AB-7") == [500_00, 120_00, -50_00]
    assert item().cycle == 2
    assert Payment.objects.get().reversed_on == TODAY
    assert Entry.objects.filter(kind="payment.reversed").count() == 1


@pytest.mark.parametrize("same_file", [True, False])
def test_money_that_comes_again_after_it_was_sent_back(owing: Creditor, *, same_file: bool) -> None:
    receive(owing, paid("500.00", "F-1001", end_to_end="E1"))
    back, again = sent_back("500.00", end_to_end="E1"), paid("500.00", "F-1001", end_to_end="E2")
    if same_file:
        receive(owing, back, again, today=TODAY + DAY)
    else:
        receive(owing, back, today=TODAY + DAY)
        receive(owing, again, today=TODAY + DAY, file="later")
    assert states() == ["booked", "reversal", "booked"]
    assert (item().open, item().cycle, item().allocated) == (0, 2, 500_00)
    assert item().settled_in_run == TODAY + DAY


def test_a_return_nobody_can_place_reopens_nothing(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F-1001"))
    receive(owing, sent_back("77.00", name="X", iban=""), today=TODAY + DAY)
    assert states() == ["booked", "unknown"]
    assert open_of("F-1001") == [0]


def test_a_return_of_one_of_two_alike_is_put_to_a_person(owing: Creditor) -> None:
    receive(owing, paid("100.00", "F-1001"), paid("100.00", "F-1001"))
    receive(owing, sent_back("100.00"), today=TODAY + DAY)
    assert states() == ["booked", "booked", "proposed"]
    assert open_of("F-1001") == [300_00]


def test_a_payment_comes_back_once(owing: Creditor) -> None:
    receive(owing, paid("500.00", "F-1001", end_to_end="E1"))
    receive(owing, sent_back("500.00", end_to_end="E1"), sent_back("500.00", end_to_end="E1"), today=TODAY + DAY)
    assert states() == ["booked", "reversal", "unknown"]
    assert (item().open, item().cycle) == (500_00, 2)


# --- what cannot be kept ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency"), [("10.001", "EUR"), ("10.5", "JPY"), ("10.00", "XXQ"), ("1e13", "EUR"), ("1e30", "EUR")]
)
def test_an_amount_that_does_not_fit_is_said_and_the_others_land(owing: Creditor, amount: str, currency: str) -> None:
    taken = receive(owing, paid(amount, currency=currency), paid("500.00", "F-1001"))
    assert (rules(taken), taken.booked) == (["bank_amount"], 1)


def test_balances_of_any_size_are_no_reason_to_stop(owing: Creditor) -> None:
    told = ReadStatement("ES91", "EUR", "1", (paid("500.00", "F-1001"),), Decimal("1e30"), Decimal("-1e30"), TODAY)
    assert receive(owing, statements=[told]).booked == 1


@pytest.mark.parametrize("name", ["name", "iban", "text", "reference", "end_to_end", "bank_reference"])
def test_texts_of_any_length_and_sign_are_kept(owing: Creditor, name: str) -> None:
    long = "ș" * 3000
    receive(owing, paid("500.00", **({"text": "F-1001"} | {name: f"{long} F-1001\x00"})))
    assert getattr(BankLine.objects.get(), name) == f"{long} F-1001\ufffd"
    assert receive(owing, paid("500.00", **({"text": "F-1001"} | {name: f"{long} F-1001\x00"})), file="2").lines == 0


def files() -> list[Path]:
    return sorted((DATA / "bank" / "camt").glob("*.xml"))


def test_there_are_statements_of_real_banks() -> None:
    material("bank", "camt")
    assert len(files()) == 13


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_statements_of_real_banks_go_through(owing: Creditor, path: Path) -> None:
    found = bank_readers()["camt"].read(path.read_bytes())
    told = [one for one in found if isinstance(one, ReadStatement)]
    day = date(2026, 3, 17)
    first = receive(owing, statements=told, today=day)
    again = receive(owing, statements=told, today=day)
    assert first.lines + len(first.complaints) == sum(len(one.lines) for one in told)
    assert (again.lines, again.known_already) == (0, sum(len(one.lines) for one in told))
    assert "new" not in states()


# What invoices ask for, and let off


def test_the_reference_an_invoice_asks_for_is_kept_and_pays_it(acting: Creditor) -> None:
    take(acting, row("F1", payment_reference="+++090/9337/55493+++"), row("F2"))
    receive(acting, paid("500.00", reference="090933755493", name="Somebody", iban=""))
    assert (item("F1").payment_reference, open_of("F1", "F2")) == ("+++090/9337/55493+++", [0, 500_00])


def test_a_ledger_without_references_leaves_those_that_are_known(acting: Creditor) -> None:
    take(acting, row("F1", payment_reference="RF18539007547034"))
    take(acting, row("F1", columns=frozenset({"customer_id", "invoice_number", "due_date", "total"})))
    assert item("F1").payment_reference == "RF18539007547034"


EARLY: dict[str, Any] = {"discount_percent": Decimal(2), "discount_until": TODAY}


def test_a_discount_taken_in_time_is_let_off_and_comes_back_with_the_money(acting: Creditor) -> None:
    take(acting, row("F1", **EARLY))
    before = all_rows(Item, Payment, Allocation)
    receive(acting, paid("490.00", "F1"))
    line = BankLine.objects.get()
    (given,) = Allocation.objects.all()
    assert (open_of("F1"), item("F1").allocated, given.amount, given.let_off) == ([0], 500_00, 490_00, 10_00)
    assert Payment.objects.get().unapplied == 0
    actions.undo(line, seen=actions.version(line), today=TODAY, by="marta")
    assert all_rows(Item, Payment, Allocation) == before
    line.refresh_from_db()
    actions.confirm(line, seen=actions.version(line), today=TODAY, now=NOW, by="marta")
    assert open_of("F1") == [0]
    receive(acting, sent_back("490.00", text="F1"), file="back")
    assert (open_of("F1"), item("F1").cycle) == ([500_00], 2)


def test_a_discount_taken_late_is_a_part_payment(acting: Creditor) -> None:
    take(acting, row("F-1001", **EARLY))
    receive(acting, paid("490.00", "F-1001", on=TODAY + DAY), today=TODAY + DAY)
    assert open_of("F-1001") == [10_00]


def test_a_return_is_told_by_the_number_it_names(acting: Creditor) -> None:
    take(acting, row("F1001"), row("F1002"))
    receive(acting, paid("500.00", "F1001"), paid("500.00", "F1002"))
    receive(acting, sent_back("500.00", text="DEVOLUCION F1001", iban=""), file="back")
    assert open_of("F1001", "F1002") == [500_00, 0]
