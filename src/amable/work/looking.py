"""What a procedure would change in the whole book, and what it would have said in the past: worked out as jobs.

Each is asked for with the texts of its procedures and its days, so that what it came to is found again as long as
nothing of that changed, and is that of these very texts whoever edits the draft meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from amable.core.procedure import Procedure
from amable.core.procedure_check import read
from amable.dunning import effects, past_book
from amable.dunning.effects import Changed, Thing
from amable.dunning.models import ProcedureDraft
from amable.organisation.models import Creditor
from amable.work import jobs
from amable.work.jobs import FailedError, Progress, kind
from amable.work.models import Job

EFFECT: Final = "effect"
REPLAY: Final = "replay"
LISTED: Final = 50  # customers shown of those for whom something changes


def of_effect(draft: ProcedureDraft, before: str, today: date) -> dict[str, object]:
    """What the job about a draft's effect on the book of today is given; `before` is the procedure in force."""
    return {"draft": draft.pk, "before": before, "after": draft.text, "day": today.isoformat()}


def of_replay(draft: ProcedureDraft, days: int, first: date, last: date) -> dict[str, object]:
    """What the job about a draft's replay is given; `days` is how far somebody wanted to look back."""
    span = {"days": days, "first": first.isoformat(), "last": last.isoformat()}
    return {"draft": draft.pk, "text": draft.text, **span}


def ask(creditor: Creditor, name: str, given: dict[str, object], *, by: str, now: datetime) -> Job:
    """Have it worked out, unless it is being worked out already."""
    return jobs.ask_once(creditor, name, given, by=by, now=now)


@kind(EFFECT)
def effect(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
    """How many messages, tasks and decisions come otherwise, and to whom."""
    facts = job.facts
    before, after = _rules(facts["before"]), _rules(facts["after"])
    found = effects.effect(creditor, before, after, date.fromisoformat(facts["day"]), _told(progress, "looking"))
    return {
        "customers": found.customers,
        "differing": found.differing,
        "now": found.now,
        "then": found.then,
        "changed": len(found.changed),
        "first": [_changed(one) for one in found.changed[:LISTED]],
    }


@kind(REPLAY)
def replay(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
    """What was really said in some days of the past, and what the procedure would have said."""
    facts = job.facts
    first, last = date.fromisoformat(facts["first"]), date.fromisoformat(facts["last"])
    return asdict(past_book.replayed(creditor, _rules(facts["text"]), first, last, _told(progress, "replaying")))


def _rules(text: str) -> Procedure:
    rules = read(text)
    if rules is None:  # its page does not ask for such a one
        raise FailedError("procedure_unclear")
    return rules


def _told(progress: Progress, stage: str) -> Callable[[int, int], None]:
    def on(done: int, total: int) -> None:
        progress(done, total, stage)

    return on


def _changed(one: Changed) -> dict[str, object]:
    return {"customer": one.customer, "now": _things(one.now, one.then), "then": _things(one.then, one.now)}


def _things(listed: Sequence[Thing], others: Sequence[Thing]) -> list[dict[str, object]]:
    """Each with its firmest step, and whether it comes under this procedure only."""
    return [
        {
            "day": thing.day.isoformat(),
            "kind": thing.kind,
            "step": thing.steps[-1] if thing.steps else "",
            "differs": thing not in others,
        }
        for thing in listed
    ]
