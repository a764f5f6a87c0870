"""Changes a wording in its file: its subject, its body and for whom it is; whatever else its head says stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from amable.core import document, sandbox, wording
from amable.core.languages import LANGUAGES
from amable.core.wording import RefusedError

_NAME: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_-]+)*")
_SPACES: Final = " \t\r\n"
_SPACE: Final = re.compile(r"[ \t\r\n]+")  # not the one that keeps a French sign on its line
_SENDER: Final = "{{ sender.name }}"
LONGEST_NAME: Final = 60


def is_name(name: str) -> bool:
    """Whether a wording may be called so: small letters without accents, digits, `_`, and parts after a full stop."""
    return len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def ours(language: str, name: str) -> str:
    """The file of a wording of ours; empty when there is none of that name."""
    if language not in LANGUAGES or not is_name(name):
        return ""
    page = files("amable.core").joinpath("wordings", language, f"{name}.md")
    return page.read_text("utf-8") if page.is_file() else ""


def body_of(text: str) -> str:
    """What stands below the head of a file, as far as it has one."""
    lines = tidy(text).split("\n")
    return "\n".join(lines[_head_ends(lines) + 1 :]).strip("\n")


def tidy(text: str) -> str:
    """A text as it is kept: line ends as ours, no mark of its encoding."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def rewritten(text: str, *, language: str, subject: str, body: str, variant: str) -> str:
    """The file with another language, subject, body and `variant`.

    Fields that were not declared yet become optional ones. A sign-off that is no longer in the body is taken to be the
    line above the sender's name, which is where people write another.
    """
    lines = tidy(text).split("\n")
    end = _head_ends(lines)
    head = lines[1:end]
    body = "\n".join(line.rstrip(" \t") for line in tidy(body).split("\n")).strip("\n")
    subject = " ".join(_SPACE.split(subject.strip(_SPACES)))
    values = {"language": language, "variant": variant, "subject": _quoted(subject)}
    declared = {key: _names(head, key) for key in ("required_fields", "optional_fields")}
    known = {*declared["required_fields"], *declared["optional_fields"]}
    if fresh := [name for name in _used(subject, body) if name not in known]:
        values["optional_fields"] = f"[{', '.join([*declared['optional_fields'], *fresh])}]"
    signoff = _value(head, "signoff")
    if signoff and signoff not in body.split("\n") and (above := _above_sender(body)):
        values["signoff"] = _quoted(above)
    return "\n".join(["---", *_with(head, values), "---", "", body, ""])


def _head_ends(lines: list[str]) -> int:
    return lines.index("---", 1) if lines[0] == "---" and "---" in lines[1:] else -1


def _entries(head: list[str]) -> Mapping[str, document.Entry]:
    entries = document.parse("\n".join(head)).value
    return entries if isinstance(entries, Mapping) else {}


def _with(head: list[str], values: Mapping[str, str]) -> Iterator[str]:
    """The lines of a head, with one line in the place of each key that has another value."""
    starts = {entry_line: key for key, entry_line in _starts(head)}
    inside = ""
    for place, line in enumerate(head, 1):
        inside = starts.get(place, inside)
        if place in starts and inside in values:
            yield f"{inside}: {values[inside]}"
        elif inside not in values:
            yield line
    yield from (f"{key}: {value}" for key, value in values.items() if key not in starts.values())


def _starts(head: list[str]) -> Iterator[tuple[str, int]]:
    """Each key of a head with the line, from 1, that it stands on."""
    keys = _entries(head)
    for place, line in enumerate(head, 1):
        key = line.partition(":")[0]
        if key in keys and not line[:1].isspace():
            yield key, place


def _names(head: list[str], key: str) -> list[str]:
    entry = _entries(head).get(key)
    listed = entry.value if entry and isinstance(entry.value, tuple) else ()
    return [str(one.value) for one in listed]


def _value(head: list[str], key: str) -> str:
    entry = _entries(head).get(key)
    return entry.value if entry and isinstance(entry.value, str) else ""


def _used(*texts: str) -> list[str]:
    """The fields that texts use, as far as they can be read."""
    try:
        return sorted({name for text in texts for name in sandbox.vet(text, wording.fields())})
    except RefusedError:
        return []  # whoever reads the file says where


def _above_sender(body: str) -> str:
    lines = body.split("\n")
    places = [place for place, line in enumerate(lines) if line.strip() == _SENDER]
    return lines[places[-1] - 1].strip() if places and places[-1] else ""


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
