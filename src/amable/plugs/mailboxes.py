"""Mailboxes: where mail that came can be read, and put aside, without marking or deleting any of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from amable.plugs.transport import Login


class MailboxError(Exception):
    """The mailbox cannot be read: `why` names the sentence, `arrival.fault_mail_<why>`; `said` is the server's answer.

    `said` is one line without any secret in it.
    """

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(f"{why}: {said}")
        self.why, self.said = why, said


class Head(NamedTuple):
    """The header of a message as its bytes, and the size of the whole in bytes."""

    header: bytes
    size: int


class Reading(Protocol):
    """A folder of a mailbox, open. Whatever a server or a network does raises MailboxError.

    `validity` tells whether the numbers of messages still mean what they meant (RFC 9051, UIDVALIDITY).
    """

    validity: int

    def numbers(self, senders: Sequence[str], since: date | None) -> list[int]:
        """The messages that seem to be from one of these addresses or domains and came on that day or later."""
        ...

    def head(self, number: int) -> Head | None:
        """What a message is, None when it is there no more."""
        ...

    def message(self, number: int) -> bytes | None:
        """A whole message, whose marks stay as they are."""
        ...

    def move(self, number: int, folders: Sequence[str]) -> str:
        """Put a message into a folder below others, made where it is missing: its name there.

        Empty where the server cannot move a message in one step: copying and deleting is nothing we do.
        """
        ...

    def close(self) -> None:
        """Take leave, if anybody listens still."""
        ...


class Mailbox(Protocol):
    """A way to read a mailbox."""

    def open(self, login: Login, folder: str) -> Reading:
        """Log in and open a folder. Raises MailboxError."""
        ...
