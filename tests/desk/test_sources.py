"""Where files come from by themselves, as the desk and the command line set it and show how it goes."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from amable.banking.models import BankLine
from amable.cli import main
from amable.core.seals import seen
from amable.desk.inbox import _FACTS as FACTS
from amable.evidence.models import Entry
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.work import arriving, files, jobs, sources
from amable.work.models import Arrival, Inbox, Mail, Watch
from tests.conftest import Home
from tests.desk.desks import Desk
from tests.servers.dovecot import Dovecot

BANK = (Path(__file__).resolve().parents[1] / "samples" / "bank" / "norma43" / "sepa.n43").read_bytes()


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    return folder


def save(desk: Desk, folder: Path | str, was: str = "", role: str = "owner") -> int:
    form = {"watched_folder": str(folder), "seen": seen({"watched_folder": was})}
    return desk.post("sources", form, role=role).status_code


def watched(desk: Desk) -> str:
    return Creditor.objects.get(pk=desk.creditor.pk).watched_folder


def answer(desk: Desk) -> None:
    for _ in range(4):
        desk.later(minutes=1)
        with acting_for(desk.creditor):
            creditor = Creditor.objects.get(pk=desk.creditor.pk)
            sources.look(creditor, desk.moment)
            jobs.do_all(creditor, desk.moment)


def page(desk: Desk, name: str = "sources") -> str:
    return desk.get(name, "owner").content.decode()


def test_an_owner_sets_the_folder_and_sees_what_came(desk: Desk, incoming: Path) -> None:
    assert save(desk, incoming) == 303
    assert watched(desk) == str(incoming)
    assert "Not looked at yet" in page(desk)
    (incoming / "extracto.n43").write_bytes(BANK)
    answer(desk)
    shown = page(desk)
    assert "Looked at last on 17 March 2026" in shown
    assert "done/extracto.n43" in shown
    assert "Taken in by the watched folder" in desk.get("file", file=arrival(desk).file_id).content.decode()
    with acting_for(desk.creditor):
        assert '"fields":["watched_folder"]' in Entry.objects.filter(kind="settings.changed").latest("pk").body
    assert save(desk, "", was=str(incoming)) == 303
    assert watched(desk) == ""


def arrival(desk: Desk) -> Arrival:
    with acting_for(desk.creditor):
        return Arrival.objects.get()


def test_a_folder_that_cannot_be_watched_is_refused_in_words(desk: Desk, incoming: Path) -> None:
    answer = desk.post("sources", {"watched_folder": "incoming", "seen": ""}, role="owner")
    assert answer.status_code == 422
    assert "“incoming” is not a full path" in answer.content.decode()
    assert save(desk, incoming / "nowhere") == 422
    assert watched(desk) == ""


def test_what_somebody_else_set_meanwhile_is_not_overwritten(desk: Desk, incoming: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert save(desk, incoming) == 303
    assert save(desk, other) == 409
    assert watched(desk) == str(incoming)


def test_a_folder_that_is_gone_is_told_on_today_and_among_the_figures(desk: Desk, incoming: Path) -> None:
    from amable.server.health import _sources

    save(desk, incoming)
    incoming.rename(incoming.with_name("away"))
    answer(desk)
    for name in ("today", "sources"):
        assert f"The watched folder {incoming} cannot be used" in page(desk, name)
    assert [(ref, source) for ref, source, _ in _sources()] == [(desk.creditor.ref, "folder")]
    save(desk, "", was=str(incoming))
    assert "cannot be used" not in page(desk, "today")


def test_the_command_sets_shows_and_ends_it(
    desk: Desk, database: Home, incoming: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    data = ["--data", str(database.folder)]
    connections.close_all()
    assert main(["watch", str(incoming), *data]) == 0
    assert f"{incoming} is watched for" in capsys.readouterr().out
    assert main(["watch", "incoming", *data]) == 2
    assert "is not a full path" in capsys.readouterr().err
    assert main(["watch", str(database.folder), *data]) == 2
    assert "data folder" in capsys.readouterr().err
    assert main(["watch", str(incoming), "--off", *data]) == 2
    assert main(["watch", *data]) == 0
    assert main(["watch", "--off", *data]) == 0
    assert "No folder is watched" in capsys.readouterr().out


def test_a_place_that_is_held_is_left_to_who_holds_it(desk: Desk, incoming: Path) -> None:
    save(desk, incoming)
    with acting_for(desk.creditor):
        creditor = Creditor.objects.get(pk=desk.creditor.pk)
        assert sources.due(creditor, desk.now)
        Watch.objects.update(lease_until=desk.now + timedelta(minutes=1))
        assert not sources.due(creditor, desk.now)
        assert sources.look(creditor, desk.moment) == 0
        desk.later(minutes=2)
        assert sources.look(creditor, desk.moment) == 1


# --- the mailbox -----------------------------------------------------------------------------------------------------


def filled(running: Dovecot, **more: str) -> dict[str, str]:
    return {
        "server": running.host, "port": str(running.imap), "encryption": "none", "user": "files@turia.example",
        "password": running.password, "folder": "", "senders": "banco.example",
        "seen": seen(dict.fromkeys(FACTS, "")), **more,
    }  # fmt: skip


def test_a_mailbox_is_tried_and_kept_sealed_when_it_lets_us_in(desk: Desk, dovecot: Dovecot) -> None:
    assert desk.post("inbox", filled(dovecot), role="owner").status_code == 303
    with acting_for(desk.creditor):
        inbox = Inbox.objects.get()
        assert (inbox.folder, inbox.senders, inbox.by_itself) == ("INBOX", "banco.example", False)
        assert inbox.password_from.startswith("sealed:")
        assert dovecot.password not in inbox.password_from
        assert "inbox_password_from" in Entry.objects.filter(kind="settings.changed").latest("pk").body
    assert "INBOX of files@turia.example is read." in page(desk)
    assert dovecot.password not in page(desk, "inbox")
    answer(desk)
    assert "Looked at last on" in page(desk)
    assert desk.post("inbox_end", {}, role="owner").status_code == 303
    with acting_for(desk.creditor):
        assert not Inbox.objects.exists()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"password": "wrong"}, "did not accept the user and password"),
        ({"folder": "Nowhere"}, "has no folder “Nowhere”"),
        ({"folder": "Amable/done"}, "so it cannot be the one that is read"),
        ({"senders": "*"}, "“*” is neither an address nor a domain"),
        ({"server": "imap.example.com"}, "Without encryption"),
        ({"user": "a\r\nb"}, "cannot be typed on a line"),
        ({"seen": "server-x"}, "Somebody changed this"),
    ],
)
def test_a_mailbox_that_does_not_do_is_told_and_not_kept(
    desk: Desk, dovecot: Dovecot, more: dict[str, str], told: str
) -> None:
    answer = desk.post("inbox", filled(dovecot, **more), role="owner")
    assert answer.status_code in (409, 422)
    assert told in answer.content.decode()
    with acting_for(desk.creditor):
        assert not Inbox.objects.exists()


def test_a_statement_by_mail_is_looked_at_and_taken_in_at_the_desk(desk: Desk) -> None:
    given = SimpleUploadedFile("extracto.n43", BANK)
    with acting_for(desk.creditor):
        mail = Mail.objects.create(
            creditor=desk.creditor, box="x", validity=1, uid=1, sender="ana@banco.example", subject="<b>Extracto</b>",
            looked_at=desk.now,
        )  # fmt: skip
        facts = {"digest": sha256(BANK).hexdigest(), "size": len(BANK), "mail": mail, "waits": True, "now": desk.now}
        file = arriving.arrive(desk.creditor, "mailbox", "extracto.n43", given, **facts).file
        jobs.do_all(desk.creditor, desk.moment)
        read = files.latest(file, of=files.LOOK)
    shown = desk.get("file", file=file.pk).content.decode()
    assert "It came by mail from ana@banco.example: &lt;b&gt;Extracto" in shown
    assert "4 movements" in shown
    assert "nothing of it is matched or booked before somebody has looked at it" in shown
    with acting_for(desk.creditor):
        assert not BankLine.objects.filter(statement__file_digest=file.digest).exists()
    desk.post("file_take", {"seen": str(read.pk), "whole": "additions"}, file=file.pk)
    with acting_for(desk.creditor):
        jobs.do_all(desk.creditor, desk.moment)
        assert BankLine.objects.filter(statement__file_digest=file.digest).count() == 4
    assert "Taken in by Controller" in desk.get("file", file=file.pk).content.decode()


def test_a_copied_database_takes_nothing_that_the_other_may_be_waiting_for(desk: Desk, incoming: Path) -> None:
    save(desk, incoming)
    with acting_for(desk.creditor):
        creditor = Creditor.objects.get(pk=desk.creditor.pk)
        Sending.objects.update(stopped_at=desk.now, stopped_because="copied")
        assert not sources.due(creditor, desk.now)
        assert sources.look(creditor, desk.moment) == 0
        Sending.objects.update(stopped_at=None, stopped_because="")
        assert sources.look(creditor, desk.moment) == 1
