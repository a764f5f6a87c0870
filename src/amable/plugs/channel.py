"""Channels: what a way of reaching a contact must offer. What can be previewed is apart from what touches the world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Address:
    """A name and an email address; the name may be empty."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that travels with a message. `content_id` makes it an inline picture of the HTML part."""

    filename: str
    media_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message in our words, ready for a channel to put in its own form.

    `key` identifies the message for ever: everything that could vary between two writings of it (boundary, identifiers)
    is derived from it, so that the same draft gives the same bytes. `leaves_at` is an aware moment in the recipient's
    zone. `references` are the Message-IDs of the thread so far, oldest first.
    """

    key: str
    sender: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    html: str
    language: str
    leaves_at: datetime
    message_id: str
    reply_to: Address | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    as_draft: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a channel hands over: the exact bytes and the file ending they take in a folder (`.eml`)."""

    data: bytes
    ending: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How a contact can be reached, as far as is known."""

    email: str = ""
    phone: str = ""
    address: str = ""


class Piece(NamedTuple):
    """One part of a page: facts by label, a table, lines and boxes to tick; `figures` are columns aligned right."""

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page for a person of the creditor's, apart from how it is laid out."""

    title: str
    language: str
    day: date
    pieces: tuple[Piece, ...]


class Channel(Protocol):
    """A way to reach a contact."""

    def reaches(self, contact: Reach) -> bool:
        """Whether the contact has what this channel needs."""
        ...

    def compose(self, draft: Draft) -> Parcel:
        """The exact bytes of the message. Pure: previewed, and compared with golden files."""
        ...
