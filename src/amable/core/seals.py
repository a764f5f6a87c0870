"""What somebody saw of some facts, so that what others change meanwhile is noticed and never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256


def seen(facts: Mapping[str, object]) -> str:
    """A seal a form carries: a few letters for each fact as its writer saw it."""
    return ".".join(f"{name}-{_mark(value)}" for name, value in facts.items())


def changed_since(seal: str, facts: Mapping[str, object]) -> list[str]:
    """The names of the facts that are others now than when they were seen; all of them where it is not known."""
    marks = dict(part.rsplit("-", 1) for part in seal.split(".") if "-" in part)
    return [name for name, value in facts.items() if marks.get(name) != _mark(value)]


def _mark(value: object) -> str:
    return sha256(str(value).encode()).hexdigest()[:10]
