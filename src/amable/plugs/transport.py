"""Transports: what hands a finished message to the world, and what may become of it there."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol


class Encryption(StrEnum):
    """How the connection to a mail server is protected. Never less than what is asked for."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach a mail server, and as whom. Without a user nobody logs in.

    `password` is the secret itself, read from where the mailbox says it is kept just before it is used. `authority` is
    a PEM file of certificates to trust beside the system's, empty for none.
    """

    server: str
    port: int
    encryption: Encryption
    user: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished message and where it goes. `sender` is the address that bounces come back to.

    `data` is in ASCII and all its line ends are CRLF, as a channel composes it: it travels as it is.
    """

    key: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes


class Answer(NamedTuple):
    """What a server said about one recipient, or had said before it was asked: what it does not offer."""

    recipient: str
    code: int
    said: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is theirs now, for every recipient but the `refused`, each with what was said about them."""

    server: str
    said: str
    refused: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class TryLater:
    """Not taken this time, for certain: the same bytes may be offered again."""

    server: str
    said: str
    refused: tuple[Answer, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Not taken, and never will be. `refused` are the recipients that were refused by themselves, if that is why."""

    server: str
    said: str
    refused: tuple[Answer, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The bytes were with them and no answer came: it may have arrived. Nobody offers it again unasked."""

    server: str
    said: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The message was not offered at all: no connection, no encryption, no login."""

    server: str
    why: str
    said: str


# `said` is what the server answered, with its code: one line of at most 500 characters, with no secret in it. Where
# that is not the whole reason, `why` names the sentence that is, `transport.<why>`.
Receipt = Accepted | TryLater | GiveUp | Unknown | Unreachable


class Connection(Protocol):
    """One conversation with a mail server, opened when it is first needed and kept for the next message."""

    def open(self) -> Unreachable | None:
        """Be ready for a message, or say why not. Asked before it is noted that a message is handed over."""
        ...

    def deliver(self, envelope: Envelope) -> Receipt:
        """Offer a message and say what became of it. Never raises for anything a server or a network does."""
        ...

    def close(self) -> None:
        """Say goodbye, if anybody listens still."""
        ...


class Transport(Protocol):
    """A way to hand messages over."""

    def connect(self, login: Login) -> Connection:
        """A connection, not opened yet. One thread uses it at a time."""
        ...
