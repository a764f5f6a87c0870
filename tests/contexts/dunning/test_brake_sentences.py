"""What keeps messages from leaving is said in the four languages, with moments as the creditor's clock has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from amable.core.languages import LANGUAGES, say, sentences
from amable.dunning import brakes
from amable.organisation.models import Creditor, Sending
from tests.contexts.books import TODAY

NOW = datetime(2026, 3, 17, 7, 5, tzinfo=UTC)  # 8:05 in Valencia
MACHINE = ("copied", "older", "clock", "restored", "moved")


def said(brake: brakes.Brake, language: str) -> str:
    return say(f"brake.{brake.rule}", language, **brake.params)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_holds_has_its_sentence(acting: Creditor, language: str) -> None:
    everything = Sending(
        creditor=acting, daily_cap=0, resting_until=NOW + timedelta(minutes=5), resting_because="421 too busy"
    )
    told: dict[str, str] = {}
    for because in (*MACHINE, "la contable está de baja."):
        everything.stopped_at, everything.stopped_by, everything.stopped_because = NOW, "Lucía", because
        told |= {brake.rule: said(brake, language) for brake in brakes.brakes(everything, TODAY, NOW)}
    keys = {key.removeprefix("brake.") for key in sentences(language) if key.startswith("brake.")}
    assert set(told) == {key for key in keys if not key.startswith("odd.")}
    for rule, sentence in told.items():
        command = {"untrusted": "approve", "no_mailbox": "configure", "resting": "configure", "cap": "configure"}
        assert f"amable {command.get(rule, 'resume-sending')}" in sentence
        assert ".." not in sentence


def test_moments_are_those_of_the_creditors_clock(acting: Creditor) -> None:
    stopped = Sending(creditor=acting, stopped_at=NOW, stopped_because="clock", daily_cap=9)
    resting = Sending(creditor=acting, resting_until=NOW + timedelta(hours=1), server="smtp.turia.example", daily_cap=9)
    assert "17 de marzo de 2026, 8:05" in said(brakes.brakes(stopped, TODAY, NOW)[0], "es")
    assert "17 de marzo de 2026, 9:05" in said(brakes.brakes(resting, TODAY, NOW)[-1], "es")
