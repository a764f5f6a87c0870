"""Steps after the issue, offers and promises: within their days, never after the due date, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.core.planning import Contact, Discount, Promise, decide
from amable.core.procedure import Act, read
from tests.cast import DAY, DUE, Life, customer, days, invoice, verdict

PROCEDURE = read(
    """
procedure: ours
version: 1
steps:
  - step: welcome
    when: 1 to 3 days after issue
    wording: payment_terms_welcome
    only: {relationship: first}
  - step: offer
    when: 4 to 12 days after issue
    wording: early_payment_discount
  - step: due_3
    when: 3 days before due
  - step: early_late
    when: 4 to 5 working days after due
  - step: late_late
    when: 6 working days after due
    again: 3 to 5 days after the last message
    repeat: 2
    presumes: early_late
  - step: broken_promise
    when: 1 to 2 working days after a broken promise
  - step: promise_confirmation
    do: confirm
    when: on promise
"""
)
ISSUED = date(2026, 2, 2)  # a Monday; due on DUE, 3 March
FRIDAY = date(2026, 3, 13)


def life(**facts: object) -> Life:
    item = invoice(issued=ISSUED)._replace(**facts)  # type: ignore[arg-type]
    return Life(customer(item, procedure=PROCEDURE, written_to=True))


def test_a_welcome_is_for_whom_nobody_ever_wrote_to() -> None:
    stranger = customer(invoice(issued=ISSUED), procedure=PROCEDURE)
    assert verdict(decide(stranger, ISSUED + DAY)).step == "welcome"
    known = customer(invoice(issued=ISSUED), procedure=PROCEDURE, written_to=True)
    assert verdict(decide(known, ISSUED + DAY)).rule == "step.later"


def test_what_comes_after_the_issue_waits_for_a_working_day_within_its_days() -> None:
    # Issued on a Wednesday: the days of the welcome are Thursday to Saturday.
    stranger = customer(invoice(issued=date(2026, 2, 4)), procedure=PROCEDURE)
    assert verdict(decide(stranger, date(2026, 2, 6))).step == "welcome"
    assert verdict(decide(stranger, date(2026, 2, 9))).step != "welcome"


def test_an_invoice_without_an_issue_date_has_no_such_step() -> None:
    stranger = customer(invoice(issued=None), procedure=PROCEDURE)
    for today in days(date(2026, 1, 20), DUE):
        assert verdict(decide(stranger, today)).step not in ("welcome", "offer")


@settings(deadline=None, max_examples=40)
@given(st.integers(-5, 40), st.integers(1, 45), st.booleans())
def test_a_discount_is_never_offered_after_its_last_day_nor_after_the_due_date(
    last: int, term: int, crowded: bool
) -> None:
    until, due = ISSUED + timedelta(days=last), ISSUED + timedelta(days=term)
    lived = life(due=due, discount=Discount(10_00, until))
    if crowded:
        lived.contacts.append(Contact(ISSUED + 4 * DAY, Act.EMAIL))
    lived.until(ISSUED + 60 * DAY, first=ISSUED)
    for day, step in lived.steps():
        assert step != "offer" or day <= min(until, due)


def test_a_rest_no_larger_than_the_discount_is_a_persons_to_book() -> None:
    item = invoice(issued=ISSUED, open=10_00)._replace(discount=Discount(10_00, DUE - 20 * DAY))
    decision = decide(customer(item, procedure=PROCEDURE), date(2026, 3, 17))
    assert verdict(decision)[1:3] == ("task", "hold.discount_taken")
    more = item._replace(open=10_01)
    assert verdict(decide(customer(more, procedure=PROCEDURE), date(2026, 3, 17))).step == "early_late"


def promised(on: date, noted: date | None) -> Promise:
    return Promise(500_00, on, noted)


def test_a_new_promise_is_confirmed_once() -> None:
    lived = life(promise=promised(date(2026, 3, 25), FRIDAY))
    decision = lived.live(FRIDAY)
    (planned,) = decision.planned
    assert planned.act is Act.CONFIRM
    assert [(line.amount, line.section) for line in planned.lines] == [(500_00, "promised")]
    assert planned.demanded == 0
    assert verdict(decision)[1:3] == ("sent", "step.promise_confirmation")
    lived.until(date(2026, 3, 24), first=FRIDAY + DAY)
    assert lived.steps() == [(FRIDAY, "promise_confirmation")]


def test_a_promise_noted_on_a_weekend_is_confirmed_on_the_next_working_day() -> None:
    lived = life(promise=promised(date(2026, 3, 25), FRIDAY + DAY))
    assert lived.live(FRIDAY + DAY).look_again == FRIDAY + 3 * DAY
    lived.until(date(2026, 3, 24), first=FRIDAY + 2 * DAY)
    assert lived.steps() == [(FRIDAY + 3 * DAY, "promise_confirmation")]


@pytest.mark.parametrize("noted", [None, FRIDAY - 4 * DAY])
def test_an_old_promise_is_not_confirmed(noted: date | None) -> None:
    assert decide(life(promise=promised(date(2026, 3, 25), noted)).known(), FRIDAY).planned == ()


def test_what_was_said_since_a_promise_stands_for_its_confirmation() -> None:
    lived = life(promise=promised(date(2026, 3, 25), FRIDAY - DAY))
    lived.contacts.append(Contact(FRIDAY - DAY, Act.EMAIL))
    assert lived.live(FRIDAY).planned == ()


def test_a_broken_promise_overtakes_the_reminders_and_a_kept_one_is_not_spoken_of() -> None:
    on = date(2026, 3, 12)
    lived = life(promise=promised(on, None)).until(date(2026, 4, 20), first=DUE)
    said = [step for _, step in lived.steps()]
    assert said[0] == "broken_promise"
    assert "late_late" not in said
    kept = life(promise=promised(on, None))
    kept.until(on, first=DUE)
    kept.change_items(lambda item: None)
    assert kept.until(date(2026, 4, 20), first=on + DAY).steps() == []


def test_without_a_promise_the_step_is_as_if_it_were_not_there() -> None:
    with_it = [step for _, step in life().until(date(2026, 5, 1), first=DUE + DAY).steps()]
    assert with_it[:3] == ["early_late", "late_late", "late_late"]
    assert "broken_promise" not in with_it
