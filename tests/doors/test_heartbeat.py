"""The heartbeat: an address of the operator's hears of each plan that ended, and of nothing else."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.conftest import Home
from tests.doors.office import office
from tests.servers.smtp import MailServer


@contextmanager
def listener(status: int = 200, to: str = "") -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], bytes]]]]:
    """A web server that remembers what it was asked."""
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    class Answer(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, dict(self.headers), body))
            self.send_response(status)
            if to:
                self.send_header("Location", to)
            self.end_headers()

        do_GET = do_POST = do_HEAD = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/ping/abc", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_each_plan_that_ended_is_told_once_without_any_data(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = office(tmp_path, home.folder, monkeypatch)
    with MailServer() as server, listener() as (address, asked):
        ours.set_up(server, heartbeat=address)
        assert asked == []
        assert ours.give("plan", "--json") == 0
        assert ours.give("plan", "--json") == 0  # it is made already
        ((method, path, headers, body),) = asked
        assert (method, path, body) == ("GET", "/ping/abc", b"")
        assert headers["User-Agent"] == "amable"
        assert headers.keys() <= {"User-Agent", "Host", "Connection", "Accept-Encoding"}
        ours.later(days=1)
        ours.give("plan", "--json")
        assert len(asked) == 2


def test_a_redirect_is_not_followed(caplog: pytest.LogCaptureFixture) -> None:
    from amable.work import heartbeat

    with listener() as (inner, asked_within), listener(302, inner) as (address, asked):
        heartbeat.call(address)
    assert len(asked) == 1
    assert asked_within == []
    assert [(record.message, record.status) for record in caplog.records] == [("the heartbeat was refused", 302)]


@pytest.mark.parametrize("address", ["", "file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_other_addresses_are_not_called(address: str, caplog: pytest.LogCaptureFixture) -> None:
    from amable.work import heartbeat

    caplog.set_level(logging.INFO)
    heartbeat.call(address)
    assert caplog.records == []


def test_an_address_that_does_not_answer_is_told_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    from amable.work import heartbeat

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    heartbeat.call(f"http://127.0.0.1:{port}/")
    heartbeat.call("http://[half/")
    assert [record.message for record in caplog.records] == ["the heartbeat could not be told"] * 2


def test_nobody_is_called_while_a_transaction_is_open(home: Home) -> None:
    from amable.server.database import open_database

    open_database(home.folder)
    from django.db import transaction

    from amable.work import heartbeat

    with listener() as (address, asked), transaction.atomic(), pytest.raises(RuntimeError, match="transaction"):
        heartbeat.call(address)
    assert asked == []
