"""What a customer finds in a real mailbox: reminders that arrive encrypted, and hang together as one thread."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from imap_tools import MailMessage

from amable.cli import main, speaking
from amable.plugs.transport import Encryption
from tests.conftest import Home
from tests.doors.test_sending_commands import COLUMNS, MADRID
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR, PDF

ADDRESS = "compras@miro.example"
COLUMNS_WITH_PDF = (*COLUMNS, "pdf")


@pytest.fixture
def post(dovecot: Dovecot, authority: Authority) -> Iterator[MailServer]:
    """The creditor's provider: encrypted, with a password, delivering to a mailbox."""
    users = {"cobros@turia.example": "tormenta"}
    with MailServer(
        encryption=Encryption.STARTTLS, context=authority.context(), users=users, relay=dovecot.take
    ) as server:
        yield server


def test_a_thread_of_reminders_and_thanks_in_a_real_mailbox(
    home: Home,
    post: MailServer,
    dovecot: Dovecot,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("SMTP_PASSWORD", "tormenta")
    moment = datetime(2026, 3, 17, 9, 0, tzinfo=MADRID)
    monkeypatch.setattr(speaking, "now", lambda: moment)

    def run(*words: str | Path) -> None:
        assert main([*map(str, words), "--data", str(home.folder)]) == 0

    def ledger(left: str) -> Path:
        row = ("C-1", "Talleres Miró, S.L.", ADDRESS, "", "B46999996", "ES", "F-1001", "2026-01-02", "2026-03-10",
               "EUR", "500.00", left, "F-1001.pdf")  # fmt: skip
        path = tmp_path / "ledger.csv"
        path.write_text("\n".join(";".join(cells) for cells in (COLUMNS_WITH_PDF, row)), "utf-8")
        return path

    def day(on: datetime, left: str = "500.00") -> None:
        nonlocal moment
        moment = on
        run("import", ledger(left))
        run("plan")
        main(["approve", "--all", "--data", str(home.folder)])
        run("send")

    (tmp_path / "F-1001.pdf").write_bytes(PDF)
    (tmp_path / "us.yaml").write_text(CREDITOR, "utf-8")
    (tmp_path / "box.yaml").write_text(
        f"server: localhost\nport: {post.port}\nencryption: starttls\nuser: cobros@turia.example\n"
        f"password: env:SMTP_PASSWORD\nauthority: {authority.pem}\nper_minute: 600\nper_minute_and_domain: 600\n",
        "utf-8",
    )
    run("configure", "--creditor", tmp_path / "us.yaml", "--mailbox", tmp_path / "box.yaml", "--undo-minutes", "0")
    day(moment)
    day(datetime(2026, 3, 23, 9, 0, tzinfo=MADRID))
    day(datetime(2026, 3, 25, 9, 0, tzinfo=MADRID), left="0.00")

    with dovecot.mailbox(ADDRESS) as mailbox:
        found = sorted(mailbox.fetch(), key=lambda mail: mail.date)
    first, second = found[:2]
    assert first.from_ == second.from_ == "cobros@turia.example"
    assert "F-1001" in first.subject
    assert "URGENT" in second.subject
    assert [one.filename for one in first.attachments if one.content_disposition == "attachment"] == ["F-1001.pdf"]
    assert next(one for one in first.attachments if one.filename == "F-1001.pdf").payload == PDF
    assert "500,00" in first.text.replace("\xa0", " ")
    assert "F-1001" in first.html
    assert threaded(second) == [identifier(first)]
    assert second.date - first.date == timedelta(days=6)
    for mail in found:
        assert mail.headers["auto-submitted"] == ("auto-generated",)
        assert "x-unsent" not in mail.headers


def identifier(mail: MailMessage) -> str:
    return mail.headers["message-id"][0]


def threaded(mail: MailMessage) -> list[str]:
    """What a mail program groups a message by."""
    assert mail.headers["in-reply-to"][0] == mail.headers["references"][0].split()[-1]
    return mail.headers["references"][0].split()
