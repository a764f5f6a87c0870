"""The web application: in a process at work, with the threads that serve it there, or in a server of its own.

`application` is for servers such as granian, beside `amable worker`: the environment says which database, by which
key, and where people reach it.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.wsgi import Server
from django.core.handlers.wsgi import WSGIHandler

from amable.server import instance
from amable.server.database import open_database
from amable.work.house import HOUSE, House
from amable.work.reading import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_THREADS: Final = 4
_PATIENCE: Final = 10  # seconds a client may take
_LARGEST_BODY: Final = LARGEST_FILE + 2**20


def answering(house: House) -> Callable[..., Iterable[bytes]]:
    """Django's application, told of the process it runs in."""
    django = WSGIHandler()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return django({**environ, HOUSE: house}, start_response)

    return answer


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer in a server that does nothing else; the first request opens the database."""
    with _opening:
        answer = _on_its_own()
    return answer(environ, start_response)


_opening: Final = Lock()


@cache
def _on_its_own() -> Callable[..., Iterable[bytes]]:
    if missing := [name for name in ("DATABASE_URL", "AMABLE_SECRET_KEY") if not os.environ.get(name)]:
        raise RuntimeError(f"please set {' and '.join(missing)}: several processes share one database and one key")
    open_database(Path())
    from amable.organisation import second_factors  # noqa: PLC0415 - once the database is chosen

    second_factors.seal_earlier()
    return answering(House(_now, list, instance.instance(Path())))


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the door reads the clock


@contextmanager
def listening(house: House, host: str, port: int) -> Iterator[str]:
    """Answer requests until the work within is done; yields the address. Raises OSError where it cannot listen.

    At the end whoever has asked gets an answer. Who has only connected, or not finished asking, is not waited for.
    """
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server = _Server((host, port), answering(house), numthreads=_THREADS, server_name="amable")
    server.listener = listener
    server.request_queue_size = socket.SOMAXCONN  # cheroot's five let the sixth who comes at once wait for a second
    server.timeout = _PATIENCE
    server.shutdown_timeout = _PATIENCE
    server.max_request_header_size = 65536
    server.max_request_body_size = _LARGEST_BODY  # each page takes far less, but for the one that takes files
    server.prepare()
    thread = Thread(target=server.serve, name="requests")
    thread.start()
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        server.stop()
        thread.join()


class _Request(HTTPRequest):
    def parse_request(self) -> None:
        """Hear what is asked; the server knows of whom it hears nothing yet."""
        self.server.hear(self.conn)
        try:
            super().parse_request()
        finally:
            self.server.heard(self.conn)


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request


class _Server(Server):
    """Cheroot's, which would wait its full patience for each client that says nothing, four at a time."""

    ConnectionClass = _Connection
    listener: socket.socket

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.listened_to: set[HTTPConnection] = set()
        self.leaving = False

    def hear(self, client: HTTPConnection) -> None:
        """Note that a client is being listened to, and for how long: while leaving, for what it has said already."""
        self.listened_to.add(client)
        if self.leaving:
            _hear_no_more(client)

    def heard(self, client: HTTPConnection) -> None:
        """Note that a client has asked, or gone."""
        self.listened_to.discard(client)

    def stop(self) -> None:
        """Stop, without waiting for anybody who has not asked."""
        self.leaving = True  # before the look at who is there: who comes later sees it
        for client in tuple(self.listened_to):
            _hear_no_more(client)
        super().stop()

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002 - cheroot's name
        """Listen where we do already: cheroot's own way forgets why an address cannot be had."""
        self.socket, self.bind_addr = self.listener, self.listener.getsockname()[:2]
        return self.listener

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Tell what went wrong as all else is told; cheroot would print it."""
        _log.log(level, "a request could not be answered", exc_info=traceback)


def _hear_no_more(client: HTTPConnection) -> None:
    """Read what has arrived from a client, and then its end; an answer still reaches it."""
    with suppress(OSError):
        client.socket.shutdown(socket.SHUT_RD)
