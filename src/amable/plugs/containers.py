"""Files that carry others: archives, signed envelopes, PDFs with the invoice inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from amable.plugs.complaint import Complaint


class Enclosed(NamedTuple):
    """A file that was inside another: its bare name, never a path to write to, and its bytes.

    The name is empty where it is that of the file around it.

    `picture` is the PDF that shows to people what the file says to machines, where it came inside one.
    """

    name: str
    data: bytes
    picture: bytes = b""


class Container(Protocol):
    """What opens one kind of files that carry others."""

    def recognises(self, data: bytes) -> bool:
        """Whether the content, not the name, is of this kind."""
        ...

    def open(self, data: bytes) -> Iterator[Enclosed | Complaint]:
        """What is inside, one after the other, and a complaint for each thing that is not taken out.

        Never raises for bad input.
        """
        ...
