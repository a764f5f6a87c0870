"""Tasks: what a person is asked, in their language, with names that cannot write Markdown of their own."""

from __future__ import annotations

from datetime import date

import pytest

from amable.core.languages import LANGUAGES, sentences
from amable.core.money import Money
from amable.correspondence import tasks
from amable.correspondence.tasks import BankLineFacts, Difference
from amable.organisation.models import Creditor

ASKS = ("unmatched_money", "unknown_payer", "reversed", "shared_payment", "return_unclear")
MONEY = BankLineFacts(
    date(2026, 3, 16), Money(100_00, "EUR"), "ANA", "F-1", (("F-1", Money(100_00, "EUR")),), (("one_amount", {}),)
)


def creditor(language: str) -> Creditor:
    return Creditor(name="Turia", language=language, country="ES", sender_name="Lucía")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("count", [1, 2, 25])
def test_every_task_about_money_says_how_much_and_when(language: str, ask: str, count: int) -> None:
    text = tasks.describe_money(creditor(language), ask, "Ana", [MONEY] * count)
    question = text.split("\n\n")[1]
    amount = {1: "100", 2: "200", 25: "500"}[count]
    assert amount in question
    assert "2026" in question
    assert "-" not in question.split("2026")[0]
    assert (str(count) in question) or count == 1
    assert "F-1" in text
    assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_money_in_two_currencies_is_not_added_up(language: str) -> None:
    dollars = BankLineFacts(date(2026, 3, 16), Money(7_00, "USD"), "ANA", "F-1")
    text = tasks.describe_money(creditor(language), "unknown_payer", "", [MONEY, dollars])
    assert "100" in text.split("\n\n")[1]
    assert "107" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 2, 25])
def test_a_difference_shows_what_each_side_says(language: str, count: int) -> None:
    items = [Difference(f"F-{n}", "EUR", 300_00, 40_00, 200_00) for n in range(count)]
    text = tasks.describe_differences(creditor(language), "Ana", items)
    assert text.count("300") == text.count("200") == count
    assert text.count("| F-") == count


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_ask_has_a_title(language: str) -> None:
    said = sentences(language)
    asks = [key.removeprefix("task.ask.") for key in said if key.startswith("task.ask.")]
    assert set(ASKS) < set(asks)
    assert all(f"task.title.{ask}" in said for ask in asks)


def test_a_name_writes_no_markdown() -> None:
    hostile = "# Ana\n[x](http://evil) | <b> `run`"
    line = BankLineFacts(date(2026, 3, 16), Money(1, "EUR"), hostile, hostile, ((hostile, Money(1, "EUR")),))
    text = tasks.describe_money(creditor("en"), "unmatched_money", hostile, [line])
    assert "\n# Ana" not in text
    assert "[x](" not in text.replace("\\[", "")
    assert "<b>" not in text.replace("\\<", "")


@pytest.mark.parametrize(
    ("key", "slug"),
    [
        ("C-1", "c-1"),
        ("../../etc", "etc"),
        ("Ñandú & Çe", "nandu-ce"),
        ("x" * 99, "x" * 40),
        ("???", ""),
        ("日本", "riben"),
    ],
)
def test_a_slug_is_a_safe_part_of_a_file_name(key: str, slug: str) -> None:
    assert tasks.slug(key) == slug
