"""Statements beside each other: what is missing between them, and what two of them tell in different words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from amable.banking.models import BankLine
from amable.core.languages import LANGUAGES, say
from amable.ledger.models import Payment
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement, StatementLine
from tests.contexts.books import DAY, TODAY, open_of, paid, receive, row, rules, states, take

ACCOUNT = "ES9121000418450200051332"


@pytest.fixture
def owing(acting: Creditor) -> Creditor:
    """Ana owes 500 and 120 euros."""
    take(acting, row("F-1001"), row("F-1002", "120.00"))
    return acting


def told(
    on: date, opening: str | None, closing: str | None, *lines: StatementLine, number: str = "", account: str = ACCOUNT
) -> Statement:
    """A statement of one day with its balances."""
    balances = [None if text is None else Decimal(text) for text in (opening, closing)]
    return Statement(account, "EUR", number, lines, *balances, closing_on=on)


def test_statements_that_follow_each_other_have_no_gap(owing: Creditor) -> None:
    monday, tuesday = told(TODAY - DAY, "10.00", "20.00"), told(TODAY, "20.00", "25.00")
    assert receive(owing, statements=[monday, tuesday]).complaints == []


def test_a_missing_day_is_told_in_words_and_the_statement_taken_in(owing: Creditor) -> None:
    receive(owing, statements=[told(TODAY - 2 * DAY, "10.00", "20.00")])
    taken = receive(owing, statements=[told(TODAY, "30.00", "530.00", paid("500.00", "F-1001"))])
    assert (rules(taken), open_of("F-1001")) == (["bank_gap"], [0])
    ((_, complaint),) = taken.complaints
    sentence = say("complaint.bank_gap", "en", **complaint.params)
    assert all(part in sentence for part in (ACCOUNT, "15 March 2026", "€20.00", "€30.00"))
    for language in LANGUAGES:
        assert say("advice.bank_gap", language, **complaint.params)


def test_files_in_any_order_have_no_gap(owing: Creditor) -> None:
    days = [told(TODAY - n * DAY, f"{10 - n}.00", f"{11 - n}.00") for n in range(4)]
    assert receive(owing, statements=days).complaints == []


def test_parts_of_one_day_follow_each_other(owing: Creditor) -> None:
    receive(owing, statements=[told(TODAY - DAY, "10.00", "20.00")])
    parts = [told(TODAY, "20.00", "30.00", number="4/1"), told(TODAY, "30.00", "35.00", number="4/2")]
    assert receive(owing, statements=parts).complaints == []


def test_a_statement_that_overlaps_has_no_gap(owing: Creditor) -> None:
    line = paid("500.00", "F-1001", on=TODAY - DAY)
    receive(owing, statements=[told(TODAY - DAY, "10.00", "510.00", line)])
    week = told(TODAY, "5.00", "625.00", line, paid("120.00", "F-1002"))
    taken = receive(owing, statements=[week])
    assert (rules(taken), taken.known_already, open_of("F-1001", "F-1002")) == ([], 1, [0, 0])


def test_another_account_is_another_row_of_statements(owing: Creditor) -> None:
    receive(owing, statements=[told(TODAY - DAY, "10.00", "20.00")])
    assert receive(owing, statements=[told(TODAY, "99.00", "99.00", account="ES00")]).complaints == []


@pytest.mark.parametrize(
    ("before", "now", "expected"), [("7", "8", []), ("7", "9", ["bank_gap_number"]), ("7", "1", [])]
)
def test_without_balances_the_numbers_tell(owing: Creditor, before: str, now: str, expected: list[str]) -> None:
    receive(owing, statements=[told(TODAY - DAY, None, None, number=before)])
    assert rules(receive(owing, statements=[told(TODAY, None, None, number=now)])) == expected


# --- the same money in other words ------------------------------------------------------------------------------------


def test_the_same_money_from_another_format_is_put_to_a_person(owing: Creditor) -> None:
    line = paid("500.00", "F-1001")
    receive(owing, statements=[told(TODAY, None, None, line)])
    again = replace(line, text="TRANSFERENCIA F-1001", bank_reference="9")
    other = told(TODAY, None, None, again, account="210004180200051332")  # the same account as Norma 43 writes it
    taken = receive(owing, statements=[other])
    assert (rules(taken), taken.lines, taken.booked) == (["bank_alike"], 1, 0)
    assert (Payment.objects.count(), states()) == (1, ["booked", "proposed"])
    assert "told_otherwise" in BankLine.objects.get(state="proposed").reasons


def test_a_third_payment_like_two_known_ones_is_a_third(owing: Creditor) -> None:
    twice = [paid("100.00", "F-1001")] * 2
    receive(owing, statements=[told(TODAY, None, None, *twice)])
    taken = receive(owing, statements=[told(TODAY, None, None, *twice, paid("100.00", "F-1001"))])
    assert (rules(taken), taken.booked, open_of("F-1001")) == ([], 1, [200_00])


@pytest.mark.parametrize("other", [{"name": "Eva Soler"}, {"on": TODAY - DAY}, {"amount": "99.00"}, {"text": "F-1002"}])
def test_another_payer_day_amount_or_number_is_other_money(owing: Creditor, other: dict[str, object]) -> None:
    receive(owing, statements=[told(TODAY, None, None, paid("100.00", "F-1001", on=TODAY))])
    line = paid(**({"amount": "100.00", "text": "F-1001 again"} | other))  # type: ignore[arg-type]
    assert rules(receive(owing, statements=[told(TODAY, None, None, line)])) == []


# --- what a statement does not say ------------------------------------------------------------------------------------


def test_a_statement_without_a_currency_is_in_that_of_the_country(owing: Creditor) -> None:
    line = replace(paid("500.00", "F-1001"), currency="")
    statement = replace(told(TODAY, None, None, line), currency="")
    taken = receive(owing, statements=[statement])
    assert (rules(taken), open_of("F-1001")) == ([], [0])
    assert receive(owing, statements=[replace(statement, number="2")]).known_already == 1


def test_without_a_country_nobody_guesses_the_currency(owing: Creditor) -> None:
    owing.country = ""
    line = replace(paid("500.00", "F-1001"), currency="")
    taken = receive(owing, statements=[replace(told(TODAY, None, None, line), currency="")])
    assert (rules(taken), BankLine.objects.count()) == (["bank_no_currency"], 0)
