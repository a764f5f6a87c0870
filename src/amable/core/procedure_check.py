"""Whether a procedure can be used: its language, and whether everybody could be written to in its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amable.core import procedure, procedure_text, wording
from amable.core.document import UnreadableError
from amable.core.procedure import COURTESIES, MESSAGES, Act, Problem, Procedure, ProcedureError
from amable.core.wording import Gap, Library


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text comes to: the procedure if it can be read, and everything that keeps it from being switched on."""

    procedure: Procedure | None
    problems: tuple[Problem, ...]
    lacking: tuple[Gap, ...]

    @property
    def fit(self) -> bool:
        """Whether it can be switched on."""
        return self.procedure is not None and not self.problems and not self.lacking


def examine(text: str, wordings: Library) -> Examined:
    """Look a text over: the language of procedures, and whether everybody can be written to in its words."""
    try:
        found = procedure.read(text)
    except ProcedureError as error:
        return Examined(None, error.problems, ())
    mute: list[Problem] = []
    lines = {step.fields.get("step", ""): step.first for step in procedure_text.steps(text)}
    for step in (*found.steps, *found.courtesies):
        channel = "sms" if step.act is Act.SMS else "email"
        if (step.act in MESSAGES or step.act in COURTESIES) and not wording.speaks(step.wording, channel):
            mute.append(Problem("wording", lines.get(step.id, 1), {"step": step.id, "value": step.wording}))
    lacking = () if mute else tuple(wording.gaps(stages(found), wordings))
    return Examined(found, tuple(mute), lacking)


def stages(found: Procedure) -> list[str]:
    """The stages a procedure speaks in, of one invoice and of several."""
    return [
        wording.stage_for(step.wording, several=several)
        for step in (*found.messages, *found.courtesies)
        for several in ((False,) if step.act is Act.SMS else (False, True))
    ]


def read(text: str) -> Procedure | None:
    """The procedure of a text, None when it cannot be used."""
    try:
        return procedure.read(text)
    except ProcedureError:
        return None


def problems_by_place(text: str, problems: Sequence[Problem]) -> tuple[dict[int, list[Problem]], list[Problem]]:
    """The problems of each step, by its place, and those of no step."""
    of_steps: dict[int, list[Problem]] = {}
    rest: list[Problem] = []
    try:
        listed = procedure_text.steps(text)
    except UnreadableError:
        return {}, list(problems)
    for problem in problems:
        place = next((at for at, step in enumerate(listed) if step.first <= problem.line <= step.last), None)
        if place is None:
            rest.append(problem)
        else:
            of_steps.setdefault(place, []).append(problem)
    return of_steps, rest
