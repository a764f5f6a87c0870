"""Moments are shown as people of each language write them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from amable.core.languages import say, show_moment

NINE = datetime(2026, 3, 17, 9, 5, tzinfo=ZoneInfo("Europe/Madrid"))


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "17 March 2026, 09:05"),
        ("es", "17 de marzo de 2026, 9:05"),
        ("ro", "17 martie 2026, 09:05"),
        ("fr", "17 mars 2026, 09:05"),
    ],
)
def test_a_moment(language: str, shown: str) -> None:
    assert show_moment(NINE, language) == shown
    assert shown in say("brake.stopped.clock", language, moment=NINE)


def test_a_moment_is_shown_in_its_own_zone() -> None:
    assert show_moment(NINE.astimezone(ZoneInfo("Europe/Bucharest")), "ro") == "17 martie 2026, 10:05"
