"""`amable up`: plan every night and send in the day, in this one process, until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amable.cli import instance, speaking
from amable.cli.sending import at_work, folder_of, look_around, show_brakes
from amable.cli.speaking import RefusedError, language
from amable.core.languages import say

if TYPE_CHECKING:
    from amable.work.embedded import Embedded

_log = logging.getLogger(__name__)
_LISTEN: Final = ("127.0.0.1", 8765)


def command(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or SIGINT; the message in hand is finished first."""
    from amable.server.logs import told  # noqa: PLC0415 - so that --help stays quick

    with told(arguments.log_level):
        try:
            return _work(arguments)
        except RefusedError:
            raise
        except Exception as error:
            if os.environ.get("AMABLE_DEBUG"):
                raise
            _log.exception("the process ended")
            raise RefusedError("unexpected", error=type(error).__name__) from error


def _work(arguments: argparse.Namespace) -> int:
    folder = folder_of(arguments)
    listen = _address(arguments.listen)
    told = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: told.set())
    with at_work(arguments, opened=False) as creditor, only_one(folder), ExitStack() as stack:
        from amable.cli.folder import write_letters  # noqa: PLC0415 - once the database is chosen
        from amable.work.embedded import Embedded  # noqa: PLC0415

        here = look_around(creditor, folder)
        work = Embedded(
            speaking.now,
            remember=lambda creditor, length: instance.remember(here, creditor.ref, length),
            handed_over=lambda creditor, day: write_letters(folder, creditor, day),
        )
        chosen = arguments.listen is not None
        answering = _listen(stack, work, listen, here, chosen=chosen) if listen else ""
        work.start()
        try:
            print(say("sending.up", language(), creditor=creditor.name, folder=folder), flush=True)
            if answering:
                print(say("sending.listening", language(), address=answering), flush=True)
            show_brakes(creditor)
            told.wait()
        finally:
            work.stop()
        print(say("sending.down", language()), flush=True)
    return 0


def _address(listen: str | None) -> tuple[str, int] | None:
    """Where to listen: `HOST:PORT`, None for `off`."""
    if listen is None:
        return _LISTEN
    if listen == "off":
        return None
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
        raise RefusedError("listen", value=listen)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _listen(stack: ExitStack, work: Embedded, address: tuple[str, int], here: str, *, chosen: bool) -> str:
    """Answer who asks how the process is; where others have the usual address, messages leave all the same."""
    from amable.server.wsgi import listening  # noqa: PLC0415
    from amable.work.house import House  # noqa: PLC0415

    try:
        house = House(speaking.now, work.silent, here, lambda ref: instance.forget(here, ref))
        return stack.enter_context(listening(house, *address))
    except OSError as error:
        taken = f"{address[0]}:{address[1]}"
        # Python adds the address to what the system says of it.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or type(error).__name__
        if chosen:
            raise RefusedError("listen_taken", address=taken, why=why) from error
        print(say("sending.not_listening", language(), address=taken, why=why), flush=True)
        return ""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Refuse to work on a folder on which another process is at work already."""
    handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RefusedError("up_already", folder=folder) from error
    finally:
        os.close(handle)
