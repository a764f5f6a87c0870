"""What must hold between the database and what the mail server took, read side by side after every fault."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from tests.rig.house import House, Mail
from tests.stories.oracle import said, shown

_GONE = ("accepted", "unknown")
_ROWS = """
SELECT m.key, m.state, m.message_id, m.blob, m.tries, m.act, m.answer, coalesce(c.key, ''), m.day, m.slot
FROM correspondence_message m LEFT JOIN ledger_customer c ON c.id = m.customer_id
WHERE m.channel <> '' ORDER BY m.id
"""


class Row(NamedTuple):
    """A message as the database has it."""

    key: str
    state: str
    message_id: str
    blob: str
    tries: int
    act: str
    answer: str
    customer: str
    day: str
    slot: str


def rows(folder: Path) -> list[Row]:
    with closing(sqlite3.connect(folder / "amable.sqlite3", timeout=30)) as database:
        return [Row._make(row) for row in database.execute(_ROWS)]


def states(folder: Path) -> Counter[str]:
    with closing(sqlite3.connect(folder / "amable.sqlite3", timeout=30)) as database:
        return Counter(
            dict(database.execute("SELECT state, count(*) FROM correspondence_message WHERE channel <> '' GROUP BY 1"))
        )


def unsettled(folder: Path) -> int:
    """How many messages wait or are in hand."""
    found = states(folder)
    return found["approved"] + found["claimed"] + found["handed_over"] + found["refused"]


def waiting(folder: Path) -> int:
    """How many messages will still be offered; what is in hand when its process dies never is."""
    found = states(folder)
    return found["approved"] + found["claimed"] + found["refused"]


def heard(mail: Mail) -> EmailMessage:
    message = message_from_bytes(mail.data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def message_id(mail: Mail) -> str:
    """As the database has it. A mail's head is short: the rest is read only when asked for."""
    head = mail.data.partition(b"\r\n\r\n")[0]
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"message-id:"))
    return line.partition(b":")[2].strip(b" <>").decode("ascii")


@dataclass
class Books:
    """The two sides of one house, compared again and again; `wrong` says in words what did not hold."""

    house: House
    wrong: list[str] = field(default_factory=list)
    twice: int = 0
    lost: int = 0
    unknown: int = 0
    _read: int = 0
    _by_id: dict[str, list[Mail]] = field(default_factory=dict)
    _chain: tuple[int, str] = (0, "")

    def say(self, what: str) -> None:
        if len(self.wrong) < 20 and what not in self.wrong:
            self.wrong.append(what)

    def compare(self, *, in_hand: int = 1) -> list[Row]:
        """Each mail has its row and each accepted row its mail, with the same bytes; the record is unbroken."""
        mails = self.house.sink.read()
        for mail in mails[self._read :]:
            self._by_id.setdefault(message_id(mail), []).append(mail)
        self._read = len(mails)
        found = rows(self.house.folder)
        known = {row.message_id: row for row in found if row.message_id}
        for identifier, copies in self._by_id.items():
            row = known.get(identifier)
            if row is None:
                self.say(f"a mail without a row: {identifier}")
            elif row.state not in (*_GONE, "handed_over"):
                self.say(f"a mail of a row that is {row.state}: {row.key}")
            elif any(sha256(mail.data).hexdigest() != row.blob for mail in copies):
                self.say(f"other bytes than were kept: {row.key}")
        self.twice = sum(len(copies) - 1 for copies in self._by_id.values())
        if self.twice:
            self.say("a mail left twice")
        bare = [row.key for row in found if row.state == "accepted" and row.message_id not in self._by_id]
        if bare:
            self.say(f"accepted, and no mail: {bare[:3]}")
        self.unknown = sum(row.state == "unknown" for row in found)
        held = sum(row.state == "handed_over" for row in found)
        if held > in_hand:
            self.say(f"{held} in hand")
        self.follow_the_chain()
        return found

    def taken(self) -> set[str]:
        """The mails there are, by Message-ID."""
        return set(self._by_id)

    def follow_the_chain(self) -> None:
        """What was sealed since the last time continues the chain: worked out here once more, from the bare rows."""
        seq, digest = self._chain
        chained = "SELECT seq, kind, day, body, digest FROM evidence_entry WHERE seq > ? ORDER BY seq"
        with closing(sqlite3.connect(self.house.folder / "amable.sqlite3", timeout=30)) as database:
            for place, kind, day, body, kept in database.execute(chained, [seq]):
                seq, digest = seq + 1, sha256(f"{digest}\n{kind}\n{day}\n{body}".encode()).hexdigest()
                if (place, kept) != (seq, digest):
                    self.say(f"the record is broken at {place}")
                    return
        self._chain = (seq, digest)

    def close(self, keys: set[str]) -> None:
        """At the end: the same keys, each of them gone or of unknown fate, which a person is told; sums are right."""
        found = self.compare(in_hand=0)
        self.lost = len(keys - {row.key for row in found if row.state in _GONE})
        if self.lost:
            self.say(f"{self.lost} lost: {Counter(row.state for row in found)}")
        asked = {row.key for row in found if row.slot.startswith("task.told.")}  # what a person is asked in between
        if {row.key for row in found if row.state != "withdrawn"} - asked != keys:
            self.say("not the same keys as at the beginning")
        told = {one["message"] for one in self.house.status()["unknown"]}
        if told != {row.key for row in found if row.state == "unknown"}:
            self.say("not every message of unknown fate is shown")
        for copies in self._by_id.values():
            self.add_up(copies[0])
        self.every_step_is_recorded(found)
        verified = self.house.start("evidence", "verify")
        if verified.wait() != 0:
            self.say(verified.out.read_text("utf-8"))

    def add_up(self, mail: Mail) -> None:
        """What the mail asks for is what is owed."""
        owed = self.house.owed.get(mail.to[0])
        if owed is None:
            return
        message = heard(mail)
        if shown(owed, "EUR", message["Content-Language"]) not in said(message):
            self.say(f"another sum than {owed}: {mail.to[0]}")

    def every_step_is_recorded(self, found: list[Row]) -> None:
        """As many entries as things happened: an offer for each try, one end for each message."""
        entries = "SELECT kind, body FROM evidence_entry WHERE kind IN (?, ?, ?)"
        kinds = ("message.handed_over", "message.accepted", "message.unknown")
        with closing(sqlite3.connect(self.house.folder / "amable.sqlite3", timeout=30)) as database:
            counted = Counter((kind, json.loads(body)["message"]) for kind, body in database.execute(entries, kinds))
        for row in found:
            if counted["message.handed_over", row.key] < row.tries:
                self.say(f"an offer that is not in the record: {row.key}")
            if row.state in _GONE and counted[f"message.{row.state}", row.key] != 1:
                self.say(f"{row.state}, and not once in the record: {row.key}")
