"""XML read a piece at a time, never more of it held than one invoice or one entry of a statement can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final, TypedDict

from lxml import etree

from amable.core.strange_xml import MOST_MARKS, marks


class _Safe(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    huge_tree: bool


# Nothing outside of the document is read for it, and nothing in it grows.
SAFE: Final[_Safe] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}

_LARGEST: Final = 40 * 2**20  # bytes held
_LOOKED_AT_EVERY: Final = (100_000, 4 * 2**20)  # marks and bytes read, between two looks at what is held


class TooMuchError(Exception):
    """More would have to be held at once than any document of the kind has."""


class Pieces:
    """The elements of some names, each when it begins or ends; whoever takes them lets go of what was read.

    Raises TooMuchError when that does not keep the tree small, and XMLSyntaxError. `root` is there at the end.
    """

    def __init__(self, data: bytes, names: Sequence[str], events: Sequence[str] = ("end",)) -> None:
        self._bytes = _Counted(data)
        self._parser = etree.iterparse(
            self._bytes,
            events=events,
            tag=[f"{{*}}{name}" for name in names],
            remove_comments=True,
            remove_pis=True,
            **SAFE,
        )

    def __iter__(self) -> Iterator[tuple[str, etree._Element]]:
        for event, element in self._parser:
            yield event, element
            if self._bytes.look_is_due:
                self._bytes.look_at(element.getroottree())

    @property
    def root(self) -> etree._Element | None:
        """The outermost element, once all was read."""
        root: etree._Element | None = self._parser.root
        return root


class _Counted:
    """The bytes for the parser, counted: from a look at the tree on, everything read may be held."""

    def __init__(self, data: bytes) -> None:
        self._file = BytesIO(data)
        self._marks = self._size = 0
        self._next_look = _LOOKED_AT_EVERY

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._marks += marks(piece)
        self._size += len(piece)
        self._check()
        return piece

    @property
    def look_is_due(self) -> bool:
        return self._marks > self._next_look[0] or self._size > self._next_look[1]

    def look_at(self, tree: etree._ElementTree) -> None:
        """Count what is really held, and from there on."""
        held = etree.tostring(tree, encoding="utf-8")
        self._marks, self._size = marks(held), len(held)
        self._next_look = (self._marks + _LOOKED_AT_EVERY[0], self._size + _LOOKED_AT_EVERY[1])
        self._check()

    def _check(self) -> None:
        if self._marks > MOST_MARKS or self._size > _LARGEST:
            raise TooMuchError
