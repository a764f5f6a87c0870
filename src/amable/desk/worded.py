"""Forms that speak the reader's language, and notice when somebody else changed meanwhile what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar

from django import forms

from amable.core.languages import say, sentences


class Worded(forms.Form):
    """A form whose labels are `desk.<area>.<field>`, with what there is to explain in `desk.<area>.<field>_hint`."""

    area: ClassVar[str]

    def __init__(self, *args: Any, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spoken = language
        for name, field in self.fields.items():
            key = f"desk.{self.area}.{name}"
            field.label = say(key, language)
            if f"{key}_hint" in sentences(language):
                field.help_text = say(f"{key}_hint", language)


def seen(facts: Mapping[str, object]) -> str:
    """What somebody saw of these facts when a form was drawn, in a few letters for each."""
    return ".".join(f"{name}-{_mark(value)}" for name, value in facts.items())


def changed_since(was: str, facts: Mapping[str, object]) -> list[str]:
    """The names of the facts that are others now than when they were seen; all of them where it is not known."""
    marks = dict(part.rsplit("-", 1) for part in was.split(".") if "-" in part)
    return [name for name, value in facts.items() if marks.get(name) != _mark(value)]


def _mark(value: object) -> str:
    return sha256(str(value).encode()).hexdigest()[:10]
