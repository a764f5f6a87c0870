"""Backups made while messages leave, and going back to one: nothing leaves before a person has looked."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from amable.server import keys
from amable.server.database import open_database
from tests.conftest import Home
from tests.doors.office import PASSWORD, Office, office, up
from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR


@pytest.fixture
def ours(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """On SQLite whatever the other tests run on: a server makes its own backups."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return office(tmp_path, home.folder, monkeypatch)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def planned(ours: Office, server: MailServer) -> Office:
    """Today's plan is approved and nothing has left yet."""
    ours.set_up(server)
    assert ours.give("plan", "--json") == 0
    assert ours.give("approve", "--all") == 0
    return ours


def standing(there: Office, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    capsys.readouterr()
    there.give("status", "--json")
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def rows(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_backup_is_one_private_file_that_never_overwrites_another(
    planned: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backups" / "monday.sqlite3"
    assert planned.give("backup", file) == 2
    assert "cannot be written" in capsys.readouterr().err
    file.parent.mkdir()
    assert planned.give("backup", file) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["monday.sqlite3"]
    assert rows(file, "correspondence_message") == rows(planned.data / "amable.sqlite3", "correspondence_message") > 0
    assert standing(planned, capsys)["backed_up_at"] == planned.now.isoformat().replace("09:10:00+01", "08:10:00+00")
    before = file.read_bytes()
    assert planned.give("backup", file) == 2
    assert "there already" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_backup_made_while_messages_leave_is_whole(planned: Office, server: MailServer, tmp_path: Path) -> None:
    server.delay = 0.01
    planned.later(minutes=15)
    with up(planned, "--listen", "127.0.0.1:0") as running:
        address = running.address()
        while not server.messages:
            pass
        assert planned.give("backup", tmp_path / "during.sqlite3") == 0
        while '"oldest' in running.ask(address, "/healthz")[1]:
            pass
        assert running.stop() == 0
    there = Office(planned.files, tmp_path / "elsewhere", planned.now)
    assert there.give("restore", tmp_path / "during.sqlite3") == 0


def test_nothing_leaves_after_a_restore_until_a_person_confirms(
    planned: Office, server: MailServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything left after the backup was made, and the backup does not know it."""
    backup = tmp_path / "before.sqlite3"
    assert planned.give("backup", backup) == 0
    planned.later(minutes=15)
    assert planned.give("send") == 0
    left = len(server.messages)
    assert left > 20
    assert planned.give("restore", backup) == 2
    assert "--replace" in capsys.readouterr().err
    planned.later(hours=1)
    assert planned.give("restore", backup, "--replace") == 0
    said = capsys.readouterr().out
    assert "before-20260317T092500Z" in said
    assert "resume-sending --confirm" in said
    assert standing(planned, capsys)["brakes"] == ["stopped.restored"]
    planned.give("send")
    planned.give("resume-sending")
    planned.give("send")
    assert len(server.messages) == left
    assert standing(planned, capsys)["brakes"] == ["stopped.restored"]
    assert planned.give("resume-sending", "--confirm") == 0
    assert planned.give("send") == 0
    assert len(server.messages) > left  # a person said so


def test_what_was_replaced_is_kept_whole_beside_it(planned: Office, server: MailServer, tmp_path: Path) -> None:
    backup = tmp_path / "before.sqlite3"
    assert planned.give("backup", backup) == 0
    planned.later(minutes=15)
    assert planned.give("send") == 0
    assert planned.give("restore", backup, "--replace") == 0
    (kept,) = planned.data.glob("amable-before-*.sqlite3")
    with closing(sqlite3.connect(kept)) as connection:
        accepted = connection.execute("SELECT count(*) FROM correspondence_message WHERE state = 'accepted'").fetchone()
    assert accepted[0] >= len(server.messages)
    assert {path.name for path in planned.data.glob("*.sqlite3*")} == {"amable.sqlite3", kept.name}
    assert not list(planned.data.glob(".amable-*"))
    assert planned.give("restore", kept, "--replace") == 0  # and one can go back


def test_a_restore_weighs_more_than_a_stop_of_a_persons_own(
    planned: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what was stopped for an hour could be resumed without a look at what the backup does not know."""
    assert planned.give("stop-sending", "--because", "stocktaking") == 0
    assert planned.give("backup", tmp_path / "b.sqlite3") == 0
    assert planned.give("restore", tmp_path / "b.sqlite3", "--replace") == 0
    assert standing(planned, capsys)["brakes"] == ["stopped.restored"]


def test_a_restore_waits_for_nobody_at_work(
    planned: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "b.sqlite3"
    assert planned.give("backup", backup) == 0
    with up(planned, "--listen", "127.0.0.1:0") as running:
        running.address()
        assert planned.give("restore", backup, "--replace") == 2
    assert "Another run is working" in capsys.readouterr().err
    assert not list(planned.data.glob("amable-before-*"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a database" * 1000, "is not a database"),
        (b"", "not one of Amable"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    planned: Office, tmp_path: Path, content: bytes, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "strange.sqlite3"
    file.write_bytes(content)
    before = rows(planned.data / "amable.sqlite3", "evidence_entry")
    assert planned.give("restore", file, "--replace") == 2
    assert sentence in capsys.readouterr().err
    assert planned.give("restore", tmp_path / "nowhere.sqlite3", "--replace") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert rows(planned.data / "amable.sqlite3", "evidence_entry") == before
    assert not list(planned.data.glob(".amable-*"))


def test_a_backup_that_is_damaged_or_was_tampered_with_is_refused(
    planned: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "b.sqlite3"
    assert planned.give("backup", backup) == 0
    cut = tmp_path / "cut.sqlite3"
    cut.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    assert planned.give("restore", cut, "--replace") == 2
    assert "damaged" in capsys.readouterr().err
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("DROP TRIGGER entry_unchanged")
        connection.execute("UPDATE evidence_entry SET day = '2020-01-01' WHERE seq = 1")
        connection.commit()
    assert planned.give("restore", backup, "--replace") == 2
    assert "The record in" in capsys.readouterr().err
    assert not list(planned.data.glob("amable-before-*"))


def test_without_a_database_there_is_nothing_to_back_up(ours: Office, tmp_path: Path) -> None:
    (ours.data / "amable.sqlite3").unlink(missing_ok=True)
    assert ours.give("backup", tmp_path / "b.sqlite3") == 2
    assert not (tmp_path / "b.sqlite3").exists()


def test_on_postgresql_its_own_tools_are_named(
    ours: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@localhost/none")
    assert ours.give("backup", tmp_path / "b.sqlite3") == 2
    assert "pg_dump" in capsys.readouterr().err
    assert ours.give("restore", tmp_path / "b.sqlite3") == 2
    assert "pg_restore" in capsys.readouterr().err


def test_a_password_typed_at_the_desk_is_in_the_backup_but_not_what_opens_it(
    ours: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ours.files / "us.yaml").write_text(CREDITOR)
    assert ours.give("configure", "--creditor", ours.files / "us.yaml") == 0
    file = tmp_path / "monday.sqlite3"
    assert ours.give("backup", file) == 0
    assert "secret.key" not in capsys.readouterr().out  # there is nothing to open
    file.unlink()
    open_database(ours.data)
    keys.use_key_of(ours.data)
    from amable.organisation import sealed
    from amable.organisation.models import Sending

    Sending._base_manager.update(password_from=f"sealed:{sealed.seal(PASSWORD)}")
    assert ours.give("backup", file) == 0
    assert f"Only {ours.data / 'secret.key'} can open it" in capsys.readouterr().out
    key = (ours.data / "secret.key").read_bytes()
    assert PASSWORD.encode() not in file.read_bytes()
    assert key not in file.read_bytes()

    there = Office(ours.files, tmp_path / "new")
    there.data.mkdir(mode=0o700)
    (there.data / "secret.key").write_bytes(key)
    assert there.give("restore", file) == 0
    assert "cannot be read" not in capsys.readouterr().out
    other = Office(ours.files, tmp_path / "other")
    other.data.mkdir(mode=0o700)
    (other.data / "secret.key").write_text("another installation's")
    assert other.give("restore", file) == 0
    assert "the password of the mailbox cannot be read with the key of this folder" in capsys.readouterr().out


def test_second_factors_come_back_with_their_key_only(
    ours: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ours.files / "us.yaml").write_text(CREDITOR)
    assert ours.give("configure", "--creditor", ours.files / "us.yaml") == 0
    open_database(ours.data)
    keys.use_key_of(ours.data)
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    from amable.organisation.models import User

    ana = User.objects.create_user("ana@turia.example", name="Ana", language="es")
    TOTP.activate(ana, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(ana).generate_codes()
    file = tmp_path / "monday.sqlite3"
    capsys.readouterr()
    assert ours.give("backup", file) == 0
    said = capsys.readouterr().out
    assert f"Only {ours.data / 'secret.key'} can open them" in said
    assert "password of the mailbox" not in said
    assert b"JBSWY3DPEHPK3PXP" not in file.read_bytes()

    there = Office(ours.files, tmp_path / "new")
    there.data.mkdir(mode=0o700)
    (there.data / "secret.key").write_bytes((ours.data / "secret.key").read_bytes())
    assert there.give("restore", file) == 0
    assert "cannot be read" not in capsys.readouterr().out
    open_database(there.data)
    keys.use_key_of(there.data)
    assert RecoveryCodes.activate(User.objects.get()).generate_codes() == codes
    other = Office(ours.files, tmp_path / "other")
    other.data.mkdir(mode=0o700)
    (other.data / "secret.key").write_text("another installation's")
    assert other.give("restore", file) == 0
    assert "ana@turia.example: the second factor cannot be read" in capsys.readouterr().out
