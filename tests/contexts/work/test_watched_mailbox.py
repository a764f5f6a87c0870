"""The watched mailbox, in a real Dovecot: each message looked at once, none marked or lost, money waiting."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest
from imap_tools import MailBoxUnencrypted

from amable.adapters.mailboxes.imap import ImapReading
from amable.banking.models import BankLine
from amable.organisation import sealed
from amable.organisation.models import Creditor
from amable.plugs.mailboxes import MailboxError
from amable.server import keys
from amable.work import files, jobs, sources, watched_mailbox
from amable.work.models import Arrival, File, Inbox, Mail, Watch
from tests.conftest import Home
from tests.contexts.office import NOON
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import Received

BANK = (Path(__file__).resolve().parents[2] / "samples" / "bank" / "norma43" / "sepa.n43").read_bytes()


class Box:
    """A creditor's mailbox, looked at by a clock of ours."""

    def __init__(self, creditor: Creditor, server: Dovecot) -> None:
        self.creditor, self.server, self.now = creditor, server, NOON
        self.user = f"{uuid4().hex[:8]}@turia.example"
        self.inbox = Inbox.objects.create(
            creditor=creditor, server=server.host, port=server.imap, encryption="none", user=self.user,
            password_from=f"sealed:{sealed.seal(server.password)}", senders="banco.example\nana@asesoria.example",
            since=NOON.date() - timedelta(days=1000),
        )  # fmt: skip

    def clock(self) -> datetime:
        return self.now

    def arrive(
        self, *attached: tuple[str, bytes], sender: str = "extractos@banco.example", subject: str = "Extracto"
    ) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"Banco <{sender}>", self.user, subject
        mail["Message-ID"] = f"<{uuid4()}@banco.example>"
        mail.set_content("Adjuntamos su extracto.\n")
        for name, data in attached:
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        self.put(mail.as_bytes())

    def put(self, data: bytes) -> None:
        self.server.take(Received("bounce@banco.example", (self.user,), data, (), 1, 0.0))

    def look(self) -> None:
        self.now += timedelta(minutes=1)
        sources.look(self.creditor, self.clock)
        jobs.do_all(self.creditor, self.clock)
        assert not list(sources.faults(self.creditor))

    def lies(self) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
        """The subjects and marks of the messages in each folder that has any."""
        with self.server.mailbox(self.user) as box:
            found = {}
            for folder in sorted(one.name for one in box.folder.list() if "\\Noselect" not in one.flags):
                box.folder.set(folder, readonly=True)
                here = [
                    (one.subject, tuple(flag for flag in one.flags if flag != "\\Recent"))
                    for one in box.fetch(mark_seen=False)
                ]
                found |= {folder: here} if here else {}
            return found


@pytest.fixture
def box(database: Home, acting: Creditor, dovecot: Dovecot) -> Box:
    keys.use_key_of(database.folder)
    return Box(acting, dovecot)


def test_a_statement_by_mail_waits_for_a_person_and_is_then_put_aside(box: Box) -> None:
    box.arrive(("extracto.n43", BANK), ("logo.png", b"\x89PNG\r\n\x1a\n\x00\x00"))
    for _ in range(3):
        box.look()
    file = File.objects.get()
    assert (file.name, file.kind, file.given_by, file.waits) == ("extracto.n43", "bank", "mailbox", True)
    assert file.rows == 4
    assert not BankLine.objects.exists()
    assert Arrival.objects.get().outcome == "waiting"
    assert box.lies() == {"INBOX": [("Extracto", ())]}
    files.take_in(file, whole=False, by="lucia", now=box.now)
    for _ in range(3):
        box.look()
    assert BankLine.objects.exists()
    assert box.lies() == {"Amable.done": [("Extracto", ())]}
    mail = Mail.objects.get()
    assert (mail.sender, mail.outcome, mail.moved_to) == ("extractos@banco.example", "done", "Amable.done")


def test_where_the_creditor_says_so_it_is_taken_in_by_itself(box: Box) -> None:
    Inbox.objects.update(by_itself=True)
    box.arrive(("extracto.n43", BANK))
    for _ in range(3):
        box.look()
    assert BankLine.objects.exists()
    assert box.lies() == {"Amable.done": [("Extracto", ())]}
    box.arrive(("copia.n43", BANK))
    lines = BankLine.objects.count()
    for _ in range(3):
        box.look()
    assert BankLine.objects.count() == lines
    assert Arrival.objects.latest("pk").why[0] == "twice"


def test_mail_of_others_and_mail_without_files_is_left_alone(box: Box) -> None:
    box.arrive(("extracto.n43", BANK), sender="evil@elsewhere.example", subject="Of a stranger")
    box.arrive(("extracto.n43", BANK), sender="evil@not-banco.example", subject="Of a name alike")
    box.arrive(("extracto.n43", BANK), sender="otro@asesoria.example", subject="Of a colleague not listed")
    box.arrive(subject="Nothing attached")
    for _ in range(2):
        box.look()
    assert not File.objects.exists()
    assert [len(found) for found in box.lies().values()] == [4]


def test_what_cannot_be_used_is_put_aside_as_failed(box: Box) -> None:
    box.arrive(("ledger.csv", b"nothing of use\n"))
    for _ in range(3):
        box.look()
    assert box.lies() == {"Amable.failed": [("Extracto", ())]}


def test_a_message_is_looked_at_once_also_when_the_server_counts_anew(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.arrive(("extracto.n43", BANK))
    box.look()
    Mail.objects.update(validity=1)  # as if it had been looked at under the numbers before
    for _ in range(2):
        box.look()
    assert (File.objects.count(), Arrival.objects.count(), Mail.objects.count()) == (1, 1, 2)


def test_a_server_that_cannot_move_keeps_every_message_where_it_is(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    Inbox.objects.update(by_itself=True)
    box.arrive(("extracto.n43", BANK))
    monkeypatch.setattr(ImapReading, "_offered", lambda self: "IMAP4REV1")
    for _ in range(4):
        box.look()
    assert box.lies() == {"INBOX": [("Extracto", ())]}
    assert (Mail.objects.get().outcome, Mail.objects.get().moved_to) == ("done", "")
    assert File.objects.count() == 1


def test_a_message_made_to_break_its_reader_is_told_and_does_not_hold_up_the_next(box: Box) -> None:
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000))
    box.put(b"From: extractos@banco.example\r\nSubject: =?x-nobody?Q?=0A?=\r\nMIME-Version: 1.0\r\n" + deep)
    box.arrive(("extracto.n43", BANK))
    for _ in range(3):
        box.look()
    assert File.objects.get().name == "extracto.n43"
    broken = Mail.objects.earliest("pk")
    assert (broken.outcome, broken.why) == ("failed", ("unreadable", {}))


def test_a_folder_of_its_own_is_read_from_its_beginning(box: Box) -> None:
    with box.server.mailbox(box.user) as mailbox:
        mailbox.folder.create("Extractos.Año")
        mailbox.append(_bytes(), "Extractos.Año", dt=datetime(2019, 1, 1, tzinfo=NOON.tzinfo))
    Inbox.objects.update(folder="Extractos.Año")
    box.look()
    assert File.objects.get().name == "extracto.n43"


def _bytes() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ana@asesoria.example", "Del archivo"
    mail.set_content("x")
    mail.add_attachment(BANK, maintype="application", subtype="octet-stream", filename="extracto.n43")
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"folder": "Nowhere"}, "mail_folder"),
        ({"password_from": "sealed:x"}, "mail_secret"),
        ({"encryption": "tls"}, "mail_encryption_failed"),
        ({"port": 1}, "mail_no_connection"),
        ({"server": "no-such-server.invalid"}, "mail_no_such_server"),
    ],
)
def test_what_keeps_it_from_being_read_is_told_and_tried_again(box: Box, facts: dict[str, object], rule: str) -> None:
    Inbox.objects.update(**facts)
    sources.look(box.creditor, box.clock)
    (fault,) = sources.faults(box.creditor)
    assert fault.rule == rule
    assert box.server.password not in repr(fault)
    assert Watch.objects.get().next_at == box.now + timedelta(minutes=1)


def test_a_wrong_password_is_told_without_showing_it(box: Box) -> None:
    Inbox.objects.update(password_from=f"sealed:{sealed.seal('wrong password')}")
    sources.look(box.creditor, box.clock)
    (fault,) = sources.faults(box.creditor)
    assert fault.rule == "mail_login"
    assert "wrong password" not in repr(fault)


def test_a_connection_that_breaks_in_the_middle_loses_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    box.arrive(("extracto.n43", BANK))

    def broken(self: ImapReading, number: int) -> bytes:
        raise MailboxError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(ImapReading, "message", broken)
        sources.look(box.creditor, box.clock)
    assert [one.rule for one in sources.faults(box.creditor)] == ["mail_lost"]
    assert not Mail.objects.exists()
    box.look()
    assert File.objects.count() == 1


def test_the_mailbox_of_the_tests_is_a_plain_one(box: Box) -> None:
    """What is told of marks and folders is only worth something if others see it too."""
    box.arrive(subject="Seen by others")
    with MailBoxUnencrypted(box.server.host, box.server.imap).login(box.user, box.server.password) as mailbox:
        mailbox.flag(mailbox.uids(), "\\Seen", True)
    assert box.lies() == {"INBOX": [("Seen by others", ("\\Seen",))]}


def test_mail_of_a_sender_listed_later_is_looked_at_then(box: Box) -> None:
    box.arrive(("extracto.n43", BANK), sender="extractos@otro-banco.example")
    box.look()
    assert not File.objects.exists()
    Inbox.objects.update(senders="otro-banco.example")
    watched_mailbox.look_anew(box.creditor)
    box.look()
    assert File.objects.count() == 1
