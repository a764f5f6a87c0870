"""`amable up`: serve the desk, plan every night and send in the day, in this one process, until it is told to stop."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amable.cli import speaking
from amable.cli.sending import folder_of, look_around, show_brakes
from amable.cli.signing_in import first_link
from amable.cli.speaking import RefusedError, language
from amable.cli.workplace import working_in
from amable.core.languages import say
from amable.server import instance, keys

if TYPE_CHECKING:
    from amable.organisation.models import Creditor
    from amable.work.house import House

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
    listen = listen_at(arguments.listen)
    with told_to_stop() as until_told, working_in(folder, beside_others=True), only_one(folder), ExitStack() as stack:
        from amable.cli.folder import write_letters  # noqa: PLC0415 - once the database is chosen
        from amable.organisation import second_factors  # noqa: PLC0415
        from amable.work.embedded import Embedded  # noqa: PLC0415
        from amable.work.house import House  # noqa: PLC0415

        keys.use_key_of(folder)
        second_factors.seal_earlier()
        here = instance.instance(folder)
        for creditor in senders():
            look_around(creditor, folder)
        work = Embedded(
            speaking.now,
            remember=lambda creditor, length: instance.remember(here, creditor.ref, length),
            handed_over=lambda creditor, day: write_letters(folder, creditor, day),
        )
        house = House(speaking.now, work.silent, here, lambda ref: instance.forget(here, ref))
        address = serve(stack, house, listen, chosen=arguments.listen is not None) if listen else ""
        work.start()
        try:
            _greet(folder, address)
            until_told()
        finally:
            work.stop()
        print(say("sending.down", language()), flush=True)
    return 0


def _greet(folder: Path, address: str) -> None:
    """Say for whom it works, where the desk is, and what keeps messages from leaving."""
    working = False
    for creditor in senders():
        working = True
        print(say("sending.up", language(), creditor=creditor.name, folder=folder), flush=True)
    if not working:
        print(say("sending.up_empty", language(), folder=folder), flush=True)
    if address:
        print(say("sending.listening", language(), address=address), flush=True)
        if link := first_link(address):
            print(say("sending.first_link", language(), link=link), flush=True)
    for creditor in senders():
        show_brakes(creditor)


@contextmanager
def told_to_stop() -> Iterator[Callable[[], object]]:
    """What waits until SIGTERM or SIGINT came, however long ago.

    The system may hand a signal to any thread, which does not wake this one from waiting for a lock: of the SIGTERMs
    right after a SIGCONT every seventh stayed unnoticed. What is written for a signal wakes whoever reads it.
    """
    mine, theirs = socket.socketpair()
    theirs.setblocking(False)
    earlier = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    handlers = {name: signal.signal(name, lambda *_: None) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: mine.recv(1)
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
        signal.set_wakeup_fd(earlier)
        mine.close()
        theirs.close()


def senders() -> Iterator[Creditor]:
    """Every creditor whose messages leave by themselves, acted for."""
    from amable.organisation.models import Creditor, Sending  # noqa: PLC0415 - once the database is chosen
    from amable.organisation.tenancy import acting_for  # noqa: PLC0415

    for creditor in Creditor.objects.order_by("pk"):
        with acting_for(creditor):
            if Sending.objects.filter(creditor=creditor).exists():
                yield creditor


def listen_at(listen: str | None) -> tuple[str, int] | None:
    """Where to listen: `HOST:PORT`, None for `off`."""
    if listen is None:
        return _LISTEN
    if listen == "off":
        return None
    host, _, port = listen.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535:
        raise RefusedError("listen", value=listen)
    return host.removeprefix("[").removesuffix("]"), int(port)


def serve(stack: ExitStack, house: House, address: tuple[str, int], *, chosen: bool) -> str:
    """Show the desk, and say how the process is. Where others have the usual address, go on all the same."""
    from amable.server.wsgi import listening  # noqa: PLC0415

    try:
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
