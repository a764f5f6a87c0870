"""What a process that stays at work says to machines has nothing of anybody: no secret, name, address or word."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path

import pytest

from amable import sample
from amable.server.logs import Lines
from tests.conftest import Home
from tests.doors.office import PASSWORD, office, up
from tests.servers.smtp import MailServer

MARKED = ("customer_name", "contact_name", "email", "phone", "address", "tax_id", "account_manager_email")


def marks() -> set[str]:
    """Everything in the ledger that is about a person or a customer, and the password."""
    ledger = sample.ledger_as_of(sample.ledger_full(), date(2026, 3, 17))
    return {row[name] for row in ledger for name in MARKED if len(row[name]) > 3} | {PASSWORD}


def found(text: str) -> list[str]:
    return sorted(mark for mark in marks() if mark.lower() in text.lower())


def test_a_whole_day_says_nothing_of_anybody_to_logs_metrics_and_status(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With mail servers that quote what they were told, refuse some, and a message nobody knows the fate of."""
    ours = office(tmp_path, home.folder, monkeypatch)
    with MailServer(users={"cobros": PASSWORD}) as server:
        ours.set_up(server)
        assert ours.give("plan", "--json") == 0
        assert ours.give("approve", "--all") == 0
        ledger = {row["email"] for row in sample.ledger_as_of(sample.ledger_full(), date(2026, 3, 17)) if row["email"]}
        for number, address in enumerate(sorted(ledger)):
            code = ("550 5.1.1", "451 4.7.1")[number % 2]
            if number % 3 == 0:
                server.refuse[address] = f"{code} <{address}>: Recipient address rejected ({PASSWORD})"
        ours.later(minutes=15)
        capsys.readouterr()
        with up(ours, "--listen", "127.0.0.1:0", "--log-level", "debug") as running:
            address = running.address()
            while "amable_due_messages" not in (metrics := running.ask(address, "/metrics")[1]) or not drained(metrics):
                pass
            ready = running.ask(address, "/readyz")
            assert running.stop() == 0
    assert ready[0] == 200
    ours.give("status", "--json")
    status = capsys.readouterr().out
    standing = json.loads(status)
    assert standing["rejected"][0]["code"] == "550"
    logged = [json.loads(line) for line in running.logged.splitlines()]
    assert {line["state"] for line in logged if line["event"] == "message settled"} >= {"accepted", "rejected"}
    assert all(line["creditor"] for line in logged if line["event"] == "message settled")
    for text in (running.logged, metrics, ready[1], status):
        assert found(text) == []
    assert found(running.printed) == []
    assert found(str(server.messages[0].recipients)) != []  # what is there is found


def drained(metrics: str) -> bool:
    values = [line for line in metrics.splitlines() if line.startswith("amable_due_messages{")]
    return all(line.endswith(" 0.0") for line in values)


def test_an_exception_is_told_by_its_kind_and_place() -> None:
    def read(name: str) -> None:
        raise KeyError(name)

    try:
        try:
            read("Panadería Núñez")
        except KeyError as error:
            raise ValueError("no customer Panadería Núñez") from error
    except ValueError as error:
        record = logging.LogRecord("amable.work", logging.ERROR, "", 1, "a duty failed", (), (type(error), error, None))
    line = json.loads(Lines().format(record))
    assert "Núñez" not in json.dumps(line, ensure_ascii=False)
    assert [one["kind"] for one in line["failure"]] == ["ValueError", "KeyError"]
    assert line["failure"][1]["at"][-1].endswith(" read")


def test_what_others_log_is_told_without_their_words() -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "Internal Server Error: %s", ("/x/Núñez",), None)
    line = json.loads(Lines().format(record))
    assert line["event"] == "django.request"
    assert line.keys() == {"moment", "level", "event"}
