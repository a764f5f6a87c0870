"""The builder of procedures: a text as a form with a part for each step, and a filled-in form as changes to the text.

Every button of the page sends the whole form, with the text its writer saw (`base`): nothing that was typed is lost,
and only what differs from what was shown is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from amable.core import procedure_text, procedure_words, wording
from amable.core.document import UnreadableError
from amable.core.languages import say
from amable.core.procedure import COURTESIES, LIMIT_KEYS, MESSAGES, Act, Anchor, Offset, Problem, offset, written
from amable.core.procedure_check import Examined, problems_by_place
from amable.core.procedure_text import ByHandError, Written
from amable.core.reasons import step_name

AS_WRITTEN: Final = "as written"  # an offset we cannot read stays what it is
ICONS: Final[Mapping[Act, str]] = {
    Act.EMAIL: "mail", Act.LETTER: "mailbox", Act.SMS: "message-square-text", Act.CHECK: "clipboard-check",
    Act.CALL: "phone", Act.MEETING: "users", Act.DECISION: "scale", Act.THANKS: "heart", Act.CONFIRM: "handshake",
}  # fmt: skip
_SHAPES: Final[Mapping[Act, str]] = {
    **dict.fromkeys(MESSAGES | COURTESIES, "message"),
    **dict.fromkeys((Act.CHECK, Act.CALL, Act.MEETING), "task"),
    Act.DECISION: "decision",
}
_FIXED: Final = ("before due", "on due", "after due", "after issue", "after the step before", "after a broken promise")
_WHEN: Final = ("anchor", "low", "high", "unit", "occurrence", "words")
_AGAIN: Final = ("repeat", "again_low", "again_high", "again_unit")
_ONLY: Final = {name: name.replace(" ", "_") for name in procedure_text.ONLY}
_NEW: Final[Mapping[str, tuple[str, str]]] = {  # name and words of a step that is added, by what it does
    "email": ("reminder", "early_late"), "letter": ("letter", "late_late"), "sms": ("text_message", "sms_late"),
    "check": ("check", ""), "call": ("call", ""), "meeting": ("meeting", ""), "decision": ("decision", ""),
    "thanks": ("thank_you", "thank_you"), "confirm": ("promise_confirmation", "promise_confirmation"),
}  # fmt: skip
_WAYS: Final = {"by a person": "by_person", "by itself": "by_itself"}  # who approves
_CALLED: Final = {"decision": "formal_notice"}


class Choice(NamedTuple):
    """A line of a list to choose from."""

    value: str
    label: str
    chosen: bool


class Stop(NamedTuple):
    """A step on the time line."""

    mark: str
    shape: str
    icon: str
    name: str
    when: str
    act: str
    switched_on: bool
    again: str
    address: str


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step as the builder shows it: its line in the list, its fields by name, what may be chosen, what is wrong."""

    place: int
    last: bool
    key: str
    title: str
    when: str
    mark: str
    shape: str
    icon: str
    act: str
    switched_on: bool
    again: str
    conditions: tuple[str, ...]
    speaks: bool
    values: Mapping[str, str]
    acts: tuple[Choice, ...]
    wordings: tuple[Choice, ...]
    anchors: tuple[Choice, ...]
    units: tuple[Choice, ...]
    again_units: tuple[Choice, ...]
    presumes: tuple[Choice, ...]
    relationships: tuple[Choice, ...]
    wrong: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class LimitShown:
    """A limit as the builder shows it."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Built:
    """A draft as the builder shows it; `unreadable` when its text is no document and so has no steps to show."""

    name: str
    approval: tuple[Choice, ...]
    steps: tuple[StepShown, ...]
    limits: tuple[LimitShown, ...]
    acts: tuple[Choice, ...]
    problems: tuple[str, ...]
    wrong: int
    unreadable: bool


# --- showing ---------------------------------------------------------------------------------------------------------


def problem_words(problem: Problem, language: str) -> str:
    """What is wrong, in words."""
    return say(f"procedure.{problem.rule}", language, **problem.params)


def readable(text: str) -> bool:
    """Whether the text is a document at all."""
    try:
        procedure_text.steps(text)
    except UnreadableError:
        return False
    return True


def stops(text: str, language: str, address: str = "") -> list[Stop]:
    """The steps of a text as they stand on its time line; `address` leads to the form of each."""
    if not readable(text):
        return []
    return [
        Stop(
            shown.mark, shown.shape, shown.icon, shown.title, shown.when, shown.act, shown.switched_on, shown.again,
            f"{address}?open={shown.place}#step-{shown.place}" if address else "",
        )
        for shown in _shown(procedure_text.steps(text), {}, language, -1)
    ]  # fmt: skip


def built(text: str, examined: Examined, language: str, opened: int = -1) -> Built:
    """A draft as the builder shows it, with one of its steps open."""
    by_place, rest = problems_by_place(text, examined.problems)
    problems = [say("desk.procedures.at_line", language, line=p.line, what=problem_words(p, language)) for p in rest]
    for gap in examined.lacking:
        whom = say(f"templates.{gap.variant}", language)
        stage = procedure_words.wording_name(gap.stage, language)
        problems.append(say("templates.gap", language, stage=stage, language=gap.language, whom=whom))
    wrong = len(examined.problems) + len(examined.lacking)
    if not readable(text):
        return Built("", (), (), (), _acts("", language), tuple(problems), wrong, unreadable=True)
    top, limits = procedure_text.top(text), procedure_text.limits(text)
    usual = procedure_words.usual_limits()
    approval = top.get("approval", "by a person")
    return Built(
        top.get("procedure", ""),
        _approvals(approval, language),
        tuple(_shown(procedure_text.steps(text), by_place, language, opened)),
        tuple(
            LimitShown(field, say(f"desk.procedures.limit.{field}", language), limits.get(words, str(usual[words])))
            for words, field in LIMIT_KEYS.items()
        ),
        _acts("", language),
        tuple(problems),
        wrong,
        unreadable=False,
    )  # fmt: skip


def _shown(
    listed: Sequence[Written], wrong: Mapping[int, Sequence[Problem]], language: str, opened: int
) -> Iterator[StepShown]:
    for place, step in enumerate(listed):
        fields = step.fields
        values = values_of(step)
        act = _act(values["act"])
        when = offset(fields.get("when", ""))
        again = offset(fields.get("again", ""))
        count = int(values["repeat"]) if values["repeat"].isdecimal() else 1
        key = fields.get("step", "")
        days = procedure_words.count(again.low, again.high, language, working=again.working) if again else ""
        yield StepShown(
            place=place,
            last=place == len(listed) - 1,
            key=f"{key or 'step'}-{sum(other.fields.get('step', '') == key for other in listed[:place])}",
            title=_title(key, values["wording"], language),
            when=procedure_words.when(when, language) if when else fields.get("when", "") or "?",
            mark=procedure_words.mark(when) if when else "?",
            shape=_SHAPES[act] if act else "message",
            icon=ICONS[act] if act else "circle-question-mark",
            act=procedure_words.act(act, language) if act else values["act"],
            switched_on=values["switched"] == "on",
            again=say("desk.procedures.repeats", language, n=count, count=days) if days and count > 1 else "",
            conditions=_conditions(values, language),
            speaks=act is None or act in MESSAGES or act in COURTESIES,
            values=values,
            acts=_acts(values["act"], language),
            wordings=_wordings(values["wording"], values["act"], language),
            anchors=_anchors(values["anchor"], listed[:place], fields.get("when", ""), language),
            units=_units(values["unit"], language),
            again_units=_units(values["again_unit"], language),
            presumes=_presumed(fields.get("presumes", ""), listed[:place], language),
            relationships=_relationships(values["relationship"], language),
            wrong=tuple(problem_words(problem, language) for problem in wrong.get(place, ())),
            open=place == opened,
        )


def _approvals(chosen: str, language: str) -> tuple[Choice, ...]:
    known = [Choice(way, say(f"desk.procedures.approval.{key}", language), way == chosen) for way, key in _WAYS.items()]
    return (*known, *([Choice(chosen, chosen, True)] if chosen not in _WAYS else []))


def _title(key: str, stage: str, language: str) -> str:
    own = step_name(key, language)
    return own if own != key or not stage or stage == key else procedure_words.wording_name(stage, language)


def _act(word: str) -> Act | None:
    return Act(word) if word in list(Act) else None


def _conditions(values: Mapping[str, str], language: str) -> tuple[str, ...]:
    """The conditions in words, as they are written."""
    listed: list[str] = []
    if values["minimum"]:
        listed.append(say("desk.procedures.only.minimum", language, amount=values["minimum"]))
    if values["days_late"].isdecimal() and values["days_late"] != "0":
        listed.append(say("desk.procedures.only.days_late", language, n=int(values["days_late"])))
    for name in ("segments", "countries"):
        if values[name]:
            listed.append(say(f"desk.procedures.only.{name}", language, names=values[name]))
    if values["relationship"] in ("first", "new", "regular"):
        listed.append(say(f"desk.procedures.only.{values['relationship']}", language))
    return tuple(listed)


def _acts(chosen: str, language: str) -> tuple[Choice, ...]:
    known = [Choice(act, procedure_words.act(act, language), act == chosen) for act in Act]
    odd = [Choice(chosen, chosen, True)] if chosen and chosen not in list(Act) else []
    return (*known, *odd)


def _wordings(chosen: str, act: str, language: str) -> tuple[Choice, ...]:
    channel = "sms" if act == Act.SMS else "email"
    stages = sorted({stage for stage, _ in wording.library() if wording.speaks(stage, channel)})
    known = [Choice(stage, procedure_words.wording_name(stage, language), stage == chosen) for stage in stages]
    odd = [Choice(chosen, chosen, True)] if chosen and chosen not in stages else []
    return (*odd, *sorted(known, key=lambda choice: choice.label))


def _anchors(chosen: str, before: Sequence[Written], written_when: str, language: str) -> tuple[Choice, ...]:
    listed = [Choice(one, say(f"desk.procedures.anchor.{one.replace(' ', '_')}", language), one == chosen)
              for one in (*_FIXED, "on payment", "on promise")]  # fmt: skip
    names = [step.fields.get("step", "") for step in before if step.fields.get("step")]
    if chosen.partition(":")[0] in ("step", "deadline") and chosen.partition(":")[2] not in names:
        names.append(chosen.partition(":")[2])
    for name in names:
        step = _title(name, "", language)
        listed.append(
            Choice(f"step:{name}", say("desk.procedures.anchor.step", language, step=step), chosen == f"step:{name}")
        )
    for name in names:
        value = f"deadline:{name}"
        if value == chosen or any(s.fields.get("step") == name and s.fields.get("do") == "decision" for s in before):
            step = _title(name, "", language)
            listed.append(Choice(value, say("desk.procedures.anchor.deadline", language, step=step), chosen == value))
    if chosen == AS_WRITTEN:
        shown = say("desk.procedures.anchor.as_written", language, words=written_when)
        listed.insert(0, Choice(AS_WRITTEN, shown, True))
    return tuple(listed)


def _units(chosen: str, language: str) -> tuple[Choice, ...]:
    return tuple(
        Choice(unit, say(f"desk.procedures.unit.{unit}", language), unit == chosen) for unit in ("days", "working")
    )


def _presumed(chosen: str, before: Sequence[Written], language: str) -> tuple[Choice, ...]:
    names = [part.strip() for part in chosen.split(",") if part.strip()]
    listed = list(dict.fromkeys([*(step.fields.get("step", "") for step in before), *names]))
    return tuple(Choice(name, _title(name, "", language), name in names) for name in listed if name)


def _relationships(chosen: str, language: str) -> tuple[Choice, ...]:
    known = ("", "first", "new", "regular")
    listed = [
        Choice(one, say(f"desk.procedures.relationship.{one or 'any'}", language), one == chosen) for one in known
    ]
    return (*listed, *([Choice(chosen, chosen, True)] if chosen not in known else []))


# --- the fields of a form --------------------------------------------------------------------------------------------


def values_of(step: Written) -> dict[str, str]:
    """The fields of a step's form, each as text."""
    found = {"act": step.meaning("do"), "wording": step.meaning("wording"), "name": step.fields.get("step", "")}
    found |= _offset_values(step.fields.get("when", ""))
    again = offset(step.fields.get("again", ""))
    found["repeat"] = step.meaning("repeat")
    found["again_low"], found["again_high"], found["again_unit"] = _span(again) if again else ("", "", "days")
    found["presumes"] = ", ".join(part.strip() for part in step.fields.get("presumes", "").split(",") if part.strip())
    found |= {field: step.fields.get(name, "") for name, field in _ONLY.items()}
    found["switched"] = "off" if step.meaning("switched").lower() == "off" else "on"
    return found


def _offset_values(words: str) -> dict[str, str]:
    when = offset(words)
    values = {"anchor": AS_WRITTEN, "low": "", "high": "", "unit": "days", "occurrence": "", "words": words}
    if when is None or (when.anchor is Anchor.STEP and not when.step):
        return values
    values["low"], values["high"], values["unit"] = _span(when)
    match when.anchor:
        case Anchor.PAYMENT | Anchor.PROMISE:
            values |= {"anchor": f"on {when.anchor}", "low": "", "high": ""}
        case Anchor.DUE if when.low == when.high == 0:
            values |= {"anchor": "on due", "low": "", "high": ""}
        case Anchor.DUE:
            values["anchor"] = "before due" if when.low < 0 else "after due"
        case Anchor.DEADLINE:
            values["anchor"] = f"deadline:{when.step}"
        case Anchor.STEP:
            values["anchor"] = f"step:{when.step}"
            values["occurrence"] = str(when.occurrence or "")
        case other:
            values["anchor"] = f"after {other}"
    return values


def _span(when: Offset) -> tuple[str, str, str]:
    low, high = sorted((abs(when.low), abs(when.high)))
    return str(low), str(high) if high > low else "", "working" if when.working else "days"


def _when_words(values: Mapping[str, str]) -> str:
    """An offset as a form says it; what cannot be one is written as it is, so that it is said to be wrong."""
    anchor = values["anchor"]
    if anchor == AS_WRITTEN:
        return values["words"]
    if anchor.startswith("on "):
        return anchor
    kind, _, step = anchor.partition(":")
    after = {"step": f"after {step}", "deadline": f"after the deadline of {step}"}.get(kind, anchor)
    if kind == "step" and values["occurrence"]:
        after = f"{after} {values['occurrence']}"
    return _tidied(f"{_count_words(values['low'], values['high'], values['unit'])} {after}")


def _again_words(values: Mapping[str, str]) -> str:
    if not values["again_low"] and not values["again_high"]:
        return ""
    days = _count_words(values["again_low"], values["again_high"], values["again_unit"])
    return _tidied(f"{days} after the last message")


def _count_words(low: str, high: str, unit: str) -> str:
    span = f"{low or high} to {high}" if high and low and high != low else low or high
    return f"{span} {'working ' if unit == 'working' else ''}days"


def _tidied(words: str) -> str:
    """The words as a procedure would have them: `1 day`, not `1 days`."""
    found = offset(words)
    return written(found) if found else " ".join(words.split())


# --- a filled-in form as changes -------------------------------------------------------------------------------------


def applied(base: str, form: Mapping[str, str], presumes: Mapping[int, Sequence[str]]) -> tuple[str, list[str]]:
    """The text its writer saw, with what they changed: in the text itself first, then in the form.

    `presumes` are the boxes checked, by the place of the step. Beside it, what the form cannot change in this text: the
    names of the steps, an empty one for what stands beside them; a person can change it, in the text.
    """
    text = procedure_text.tidy(form["text"]) if "text" in form else base
    if not readable(base):
        return text, []
    listed = procedure_text.steps(base)
    changes = [
        (place, step, found)
        for place, step in _in_form(listed, form)
        if (found := _changes(place, step, form, presumes))
    ]
    top = {name: form[f"top-{name}"].strip() for name in ("procedure", "approval") if f"top-{name}" in form}
    shown = {"approval": "by a person", **procedure_text.top(base)}
    top = {name: value for name, value in top.items() if value != shown.get(name, "")}
    limits = _limits(base, form)
    failed: list[str] = []
    for place, step, found in changes:
        try:
            text = procedure_text.changed(text, _found(text, base, place, step), found)
        except (ByHandError, UnreadableError):
            failed.append(step.fields.get("step", ""))
    try:
        text = procedure_text.with_limits(procedure_text.with_top(text, top), limits)
    except (ByHandError, UnreadableError):
        failed.append("")
    return text, failed


def _in_form(listed: Sequence[Written], form: Mapping[str, str]) -> Iterator[tuple[int, Written]]:
    return ((place, step) for place, step in enumerate(listed) if f"{place}-act" in form)


def _found(text: str, base: str, place: int, step: Written) -> int:
    """Where a step of the text its writer saw stands in this one."""
    if text == base:
        return place
    names = [other.fields.get("step", "") for other in procedure_text.steps(text)]
    name = step.fields.get("step", "")
    if names.count(name) != 1:
        # Renamed by an earlier change of the same form, or gone: its place tells, if as many stand there.
        if len(names) == len(procedure_text.steps(base)):
            return place
        raise ByHandError
    return names.index(name)


def _changes(
    place: int, step: Written, form: Mapping[str, str], presumes: Mapping[int, Sequence[str]]
) -> dict[str, str]:
    """What of a step is not as it was shown, by the fields of the text."""
    shown = values_of(step)
    got = {name: " ".join(form.get(f"{place}-{name}", value).split()) for name, value in shown.items()}
    got["switched"] = "on" if form.get(f"{place}-switched") == "on" else "off"
    got["presumes"] = ", ".join(presumes.get(place, ()))
    differs = {name for name in shown if got[name] != shown[name]}
    changes: dict[str, str] = {}
    for field, name in (("step", "name"), ("do", "act"), ("wording", "wording"), ("presumes", "presumes")):
        if name in differs:
            changes[field] = got[name]
    if differs & set(_WHEN):
        changes["when"] = _when_words(got)
    if differs & set(_AGAIN[1:]):
        changes["again"] = _again_words(got)
    if "repeat" in differs:
        changes["repeat"] = got["repeat"]
    changes |= {field: got[name] for field, name in _ONLY.items() if name in differs}
    if "switched" in differs:
        changes["switched"] = got["switched"]
    if "act" in differs and "wording" not in differs:
        changes |= _fitting_words(got["act"], shown["wording"])
    return changes


def _fitting_words(act: str, stage: str) -> dict[str, str]:
    """Words that fit what a step does from now on, where its old ones do not."""
    kind = _act(act)
    if kind is None or (kind not in MESSAGES and kind not in COURTESIES):
        return {"wording": ""}
    channel = "sms" if kind is Act.SMS else "email"
    if stage and wording.speaks(stage, channel) and kind in MESSAGES:
        return {}
    return {"wording": _NEW[kind][1]}


def _limits(base: str, form: Mapping[str, str]) -> dict[str, str]:
    known, usual = procedure_text.limits(base), procedure_words.usual_limits()
    given = {words: form.get(f"limit-{field}", "").strip() for words, field in LIMIT_KEYS.items()}
    return {words: value for words, value in given.items() if value and value != known.get(words, str(usual[words]))}


def done(text: str, verb: str) -> tuple[str, int]:
    """The text after a button was pressed (`add:call`, `up:3`, `move:3:0`), and the place of the step to show."""
    what, _, rest = verb.partition(":")
    count = len(procedure_text.steps(text))
    if what == "add" and rest in _NEW:
        at = next((p for p in range(count, 0, -1) if not _courteous(text, p - 1)), 0)
        at = count if rest in COURTESIES else at
        return procedure_text.added(text, at, _new(text, rest, at)), at
    numbers = [int(part) for part in rest.split(":") if part.isdecimal()]
    if not numbers or not all(0 <= number < count for number in numbers):
        return text, -1
    place = numbers[0]
    if what in ("up", "down"):
        to = max(0, min(count - 1, place + (1 if what == "down" else -1)))
        return procedure_text.moved(text, place, to), -1
    if what == "move" and len(numbers) == 2:
        return procedure_text.moved(text, place, numbers[1]), -1
    if what == "copy":
        name = _free(text, procedure_text.steps(text)[place].fields.get("step", "") or "step")
        return procedure_text.duplicated(text, place, name), place + 1
    if what == "remove":
        return procedure_text.removed(text, place), -1
    return text, place


def _courteous(text: str, place: int) -> bool:
    return procedure_text.steps(text)[place].meaning("do") in COURTESIES


def _new(text: str, act: str, at: int) -> dict[str, str]:
    """A step as it is added: at a time that makes sense where it stands."""
    name, stage = _NEW[act]
    before = procedure_text.steps(text)[:at]
    contacts = [step for step in before if step.meaning("do") not in ("check", "decision")]
    when = "5 working days after the step before" if contacts else "4 to 5 working days after due"
    when = {"thanks": "on payment", "confirm": "on promise", "check": "1 day after due"}.get(act, when)
    if act == "decision":
        when = "30 days after due"
    free = _free(text, _CALLED.get(act, name))
    return {"step": free, "do": "" if act == "email" else act, "when": when, "wording": stage if stage != free else ""}


def _free(text: str, name: str) -> str:
    """A name no step has yet."""
    taken = {step.fields.get("step", "") for step in procedure_text.steps(text)}
    stem = name.rstrip("0123456789").rstrip("_")[:36] if name in taken else name
    return name if name not in taken else next(f"{stem}_{n}" for n in range(2, 999) if f"{stem}_{n}" not in taken)
