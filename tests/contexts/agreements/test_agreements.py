"""Promises, disputes and plans that a person states: what rests for them, and what ends them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from amable.agreements import actions as agreements
from amable.agreements.actions import RefusedError
from amable.agreements.models import Promise
from amable.core.agreements import Ground, Instalment
from amable.evidence import log
from amable.organisation.models import Creditor
from tests.contexts.books import DAY, TODAY, customer, item, live, messages, paid, row, take, verdict
from tests.contexts.office import NOON

pytestmark = pytest.mark.usefixtures("acting")

BY = "marta@turia.example"
LATE = row(due_date=date(2026, 3, 10))  # 17 March is the day of its first reminder


def stated(today: date = TODAY) -> dict[str, Any]:
    return {"today": today, "now": NOON + (today - TODAY), "by": BY}


def promise(amount: int = 50_000, on: date = TODAY + 3 * DAY, **facts: Any) -> Promise:
    given: dict[str, Any] = {"currency": "EUR", "said_by": "Ana, by phone", "items": [item().pk], **stated()}
    return agreements.promise(customer(), amount=amount, on=on, **(given | facts))


def test_a_promise_rests_the_item_and_outlives_the_next_ledger(turia: Creditor) -> None:
    take(turia, LATE)
    promise()
    live(turia, LATE)
    assert verdict()[1] in ("hold.promised", "step.promise_confirmation")
    live(turia, LATE, today=TODAY + DAY)
    assert verdict() == ("held", "hold.promised")


def test_what_was_not_promised_is_still_asked_for(turia: Creditor) -> None:
    take(turia, LATE)
    promise(20_000)
    live(turia, LATE)
    (sent,) = messages(act="email")
    assert sent.demanded == 30_000


def test_a_promise_that_was_paid_holds_nothing_more(turia: Creditor) -> None:
    take(turia, LATE)
    promise(20_000)
    live(turia, LATE, bank=[paid("200.00", "F-1001")])
    assert item().open == 30_000
    live(turia, today=TODAY + 7 * DAY)
    assert verdict()[1] != "hold.promised"


def test_a_promise_is_over_on_the_working_day_after_it(turia: Creditor) -> None:
    take(turia, LATE)
    promise(on=TODAY + DAY)
    live(turia, LATE, today=TODAY + DAY)
    assert verdict()[1] == "hold.promised"
    live(turia, today=TODAY + 3 * DAY)  # the 19th is Saint Joseph's in Valencia
    assert verdict()[1] != "hold.promised"


def test_a_promise_ended_by_a_person_holds_nothing(turia: Creditor) -> None:
    take(turia, LATE)
    made = promise()
    assert agreements.end_promise(made, **stated())
    assert not agreements.end_promise(made, **stated())
    live(turia, LATE)
    assert verdict() == ("sent", "step.early_late")


def test_a_newer_promise_replaces_the_one_that_is_waited_for(turia: Creditor) -> None:
    take(turia, LATE)
    first = promise()
    promise(on=TODAY + 10 * DAY)
    first.refresh_from_db()
    assert first.ended_at is not None


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"amount": 50_001}, "more_than_owed"),
        ({"amount": 0}, "no_amount"),
        ({"on": TODAY - DAY}, "day_over"),
        ({"on": TODAY + timedelta(days=93)}, "promise_too_far"),
        ({"items": []}, "nothing_owed"),
    ],
)
def test_a_promise_that_cannot_be_is_refused_and_nothing_changes(
    turia: Creditor, facts: dict[str, Any], rule: str
) -> None:
    take(turia, LATE)
    with pytest.raises(RefusedError) as refused:
        promise(**facts)
    assert refused.value.refusal.rule == rule
    assert not Promise.objects.exists()


def test_a_dispute_of_a_part_leaves_the_rest_to_be_asked_for(turia: Creditor) -> None:
    take(turia, LATE)
    agreements.dispute(customer(), ground=Ground.PRICE, note="", parts={item().pk: 12_000}, **stated())
    live(turia, LATE)
    assert [message.demanded for message in messages(act="email")] == [38_000]


def test_a_disputed_item_rests_until_somebody_decides(turia: Creditor) -> None:
    take(turia, LATE)
    made = agreements.dispute(customer(), ground=Ground.FAULTY, note="", parts={item().pk: None}, **stated())
    live(turia, LATE)
    assert verdict() == ("held", "hold.disputed")
    tomorrow = TODAY + DAY
    assert agreements.resolve_dispute(made, upheld=False, answer="Tested and fine.", **stated(tomorrow))
    live(turia, LATE, today=tomorrow)
    assert verdict() == ("sent", "step.early_late")


def test_what_was_upheld_rests_until_its_credit_is_booked(turia: Creditor) -> None:
    take(turia, LATE)
    made = agreements.dispute(customer(), ground=Ground.PRICE, note="", parts={item().pk: None}, **stated())
    agreements.resolve_dispute(made, upheld=True, answer="", **stated())
    live(turia, LATE)
    assert verdict() == ("held", "hold.disputed")
    agreements.credit_booked(made, **stated(TODAY + DAY))
    live(turia, LATE, today=TODAY + DAY)
    assert verdict() == ("sent", "step.early_late")


def test_the_same_item_is_disputed_once(turia: Creditor) -> None:
    take(turia, LATE)
    facts: dict[str, Any] = {"ground": Ground.PRICE, "note": "", "parts": {item().pk: None}}
    agreements.dispute(customer(), **facts, **stated())
    with pytest.raises(RefusedError, match="disputed_already"):
        agreements.dispute(customer(), **facts, **stated())


def plan_of(*parts: tuple[date, int]) -> None:
    agreements.plan(
        customer(), currency="EUR", items=[item().pk], note="", instalments=[Instalment(*part) for part in parts],
        **stated(),
    )  # fmt: skip


def test_a_plan_rests_its_items_until_the_first_missed_instalment(turia: Creditor) -> None:
    take(turia, LATE)
    plan_of((TODAY + 2 * DAY, 25_000), (TODAY + 9 * DAY, 25_000))
    live(turia, LATE)
    assert verdict() == ("held", "hold.plan_kept")
    live(turia, LATE, today=TODAY + 2 * DAY)
    assert verdict() == ("held", "hold.plan_kept")
    live(turia, LATE, today=TODAY + 3 * DAY)
    assert verdict()[1] != "hold.plan_kept"


def test_a_paid_instalment_keeps_the_plan(turia: Creditor) -> None:
    take(turia, LATE)
    plan_of((TODAY + DAY, 25_000), (TODAY + 20 * DAY, 25_000))
    live(turia, LATE, bank=[paid("250.00", "F-1001")])
    live(turia, today=TODAY + 2 * DAY, bank=[])
    assert verdict() == ("held", "hold.plan_kept")


def test_instalments_must_add_up(turia: Creditor) -> None:
    take(turia, LATE)
    with pytest.raises(RefusedError, match="does_not_add_up"):
        plan_of((TODAY + DAY, 25_000), (TODAY + 9 * DAY, 24_000))


def test_whatever_is_stated_is_on_the_record(turia: Creditor) -> None:
    from amable.evidence.models import Entry

    take(turia, LATE)
    agreements.end_promise(promise(), **stated())
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == ["promise.made", "promise.ended"]
    log.seal(turia)
    assert log.verify(turia) == []
