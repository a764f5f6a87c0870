"""Tells what is wrong with a file in the words people use: our columns by their names, sums and days as shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from amable.core.languages import say, sentences
from amable.work import reading
from amable.work.models import Rejection

_COLUMN: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")  # how the reader's sentences name our columns


def words(one: Rejection, language: str) -> tuple[str, str]:
    """What is wrong and what to do, with our columns called as people call them."""
    return sentences_of(one.rule, one.facts, language)


def sentences_of(rule: str, params: Mapping[str, Any], language: str) -> tuple[str, str]:
    """The two sentences of a complaint."""
    labels = labelled(params, language)
    why, advice = (say(f"{kind}.{rule}", language, **labels) for kind in ("complaint", "advice"))
    return _named(reading.placed(why, params, language), language), _named(advice, language)


def _named(sentence: str, language: str) -> str:
    return _COLUMN.sub(lambda found: field(found[0], language), sentence)


def labelled(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Parameters of a sentence with our columns called as people call them."""
    return {name: field(said, language) if name == "column" else said for name, said in params.items()}


def field(column: str, language: str) -> str:
    """What people call one of our columns; anything else as it is."""
    key = f"desk.files.field_{column}"
    return say(key, language) if key in sentences(language) else column
