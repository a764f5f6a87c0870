"""Knows which words of a message a person may change before it leaves, and puts changed ones in their place.

Subject and prose are theirs to change. Tables and lists of figures, the ways to pay and the signature stay ours: they
stand between the prose and are worked out anew when the message leaves. A value in the prose (an amount, a date, a
number) is recognised where it stands as we wrote it, so that the kindness check still tells words from facts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from amable.core import wording
from amable.core.marked import UNWANTED, mark, plain
from amable.core.wording import Rendered

LONGEST: Final = 4000  # characters of a stretch of prose; a message has a hundred words
LONGEST_SUBJECT: Final = 200

_MARKED: Final = re.compile("\ue000([^\ue001]*)\ue001")
_OURS: Final = re.compile(r"(?:\||#|<!--|- |\d{1,3}\. )")  # how a line begins that is no prose
_BREAKS: Final = re.compile(r"[\t\r\n]+")
_SPACES: Final = re.compile(r"[\u00a0\u202f]")
_FIGURE: Final = re.compile(r"(?<![\w.,])\d[\d.,\u00a0\u202f ]*\d(?!\w)")


class Words(NamedTuple):
    """What a person wrote: the subject and each stretch of prose; `basis` is the digest of what stood there before."""

    subject: str
    texts: tuple[str, ...]
    basis: str


class Stretch(NamedTuple):
    """A part of a body: prose a person may change, or what stays ours."""

    text: str  # marked
    changeable: bool


@dataclass(frozen=True, slots=True)
class Reworded:
    """A message with a person's words in it. `fits` is False when it is no longer the one they were written for."""

    rendered: Rendered
    fits: bool


def basis(rendered: Rendered) -> str:
    """What words were written for: everything the message said, figures included."""
    return hashlib.sha256(f"{rendered.subject}\n{rendered.body}".encode("utf-8", "replace")).hexdigest()


def words_of(rendered: Rendered) -> Words:
    """The words as they stand, for a person to change."""
    texts = (plain(part.text) for part in stretches(rendered) if part.changeable)
    return Words(plain(rendered.subject), tuple(texts), basis(rendered))


def reword(rendered: Rendered, words: Words) -> Reworded:
    """The message in a person's words, unless it says something else by now than when they were written."""
    parts = stretches(rendered)
    if words.basis != basis(rendered) or len(words.texts) != sum(part.changeable for part in parts):
        return Reworded(rendered, fits=False)
    values = _values(rendered)
    texts = iter(words.texts)
    body = [_marked(next(texts), values) if part.changeable else part.text for part in parts]
    subject = _marked(_BREAKS.sub(" ", words.subject).strip(), values)
    new = replace(rendered, subject=subject, body="\n\n".join(filter(None, (text.strip("\n") for text in body))))
    return Reworded(new, fits=True)


def stretches(rendered: Rendered) -> tuple[Stretch, ...]:
    """The body cut into prose and what stays ours, in its order; from the sign-off on all of it is ours."""
    top, rest = wording.around_signoff(rendered)
    found: list[Stretch] = []
    for paragraph, ours in _paragraphs(top):
        changeable = not ours and (rendered.template.channel == "sms" or not _stays(paragraph, rendered))
        if found and found[-1].changeable == changeable:
            found[-1] = Stretch(f"{found[-1].text}\n\n{paragraph}", changeable)
        else:
            found.append(Stretch(paragraph, changeable))
    if rest.strip():
        found.append(Stretch(rest.strip("\n"), changeable=False))
    return tuple(found)


def foreign_figures(words: Words, rendered: Rendered) -> tuple[str, ...]:
    """The figures in a person's words that are none of the message's own: a wrong amount would be ours to explain."""
    values = _values(rendered)
    left = (_MARKED.sub(" ", _marked(text, values)) for text in (words.subject, *words.texts))
    return tuple(dict.fromkeys(found.strip(" .,") for text in left for found in _FIGURE.findall(text)))


def _paragraphs(top: str) -> Iterator[tuple[str, bool]]:
    """The paragraphs, and whether each stands between the marks of what is not counted as prose."""
    inside = False
    for paragraph in re.split(r"\n{2,}", top.strip("\n")):
        opens, closes = "<!-- items -->" in paragraph, "<!-- /items -->" in paragraph
        yield paragraph, inside or opens or closes
        inside = (inside or opens) and not closes


def _stays(paragraph: str, rendered: Rendered) -> bool:
    """Whether a paragraph is a table, a list or a heading, or says how to pay."""
    if any(_OURS.match(line) for line in paragraph.split("\n")):
        return True
    return any(value and f"\ue000{value}\ue001" in paragraph for value in rendered.ways_to_pay)


def _values(rendered: Rendered) -> tuple[str, ...]:
    """What was merged, the longest first."""
    found = _MARKED.findall(f"{rendered.subject}\n{rendered.body}")
    return tuple(sorted({value for value in found if value}, key=len, reverse=True))


def _typed(value: str) -> str:
    """A pattern for a value as somebody types it: no-break spaces are hard to find on a keyboard."""
    return r"[ \u00a0\u202f]".join(map(re.escape, value.split(" ")))


def _marked(text: str, values: Sequence[str]) -> str:
    """Typed text with the values of the message between marks; a line that would become a table or heading is shown."""
    text = UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if values:
        as_written = {_SPACES.sub(" ", value): value for value in values}
        any_value = "|".join(rf"(?<!\w)(?<!\d[.,]){_typed(value)}(?!\w|[.,]\d)" for value in as_written)
        text = re.sub(any_value, lambda found: mark(as_written[_SPACES.sub(" ", found[0])]), text)
    lines = (mark(line[0]) + line[1:] if line.startswith(("|", "#", "<!--")) else line for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")
