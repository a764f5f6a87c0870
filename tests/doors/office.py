"""An office whose messages leave by themselves: the sample's creditor, its ledger and bank, a mailbox and a clock."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from amable import sample
from amable.cli import main, speaking
from tests.servers.smtp import MailServer

MADRID = ZoneInfo("Europe/Madrid")
MORNING = datetime(2026, 3, 17, 9, 10, tzinfo=MADRID)  # a Tuesday
PASSWORD = "S3kret-Passw0rt-42"


@dataclass
class Office:
    """The commands, as somebody gives them at `now`."""

    files: Path
    data: Path
    now: datetime = field(default=MORNING)

    def give(self, command: str, *more: object) -> int:
        return main([command, *map(str, more), "--data", str(self.data)])

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def set_up(self, server: MailServer, *, heartbeat: str = "", authority: Path | None = None) -> None:
        """Configured, with today's ledger and bank."""
        there = sample.unpack(self.files, date(2026, 3, 17))
        box = self.files / "mailbox.yaml"
        secret = self.files / "password"
        secret.write_text(PASSWORD + "\n")
        login = f"user: {next(iter(server.users))}\npassword: file:{secret}\n" if server.users else ""
        trusted = f"authority: {authority}\n" if authority else ""
        box.write_text(
            f"server: {server.host}\nport: {server.port}\nencryption: {server.encryption}\n{login}{trusted}"
            "per_minute: 6000\nper_minute_and_domain: 6000\n"
        )
        given = ["--creditor", there.creditor, "--mailbox", box, "--daily-cap", 500, "--heartbeat", heartbeat]
        assert self.give("configure", *given) == 0
        assert self.give("import", there.ledger, "--bank", *there.statements) in (0, 1)


def office(tmp_path: Path, data: Path, patch: pytest.MonkeyPatch) -> Office:
    """An office of the test's own, with its own clock and its own memory beside the database."""
    files = tmp_path / "files"
    files.mkdir()
    there = Office(files, data)
    patch.setenv("AMABLE_LANGUAGE", "en")
    patch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    patch.delenv("AMABLE_DATA", raising=False)
    patch.delenv("AMABLE_INSTANCE", raising=False)
    patch.setattr(speaking, "now", _clock(there))
    return there


def _clock(there: Office) -> Callable[[], datetime]:
    return lambda: there.now


CLOCKED = """
import sys, time
from datetime import datetime, timedelta
from amable.cli import main, speaking
began, tick = datetime.fromisoformat(sys.argv[1]), time.monotonic()
speaking.now = lambda: began + timedelta(seconds=time.monotonic() - tick)
sys.exit(main(sys.argv[2:]))
"""


@contextmanager
def up(there: Office, *more: str) -> Iterator[Running]:
    """The office's own process at work, from its moment on; it is told to stop at the end if it is there still."""
    command = [sys.executable, "-c", CLOCKED, there.now.isoformat(), "up", "--data", str(there.data), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    running = Running(process)
    try:
        yield running
    finally:
        running.stop()


class Running:
    """A process at work. `printed` and `logged` are what it said, once it has stopped."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = self.logged = ""

    def address(self) -> str:
        """Where it says that it listens; read from what it prints first."""
        assert self.process.stdout is not None
        for line in iter(self.process.stdout.readline, ""):
            self.printed += line
            if found := re.search(r"http://\S+", line):
                return found[0]
        raise AssertionError(f"it never listened: {self.printed} {self.stop()}")

    def ask(self, address: str, path: str) -> tuple[int, str]:
        http = HTTPConnection(urlsplit(address).netloc, timeout=60)
        http.request("GET", path)
        answer = http.getresponse()
        body = answer.read().decode()
        http.close()
        return answer.status, body

    def stop(self) -> int:
        """Tell it to stop; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=120)
        self.printed, self.logged = self.printed + out, self.logged + err
        return self.process.returncode
