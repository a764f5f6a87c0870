"""Through which mailbox a creditor's mail leaves: the mailbox file, read into a value or refused with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from amable.core.document import Entry, UnreadableError, parse

KEYS: Final = (
    "server", "port", "encryption", "user", "password", "authority", "per_minute", "per_minute_and_domain",
    "connections",
)  # fmt: skip
_SERVER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9A-Fa-f:]{2,45}\]?")
_SECRET: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*")
PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Mailbox:
    """How to reach a mail server, and how much it may be asked to take in a minute, in all and for one domain.

    `password` says where the secret is kept: `env:NAME` or `file:PATH`.
    """

    server: str
    port: int
    encryption: str = "starttls"
    user: str = ""
    password: str = ""
    authority: str = ""
    per_minute: int = 30
    per_minute_and_domain: int = 20
    connections: int = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a mailbox file; the sentence is `mailbox.<rule>`."""

    rule: str
    line: int
    params: Mapping[str, object]


class MailboxError(ValueError):
    """A mailbox file that cannot be used, with every problem found, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{problem.line}: {problem.rule}" for problem in problems))
        self.problems = tuple(problems)


def is_server(name: str) -> bool:
    """Whether this can be the name or the address of a server."""
    return _SERVER.fullmatch(name) is not None


def read(text: str) -> Mailbox:
    """The mailbox of a YAML text; raises MailboxError with every problem, each with its line."""
    try:
        document = parse(text)
    except UnreadableError as error:
        raise MailboxError([Problem(error.rule, error.line, error.params)]) from error
    reading = _Reading()
    mailbox = reading.mailbox(document)
    if reading.problems or mailbox is None:
        raise MailboxError(sorted(reading.problems, key=lambda problem: problem.line))
    return mailbox


class _Reading:
    """One pass over a document, collecting what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.top: Mapping[str, Entry] = {}

    def wrong(self, rule: str, line: int, **params: object) -> None:
        self.problems.append(Problem(rule, line, params))

    def mailbox(self, document: Entry) -> Mailbox | None:
        if not isinstance(document.value, Mapping):
            self.wrong("not_a_mapping", document.line, known=", ".join(KEYS))
            return None
        self.top = document.value
        for key, entry in self.top.items():
            if key not in KEYS:
                self.wrong("unknown_key", entry.line, key=key, known=", ".join(KEYS))
        server = self.server(document.line)
        encryption = self.encryption(server)
        user, password = self.text("user"), self.password()
        if user and not self.text("password"):
            self.wrong("no_password", self.top["user"].line)
        return Mailbox(
            server,
            self.number("port", PORTS.get(encryption, 587), high=65535),
            encryption,
            user,
            password,
            self.text("authority"),
            self.number("per_minute", 30, high=60_000),
            self.number("per_minute_and_domain", 20, high=60_000),
            self.number("connections", 1, high=32),
        )

    def server(self, line: int) -> str:
        server = self.text("server")
        if not server:
            self.wrong("no_server", line)
        elif not is_server(server):
            self.wrong("server", self.top["server"].line, value=server)
        return server

    def encryption(self, server: str) -> str:
        word = self.text("encryption").lower() or "starttls"
        if word not in PORTS:
            self.wrong("encryption", self.top["encryption"].line, value=word)
        elif word == "none" and server.strip("[]") not in HERE:
            self.wrong("none_elsewhere", self.top["encryption"].line)
        return word

    def password(self) -> str:
        kept = self.text("password")
        if kept and not _SECRET.fullmatch(kept):
            self.wrong("password", self.top["password"].line)
            return ""
        return kept

    def text(self, key: str) -> str:
        entry = self.top.get(key)
        if entry is None:
            return ""
        if not isinstance(entry.value, str):
            self.wrong("not_a_mapping", entry.line, known=", ".join(KEYS))
            return ""
        return entry.value.strip()

    def number(self, key: str, default: int, *, high: int) -> int:
        written = self.text(key)
        if not written:
            return default
        if not written.isascii() or not written.isdigit() or not 1 <= int(written[:9]) <= high:
            self.wrong("number", self.top[key].line, value=written, low=1, high=high)
            return default
        return int(written)
