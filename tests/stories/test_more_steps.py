"""Steps beside the reminders: a welcome, a question, an offer, a promise noted and one not kept, a call prepared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.world import Business, text

PROCEDURE = """
procedure: ours
version: 1
steps:
  - step: welcome
    when: 1 to 4 days after issue
    wording: payment_terms_welcome
    only: {relationship: first}
  - step: received
    when: 5 to 8 days after issue
    wording: invoice_received_check
  - step: offer
    when: 10 to 20 days after issue
    wording: early_payment_discount
  - step: due_3
    when: 3 days before due
    wording: second_notice_before_due
  - step: early_late
    when: 4 to 5 working days after due
  - step: another_way
    when: 12 to 14 working days after due
    wording: alternative_method
  - step: call
    do: call
    when: 10 working days after the step before
  - step: broken_promise
    when: 1 to 2 working days after a broken promise
  - step: call_again
    do: call
    when: 3 working days after broken_promise
  - step: promise_confirmation
    do: confirm
    when: on promise
  - step: thank_you
    do: thanks
    when: on payment
"""


@pytest.fixture
def procedure(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "ours.yaml"
    path.write_text(PROCEDURE, "utf-8")
    return "--procedure", str(path)


def test_a_new_customer_is_welcomed_once_and_asked_whether_the_invoice_arrived(
    business: Business, procedure: tuple[str, str]
) -> None:
    business.owes("F-1", "500.00", "2026-04-01", issue_date="2026-03-02")
    assert business.run("2026-03-02", *procedure).why["F-1"]["outcome"] == "not_yet"
    welcome = business.run("2026-03-03", *procedure)
    assert welcome.outcome("F-1") == ("sent", "step.welcome")
    said = text(welcome.mail)
    assert "30 días desde la fecha de la factura" in said
    assert "transferencia bancaria" in said
    business.owes("F-2", "90.00", "2026-04-15", issue_date="2026-03-04")
    assert business.run("2026-03-05", *procedure).mails == []  # not welcomed twice

    asked = business.run("2026-03-09", *procedure)
    assert asked.outcome("F-1") == ("sent", "step.received")
    assert "F-1" in asked.mail["Subject"]
    assert "500,00" in text(asked.mail)


def test_a_day_missed_beyond_the_last_one_of_a_step_after_issue_is_not_caught_up(
    business: Business, procedure: tuple[str, str]
) -> None:
    business.owes("F-1", "500.00", "2026-04-30", issue_date="2026-03-02")
    day = business.run("2026-03-11", *procedure)  # the question was for the 9th and 10th
    assert day.mails == []
    assert day.outcome("F-1") == ("not_yet", "step.later")


def test_a_discount_is_offered_while_it_runs_and_only_for_what_has_one(
    business: Business, procedure: tuple[str, str]
) -> None:
    terms = {"issue_date": "2026-03-02", "discount_percent": "2", "discount_until": "2026-03-18"}
    business.owes("F-1", "500.00", "2026-04-10", **terms)
    business.owes("F-2", "500.00", "2026-04-10", customer_id="C-2", customer_name="Arco, S.A.", issue_date="2026-03-02")
    day = business.run("2026-03-12", *procedure)
    assert day.outcome("F-1") == ("sent", "step.offer")
    said = text(day.mail)
    assert "2 %" in said.replace("\xa0", " ")
    assert "10,00 €" in said.replace("\xa0", " ")
    assert "490,00 €" in said.replace("\xa0", " ")
    assert "18 de marzo de 2026" in said
    assert not [part for part in day.mail.walk() if part.get_content_type() == "image/png"]
    assert day.outcome("F-2") == ("not_yet", "step.later")


def test_a_discount_is_not_offered_after_its_last_day(business: Business, procedure: tuple[str, str]) -> None:
    terms = {"issue_date": "2026-03-02", "discount_percent": "2", "discount_until": "2026-03-11"}
    business.owes("F-1", "500.00", "2026-04-10", **terms)
    assert business.run("2026-03-12", *procedure).mails == []


def test_whoever_took_the_discount_is_not_asked_for_it(business: Business, procedure: tuple[str, str]) -> None:
    terms = {"issue_date": "2026-02-02", "discount_percent": "2", "discount_until": "2026-02-20"}
    business.owes("F-1", "500.00", "2026-03-03", **terms)
    business.items[0]["open_amount"] = "10.00"
    day = business.run("2026-03-17", *procedure)
    assert day.outcome("F-1") == ("task", "hold.discount_taken")
    assert day.mails == []
    (task,) = day.tasks
    assert "10,00" in task


def test_a_promise_is_confirmed_once_and_a_broken_one_is_spoken_of(
    business: Business, procedure: tuple[str, str]
) -> None:
    row = business.owes("F-1", "500.00", "2026-03-03", issue_date="2026-01-02")
    reminded = business.run("2026-03-10", *procedure)
    assert reminded.outcome("F-1") == ("sent", "step.early_late")
    row["promise_date"] = "2026-03-20"
    noted = business.run("2026-03-12", *procedure)
    assert noted.outcome("F-1") == ("sent", "step.promise_confirmation")
    said = text(noted.mail)
    assert "20 de marzo de 2026" in said
    assert "?" not in said
    again = business.run("2026-03-12", *procedure)
    assert len(again.mails) == 1
    assert business.run("2026-03-13", *procedure).outcome("F-1") == ("held", "hold.promised")

    broken = business.run("2026-03-24", *procedure)
    assert broken.outcome("F-1") == ("sent", "step.broken_promise")
    said = text(broken.mail)
    assert "20 de marzo de 2026" in said
    assert "500,00" in said

    called = business.run("2026-03-27", *procedure)
    assert called.outcome("F-1") == ("task", "step.call_again")
    (brief,) = called.briefs
    for words in ("09:00–20:00", "Promesas incumplidas", "F-1", "el pago previsto"):
        assert words in brief, words


def test_a_promise_that_stood_in_the_first_ledger_is_not_confirmed(
    business: Business, procedure: tuple[str, str]
) -> None:
    business.owes("F-1", "500.00", "2026-03-03", promise_date="2026-03-20")
    assert business.run("2026-03-12", *procedure).mails == []


def test_another_way_to_pay_is_offered_where_there_is_one(business: Business, procedure: tuple[str, str]) -> None:
    business.creditor += "pay_link: https://pagos.turia.example/{invoice}\n"
    business.owes("F-1", "500.00", "2026-02-12", issue_date="2026-01-02")
    business.run("2026-02-18", *procedure)
    day = business.run("2026-03-03", *procedure)
    assert day.outcome("F-1") == ("sent", "step.another_way")
    said = text(day.mail)
    assert "transferencia bancaria" in said
    assert "tarjeta" in said


def test_without_another_way_to_pay_none_is_offered(business: Business, procedure: tuple[str, str]) -> None:
    business.owes("F-1", "500.00", "2026-02-12", issue_date="2026-01-02")
    business.run("2026-02-18", *procedure)
    assert business.run("2026-03-03", *procedure).mails == []


def test_without_a_promise_the_steps_around_it_follow_each_other(
    business: Business, procedure: tuple[str, str]
) -> None:
    business.owes("F-1", "500.00", "2026-02-12", issue_date="2026-01-02")
    said = []
    for day in ("2026-02-18", "2026-03-02", "2026-03-04", "2026-03-10"):
        lived = business.run(day, *procedure)
        said.append(lived.outcome("F-1"))
    assert said[0] == ("sent", "step.early_late")
    assert said[2] == ("task", "step.call")


def test_a_discount_is_named_beside_another_reminder_while_it_runs(
    business: Business, procedure: tuple[str, str]
) -> None:
    terms = {"issue_date": "2026-02-02", "discount_percent": "2", "discount_until": "2026-03-20"}
    business.owes("F-1", "500.00", "2026-03-20", **terms)
    day = business.run("2026-03-17", *procedure)
    assert day.outcome("F-1") == ("sent", "step.due_3")
    said = text(day.mail).replace("\xa0", " ")
    assert "Descuento por pronto pago" in said
    assert "490,00 €" in said
    assert "500,00 €" in said
    assert not [part for part in day.mail.walk() if part.get_content_type() == "image/png"]
