"""The desk in a server of its own: granian on PostgreSQL, by the key and the database of its environment."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from tests.conftest import Home

pytestmark = pytest.mark.postgres
KEY = "a key that several machines share"


@pytest.fixture
def served(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port at which it answers."""
    monkeypatch.setenv("AMABLE_SECRET_KEY", KEY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--blocking-threads", "4", "amable.server.wsgi:application"]
    process = subprocess.Popen(command, env=os.environ | {"LC_ALL": "C.UTF-8"})
    try:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, "granian has ended"
            assert time.monotonic() < until, "granian does not answer"
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int, path: str) -> tuple[int, str]:
    http = HTTPConnection(f"127.0.0.1:{port}", timeout=60)
    http.request("GET", path)
    answer = http.getresponse()
    body = answer.read().decode()
    http.close()
    return answer.status, body


def test_granian_serves_the_desk(served: int, home: Home) -> None:
    assert ask(served, "/readyz") == (200, '{"ready": true, "reasons": []}')
    status, page = ask(served, "/account/login/")
    assert status == 200
    style = re.search(r'href="(/static/desk/desk\.css\?\w+)"', page)
    assert style is not None
    assert ask(served, style[1])[0] == 200
    command = [sys.executable, "-m", "amable", "sign-in-link", "--data", str(home.folder)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    link = re.search(r"/start/\S+", printed)
    assert link is not None
    assert ask(served, link[0])[0] == 200  # signed by another process, with the same key
    assert ask(served, link[0][:-3])[0] == 410
