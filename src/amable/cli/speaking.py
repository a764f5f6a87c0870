"""How commands speak: in which language, and how they refuse."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from amable.core.languages import LANGUAGES, say


class RefusedError(Exception):
    """Nothing could be done, and one sentence says why: `cli.<key>`, in the user's language unless one is given."""

    def __init__(self, key: str, /, *, language: str = "", details: tuple[str, ...] = (), **params: object) -> None:
        super().__init__(key)
        self.key, self.params, self.language, self.details = key, params, language, details


def language() -> str:
    """The user's language: AMABLE_LANGUAGE, else the locale of the shell, else English."""
    for name in ("AMABLE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        spoken = os.environ.get(name, "")[:2].lower()
        if spoken:
            return spoken if spoken in LANGUAGES else "en"
    return "en"


def refuse(error: RefusedError) -> None:
    """Say why nothing was done."""
    print(say(f"cli.{error.key}", error.language or language(), **error.params), file=sys.stderr)
    for line in error.details:
        print(f"  {line}", file=sys.stderr)


def now() -> datetime:
    """This moment. Only doors read the clock."""
    return datetime.now(UTC)


def today_in(zone: str) -> date:
    """Today's date where the creditor is."""
    return now().astimezone(ZoneInfo(zone)).date()
