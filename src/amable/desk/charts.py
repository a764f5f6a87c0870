"""Charts as rectangles and texts that a template draws; a box is 400 wide, so that it can be read on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

WIDTH: Final = 400
_TOP, _BASE, _FOOT = 22, 168, 190  # of a chart of columns: where the highest ends, where all stand, where labels are
_ROW: Final = 38
_SIGN: Final = 7  # how wide a figure is


class Rect(NamedTuple):
    """A bar; `tone` names its colour."""

    x: int
    y: int
    width: int
    height: int
    tone: str


class Text(NamedTuple):
    """A word or figure at a place; `anchor` says which end of it stands there."""

    x: int
    y: int
    anchor: str
    text: str
    tone: str = ""


@dataclass(slots=True)
class Drawing:
    """What is drawn: rectangles over each other in their order, then texts; `base` is where columns stand."""

    height: int
    rects: list[Rect] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    base: int = 0
    width: int = WIDTH


class Part(NamedTuple):
    """A part of a column or row."""

    value: int
    tone: str


class Column(NamedTuple):
    """A column: its parts stand on each other, or before each other when `nested`."""

    label: str
    parts: Sequence[Part]
    shown: str = ""


def columns(given: Sequence[Column], *, nested: bool = False) -> Drawing:
    """Columns beside each other on a line; what is below zero hangs from it."""
    tops = [_tops(one, nested=nested) for one in given]
    most = max((top for top, _ in tops), default=0)
    least = min((bottom for _, bottom in tops), default=0)
    span = max(most - least, 1)
    room = _BASE - _TOP - (14 if least < 0 else 0)  # and for the figures of what hangs down
    base = _TOP + room * most // span
    drawing = Drawing(_FOOT + 6, base=base)
    slot = WIDTH / max(len(given), 1)
    width = max(round(slot * 0.68), 4)
    for place, one in enumerate(given):
        middle = round(slot * (place + 0.5))
        top = bottom = base
        for part in one.parts:
            tall = _scaled(abs(part.value), span, room)
            stands = base if nested or part.value < 0 else top
            y = stands if part.value < 0 else stands - tall
            if tall:
                drawing.rects.append(Rect(middle - width // 2, y, width, tall, part.tone))
            top = min(top, y)
            bottom = max(bottom, y + tall)
        drawing.texts.append(Text(middle, _FOOT, "middle", one.label, "axis"))
        if one.shown:
            y = bottom + 13 if bottom > base else top - 6
            at_edge = place == len(given) - 1 and len(one.shown) * _SIGN > slot
            drawing.texts.append(Text(WIDTH if at_edge else middle, y, "end" if at_edge else "middle", one.shown))
    return drawing


def _tops(one: Column, *, nested: bool) -> tuple[int, int]:
    """How far a column goes up, and down."""
    up = [max(part.value, 0) for part in one.parts]
    down = [min(part.value, 0) for part in one.parts]
    return (max(up, default=0) if nested else sum(up)), min(down, default=0)


class Row(NamedTuple):
    """A line with a bar under it: what it is, its figure, its parts beside each other or before each other."""

    label: str
    shown: str
    parts: Sequence[Part]


def rows(given: Sequence[Row], *, nested: bool = False) -> Drawing:
    """Bars below each other, each under its words."""
    most = max(
        (max((part.value for part in one.parts), default=0) if nested else sum(p.value for p in one.parts))
        for one in given
    ) if given else 0  # fmt: skip
    drawing = Drawing(_ROW * len(given))
    for place, one in enumerate(given):
        y = place * _ROW
        drawing.texts += [Text(0, y + 13, "start", one.label), Text(WIDTH, y + 13, "end", one.shown, "figure")]
        x = 0
        for part in one.parts:
            wide = _scaled(max(part.value, 0), max(most, 1), WIDTH)
            if wide:
                drawing.rects.append(Rect(0 if nested else x, y + 19, wide, 10, part.tone))
            x += wide
    return drawing


def _scaled(value: int, most: int, room: int) -> int:
    """A length of its share of the room; what is there at all can be seen."""
    return max(round(value * room / most), 2) if value else 0
