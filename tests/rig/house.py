"""A creditor's data folder with a mail server beside it, and commands that work on it as processes of their own."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from amable.server.database import close_database, open_database
from tests.stories.world import COLUMNS, CREDITOR

ROOT = Path(__file__).parents[2]
MOMENT = datetime(2026, 3, 17, 8, 10, tzinfo=UTC)  # ten past nine of a Tuesday morning in Valencia
PATIENT: Mapping[str, float] = {"before_data": 20, "block": 20, "verdict": 20, "goodbye": 1}
TONGUES = (("es", "ES"), ("ro", "RO"), ("en", "GB"), ("fr", "FR"))


class _Talkative:
    """A process that answers each line with a line."""

    def __init__(self, module: str, *arguments: str) -> None:
        # Root may write what is read-only; without this right it may not, as everybody else.
        humble = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-all") if os.geteuid() == 0 else ()
        self.process = subprocess.Popen(
            [*humble, sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended")
        return line.strip()

    def tell(self, order: Mapping[str, object]) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@dataclass(frozen=True, slots=True)
class Mail:
    """What the sink took, byte by byte."""

    to: tuple[str, ...]
    data: bytes


class Sink(_Talkative):
    """The mail server, and what it wrote down so far."""

    def __init__(self, log: Path) -> None:
        super().__init__("tests.rig.sink", str(log))
        self.port = int(self.hear())
        self.log: IO[bytes] = log.open("rb")
        self.mails: list[Mail] = []

    def read(self) -> list[Mail]:
        """Every mail taken, from the first on."""
        while True:
            start = self.log.tell()
            head = self.log.readline()
            if not head.endswith(b"\n"):
                self.log.seek(start)
                return self.mails
            facts = json.loads(head)
            data = self.log.read(facts["size"])
            if len(data) < facts["size"]:
                self.log.seek(start)
                return self.mails
            self.mails.append(Mail(tuple(facts["to"]), data))

    def close(self) -> None:
        super().close()
        self.log.close()


class Nursery(_Talkative):
    """Where commands are born."""

    def __init__(self) -> None:
        super().__init__("tests.rig.nursery")
        self.hear()


@dataclass
class Running:
    """A command at work."""

    nursery: Nursery
    number: int
    out: Path
    code: int | None = None

    def wait(self, seconds: float = 120) -> int | None:
        """Its exit code, negative for a signal; None when it goes on."""
        if self.code is None:
            self.code = json.loads(self.nursery.tell({"wait": self.number, "seconds": seconds}))
        return self.code

    def begun(self) -> bool:
        """Whether it said its first word: from there on it is at work."""
        return self.out.exists() and self.out.stat().st_size > 0

    def kill(self) -> None:
        os.kill(self.number, signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def end(self) -> str:
        """Ask it to leave, and return what it said."""
        os.kill(self.number, signal.SIGTERM)
        code = self.wait()
        assert code == 0, self.out.read_text("utf-8")
        return self.out.read_text("utf-8")


@dataclass
class House:
    """A place with a mail server, a data folder, and time that passes from a Tuesday morning on."""

    place: Path
    nursery: Nursery
    sink: Sink
    owed: dict[str, str] = field(default_factory=dict)  # by the address of the customer
    moment: datetime = MOMENT
    since: float = field(default_factory=time.monotonic)
    patience: Mapping[str, float] = field(default_factory=lambda: PATIENT)
    env: dict[str, str] = field(default_factory=dict)
    rate: float = 1  # how much faster its clock runs
    commands: list[Running] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.place / "data"

    def later(self, **passed: int) -> None:
        """Let time pass."""
        self.moment += timedelta(**passed)

    def start(self, *argv: str, dies: str = "") -> Running:
        """A command at work on the folder."""
        out = self.place / f"out-{len(self.commands)}"
        order = {
            "argv": [*argv, "--outbox" if argv[0] == "evidence" else "--data", str(self.folder)],
            "env": {"XDG_STATE_HOME": str(self.place / "state"), "AMABLE_LANGUAGE": "en", "DATABASE_URL": ""}
            | self.env,
            "out": str(out),
            "moment": self.moment.isoformat(),
            "since": self.since,
            "rate": self.rate,
            "patience": dict(self.patience),
            "dies": dies,
        }
        self.commands.append(Running(self.nursery, json.loads(self.nursery.tell(order)), out))
        return self.commands[-1]

    def call(self, *argv: str, code: int = 0) -> str:
        """What a command printed, once it ended as it should."""
        running = self.start(*argv)
        ended = running.wait()
        said = running.out.read_text("utf-8")
        assert ended == code, (argv, ended, said[-2000:])
        return said

    def status(self) -> dict[str, Any]:
        running = self.start("status", "--json")
        assert running.wait() in (0, 1), running.out.read_text("utf-8")
        found: dict[str, Any] = json.loads(running.out.read_text("utf-8"))
        return found

    def configure(self, *more: str) -> None:
        """Who is owed, and the sink as the mailbox, with no limit to speak of."""
        creditor, mailbox = self.place / "creditor.yaml", self.place / "mailbox.yaml"
        creditor.write_text(CREDITOR, "utf-8")
        mailbox.write_text(
            f"server: localhost\nport: {self.sink.port}\nencryption: none\n"
            "per_minute: 60000\nper_minute_and_domain: 60000\n",
            "utf-8",
        )
        unlimited = ("--daily-cap", "100000", "--undo-minutes", "0")
        self.call("configure", "--creditor", str(creditor), "--mailbox", str(mailbox), *(more or unlimited))

    def ledger(self, customers: int, **facts: str) -> Path:
        """A ledger in which so many customers owe one invoice each, no two the same sum."""
        path = self.place / "ledger.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for n in range(customers):
                row = self.row(n) | facts
                self.owed[row["email"]] = row["total"]
                writer.writerow(row)
        return path

    def row(self, n: int) -> dict[str, str]:
        language, country = TONGUES[n % 4]
        return {
            "customer_id": f"C-{n}",
            "customer_name": f"Talleres {n}, S.L.",
            "contact_name": "Ana Miró",
            "email": f"ana@c{n}.example",
            "language": language,
            "country": country,
            "kind": "business",
            "currency": "EUR",
            "issue_date": "2026-01-02",
            "due_date": "2026-03-03",
            "invoice_number": f"F-{n:05}",
            "total": f"{100 + n}.37",
        }

    def plan(self, customers: int) -> None:
        """So many reminders, approved."""
        self.configure()
        self.call("import", str(self.ledger(customers)))
        self.call("plan")
        self.call("approve", "--all", "--anyway")


class Rig:
    """A place for houses, and what all of them need: a nursery, and a database whose tables are there."""

    def __init__(self, place: Path) -> None:
        self.place, self.nursery, self.built = place, Nursery(), 0
        self.migrated = place / "migrated"
        self.migrated.mkdir(parents=True)
        open_database(self.migrated)
        close_database()

    @contextmanager
    def house(self) -> Iterator[House]:
        """A house, empty; nothing of it stays."""
        self.built += 1
        place = self.place / f"house-{self.built}"
        (place / "data").mkdir(parents=True)
        shutil.copy(self.migrated / "amable.sqlite3", place / "data")
        house = House(place, self.nursery, Sink(place / "sink"))
        try:
            yield house
        finally:
            for command in house.commands:
                if command.wait(0) is None:
                    command.kill()
            house.sink.close()
            shutil.rmtree(place)

    @contextmanager
    def image(self, house: House) -> Iterator[House]:
        """The data folder as it is at this moment, with what this machine remembers of it and a sink of its own."""
        with self.house() as copy:
            for name in ("amable.sqlite3", "amable.sqlite3-wal"):
                if (house.folder / name).exists():
                    shutil.copy(house.folder / name, copy.folder / name)
            if (house.place / "state").exists():
                shutil.copytree(house.place / "state", copy.place / "state")
            copy.owed, copy.moment, copy.since = house.owed, house.moment, house.since
            yield copy

    def close(self) -> None:
        self.nursery.close()
        shutil.rmtree(self.migrated)
