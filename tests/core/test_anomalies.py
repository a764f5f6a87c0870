"""What is odd about a day's plan, by examples: a shop of twelve, a wholesaler of sixty, waves, pauses and accidents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.anomalies import Figures, odd
from amable.core.languages import LANGUAGES, say, sentences
from amable.core.money import Money

TODAY = date(2026, 3, 17)
DAY = timedelta(days=1)


def ordinary(day: date = TODAY, **facts: Any) -> Figures:
    """A wholesaler's ordinary day."""
    given: dict[str, Any] = {
        "messages": 12,
        "messages_in": {"EUR": 12},
        "demanded": {"EUR": 6_000_00},
        "owing": 60,
        "items": 150,
        "overdue": 40,
        "overdue_days": 18.0,
        "dated": 150,
        "credits": 6,
        "paid": 20,
        "known": 240,
        "known_paid": 90,
        "known_customers": 60,
    }
    return Figures(day, **(given | facts))


def days_before(count: int = 20, *, gap: int = 1, **facts: Any) -> list[Figures]:
    """So many ordinary days, the last of them `gap` days ago."""
    return [ordinary(TODAY - (gap + n) * DAY, **facts) for n in reversed(range(count))]


def rules(today: Figures, before: list[Figures]) -> list[str]:
    return [found.rule for found in odd(today, before)]


ODD: dict[str, dict[str, Any]] = {
    "messages": {"messages": 60},
    "demanded": {"messages": 24, "messages_in": {"EUR": 24}, "demanded": {"EUR": 600_000_00}},
    "due_changed": {"due_changed": 25},
    "amount_changed": {"amount_changed": 240},
    "currency_changed": {"currency_changed": 3},
    "reopened": {"reopened": 30},
    "address_changed": {"address_changed": 40},
    "own_address": {"own_address": 60},
    "one_address": {"one_address": 60},
    "twins": {"twins": 150},
    "latecomers": {"latecomers": 20},
    "vanished": {"vanished": 160},
    "credits_lost": {"credits_lost": 6},
    "unpaid": {"paid": 0},
    "misdated": {"misdated": 30},
    "due_on_issue": {"due_on_issue": 150},
    "overdue": {"overdue_days": 140.0},
}


def test_an_ordinary_day_is_not_odd() -> None:
    assert rules(ordinary(), days_before()) == []


@pytest.mark.parametrize("rule", ODD)
def test_what_is_odd(rule: str) -> None:
    assert rules(ordinary(**ODD[rule]), days_before()) == [rule]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_its_sentence(language: str) -> None:
    told = [
        *odd(ordinary(overdue_days=900.0), []),
        *(found for facts in ODD.values() for found in odd(ordinary(**facts), days_before())),
    ]
    keys = {f"brake.odd.{found.rule}" for found in told}
    assert keys == {key for key in sentences(language) if key.startswith("brake.odd.")}
    for found in told:
        assert say(f"brake.odd.{found.rule}", language, **found.params)


def test_the_figures_are_said() -> None:
    (messages,) = odd(ordinary(messages=412), days_before(messages=38))
    assert messages.params == {"n": 412, "usual": 38, "most": 38}
    (demanded,) = odd(ordinary(**ODD["demanded"]), days_before())
    assert demanded.params == {"amount": Money(600_000_00, "EUR"), "most": Money(6_000_00, "EUR")}
    (dates,) = odd(ordinary(due_changed=212), days_before())
    assert say("brake.odd.due_changed", "en", **dates.params).startswith("212 of 240 invoices have another due date")


@pytest.mark.parametrize("rule", ODD.keys() - {"messages", "demanded", "unpaid", "currency_changed"})
def test_what_is_so_every_day_is_not_odd(rule: str) -> None:
    """A cash shop's invoices fall due on the day of issue; an agency answers for half of the customers."""
    about_the_last_plan = rule in (
        "due_changed",
        "amount_changed",
        "reopened",
        "address_changed",
        "vanished",
        "latecomers",
    )
    again = rules(ordinary(**ODD[rule]), days_before(**ODD[rule]))
    assert again == ([rule] if about_the_last_plan else [])


# --- how many messages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("messages", "told"), [(20, False), (21, True)])
def test_what_a_person_can_read_is_never_too_many(messages: int, told: bool) -> None:
    assert bool(rules(ordinary(messages=messages), days_before(messages=2))) is told


def test_the_wave_of_every_month_is_not_odd() -> None:
    month = days_before(24, messages=4)
    month[2] = replace(month[2], messages=55)
    assert rules(ordinary(messages=60), month) == []
    assert rules(ordinary(messages=120), month) == ["messages"]


def test_quiet_days_do_not_push_the_wave_out_of_sight() -> None:
    wave = ordinary(TODAY - 45 * DAY, messages=55)
    quiet = days_before(44, messages=0, messages_in={}, demanded={})
    assert rules(ordinary(messages=60), [*days_before(20, gap=46, messages=4), wave, *quiet]) == []


@pytest.mark.parametrize(("gap", "told"), [(1, True), (4, True), (8, False)])
def test_days_without_a_run_are_caught_up(gap: int, told: bool) -> None:
    """A week's messages may come at once; a long weekend brings no more than a day."""
    assert bool(rules(ordinary(messages=55), days_before(gap=gap))) is told


def test_nothing_is_usual_before_some_days_have_passed() -> None:
    assert rules(ordinary(messages=400), days_before(4)) == []
    assert rules(ordinary(messages=400), days_before(5)) == ["messages"]


def test_one_large_invoice_is_not_odd() -> None:
    assert rules(ordinary(messages_in={"EUR": 20}, demanded={"EUR": 900_000_00}), days_before()) == []


def test_each_currency_has_its_own_measure() -> None:
    """Yen are many; the first in a currency have nothing to be compared with."""
    today = ordinary(messages_in={"EUR": 12, "JPY": 24}, demanded={"EUR": 6_000_00, "JPY": 9_000_000})
    assert rules(today, days_before()) == []


# --- small books -----------------------------------------------------------------------------------------------------


def shop(**facts: Any) -> Figures:
    """A shop with twelve customers who owe one invoice each."""
    given: dict[str, Any] = {
        "messages": 2,
        "messages_in": {"EUR": 2},
        "demanded": {"EUR": 300_00},
        "owing": 12,
        "items": 12,
        "overdue": 4,
        "overdue_days": 9.0,
        "dated": 12,
        "credits": 1,
        "paid": 3,
        "known": 16,
        "known_paid": 4,
        "known_customers": 12,
    }
    return ordinary(**(given | facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"messages": 12, "messages_in": {"EUR": 12}, "demanded": {"EUR": 1_900_00}},  # everybody at once
        {"due_changed": 2},  # a delay was granted
        {"amount_changed": 1},
        {"address_changed": 2},
        {"one_address": 3},  # the same accountant
        {"own_address": 1},  # a customer to try things with
        {"twins": 2},  # two deliveries of one day
        {"reopened": 2},
        {"latecomers": 2},
        {"vanished": 5},
        {"credits_lost": 1},
        {"paid": 0},
        {"misdated": 1},
        {"overdue": 5, "overdue_days": 120.0},  # all but the old ones paid
    ],
)
def test_little_happens_often_in_a_small_book(facts: dict[str, Any]) -> None:
    assert rules(shop(**facts), [shop(messages=2) for _ in range(20)]) == []


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"due_changed": 12}, "due_changed"),
        ({"known": 4, "due_changed": 3}, "due_changed"),
        ({"amount_changed": 16}, "amount_changed"),
        ({"reopened": 4}, "reopened"),
        ({"address_changed": 12}, "address_changed"),
        ({"own_address": 12}, "own_address"),
        ({"one_address": 12}, "one_address"),
        ({"twins": 24, "items": 24}, "twins"),
        ({"due_on_issue": 12}, "due_on_issue"),
    ],
)
def test_accidents_are_seen_in_a_small_book(facts: dict[str, Any], rule: str) -> None:
    assert rules(shop(**facts), [shop() for _ in range(20)]) == [rule]


# --- the first plan --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"messages": 400}, []),
        ({"overdue_days": 300.0}, []),
        ({"overdue_days": 900.0}, ["overdue_years"]),
        ({"own_address": 60}, ["own_address"]),
        ({"one_address": 60}, ["one_address"]),
        ({"due_on_issue": 150}, ["due_on_issue"]),
        ({"misdated": 40}, ["misdated"]),
        ({"twins": 80}, ["twins"]),
        ({"latecomers": 40}, []),  # all are new
    ],
)
def test_a_first_plan_is_judged_by_itself(facts: dict[str, Any], told: list[str]) -> None:
    first = ordinary(**({"known": 0, "known_paid": 0, "known_customers": 0} | facts))
    assert rules(first, []) == told


# --- properties ------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 500), max_size=30), st.integers(0, 500))
def test_more_messages_are_never_less_odd(before: list[int], messages: int) -> None:
    days = [ordinary(TODAY - (n + 1) * DAY, messages=count) for n, count in reversed(list(enumerate(before)))]
    if rules(ordinary(messages=messages), days):
        assert rules(ordinary(messages=messages + 1), days)


@given(st.integers(1, 2_000))
def test_a_day_that_was_accepted_is_ordinary_the_next_day(messages: int) -> None:
    accepted = ordinary(TODAY - DAY, messages=messages)
    assert rules(ordinary(messages=messages), [*days_before(gap=2), accepted]) == []


def test_an_empty_book_is_not_odd() -> None:
    assert odd(Figures(TODAY), []) == ()
    assert odd(Figures(TODAY), [Figures(TODAY - DAY)] * 20) == ()
