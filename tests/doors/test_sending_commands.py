"""A creditor's week by command: configured, imported, planned, approved, sent, stopped, resumed."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amable.cli import main, speaking
from tests.conftest import Home
from tests.pages import pdf_text
from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR

MADRID = ZoneInfo("Europe/Madrid")
COLUMNS = ("customer_id", "customer_name", "email", "address", "tax_id", "country", "invoice_number", "issue_date",
           "due_date", "currency", "total", "open_amount")  # fmt: skip
ANA = ("C-1", "Talleres Miró, S.L.", "ana@miro.example", "", "B46999996", "ES", "F-1001", "2026-01-02", "2026-03-10",
       "EUR", "500.00", "500.00")  # fmt: skip
EVA = ("C-2", "Hornos Eva, S.L.", "eva@hornos.example", "", "B46999988", "ES", "F-1002", "2026-01-02", "2026-03-10",
       "EUR", "80.00", "80.00")  # fmt: skip
POST = ("C-3", "Correos Luz, S.L.", "", "Calle de la Paz 3, 46003 Valencia", "B46999970", "ES", "F-1003",
        "2026-01-02", "2026-03-10", "EUR", "90.00", "90.00")  # fmt: skip


class Desk:
    """Somebody at a terminal, on a day of our choice."""

    def __init__(self, home: Home, server: MailServer, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.server, self.place, self.capsys = home, server, place, capsys
        self.data = home.folder
        self.now = datetime(2026, 3, 17, 9, 0, tzinfo=MADRID)

    def run(self, *words: str | Path, code: int = 0) -> str:
        """Give a command and read what it says; its exit code is checked."""
        found = main([str(word) for word in words] + ["--data", str(self.data)])
        said = self.capsys.readouterr()
        assert found == code, said.err + said.out
        return said.out + said.err

    def ledger(self, *rows: tuple[str, ...], name: str = "ledger.csv") -> Path:
        path = self.place / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        return path

    def file(self, name: str, text: str) -> Path:
        path = self.place / name
        path.write_text(text, "utf-8")
        return path

    def configure(self, *words: str) -> str:
        mailbox = f"server: {self.server.host}\nport: {self.server.port}\nencryption: none\nper_minute: 6000\n"
        mailbox += "per_minute_and_domain: 6000\n"
        creditor, box = self.file("us.yaml", CREDITOR), self.file("mailbox.yaml", mailbox)
        return self.run("configure", "--creditor", creditor, "--mailbox", box, *words)

    def plan(self) -> dict[str, dict[str, Any]]:
        """What is to leave today to customers, by their number."""
        rows = json.loads(self.run("plan", "--json"))
        return {row["customer_id"]: row for row in rows if row["customer_id"] and row["act"] != "check"}

    def subjects(self) -> list[str]:
        """The mails that arrived with customers."""
        ours = {"cobros@turia.example"}
        return [
            message_from_bytes(one.data, policy=default)["Subject"]
            for one in self.server.messages
            if not set(one.recipients) <= ours
        ]


@pytest.fixture
def desk(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("AMABLE_INSTANCE", raising=False)
    with MailServer() as server:
        found = Desk(home, server, tmp_path, capsys)
        monkeypatch.setattr(speaking, "now", lambda: found.now)
        yield found


def test_from_nothing_to_a_mail_in_a_mailbox(desk: Desk) -> None:
    assert "is set up" in desk.configure("--undo-minutes", "0")
    assert "3 rows can be used" in desk.run("import", desk.ledger(ANA, EVA, POST))
    planned = desk.plan()
    assert {key: row["channel"] for key, row in planned.items()} == {"C-1": "email", "C-2": "email", "C-3": "letter"}
    assert {row["state"] for row in planned.values()} == {"proposed"}
    assert "Nothing leaves before somebody has looked" in desk.run("send")
    assert desk.server.messages == []
    assert "3 messages approved" in desk.run("approve", "--all")
    desk.run("send")
    assert len(desk.subjects()) == 2
    (letter,) = (desk.data / "letters").glob("2026-03-17-*.pdf")
    assert "F-1003" in pdf_text(letter.read_bytes())
    assert (desk.data / "letters" / "register.csv").exists()
    status = json.loads(desk.run("status", "--json"))
    assert status["unknown"] == status["rejected"] == status["brakes"] == []
    desk.run("send")
    assert len(desk.subjects()) == 2


def test_one_message_or_one_customer_is_approved_and_taken_back(desk: Desk) -> None:
    desk.configure()
    desk.run("import", desk.ledger(ANA, EVA))
    key = desk.plan()["C-1"]["message"]
    assert "1 message approved" in desk.run("approve", key)
    assert "amable approve --undo" in desk.run("approve", "--customer", "C-2")
    assert "The approval of 1 message" in desk.run("approve", key, "--undo")
    desk.now += timedelta(minutes=11)
    desk.run("send")
    assert len(desk.subjects()) == 1
    assert desk.plan()["C-1"]["state"] == "proposed"
    assert "no message nonsense" in desk.run("approve", "nonsense", code=2)
    assert "say what to approve" in desk.run("approve", code=2)
    assert desk.run("approve", "--customer", "C-9", code=1)


def test_a_message_is_read_before_it_leaves_as_it_will(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA, POST))
    planned = desk.plan()
    shown = desk.run("plan", "--show", planned["C-1"]["message"])
    assert "Subject: " in shown
    assert "500,00" in shown.replace("\xa0", " ")
    assert "to print" in desk.run("plan", "--show", planned["C-3"]["message"])
    assert "no message" in desk.run("plan", "--show", "x", code=2)
    desk.run("approve", "--all")
    desk.run("send")
    assert desk.run("plan", "--show", planned["C-1"]["message"]) == shown


def test_send_now_does_not_wait_for_second_thoughts(desk: Desk) -> None:
    desk.configure("--undo-minutes", "60")
    desk.run("import", desk.ledger(ANA))
    desk.plan()
    desk.run("approve", "--all")
    desk.run("send")
    assert desk.subjects() == []
    desk.run("send", "--now")
    assert len(desk.subjects()) == 1


def test_a_customer_is_held_and_let_go(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    assert "C-1" in desk.plan()
    held = desk.run("hold", "C-1", "--until", "2026-03-25", "--because", "pays on Friday")
    assert "not written to before 25 March 2026" in held
    assert desk.plan() == {}
    assert "1 hold" in desk.run("hold", "C-1", "--release")
    assert "C-1" in desk.plan()
    assert "until when and why" in desk.run("hold", "C-1", code=2)
    assert "not ahead" in desk.run("hold", "C-1", "--until", "2026-03-17", "--because", "x", code=2)
    assert "No customer" in desk.run("hold", "C-9", "--until", "2026-03-25", "--because", "x", code=2)


def test_the_switch(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    desk.plan()
    desk.run("approve", "--all")
    assert "Sending is stopped" in desk.run("stop-sending", "--because", "wrong prices")
    assert "wrong prices" in desk.run("send")
    assert desk.subjects() == []
    assert "stopped.person" in json.loads(desk.run("status", "--json", code=1))["brakes"]
    desk.run("resume-sending")
    desk.run("send")
    assert len(desk.subjects()) == 1


def test_a_copy_of_the_folder_sends_nothing_until_somebody_says_so(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    desk.plan()
    desk.run("approve", "--all")
    copy = desk.place / "copy"
    shutil.copytree(desk.data, copy)
    desk.data = copy
    if os.environ.get("DATABASE_URL"):  # the folder holds nothing: what sends is where it was
        desk.run("send")
        assert len(desk.subjects()) == 1
        return
    assert "copied or moved" in desk.run("send")
    assert desk.subjects() == []
    assert "confirm" in desk.run("resume-sending", code=2)
    desk.run("resume-sending", "--confirm")
    desk.run("send")
    assert len(desk.subjects()) == 1


def test_a_clock_that_jumped_stops_sending(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    desk.plan()
    desk.run("approve", "--all")
    desk.now -= timedelta(days=1)
    assert "clock" in desk.run("send")
    desk.now += timedelta(days=1)
    assert "clock" in desk.run("send")
    assert desk.subjects() == []
    desk.run("resume-sending", "--confirm")
    desk.run("send")
    assert len(desk.subjects()) == 1


def test_an_unknown_fate_is_listed_and_resolved(desk: Desk) -> None:
    from tests.servers.scripted import Scripted, reset

    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    key = desk.plan()["C-1"]["message"]
    desk.run("approve", "--all")
    with Scripted({".": reset}) as scripted:  # hears the final dot, and hangs up
        box = desk.file("m.yaml", f"server: localhost\nport: {scripted.port}\nencryption: none\n")
        desk.run("configure", "--mailbox", box)
        desk.run("send")
    listed = json.loads(desk.run("status", "--json", code=1))["unknown"]
    assert key in [one["message"] for one in listed]
    assert "unknown fate" in desk.run("status", code=1)
    assert "once more" in desk.run("resolve", key, "--send-again")
    assert "not unknown" in desk.run("resolve", key, "--arrived", code=2)
    desk.configure()
    desk.now += timedelta(seconds=10)  # at the rate of the other mailbox
    desk.run("send")
    assert len(desk.subjects()) == 1


def test_a_folder_of_drafts_is_taken_over(desk: Desk) -> None:
    ledger = desk.ledger(ANA)
    creditor = desk.file("us.yaml", CREDITOR)
    desk.place.joinpath("x").mkdir()
    words = ["run", "--ledger", str(ledger), "--creditor", str(creditor), "--outbox", str(desk.data)]
    assert main([*words, "--as-of", "2026-03-16"]) == 0
    (draft,) = (desk.data / "mail").glob("*.eml")
    desk.configure("--undo-minutes", "0")
    desk.run("import", ledger)
    assert desk.plan() == {}  # it counts as said, whoever sent it
    assert draft.exists()
    assert main([*words, "--as-of", "2026-03-18"]) == 2
    assert "leave by themselves" in desk.capsys.readouterr().err


def test_a_later_day_is_seen_without_changing_anything(desk: Desk) -> None:
    desk.configure()
    desk.run("import", desk.ledger((*ANA[:8], "2026-03-24", *ANA[9:])))
    before = desk.plan()
    assert "early_late" in desk.run("plan", "--as-of", "2026-03-31", "--json")
    assert "friendly reminder after the due date" in desk.run("plan", "--as-of", "2026-03-31")
    assert desk.plan() == before
    assert "is over" in desk.run("plan", "--as-of", "2026-03-01", code=2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["plan"], "Nothing is set up"),
        (["configure"], "not known who is owed"),
        (["configure", "--plan-at", "late"], "no time of day"),
        (["configure", "--test-to", "nobody"], "not an address"),
        (["configure", "--heartbeat", "ftp://x"], "no web address"),
        (["configure", "--daily-cap", "-1"], "less than nothing"),
        (["import"], "nothing to import"),
    ],
)
def test_refusals_say_what_to_do(desk: Desk, words: list[str], said: str) -> None:
    assert said in desk.run(*words, code=2)


def test_a_mailbox_file_is_refused_with_its_lines(desk: Desk) -> None:
    box = desk.file("m.yaml", "server: smtp.turia.example\nencryption: none\npassword: hunter2\n")
    said = desk.run("configure", "--creditor", desk.file("us.yaml", CREDITOR), "--mailbox", box, code=2)
    assert "line 2" in said
    assert "line 3" in said
    assert "hunter2" not in said


def test_a_password_that_is_not_where_it_should_be_loses_nothing(desk: Desk) -> None:
    desk.configure("--undo-minutes", "0")
    desk.run("import", desk.ledger(ANA))
    desk.plan()
    desk.run("approve", "--all")
    text = f"server: localhost\nport: {desk.server.port}\nuser: u\npassword: env:NOT_THERE\n"
    desk.run("configure", "--mailbox", desk.file("m.yaml", text))
    assert "could not be" in desk.run("send", code=1)
    desk.configure()
    desk.now += timedelta(seconds=10)  # at the rate of the other mailbox
    desk.run("send")
    assert len(desk.subjects()) == 1


def test_bank_statements_alone_are_taken_in(desk: Desk) -> None:
    from amable import sample

    desk.configure()
    unpacked = sample.unpack(desk.place / "sample", sample.TODAY)
    assert "movements of the bank" in desk.run("import", "--bank", *unpacked.statements[:3])
    assert json.loads(desk.run("status", "--json", code=1))["bank_until"] == "2026-02-03"
