"""The catalogue says the same in each language: no key missing, no place lost, no plural form that nobody asks for."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import pytest

from amable.core.languages import LANGUAGES, sentences

PLURALS = {"en": {"one", "other"}, "es": {"one", "other"}, "fr": {"one", "other"}, "ro": {"one", "few", "other"}}


def forms(sentence: str | Mapping[str, str]) -> list[str]:
    return [sentence] if isinstance(sentence, str) else list(sentence.values())


def places(sentence: str | Mapping[str, str]) -> set[str]:
    """The places of a sentence, whatever its form; a singular may leave out its number."""
    return {name for form in forms(sentence) for _, name, _, _ in Formatter().parse(form) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_exists(language: str) -> None:
    assert set(sentences(language)) == set(sentences("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_fills_the_same_places(language: str) -> None:
    differing = [key for key, text in sentences(language).items() if places(text) != places(sentences("en")[key])]
    assert not differing


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_has_forms_of_its_language(language: str) -> None:
    """A form left out falls back on `other`, so that one must be there."""
    plurals = {key: set(text) for key, text in sentences(language).items() if not isinstance(text, str)}
    assert not [key for key, found in plurals.items() if "other" not in found or found - PLURALS[language]]


def test_every_complaint_comes_with_advice() -> None:
    complaints = {key.removeprefix("complaint.") for key in sentences("en") if key.startswith("complaint.")}
    assert complaints == {key.removeprefix("advice.") for key in sentences("en") if key.startswith("advice.")}


def test_romanian_is_written_with_commas_below() -> None:
    assert not [key for key, text in sentences("ro").items() if set("".join(forms(text))) & set("şţŞŢ")]
