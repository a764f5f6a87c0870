"""What the creditor's own people are told: tasks about money, and one digest a manager and day."""

from __future__ import annotations

from decimal import Decimal

import pytest

from amable.correspondence.models import Message
from amable.evidence.models import Entry
from amable.organisation.models import Creditor
from tests.contexts.books import DAY, TODAY, content, live, paid, row, sent_back, tasks

LATE = row(due_date=TODAY - 7 * DAY)


def digests(**which: object) -> list[Message]:
    return list(Message.objects.filter(act="staff", **which).order_by("id"))


def recipients() -> list[bytes]:
    return [line for d in digests(state="proposed") for line in content(d).split(b"\r\n") if line.startswith(b"To:")]


# --- money that waits for a person ------------------------------------------------------------------------------------


def test_money_from_nobody_known_is_asked_about_once(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("77.00", "hola", name="Nobody", iban="")])
    assert "77,00" in tasks()["ask.unknown_payer"]
    live(acting, LATE, bank=[], today=TODAY + DAY)
    assert "ask.unknown_payer" not in tasks(day=TODAY + DAY)


def test_money_that_is_probably_somebodys_is_asked_about_every_week(acting: Creditor) -> None:
    asked = []
    for n in range(8):
        live(acting, LATE, today=TODAY + n * DAY, bank=[paid("60.00", "gracias")] if n == 0 else [])
        if "ask.unmatched_money" in tasks(day=TODAY + n * DAY):
            asked.append(n)
    assert asked == [0, 7]


def test_several_payments_of_one_customer_are_one_task(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("60.00", "gracias"), paid("30.00", "gracias"), paid("5.00", "x", name="?", iban="")])
    asked = tasks()["ask.unmatched_money"].replace("\xa0", " ")
    assert "2 pagos, 90,00 € en total" in asked
    assert "60,00 €" in asked
    assert "30,00 €" in asked


def test_a_return_nobody_can_place_is_no_payment_that_arrived(acting: Creditor) -> None:
    live(acting, LATE, bank=[sent_back("77.00", name="Nobody", iban="")])
    asked = tasks()["ask.return_unclear"].replace("\xa0", " ")
    assert "77,00 €" in asked
    assert "-77" not in asked
    assert "ask.unknown_payer" not in tasks()


def test_a_return_of_one_of_two_alike_is_asked_about(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("100.00", "F-1001"), paid("100.00", "F-1001")])
    live(acting, LATE, today=TODAY + DAY, bank=[sent_back("100.00", on=TODAY + DAY)])
    assert "ask.return_unclear" in tasks(day=TODAY + DAY)


def test_a_return_that_was_placed_says_what_came_back(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("500.00", "F-1001", end_to_end="E1")])
    live(acting, LATE, today=TODAY + DAY, bank=[sent_back("500.00", on=TODAY + DAY, end_to_end="E1")])
    asked = tasks(day=TODAY + DAY)["ask.reversed"].replace("\xa0", " ")
    assert "500,00 €" in asked
    assert "-500" not in asked


def test_ledger_and_bank_that_disagree_are_asked_about_every_week(acting: Creditor) -> None:
    asked = []
    told = row(due_date=TODAY - 7 * DAY, open_amount=Decimal(450))
    for n in range(8):
        live(acting, told if n else LATE, today=TODAY + n * DAY, bank=[] if n else [paid("200.00", "F-1001")])
        if text := tasks(day=TODAY + n * DAY).get("ask.amount_differs", ""):
            asked.append(n)
            shown = text.replace("\xa0", " ")
            assert "| F-1001 | 300,00 € | 50,00 € | 200,00 € |" in shown
    assert asked == [1]  # once a week: the eighth day is the next


def test_a_task_that_is_no_longer_wanted_is_withdrawn(acting: Creditor) -> None:
    live(acting, LATE, bank=[paid("99.00", "F-3003", name="Nueva SL", iban="")])
    assert "ask.unknown_payer" in tasks()
    new = row("F-3003", "99.00", customer_id="C-3", customer_name="Nueva SL", tax_id="")
    live(acting, LATE, new, bank=[])
    assert "ask.unknown_payer" not in tasks()
    assert Message.objects.get(step="ask.unknown_payer").state == "withdrawn"
    assert Entry.objects.filter(kind="message.withdrawn").count() == 1


# --- the digest -------------------------------------------------------------------------------------------------------


def test_each_manager_is_told_once_of_all_their_customers(acting: Creditor) -> None:
    manager = {"account_manager": "Eva", "account_manager_email": "Eva@turia.example"}
    other = {"customer_id": "C-2", "customer_name": "Leo SL", "tax_id": "", "due_date": TODAY - 7 * DAY}
    live(acting, row(due_date=TODAY - 7 * DAY, **manager), row("G-1", **(other | manager)))
    (digest,) = digests()
    words = content(digest).decode()
    assert recipients() == [b"To: Eva <Eva@turia.example>"]
    assert "Leo SL" in words
    assert digest.slot.startswith("staff.")
    assert "eva@" not in digest.slot


def test_a_customer_without_a_manager_is_told_of_to_who_signs(acting: Creditor) -> None:
    live(acting, LATE)
    assert recipients() == [b"To: =?utf-8?q?Luc=C3=ADa_Soler?= <cobros@turia.example>"]


@pytest.mark.parametrize(
    ("written", "to"),
    [
        ("eva@turia.example, leo@turia.example", b"To: Eva <eva@turia.example>, Eva <leo@turia.example>"),
        ("jos\u00e9@turia.example, leo@turia.example", b"To: Eva <leo@turia.example>"),
        ("jos\u00e9@turia.example", b"To: =?utf-8?q?Luc=C3=ADa_Soler?= <cobros@turia.example>"),
    ],
)
def test_a_manager_is_told_at_every_address_that_can_be_written_to(acting: Creditor, written: str, to: bytes) -> None:
    live(acting, row(due_date=TODAY - 7 * DAY, account_manager="Eva", account_manager_email=written))
    assert recipients() == [to]


def test_the_digest_follows_what_leaves(acting: Creditor) -> None:
    live(acting, LATE)
    (before,) = digests()
    live(acting, LATE, bank=[paid("500.00", "F-1001")])
    (after,) = digests()
    assert (after.pk, after.path) == (before.pk, before.path)
    assert after.blob != before.blob


def test_a_day_on_which_nothing_is_asked_has_no_digest(acting: Creditor) -> None:
    live(acting, row(due_date=TODAY + 60 * DAY))
    assert digests() == []
