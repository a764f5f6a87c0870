"""Something of one customer that nobody foresaw: the others are planned, a person is asked, nothing leaves to them."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest

from amable.correspondence.models import Message
from amable.dunning.models import Look, Range
from amable.evidence import log
from amable.ledger.models import Customer, Item
from amable.organisation.models import Sending
from amable.organisation.tenancy import acting_for
from amable.work import duties
from tests.contexts.office import NOON
from tests.desk.desks import LATE, Desk


def damage(desk: Desk, key: str = "C-1") -> None:
    """What was kept of the last look at a customer cannot be read any more."""
    with acting_for(desk.creditor):
        Look.objects.filter(creditor=desk.creditor, customer__key=key).update(verdicts="[[1,")
        desk.creditor.customer_set.update(review_on=desk.now.date())


def look_again(desk: Desk) -> None:
    with acting_for(desk.creditor):
        assert duties.look_again(desk.creditor, desk.moment)


def today(desk: Desk) -> str:
    return unescape(desk.get("today").content.decode())


@pytest.fixture
def damaged(desk: Desk) -> Desk:
    """A book of two customers with something to say to each; what is kept of the first is damaged."""
    with acting_for(desk.creditor):
        Item.objects.filter(creditor=desk.creditor, customer__key="C-2").update(due_on=LATE)
    damage(desk)
    return desk


def test_the_others_are_planned_and_nothing_leaves_to_that_one(damaged: Desk) -> None:
    look_again(damaged)
    with acting_for(damaged.creditor):
        proposed = Message.objects.filter(state="proposed", day=NOON.date(), customer__isnull=False)
        assert [message.customer.key for message in proposed.select_related("customer")] == ["C-2"]
        assert log.verify(damaged.creditor) == []


def test_a_person_is_asked_on_today_and_the_customers_page_says_why(damaged: Desk) -> None:
    look_again(damaged)
    assert "could not be decided; something in the customer’s data" in today(damaged)
    with acting_for(damaged.creditor):
        task = Message.objects.get(slot="task.unplanned")
        assert (task.subject, task.state) == ("No se pudo decidir: Talleres Miró, S.L.", "approved")
        customer = Customer.objects.get(key="C-1")
    assert "could not be decided" in unescape(damaged.get("customer", customer=customer.pk).content.decode())


def test_the_task_goes_when_it_can_be_decided_again(damaged: Desk) -> None:
    look_again(damaged)
    with acting_for(damaged.creditor):
        damaged.creditor.customer_set.update(review_on=NOON.date())
    look_again(damaged)
    assert "could not be decided" not in today(damaged)
    with acting_for(damaged.creditor):
        assert Message.objects.get(slot="task.unplanned").state == "withdrawn"
        assert Message.objects.filter(state="proposed", customer__key="C-1", day=NOON.date()).exists()


def test_it_is_asked_once_and_again_after_a_week(damaged: Desk) -> None:
    look_again(damaged)
    with acting_for(damaged.creditor):
        Message.objects.filter(slot="task.unplanned").update(state="accepted")  # the task left as a mail
    for days, count in ((1, 1), (7, 2)):
        damaged.now = NOON + timedelta(days=days)
        damage(damaged)
        with acting_for(damaged.creditor):
            assert duties.plan(damaged.creditor, damaged.moment)
            assert Message.objects.filter(slot="task.unplanned").exclude(state="withdrawn").count() == count


def test_what_is_wrong_with_everybody_is_no_customers_fault(damaged: Desk) -> None:
    damage(damaged, "C-2")
    with acting_for(damaged.creditor):
        Sending.objects.update(planned_on=None)
        Range.objects.all().delete()
        with pytest.raises(ValueError, match="line 1"), duties.told_when_broken(damaged.creditor, damaged.moment):
            duties.plan(damaged.creditor, damaged.moment)
        assert not Message.objects.filter(slot="task.unplanned").exists()
        # The range is free at once for whoever tries again.
        assert duties.take_range(damaged.creditor, NOON.date(), damaged.now) is not None
        Look.objects.update(verdicts="[]")
    assert "Today’s plan broke off at 11:00" in today(damaged)


def test_today_forgets_it_once_the_plan_is_made(damaged: Desk) -> None:
    with acting_for(damaged.creditor):
        Sending.objects.update(planned_on=None, broke_off_at=NOON)
        Range.objects.all().delete()
        assert duties.plan(damaged.creditor, damaged.moment)
        assert Sending.objects.get().broke_off_at is None
    assert "broke off" not in today(damaged)
