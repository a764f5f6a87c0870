"""Says a procedure in words: when a step comes, what it does, for which items, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final, NamedTuple

from amable.core.languages import say, sentences, show_decimal
from amable.core.procedure import LIMIT_KEYS, Act, Anchor, Conditions, Limits, Offset, Procedure, Step
from amable.core.reasons import step_name

_DAYS: Final = {
    (False, False): "days",
    (True, False): "working_days",
    (False, True): "span",
    (True, True): "working_span",
}
_SIMPLE: Final = {
    Anchor.ISSUE: "after_issue",
    Anchor.DUE: "after_due",
    Anchor.STEP_BEFORE: "after_step_before",
    Anchor.BROKEN_PROMISE: "after_broken_promise",
}


def count(low: int, high: int, language: str, *, working: bool) -> str:
    """So many days: `4 to 5 working days`."""
    low, high = sorted((abs(low), abs(high)))
    return say(f"desk.procedures.{_DAYS[working, high > low]}", language, low=low, n=high)


def when(offset: Offset, language: str) -> str:
    """When a step comes: `7 days before the due date`."""
    if offset.anchor is Anchor.PAYMENT:
        return say("desk.procedures.when.on_payment", language)
    if offset.anchor is Anchor.PROMISE:
        return say("desk.procedures.when.on_promise", language)
    if offset.anchor is Anchor.DUE and offset.low == offset.high == 0:
        return say("desk.procedures.when.on_due", language)
    days = count(offset.low, offset.high, language, working=offset.working)
    if offset.anchor is Anchor.DUE and offset.low < 0:
        return say("desk.procedures.when.before_due", language, count=days)
    if offset.anchor is Anchor.DEADLINE:
        return say("desk.procedures.when.after_deadline", language, count=days, step=step_name(offset.step, language))
    if offset.anchor is Anchor.STEP and not offset.step:
        return say("desk.procedures.when.after_last", language, count=days)
    if offset.anchor is Anchor.STEP:
        nth = "after_step_nth" if offset.occurrence else "after_step"
        named = {"step": step_name(offset.step, language), "count": days}
        return say(f"desk.procedures.when.{nth}", language, occurrence=offset.occurrence, **named)
    return say(f"desk.procedures.when.{_SIMPLE[offset.anchor]}", language, count=days)


def mark(offset: Offset) -> str:
    """The same on a time line, in a few signs: `−7`, `0`, `+4–5`, `↳ +3` for what is counted from another step."""
    if offset.anchor in (Anchor.PAYMENT, Anchor.PROMISE):
        return "✓"
    low, high = sorted((abs(offset.low), abs(offset.high)))
    span = f"{low}–{high}" if high > low else str(low)
    if offset.anchor is Anchor.DUE:
        return f"−{span}" if offset.low < 0 else f"+{span}" if high else "0"
    return f"↳ +{span}"


def act(which: Act, language: str) -> str:
    """What a step does: `email`, `call`."""
    return say(f"desk.procedures.act.{which}", language)


def wording_name(stage: str, language: str) -> str:
    """A wording in words; one that we have no name for by its identifier."""
    for key in (f"desk.procedures.wording.{stage}", f"stepname.{stage}"):
        if key in sentences(language):
            return say(key, language)
    return stage


def name(step: Step, language: str) -> str:
    """What people call a step: its own name if we have words for it, else what it says or does."""
    own = step_name(step.id, language)
    if own != step.id:
        return own
    return wording_name(step.wording, language) if step.wording and step.wording != step.id else step.id


def again(step: Step, language: str) -> str:
    """How often a step comes again, and when; empty when it comes once."""
    if step.again is None or step.repeat < 2:
        return ""
    days = count(step.again.low, step.again.high, language, working=step.again.working)
    return say("desk.procedures.repeats", language, n=step.repeat, count=days)


def conditions(only: Conditions, language: str) -> list[str]:
    """For which items a step is meant; empty for all."""
    listed: list[str] = []
    if only.minimum:
        listed.append(say("desk.procedures.only.minimum", language, amount=show_decimal(only.minimum, language)))
    if only.days_late:
        listed.append(say("desk.procedures.only.days_late", language, n=only.days_late))
    if only.segments:
        listed.append(say("desk.procedures.only.segments", language, names=", ".join(sorted(only.segments))))
    if only.countries:
        listed.append(say("desk.procedures.only.countries", language, names=", ".join(sorted(only.countries))))
    if only.relationship:
        listed.append(say(f"desk.procedures.only.{only.relationship}", language))
    return listed


# --- what differs ----------------------------------------------------------------------------------------------------


class Difference(NamedTuple):
    """One thing in which a procedure differs from another: the sentence is `desk.procedures.differs.<rule>`."""

    rule: str
    params: Mapping[str, object]


def differences(before: Procedure, after: Procedure, language: str) -> list[Difference]:
    """What a procedure does otherwise than the one before it: steps gone, new, moved and changed, then the rest."""
    return list(_differences(before, after, language))


def _differences(before: Procedure, after: Procedure, language: str) -> Iterator[Difference]:
    old = {step.id: step for step in (*before.steps, *before.courtesies)}
    new = {step.id: step for step in (*after.steps, *after.courtesies)}
    if before.name != after.name:
        yield Difference("name", {"before": before.name, "after": after.name})
    for key, step in old.items():
        if key not in new:
            yield Difference("gone", {"step": name(step, language), "when": when(step.when, language)})
    for key, step in new.items():
        if key not in old:
            what = {"act": act(step.act, language), "when": when(step.when, language)}
            yield Difference("new" if step.switched_on else "new_off", {"step": name(step, language), **what})
    both = [step.id for step in after.steps if step.id in before.rank]
    stood = [step.id for step in before.steps if step.id in after.rank]
    for key in _moved(stood, both):
        place, called = both.index(key), name(new[key], language)
        if place:
            yield Difference("moved", {"step": called, "other": name(new[both[place - 1]], language)})
        else:
            yield Difference("moved_first", {"step": called})
    for key in (key for key in new if key in old):
        yield from _in_step(old[key], new[key], language)
    for field in LIMIT_KEYS.values():
        was, now = getattr(before.limits, field), getattr(after.limits, field)
        if was != now:
            label = say(f"desk.procedures.limit.{field}", language)
            yield Difference("limit", {"limit": label, "before": was, "after": now})
    if before.approves_itself != after.approves_itself:
        yield Difference("by_itself" if after.approves_itself else "by_person", {})


def _moved(before: list[str], after: list[str]) -> list[str]:
    """The steps that left their place among the others: the fewest whose moving explains the new order."""
    ranks = {key: place for place, key in enumerate(before)}
    runs: list[list[str]] = []  # the longest in the old order that ends with each step
    for key in after:
        before_it: list[str] = []
        for run in runs:
            if ranks[run[-1]] < ranks[key] and len(run) > len(before_it):
                before_it = run
        runs.append([*before_it, key])
    stays = set(sorted(runs, key=_long)[-1]) if runs else set()
    return [key for key in after if key not in stays]


def _long(run: list[str]) -> int:
    return len(run)


def _in_step(old: Step, new: Step, language: str) -> Iterator[Difference]:
    step = name(new, language)
    if old.when != new.when:
        yield Difference("when", {"step": step, "before": when(old.when, language), "after": when(new.when, language)})
    if old.act is not new.act:
        yield Difference("act", {"step": step, "before": act(old.act, language), "after": act(new.act, language)})
    if old.wording != new.wording:
        words = {"before": wording_name(old.wording, language), "after": wording_name(new.wording, language)}
        yield Difference("wording", {"step": step, **words})
    if (old.again, old.repeat) != (new.again, new.repeat):
        once = say("desk.procedures.once", language)
        words = {"before": again(old, language) or once, "after": again(new, language) or once}
        yield Difference("again", {"step": step, **words})
    if old.presumes != new.presumes:
        nothing = say("desk.procedures.nothing", language)
        words = {
            "before": ", ".join(step_name(one, language) for one in old.presumes) or nothing,
            "after": ", ".join(step_name(one, language) for one in new.presumes) or nothing,
        }
        yield Difference("presumes", {"step": step, **words})
    if old.only != new.only:
        everybody = say("desk.procedures.only.all", language)
        words = {
            "before": ", ".join(conditions(old.only, language)) or everybody,
            "after": ", ".join(conditions(new.only, language)) or everybody,
        }
        yield Difference("only", {"step": step, **words})
    if old.switched_on != new.switched_on:
        yield Difference("on" if new.switched_on else "off", {"step": step})


def in_words(difference: Difference, language: str) -> str:
    """A difference as a sentence."""
    return say(f"desk.procedures.differs.{difference.rule}", language, **difference.params)


def usual_limits() -> dict[str, int]:
    """What each limit is when it is not written, by its words."""
    usual = {field.name: field.default for field in fields(Limits)}
    return {words: int(str(usual[field])) for words, field in LIMIT_KEYS.items()}
