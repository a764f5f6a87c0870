"""Channels: what a way of reaching a contact must offer. What can be previewed is apart from what touches the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol

from amable.core.marked import Block


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
class Slip:
    """How to pay, beside a letter: labels with their values, and a QR code (PNG) with the words that explain it."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    code: bytes | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a letter shows beside its subject.

    `window` are the lines of the address, `window_on_the_right` the side of the envelope they show on; `sender` is the
    one line above them. `dated` is place and day in words. `top` is the text before the sign-off, `rest` what follows.
    `page` has the places `{page}` and `{pages}`.
    """

    letterhead: str
    sender: str
    window: tuple[str, ...]
    window_on_the_right: bool
    dated: str
    top: tuple[Block, ...]
    rest: tuple[Block, ...]
    footer: tuple[str, ...]
    page: str
    slip: Slip | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message in our words, ready for a channel to put in its own form.

    `key` identifies the message for ever: everything that could vary between two writings of it (boundary, identifiers)
    is derived from it, so that the same draft gives the same bytes. `leaves_at` is an aware moment in the recipient's
    zone. `references` are the Message-IDs of the thread so far, oldest first. `phone` is the recipient's number as the
    ledger has it, read with `country` where it has no prefix. `paper` is what only a letter shows.
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
    phone: str = ""
    country: str = ""
    paper: Paper | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a channel hands over: the exact bytes and the file ending they take in a folder (`.eml`)."""

    data: bytes
    ending: str


class UnfitError(ValueError):
    """A message this channel cannot carry as it is; the sentence for a person is `kindness.<rule>`."""

    def __init__(self, rule: str, params: Mapping[str, object]) -> None:
        super().__init__(rule, dict(params))
        self.rule, self.params = rule, params


@dataclass(frozen=True, slots=True)
class Reach:
    """How a contact can be reached, as far as is known. `country` (ISO 3166) is where a number without prefix is."""

    email: str = ""
    phone: str = ""
    address: str = ""
    country: str = ""


class Way(Protocol):
    """A way to reach a contact, by whatever means."""

    def reaches(self, contact: Reach) -> bool:
        """Whether the contact has what this way needs."""
        ...


class Channel(Way, Protocol):
    """A way to reach a contact in writing."""

    def compose(self, draft: Draft) -> Parcel:
        """The exact bytes of the message. Pure: previewed, and compared with golden files.

        Raises UnfitError for a draft it cannot carry.
        """
        ...


class Piece(NamedTuple):
    """One part of a sheet. `figures` are the columns with amounts; `boxes` are what is ticked by hand."""

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: tuple[int, ...] = ()
    lines: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page for whoever speaks with a customer: what to know, what to ask, what to note."""

    title: str
    language: str
    day: date
    pieces: tuple[Piece, ...]


class Call(Way, Protocol):
    """A way to reach a contact by somebody who speaks, with a sheet in hand."""

    def print(self, sheet: Sheet) -> Parcel:
        """The sheet on one page. Raises UnfitError for a sheet that cannot be printed."""
        ...


class Bound(NamedTuple):
    """Several letters in one file, and how many pages each of them has."""

    data: bytes
    pages: tuple[int, ...]


class Binder(Protocol):
    """Puts the letters of a day into one file that is printed at once."""

    def bind(self, letters: Sequence[bytes], *, title: str, language: str, day: date) -> Bound:
        """The letters one after the other, in the order given. The same letters give the same bytes."""
        ...
