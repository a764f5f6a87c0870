"""Packs the verdicts of a customer into one row and unpacks them; a rule is kept with its parameters, not in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from amable.core.money import Money
from amable.core.planning import Outcome, Verdict


class KeptVerdict(NamedTuple):
    """A verdict as it is kept: `message` is the key of the message or task that carries it."""

    item: int
    outcome: Outcome
    rule: str
    params: dict[str, object]
    step: str
    next_look: date | None
    message: str


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def kept(verdict: Verdict, message: str) -> KeptVerdict:
    """A verdict of a decision, with the key of its message instead of its place."""
    return KeptVerdict(
        verdict.item, verdict.outcome, verdict.rule, verdict.params, verdict.step, verdict.next_look, message
    )


def pack(verdicts: Iterable[KeptVerdict]) -> str:
    """The verdicts of a customer as one text."""
    return _encode([_packed(verdict) for verdict in verdicts])


def unpack(text: str) -> list[KeptVerdict]:
    """The verdicts of a packed row."""
    return [
        KeptVerdict(
            item, Outcome(outcome), rule, _values(params), step, date.fromisoformat(look) if look else None, message
        )
        for item, outcome, rule, params, step, look, message in json.loads(text)
    ]


def gist(verdicts: Iterable[KeptVerdict]) -> list[list[object]]:
    """What makes one look differ from another: outcome, rule with parameters, step; not the day of the next look."""
    return [[v.item, v.outcome.value, v.rule, plain(v.params), v.step] for v in verdicts]


def plain(params: dict[str, object]) -> dict[str, object]:
    """Parameters as JSON values: money as [minor, currency], a day as {"day": ISO}."""
    return {name: _plain(value) for name, value in params.items()} if params else {}


def _packed(verdict: KeptVerdict) -> list[object]:
    look = verdict.next_look.isoformat() if verdict.next_look else ""
    return [verdict.item, verdict.outcome, verdict.rule, plain(verdict.params), verdict.step, look, verdict.message]


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return [value.minor, value.currency]
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value


def _values(params: dict[str, object]) -> dict[str, object]:
    return {name: _value(value) for name, value in params.items()}


def _value(value: object) -> object:
    if isinstance(value, list):
        return Money(*value)
    if isinstance(value, dict):
        return date.fromisoformat(value["day"])
    return value
