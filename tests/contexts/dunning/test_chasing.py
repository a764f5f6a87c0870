"""Chase now: a person asks for the next message today, within every brake, never twice on a day."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from amable.correspondence.models import Message
from amable.dunning import chasing, holds
from amable.organisation.models import Creditor, Sending
from amable.work.duties import procedure_of
from tests.contexts.books import DAY, TODAY, customer, row, verdict
from tests.contexts.office import NOON, Office

pytestmark = pytest.mark.usefixtures("acting")

NOWHERE: Any = SimpleNamespace(host="localhost", port=9)
IN_GRACE = row(due_date=date(2026, 3, 13))  # last Friday: the first reminder comes at the end of this week


def office(creditor: Creditor, *ledger: Any) -> Office:
    made = Office(creditor, NOWHERE)
    made.plan(*ledger)
    # A colleague asked yesterday whether the invoice arrived.
    Message.objects.filter(act="check").update(state="accepted", day=TODAY - DAY)
    return made


def ask(creditor: Creditor) -> Message | None:
    rules = procedure_of(creditor, Sending.objects.get())
    return chasing.ask(creditor, rules, customer(), TODAY, NOON, by="marta")


def test_what_would_wait_is_proposed_today(turia: Creditor) -> None:
    office(turia, IN_GRACE)
    made = ask(turia)
    assert made is not None
    assert (made.state, made.step, made.demanded) == ("proposed", "early_late", 50_000)


def test_asking_again_makes_no_second_message(turia: Creditor) -> None:
    office(turia, IN_GRACE)
    assert ask(turia) == ask(turia)
    assert Message.objects.filter(act="email").count() == 1


def test_a_hold_stays_a_hold(turia: Creditor) -> None:
    office(turia, IN_GRACE)
    holds.hold(customer(), TODAY + 5 * DAY, "Director ill", TODAY, NOON, by="marta")
    assert ask(turia) is None
    assert verdict() == ("held", "hold.paused")


def test_what_is_not_overdue_is_not_chased(turia: Creditor) -> None:
    office(turia, row(due_date=TODAY + 20 * DAY, issue_date=TODAY))
    assert ask(turia) is None


def test_spacing_stays(turia: Creditor) -> None:
    at_work = office(turia, row(due_date=date(2026, 3, 10)))
    at_work.approve()
    Message.objects.filter(act="email").update(state="accepted")
    at_work.later(days=1)
    rules = procedure_of(turia, Sending.objects.get())
    asked = chasing.rehearse(turia, rules, customer(), TODAY + DAY, at_work.now)
    assert asked.planned is None
    assert {one.rule for one in asked.verdicts} == {"spacing.message"}


def test_the_ask_is_of_its_day_only(turia: Creditor) -> None:
    at_work = office(turia, IN_GRACE)
    ask(turia)
    at_work.later(days=1)
    at_work.plan()
    assert not [message for message in at_work.proposed() if message.act == "email"]


def test_rehearsing_changes_nothing(turia: Creditor) -> None:
    office(turia, IN_GRACE)
    rules = procedure_of(turia, Sending.objects.get())
    assert chasing.rehearse(turia, rules, customer(), TODAY, NOON).planned is not None
    assert not Message.objects.filter(act="email").exists()
