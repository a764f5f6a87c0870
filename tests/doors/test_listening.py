"""Where `amable up` listens: an address that cannot be had is refused where it was asked for, else told.

And what it listens for: to be told to stop, whichever thread the system tells.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from amable.cli import up
from amable.server.database import open_database
from tests.conftest import Home
from tests.doors.office import Office, office
from tests.stories.world import CREDITOR


@pytest.fixture
def ours(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Set up, without a mailbox."""
    there = office(tmp_path, home.folder, monkeypatch)
    (there.files / "us.yaml").write_text(CREDITOR)
    assert there.give("configure", "--creditor", there.files / "us.yaml") == 0
    return there


@pytest.fixture
def taken() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


@pytest.mark.parametrize("listen", ["nonsense", "127.0.0.1", ":8765", "127.0.0.1:99999", "127.0.0.1:http"])
def test_what_is_no_address_is_refused(listen: str, ours: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert ours.give("up", "--listen", listen) == 2
    assert "is no address to listen at" in capsys.readouterr().err


def test_an_address_of_somebody_elses_is_refused_when_it_was_asked_for(
    ours: Office, taken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ours.give("up", "--listen", taken) == 2
    assert f"{taken} cannot be listened at (Address already in use)" in capsys.readouterr().err


def test_the_usual_address_of_somebody_elses_keeps_no_message(
    ours: Office, taken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_database(ours.data)
    from amable.work.embedded import Embedded
    from amable.work.house import House

    work = Embedded(lambda: ours.now, remember=lambda *_: None, handed_over=lambda *_: None)
    address = up.listen_at(taken)
    assert address is not None
    with ExitStack() as stack:
        assert up.serve(stack, House(lambda: ours.now, work.silent), address, chosen=False) == ""
    assert "Messages leave all the same" in capsys.readouterr().out


def test_off_and_ipv6_are_understood() -> None:
    assert up.listen_at("off") is None
    assert up.listen_at("[::1]:8765") == ("::1", 8765)
    assert up.listen_at(None) == ("127.0.0.1", 8765)


def test_told_to_stop_is_heard_when_another_thread_was_told() -> None:
    before = [signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)]
    heard, in_vain = threading.Event(), threading.Event()

    def tell() -> None:
        time.sleep(0.2)  # the main thread waits by then, and takes no SIGTERM
        os.kill(os.getpid(), signal.SIGTERM)
        if not heard.wait(10):
            in_vain.set()
            os.kill(os.getpid(), signal.SIGINT)

    other = threading.Thread(target=tell)
    with up.told_to_stop() as until_told:
        other.start()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            until_told()
        finally:
            heard.set()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    other.join()
    assert not in_vain.is_set()
    assert [signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)] == before
