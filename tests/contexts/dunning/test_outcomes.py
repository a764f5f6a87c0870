"""What a task came to: recorded, and followed by what there is a rule for."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from amable.correspondence.models import Message
from amable.dunning import outcomes, queries
from amable.dunning.models import Hold, TaskOutcome
from amable.dunning.outcomes import Outcome
from amable.evidence.models import Entry
from amable.ledger.models import Contact
from amable.organisation.models import Creditor
from tests.contexts.books import TODAY, paid, receive, row
from tests.contexts.office import NOON, Office

NOWHERE: Any = SimpleNamespace(host="localhost", port=9)
YESTERDAYS = row("F-1003", "80.00", due_date=date(2026, 3, 16))


@pytest.fixture
def task(acting: Creditor) -> Message:
    """The first checks of an invoice that fell due yesterday."""
    Office(acting, NOWHERE).plan(YESTERDAYS)
    return Message.objects.get(act="check")


def asked(creditor: Creditor, today: date = TODAY) -> list[str]:
    return [message.key for message in queries.tasks(creditor, None, today)]


def tell(creditor: Creditor, task: Message, outcome: Outcome, **facts: Any) -> TaskOutcome:
    return outcomes.tell(creditor, task, outcome, TODAY, NOON, by="marta", **facts)


def test_a_task_is_asked_until_it_is_answered(acting: Creditor, task: Message) -> None:
    assert asked(acting) == [task.key]
    tell(acting, task, Outcome.ALL_WELL, note="Ana has it.")
    assert asked(acting) == []
    (entry,) = Entry.objects.filter(kind="task.done")
    assert "Ana" not in entry.body


def test_what_is_paid_meanwhile_is_asked_no_more(acting: Creditor, task: Message) -> None:
    receive(acting, paid("80.00", "F-1003"))
    assert asked(acting) == []


def test_nobody_at_the_telephone_is_tried_again_on_the_next_working_day(acting: Creditor, task: Message) -> None:
    told = tell(acting, task, Outcome.VOICEMAIL)
    assert told.again_on == date(2026, 3, 18)
    assert asked(acting) == []
    assert asked(acting, date(2026, 3, 18)) == [task.key]


def test_after_friday_comes_the_monday_that_is_no_holiday(acting: Creditor, task: Message) -> None:
    told = outcomes.tell(acting, task, Outcome.VOICEMAIL, date(2026, 3, 18), NOON, by="marta")
    assert told.again_on == date(2026, 3, 20)  # the 19th is Saint Joseph's, a holiday in Valencia


def test_a_right_number_takes_the_place_of_the_wrong_one_and_the_call_stays(acting: Creditor, task: Message) -> None:
    tell(acting, task, Outcome.WRONG_NUMBER, phone="+34 960 11 22 33")
    assert Contact.objects.get().phone == "+34 960 11 22 33"
    assert asked(acting) == [task.key]


def test_a_promised_day_lets_reminders_rest_until_it_is_over(acting: Creditor, task: Message) -> None:
    tell(acting, task, Outcome.PROMISED, said_on=date(2026, 3, 25), because="Promised by telephone.")
    hold = Hold.objects.get()
    assert (hold.until, hold.because) == (date(2026, 3, 26), "Promised by telephone.")


def test_a_task_that_was_not_mailed_need_not_be(acting: Creditor, task: Message) -> None:
    assert task.state == "approved"
    tell(acting, task, Outcome.ALL_WELL)
    task.refresh_from_db()
    assert task.state == "said"
