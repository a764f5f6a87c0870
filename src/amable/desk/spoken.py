"""Sentences of ours where Django wants a text long before it knows the reader: labels and errors of forms."""

from __future__ import annotations

from django.utils.functional import lazy
from django.utils.translation import get_language

from amable.core.languages import say


def here_and_now(key: str, **params: object) -> str:
    """The sentence in the reader's language."""
    return say(key, get_language() or "en", **params)


_later = lazy(here_and_now, str)


def sentence(key: str, **params: object) -> str:
    """The sentence in the language of whoever reads it then."""
    return _later(key, **params)
