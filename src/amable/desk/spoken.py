"""Sentences of ours where Django draws a form, or wants a text long before it knows the reader."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import get_language

from amable.core.languages import say, sentences


def here_and_now(key: str, /, **params: object) -> str:
    """The sentence in the reader's language."""
    return say(key, get_language() or "en", **params)


_later = lazy(here_and_now, str)


def sentence(key: str, /, **params: object) -> str:
    """The sentence in the language of whoever reads it then."""
    return _later(key, **params)


class Spoken:
    """A form in the reader's language.

    A field of an `area` is called `desk.<area>.<field>` and explained, where there is something to explain, by
    `desk.<area>.<field>_hint`. Forms of other people's making name the sentence of each field themselves.
    """

    area: ClassVar[str] = ""
    labels: ClassVar[dict[str, str]] = {}
    hints: ClassVar[dict[str, str]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        known = sentences(get_language() or "en")
        for name, field in self.fields.items():
            own = f"desk.{self.area}.{name}"
            label, hint = self.labels.get(name, own), self.hints.get(name, f"{own}_hint")
            field.label = here_and_now(label) if self.area or name in self.labels else ""
            field.help_text = here_and_now(hint) if hint in known else ""
            field.widget.attrs.pop("placeholder", None)  # it would vanish as one types
            field.error_messages["required"] = here_and_now("desk.account.wrong_empty")
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = here_and_now("desk.settings.wrong_address")

    def add_error(self, field: str | None, error: Any) -> None:
        """The one sentence allauth says by itself is ours too: that two passwords differ."""
        if field == "password2" and not isinstance(error, ValidationError):
            error = here_and_now("desk.account.wrong_twice")
        super().add_error(field, error)  # type: ignore[misc]  # a form's
