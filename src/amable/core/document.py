"""Reads a small YAML document into text with its line, and takes nothing for what it is not.

YAML guesses types: a tax id `01234567` becomes an octal number, a country `NO` a false. Here every scalar stays the
text that was written; whoever asks for a number or a day parses it and can name the line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import yaml

_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a document and the line (from 1) it stands on."""

    value: str | Sequence[Entry] | Mapping[str, Entry]
    line: int


class UnreadableError(ValueError):
    """The text is not a document; `rule` and `params` name the sentence `document.<rule>`."""

    def __init__(self, rule: str, line: int, **params: object) -> None:
        super().__init__(rule)
        self.rule, self.line, self.params = rule, line, params


@lru_cache(maxsize=32)  # a page asks for the steps of a text, then for its limits, then whether it is fit
def parse(text: str) -> Entry:
    """The document as entries; raises UnreadableError with the line for broken YAML, aliases or a key written twice."""
    try:
        _refuse_depth(text)  # the composer calls itself for each level and would exhaust the stack
        node = yaml.compose(text, Loader=_Loader)
    except UnreadableError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnreadableError("syntax", mark.line + 1 if mark else 1) from error
    except (yaml.YAMLError, ValueError) as error:
        raise UnreadableError("syntax", 1) from error
    if node is None:
        return Entry({}, 1)
    return _entry(node, set())


def _refuse_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            mark = event.start_mark
            raise UnreadableError("nested", mark.line + 1 if mark else 1)


def _entry(node: yaml.Node, seen: set[int]) -> Entry:
    line = node.start_mark.line + 1
    if id(node) in seen:  # an alias, which can make a short text endless
        raise UnreadableError("nested", line)
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return Entry(str(node.value), line)
    if isinstance(node, yaml.SequenceNode):
        return Entry(tuple(_entry(child, seen) for child in node.value), line)
    entries: dict[str, Entry] = {}
    for key, child in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if not name or name in entries:
            raise UnreadableError("key", key.start_mark.line + 1, name=name)
        entries[name] = _entry(child, seen)
    return Entry(entries, line)
