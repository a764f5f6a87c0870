"""Where a payer's habits move a step, the verdict says so, how much and why, in every language."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from amable.core.languages import LANGUAGES
from amable.core.payers import Profile
from amable.core.planning import decide
from amable.core.reasons import reason
from tests.cast import DUE, Life, customer, forgetful, invoice, told, verdict

LATE = DUE + timedelta(days=60)


def test_the_first_reminder_of_a_late_payer_is_for_an_earlier_day_and_says_why() -> None:
    found = verdict(decide(forgetful(), DUE - timedelta(days=20)))
    assert found.rule == "step.later"
    usual = verdict(decide(customer(), DUE - timedelta(days=20)))
    assert found.next_look is not None
    assert usual.next_look is not None
    assert found.params["effect"] == "effect.earlier"
    assert found.params["effect_n"] == (usual.next_look - found.next_look).days > 0
    assert "effect" not in usual.params


def test_the_message_itself_carries_the_effect() -> None:
    life = Life(forgetful())
    for today, decision in life.through(DUE - timedelta(days=20), DUE):
        if decision.planned:
            assert verdict(decision).params["effect"] == "effect.earlier"
            assert today < DUE - timedelta(days=7)
            return
    pytest.fail("nothing was said")


def test_the_other_reminders_of_a_late_payer_are_as_usual() -> None:
    item = invoice(told=told(("due_7", DUE - timedelta(days=11))))
    assert "effect" not in verdict(decide(forgetful(item), DUE - timedelta(days=5))).params


@pytest.mark.parametrize(
    ("known", "effect"),
    [
        (Profile(keeps_promises=True), "effect.wider_promises"),
        (Profile(answers_quickly=True), "effect.wider_answers"),
        (Profile(silent=3), "effect.shorter"),
        (Profile(silent=3, paid_since=True), None),
        (Profile(silent=1), None),
        (Profile(), None),
    ],
)
def test_an_interval_that_was_moved_says_why_and_one_that_was_not_says_nothing(
    known: Profile, effect: str | None
) -> None:
    """Over all weekdays: the effect is named exactly when the day differs from the usual one."""
    differing = 0
    for shift in range(7):
        last = DUE + timedelta(days=6 + shift)
        item = invoice(told=told(("early_late", last)))
        mine = verdict(decide(customer(item, profile=known), last + timedelta(days=1)))
        usual = verdict(decide(customer(item), last + timedelta(days=1)))
        assert mine.params.get("effect") == (effect if mine.next_look != usual.next_look else None)
        differing += mine.next_look != usual.next_look
    assert bool(differing) is (effect is not None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "effect",
    [
        Profile(median_late=14.5, observed=5).earlier(3),
        Profile(silent=3).paced(),
        Profile(keeps_promises=True).paced(),
        Profile(answers_quickly=True).paced(),
        Profile(settled=4).worded("regular"),
        Profile(settled=1).worded("new"),
    ],
)
def test_the_reason_says_it_in_a_sentence_of_its_own(effect: dict[str, object], language: str) -> None:
    usual = reason("step.due_7", {}, language)
    said = reason("step.due_7", effect, language)
    assert said.startswith(usual)
    assert len(said) > len(usual) + 20
    assert "{" not in said
    for name, value in effect.items():
        if name != "effect":
            assert str(value) in said


def test_the_sentence_in_english() -> None:
    params = {"day": date(2026, 3, 1), "step": "due_7", **Profile(median_late=14, observed=5).earlier(3)}
    assert reason("step.later", params, "en") == (
        "Nothing is to be said today; next on 1 March 2026: first reminder before the due date. "
        "It comes 3 days earlier than usual, because half of the customer’s 5 invoices so far were at least 14 days "
        "late."
    )
