"""Turns a rule and its parameters into one sentence for a person, in their language."""

from __future__ import annotations

from collections.abc import Mapping

from amable.core.languages import say, sentences

_OWN_STEP = "step.other"  # a step of a user's own procedure, named as it is


def reason(rule: str, params: Mapping[str, object], language: str) -> str:
    """The sentence of a rule; a step among the parameters is named in words, a rule among them becomes its sentence.

    Where the payer's habits changed the step (`effect`), a second sentence says how and why; where the message takes
    another channel than its step names (`detour`), the last one does.
    """
    if "detour" in params:
        direct = {name: value for name, value in params.items() if name != "detour"}
        return f"{reason(rule, direct, language)} {say(str(params['detour']), language)}"
    if "effect" in params:
        usual = {name: value for name, value in params.items() if not name.startswith("effect")}
        return f"{reason(rule, usual, language)} {_effect(params, language)}"
    known = sentences(language)
    words = dict(params)
    if "step" in words:
        words["step"] = step_name(str(words["step"]), language)
    if rule == "skipped":
        inner = {name: value for name, value in words.items() if name != "why"}
        words["why"] = reason(str(words["why"]), inner, language)
    if rule == "wording.refused":
        words["finding"] = _finding(str(words["finding"]), words, language)
    if rule.startswith("step.") and rule not in known:
        return say(_OWN_STEP, language, step=step_name(rule.removeprefix("step."), language))
    return say(rule, language, **words)


def step_name(step: str, language: str) -> str:
    """A step in words; a step of a user's own procedure by its identifier."""
    key = f"stepname.{step}"
    return say(key, language) if key in sentences(language) else step


def _effect(params: Mapping[str, object], language: str) -> str:
    """How the payer's habits changed the step, and why."""
    named = {name.removeprefix("effect_"): value for name, value in params.items() if name.startswith("effect_")}
    return say(str(params["effect"]), language, **named)


def _finding(rule: str, params: Mapping[str, object], language: str) -> str:
    return say(f"kindness.{rule}", language, **{name: value for name, value in params.items() if name != "finding"})
