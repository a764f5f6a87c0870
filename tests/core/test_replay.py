"""A year of the past, replayed: every word lies between due date and settlement; passing days over changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

import pytest

from amable.core import creditor
from amable.core.creditor import Creditor
from amable.core.planning import Dossier, Outcome, Promise
from amable.core.procedure import MESSAGES, Act
from amable.core.replay import Change, History, Life, Said, Totals, rehearse, replay, totals
from amable.dunning.past import Past, past
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.invoices import ItemRecord
from tests.cast import DUE, MADRID, VALENCIA, customer, days, invoice, procedure
from tests.cast import Life as Days
from tests.past import FIRST, LAST, ledger

OURS: Creditor = creditor.placeholder("es", "ES")


@cache
def year(seed: int, invoices: int = 250, named: str = "starter") -> Past:
    return past(OURS, procedure(named), [("ledger.csv", r) for r in ledger(invoices, seed)], [], FIRST, LAST)


def told(known: Past, *, every_day: bool = False) -> list[Said]:
    return [one for history in known.histories for one in replay(history, FIRST, LAST, every_day=every_day)]


def record(number: str = "F-1", **facts: object) -> ItemRecord:
    """An invoice of 500 euros of a customer in Valencia, issued on 1 March 2025 and due a month later."""
    given: dict[str, object] = {
        "line": 2, "customer_id": "C-1", "customer_name": "Talleres Miró, S.L.", "invoice_number": number,
        "issue_date": date(2025, 3, 1), "due_date": date(2025, 4, 1), "terms_days": None, "total": Decimal(500),
        "open_amount": Decimal(500), "currency": "EUR", "email": "ana@miro.example", "country": "ES", "region": "VC",
    }  # fmt: skip
    return ItemRecord(**{**given, **facts})  # type: ignore[arg-type]


def lived(records: Iterable[ItemRecord], *statements: Statement) -> tuple[Past, list[Said]]:
    known = past(
        OURS, procedure(), [("ledger.csv", one) for one in records], [("bank.xml", list(statements))], FIRST, LAST
    )
    return known, told(known)


def bank(*lines: StatementLine, closing: date = LAST) -> Statement:
    return Statement("ES91", "EUR", "1", lines, closing_on=closing)


def line(day: date, amount: str, text: str, **facts: object) -> StatementLine:
    facts.setdefault("kind", "payment")
    return StatementLine(day, Decimal(amount), "EUR", text=text, **facts)  # type: ignore[arg-type]


# --- a whole year ------------------------------------------------------------------


@pytest.mark.parametrize("named", ["starter", "gentle", "firm"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_passing_quiet_days_over_changes_nothing(seed: int, named: str) -> None:
    known = year(seed, named=named)
    said = told(known)
    assert len(said) > 300
    assert said == told(known, every_day=True)


def test_a_replay_again_is_the_same() -> None:
    known = year(4)
    assert told(known) == told(known)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_message_comes_before_the_settlement_and_no_overdue_word_before_the_due_date(seed: int) -> None:
    known = year(seed)
    lives = {life.item.id: life for history in known.histories for life in history.lives}
    overdue = procedure().after_due
    words = [one for one in told(known) if one.act in MESSAGES and lives[one.item].item.open > 0]
    assert len(words) > 150
    for one in words:
        life = lives[one.item]
        settled = [change.on for change in life.changes if change.open == 0]
        assert life.changes[0].on < one.day
        assert not settled or one.day < settled[0]
        assert one.step not in overdue or one.day > life.item.due
        assert one.step in overdue or one.step == "listed" or one.day <= life.item.due


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_asked_for_that_is_disputed_refused_or_unreachable(seed: int) -> None:
    known = year(seed)
    disputed = {life.item.id for history in known.histories for life in history.lives if life.item.disputed}
    silent = {h.dossier.customer for h in known.histories if "email" in h.dossier.refused or not h.dossier.reach}
    words = [one for one in told(known) if one.act in (*MESSAGES, Act.CALL, Act.THANKS)]
    assert disputed
    assert not [one for one in words if one.item in disputed and one.act is not Act.THANKS]
    assert not [one for one in words if one.customer in silent]


def test_the_limits_of_the_procedure_hold_over_the_whole_year() -> None:
    limits = procedure().limits
    by_customer: dict[int, set[date]] = {}
    for one in told(year(1)):
        if one.act in MESSAGES:
            by_customer.setdefault(one.customer, set()).add(one.day)
    for written in by_customer.values():
        for day in written:
            week = [other for other in written if timedelta(0) <= other - day < timedelta(days=7)]
            assert len(week) <= limits.messages_a_week


def test_thanks_are_said_once_for_each_invoice_and_after_its_payment() -> None:
    known = year(1)
    lives = {life.item.id: life for history in known.histories for life in history.lives}
    thanked = [one for one in told(known) if one.act is Act.THANKS]
    assert len(thanked) > 50
    assert len({one.item for one in thanked}) == len(thanked)
    for one in thanked:
        assert lives[one.item].changes[-1].on <= one.day
        assert (one.outcome, one.rule) == (Outcome.PAID, "paid.ledger")


# --- what a ledger does not date ------------------------------------------------------------------


def test_a_dispute_counts_from_the_first_day() -> None:
    _, said = lived([record(disputed=True)])
    assert not said


def test_an_invoice_that_was_settled_nobody_knows_when_is_left_out_and_counted() -> None:
    known, said = lived([record(open_amount=Decimal(0)), record("F-2")])
    assert known.undated == 1
    assert {one.item for one in said} == {2}


def test_a_part_paid_nobody_knows_when_counts_from_the_first_day() -> None:
    known, _ = lived([record(open_amount=Decimal(200))])
    assert [change.open for change in known.histories[0].lives[0].changes] == [200_00]


def test_a_settled_invoice_makes_a_regular_customer_and_asks_for_no_thanks_when_it_is_history() -> None:
    old = record("F-0", issue_date=date(2024, 10, 1), due_date=date(2024, 11, 1), settled_date=date(2024, 12, 30))
    known, said = lived([old, record(settled_date=date(2025, 4, 20))])
    assert {known.numbers[one.item] for one in said} == {"F-1"}


def test_the_same_invoice_twice_is_rejected_and_said() -> None:
    known, said = lived([record(), record(line=3)])
    assert [complaint.rule for _, complaint in known.complaints] == ["duplicate_in_files"]
    assert {one.item for one in said} == {1}


# --- the bank ------------------------------------------------------------------


def test_a_bank_line_settles_on_its_day_and_is_thanked_for() -> None:
    paid_on = date(2025, 4, 9)
    known, said = lived([record(settled_date=date(2025, 4, 25))], bank(line(paid_on, "500.00", "Pago F-1")))
    assert [(change.on, change.open) for change in known.histories[0].lives[0].changes][1:] == [(paid_on, 0)]
    assert max(one.day for one in said if one.act in MESSAGES) < paid_on
    thanks = [one for one in said if one.act is Act.THANKS]
    assert [(one.day, one.rule) for one in thanks] == [(paid_on, "paid.bank")]


def test_the_same_statement_twice_pays_once() -> None:
    once = lived([record(), record("F-2")], bank(line(date(2025, 4, 9), "500.00", "Pago F-1")))
    twice = lived(
        [record(), record("F-2")],
        bank(line(date(2025, 4, 9), "500.00", "Pago F-1")),
        bank(line(date(2025, 4, 9), "500.00", "Pago F-1")),
    )
    assert once == twice


def test_a_part_paid_by_bank_leaves_the_rest_to_be_asked_for() -> None:
    part = line(date(2025, 4, 9), "200.00", "FAC-2025-0417 a cuenta", name="Talleres Miró, S.L.")
    known, said = lived([record("FAC-2025-0417")], bank(part))
    assert [change.open for change in known.histories[0].lives[0].changes] == [500_00, 300_00]
    assert [one for one in said if one.act in MESSAGES and one.day > date(2025, 4, 9)]


def test_money_that_comes_back_opens_the_invoice_again_in_a_new_cycle() -> None:
    back = line(date(2025, 5, 5), "-500.00", "", kind="return", end_to_end="E-77")
    known, said = lived([record()], bank(line(date(2025, 4, 9), "500.00", "Pago F-1", end_to_end="E-77"), back))
    assert [change.open for change in known.histories[0].lives[0].changes] == [500_00, 0, 500_00]
    again = [one for one in said if one.act in MESSAGES and one.day >= date(2025, 5, 5)]
    assert again[0].step == "early_late"


def test_money_nobody_can_match_holds_what_it_may_pay_for_a_week() -> None:
    day = date(2025, 4, 7)
    unclear = bank(line(day, "500.00", "gracias", name="Talleres Miró, S.L."))
    _, said = lived([record()], unclear)
    _, without = lived([record()])
    held = {day + timedelta(days=n) for n in range(7)}
    assert {one.day for one in without if one.act in MESSAGES} & held
    assert not {one.day for one in said if one.act in MESSAGES} & held


# --- the future ------------------------------------------------------------------


def test_a_rehearsal_says_what_deciding_day_by_day_says() -> None:
    dossier = customer(invoice(1), invoice(2, due=date(2026, 3, 20)), invoice(3, due=date(2026, 2, 1)))
    life, said = Days(dossier), []
    first, last = date(2026, 2, 20), date(2026, 6, 1)
    for today in days(first, last):
        decision = life.live(today)
        said += [
            (today, planned.act, line_.item, line_.step) for planned in decision.planned for line_ in planned.lines
        ]
    assert len(said) > 15
    assert [(one.day, one.act, one.item, one.step) for one in rehearse(dossier, first, last)] == said


def test_a_promise_kept_quiet_until_its_day() -> None:
    life = Life(
        invoice(1)._replace(promise=Promise(500_00, DUE + timedelta(days=20))), (Change(date(2026, 2, 1), 500_00),)
    )
    said = list(replay(History(bare(), (life,)), date(2026, 2, 1), date(2026, 5, 1)))
    assert said[0].day > DUE + timedelta(days=20)


def bare() -> Dossier:
    return Dossier(1, procedure(), (), calendar=VALENCIA, creditor_calendar=VALENCIA, zone=MADRID, country="ES")


# --- what it comes to ------------------------------------------------------------------


def test_the_totals_of_a_single_life() -> None:
    paid = DUE + timedelta(days=10)
    life = Life(invoice(1), (Change(date(2026, 2, 1), 500_00), Change(paid, 0, "paid.ledger")))
    history = History(bare(), (life,))
    said = list(replay(history, date(2026, 2, 1), date(2026, 5, 1)))
    assert totals([history], said, date(2026, 2, 1), date(2026, 5, 1)) == Totals(
        messages=4, thanks=0, tasks=1, decisions=0, contacts={1: 4}, items=1, paid=1, reached=1, overdue=1
    )
