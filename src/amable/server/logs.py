"""What a process that stays at work tells: JSON lines on stderr, with what happened and where, and nothing of anybody.

A line has the moment, the level, the event, the creditor's ref and whatever of `_FACTS` was given. It never has a value
of a row: of an exception it has the kind and the place, since its words may quote what was in hand (a name, an address,
a statement with its parameters).
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from django_scopes import get_scope

LEVELS: Final = ("debug", "info", "warning", "error")
_FACTS: Final = ("key", "state", "duty", "server", "rule", "count", "status")
_PLACES: Final = 8  # the innermost of a failure
_PACKAGE: Final = Path(__file__).parents[1]


class Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        ours = record.name == "amable" or record.name.startswith("amable.")
        line: dict[str, object] = {
            "moment": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            # What others say may quote what they were given: of them it is told that they spoke.
            "event": record.msg if ours else record.name,
        }
        if creditor := get_scope().get("creditor"):
            line["creditor"] = creditor.ref
        line |= {name: getattr(record, name) for name in _FACTS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["failure"] = failure(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def failure(error: BaseException) -> list[dict[str, object]]:
    """The kind of an exception and where it was raised, the same for what caused it; no word of it."""
    told: list[dict[str, object]] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < _PLACES:
        told.append({"kind": type(cause).__name__, "at": _places(cause.__traceback__)})
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return told


def _places(trace: TracebackType | None) -> list[str]:
    found: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-_PLACES:]


def _short(path: str) -> str:
    """A file by its place in our package, another one by its name: no folder of the machine."""
    place = Path(path)
    return str(place.relative_to(_PACKAGE.parent)) if place.is_relative_to(_PACKAGE) else place.name


@contextmanager
def told(level: str) -> Iterator[None]:
    """Have everything that is logged meanwhile told on stderr, from a level on; also what ends a thread."""
    root, hook = logging.getLogger(), threading.excepthook
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    handler.addFilter(_is_worth_telling)
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    threading.excepthook = _thread_ended
    try:
        yield
    finally:
        threading.excepthook = hook
        root.setLevel(before)
        root.removeHandler(handler)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Whatever we say, and of what libraries say what is wrong."""
    return record.name.split(".")[0] == "amable" or record.levelno >= logging.WARNING


def _thread_ended(ended: Any) -> None:
    logging.getLogger(__name__).error(
        "a thread ended", exc_info=(ended.exc_type, ended.exc_value or ended.exc_type(), ended.exc_traceback)
    )
