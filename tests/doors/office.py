"""An office whose messages leave by themselves: the sample's creditor, its ledger and bank, a mailbox and a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
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

    def set_up(self, server: MailServer, *, heartbeat: str = "") -> None:
        """Configured, with today's ledger and bank."""
        there = sample.unpack(self.files, date(2026, 3, 17))
        box = self.files / "mailbox.yaml"
        secret = self.files / "password"
        secret.write_text(PASSWORD + "\n")
        login = f"user: {next(iter(server.users))}\npassword: file:{secret}\n" if server.users else ""
        box.write_text(
            f"server: {server.host}\nport: {server.port}\nencryption: {server.encryption}\n{login}"
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
