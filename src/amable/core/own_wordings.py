"""Knows whether a wording somebody wrote may be used: it is read, filled with examples in every branch, and judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from amable.core import examples, wording
from amable.core.kindness import Finding, Severity, check
from amable.core.wording import MissingFieldError, RefusedError, Template

_OF_SUBJECT: Final = ("subject-", "urgent-only-")
_QUOTED: Final = ("phrase", "token", "text")  # parameters of findings that stand in the text as they are


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a wording, and on which line of its file; `key` is the sentence."""

    line: int
    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Examined:
    """A wording as far as it could be read, and everything that is wrong with it, in the order of its lines."""

    template: Template | None
    problems: tuple[Problem, ...]

    @property
    def usable(self) -> bool:
        """Whether nothing stands in the way of using it; warnings do not."""
        return self.template is not None and not any(problem.blocks for problem in self.problems)


@lru_cache(maxsize=1024)
def examine(text: str, id: str) -> Examined:  # noqa: A002 - the word of the glossary
    """Read a wording and hold it to every rule in every branch."""
    try:
        template = wording.load(text, id)
    except RefusedError as error:
        return Examined(None, (Problem(error.line, f"wording.refused.{error.rule}", error.params),))
    found = dict.fromkeys(
        (problem.line, problem.key, tuple(problem.params.items()), problem.blocks)
        for problem in (*_foreign_fields(template, text), *judge(template, text))
    )
    problems = (Problem(line, key, dict(params), blocks) for line, key, params, blocks in found)
    return Examined(template, tuple(sorted(problems, key=lambda problem: problem.line)))


def judge(template: Template, text: str = "") -> Iterator[Problem]:
    """What the kindness check says of a wording, branch by branch; the same may come again."""
    for values in examples.branches(template):
        try:
            rendered = wording.render(template, values)
        except RefusedError as error:
            yield Problem(error.line, f"wording.refused.{error.rule}", error.params)
            return
        except MissingFieldError as error:
            yield Problem(template.line, "kindness.missing-field", {"field": error.field})
            return
        for finding in check(rendered, examples.facts(values, template.stage)):
            key, blocks = f"kindness.{finding.rule}", finding.severity is Severity.ERROR
            yield Problem(_line(finding, template, text), key, finding.params, blocks)


def _foreign_fields(template: Template, text: str) -> Iterator[Problem]:
    """The fields that exist but that no step has a value for: the message would be withheld every time."""
    stage = template.stage.removesuffix("_multi")
    if not (wording.speaks(stage) or wording.speaks(stage, "sms")):
        return  # a script or a paper, which is not written by a step
    for name in (*template.required, *template.optional):
        if name not in of_steps():
            yield Problem(_line_of(name, text) or 1, "wording.refused.field_elsewhere", {"field": name})


@lru_cache(maxsize=1)
def of_steps() -> frozenset[str]:
    """The fields of the wordings in which steps speak."""
    stages = {stage for stage, _ in wording.library() if wording.speaks(stage) or wording.speaks(stage, "sms")}
    stages |= {wording.stage_for(stage, several=True) for stage in stages}
    ours = (template for (stage, _), group in wording.library().items() if stage in stages for template in group)
    return frozenset(name for template in ours for name in (*template.required, *template.optional))


def _line(finding: Finding, template: Template, text: str) -> int:
    """Where a finding stands: the line of what it quotes, else the subject's or the first of the body."""
    for name in _QUOTED:
        if name in finding.params and (line := _line_of(str(finding.params[name]), text)):
            return line
    if finding.rule.startswith(_OF_SUBJECT):
        return _line_of("subject:", text) or 1
    return template.line


def _line_of(words: str, text: str) -> int:
    """The first line that holds the words, counted from 1; 0 when none does."""
    wanted = words.casefold()
    return next((place for place, line in enumerate(text.split("\n"), 1) if wanted in line.casefold()), 0)
