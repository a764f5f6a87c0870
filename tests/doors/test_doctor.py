"""`amable doctor`, on an office in order and on one where each thing is wrong in its turn."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dns.resolver
import pytest

from amable.core.languages import LANGUAGES
from amable.plugs.transport import Encryption
from amable.server.database import close_database
from tests.doors.office import PASSWORD, Office, office, up
from tests.servers.certificates import Authority
from tests.servers.names import NameServer
from tests.servers.smtp import MailServer

KEY = b64encode(b"k" * 294).decode()
DOMAIN = "hornosymasas.example"
ZONE = {
    DOMAIN: ["v=spf1 include:_spf.mail.example -all"],
    "_spf.mail.example": ["v=spf1 ip4:192.0.2.0/24 -all"],
    f"nov26._domainkey.{DOMAIN}": [f"v=DKIM1; p={KEY}"],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=quarantine"],
}
Found = dict[str, tuple[str, str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    with NameServer(ZONE) as running:
        monkeypatch.setattr(dns.resolver, "default_resolver", running.resolver)
        yield running


@pytest.fixture(scope="module")
def listening(authority: Authority) -> Iterator[MailServer]:
    secured = authority.context()
    with MailServer(encryption=Encryption.STARTTLS, context=secured, users={"cobros": PASSWORD}) as running:
        yield running


@pytest.fixture
def server(listening: MailServer) -> MailServer:
    """A mail server that has heard nothing yet and knows the password."""
    listening.users["cobros"] = PASSWORD
    listening.commands.clear()
    listening.messages.clear()
    return listening


@pytest.fixture(scope="module")
def prepared(
    listening: MailServer, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path, pytest.MonkeyPatch], Office]]:
    """An office in order: set up, planned, backed up. It is made once, and each test gets a copy."""
    place = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)  # what is looked at on the machine is there with SQLite alone
        there = office(place, place / "data", patch)
        patch.setenv("AMABLE_INSTANCE", "the office")
        there.set_up(listening, authority=authority.pem)
        assert there.give("plan", "--json") == 0
        assert there.give("approve", "--all") == 0
        assert there.give("backup", there.files / "b.sqlite3") == 0

    def copy(folder: Path, patch: pytest.MonkeyPatch) -> Office:
        patch.delenv("DATABASE_URL", raising=False)
        mine = office(folder, folder / "data", patch)
        patch.setenv("AMABLE_INSTANCE", "the office")
        shutil.copytree(place / "data", mine.data)
        return mine

    yield copy
    close_database()


@pytest.fixture
def sends(
    prepared: Callable[[Path, pytest.MonkeyPatch], Office],
    server: MailServer,
    names: NameServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Office:
    return prepared(tmp_path, monkeypatch)


@pytest.fixture
def look(sends: Office, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Found]]:
    """What the doctor finds: the exit code, and verdict and rule by check."""

    def call(*more: str) -> tuple[int, Found]:
        capsys.readouterr()
        code = sends.give("doctor", "--json", *more)
        lines = json.loads(capsys.readouterr().out)
        return code, {line["check"]: (line["verdict"], line["rule"]) for line in lines}

    return call


def test_an_office_in_order(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    with up(sends, "--listen", "127.0.0.1:0") as running:
        running.address()
        code, found = look("--dkim-selector", "nov26")
    assert [(check, *told) for check, told in found.items() if told[0] != "ok"] == []
    assert code == 0
    assert list(found) == [
        "running", "folder", "disk", "database", "plan", "cap", "mailbox", "spf", "dkim", "dmarc", "clock", "backup",
        "record", "witness",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks(
    sends: Office,
    server: MailServer,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", language)
    capsys.readouterr()
    assert sends.give("doctor") == 0
    printed = capsys.readouterr().out
    assert "localhost" in printed
    assert "TLSv1.3" in printed
    assert "{" not in printed
    assert server.messages == []
    assert server.commands[-1] == "QUIT"
    assert PASSWORD not in printed


def test_what_is_worth_a_look_is_no_failure(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    sends.give("configure", "--daily-cap", "3")
    sends.later(days=3)
    sends.give("plan", "--json")
    code, found = look()
    assert code == 0
    assert found["running"] == ("look", "not")
    assert found["cap"] == ("look", "more")
    assert found["backup"] == ("look", "old")
    assert found["dkim"] == ("look", "not_found")


def test_a_plan_that_is_missing_is_wrong(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    sends.later(hours=18)  # 03:10
    assert look()[1]["plan"] == ("ok", "not_yet")
    sends.later(hours=1)
    assert look()[1]["plan"] == ("wrong", "missing")


def test_a_mailbox_that_does_not_let_us_in_is_wrong(
    sends: Office, server: MailServer, look: Callable[..., tuple[int, Found]], capsys: pytest.CaptureFixture[str]
) -> None:
    server.users["cobros"] = "another"
    code, found = look()
    assert (code, found["mailbox"]) == (1, ("wrong", "unreachable"))
    capsys.readouterr()
    sends.give("doctor")
    printed = capsys.readouterr().out
    assert "did not accept the user and password" in printed
    assert PASSWORD not in printed
    box = sends.files / "mailbox.yaml"
    box.write_text(f"server: localhost\nport: {server.port}\nuser: cobros\npassword: file:{sends.files / 'none'}\n")
    assert sends.give("configure", "--mailbox", box) == 0
    assert look()[1]["mailbox"] == ("wrong", "secret")


def test_a_certificate_that_ends_soon_is_worth_a_look(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    from amable.adapters.transports.smtp import Smtp
    from amable.organisation.models import Creditor, Sending
    from amable.organisation.tenancy import acting_for
    from amable.server.database import open_database
    from amable.work import examination, mailboxes

    open_database(sends.data)
    with acting_for(Creditor.objects.get()):
        sending = Sending.objects.select_related("creditor").get()
        ends = Smtp().visit(mailboxes.login(sending)).valid_until
        assert ends is not None
        assert examination.mailbox(sending, ends - timedelta(days=15)).rule == "fine"
        assert examination.mailbox(sending, ends - timedelta(days=13)).rule == "expires"


def test_a_certificate_that_has_expired_is_wrong(
    sends: Office, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    expired = authority.context(expired=True)
    with MailServer(encryption=Encryption.STARTTLS, context=expired) as server:
        box = sends.files / "mailbox.yaml"
        box.write_text(f"server: localhost\nport: {server.port}\nauthority: {authority.pem}\n")
        assert sends.give("configure", "--mailbox", box) == 0
        capsys.readouterr()
        assert sends.give("doctor") == 1
    assert "cannot prove who it is" in capsys.readouterr().out


def test_names_nobody_answers_for_are_worth_a_look(
    sends: Office, names: NameServer, look: Callable[..., tuple[int, Found]]
) -> None:
    names.silent = frozenset({DOMAIN})
    del names.texts[f"_dmarc.{DOMAIN}"]
    found = look("--dkim-selector", "old")[1]
    assert found["spf"] == ("look", "unanswered")
    assert found["dkim"] == ("wrong", "none_there")
    assert found["dmarc"] == ("look", "none")


def test_a_clock_behind_what_was_done_here_is_wrong(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    sends.later(hours=-1)
    assert look()[1]["clock"] == ("wrong", "behind")


def test_a_folder_open_to_others_is_wrong(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    sends.data.chmod(0o755)
    assert look()[1]["folder"] == ("wrong", "open")
    assert look()[1]["folder"] == ("ok", "closed")  # it was closed


def test_a_damaged_database_is_wrong_and_told_without_opening_it(
    sends: Office, look: Callable[..., tuple[int, Found]]
) -> None:
    database = sends.data / "amable.sqlite3"
    database.write_bytes(database.read_bytes()[:100_000])
    code, found = look()
    assert (code, found["database"]) == (1, ("wrong", "damaged"))
    assert "mailbox" not in found


def test_a_record_that_was_cut_is_wrong(sends: Office, look: Callable[..., tuple[int, Found]]) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(sends.data / "amable.sqlite3")) as connection:
        connection.execute("DROP TRIGGER entry_kept")
        connection.execute("DELETE FROM evidence_entry WHERE seq = (SELECT max(seq) FROM evidence_entry)")
        connection.commit()
    assert look()[1]["record"] == ("wrong", "cut_off")


def test_a_memory_that_cannot_be_written_is_wrong(
    sends: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, look: Callable[..., tuple[int, Found]]
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "a file"))
    assert look()[1]["witness"] == ("wrong", "unwritable")
