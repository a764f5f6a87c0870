"""What a check comes to: all is well, worth a look, or wrong; in words that are found by check and rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """How a check went."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Checked:
    """One check; its sentence is `doctor.<check>.<rule>`. `because` is the sentence of its reason, with its places."""

    check: str
    verdict: Verdict
    rule: str
    params: Mapping[str, object] = field(default_factory=dict)
    because: tuple[str, Mapping[str, object]] | None = None
