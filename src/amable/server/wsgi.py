"""The web application of a process at work, and the threads that serve it inside that process."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from cheroot.wsgi import Server
from django.core.handlers.wsgi import WSGIHandler

from amable.work.house import HOUSE
from amable.work.reading import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amable.work.house import House

_log = logging.getLogger(__name__)

_THREADS: Final = 4
_PATIENCE: Final = 10  # seconds a client may take
_LARGEST_BODY: Final = LARGEST_FILE + 2**20


def application(house: House) -> Callable[..., Iterable[bytes]]:
    """Django's application, told of the process it runs in."""
    django = WSGIHandler()

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return django({**environ, HOUSE: house}, start_response)

    return answer


@contextmanager
def listening(house: House, host: str, port: int) -> Iterator[str]:
    """Answer requests until the work within is done; yields the address. Raises OSError where it cannot listen."""
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    server = _Server((host, port), application(house), numthreads=_THREADS, server_name="amable")
    server.listener = listener
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


class _Server(Server):
    listener: socket.socket

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002 - cheroot's name
        """Listen where we do already: cheroot's own way forgets why an address cannot be had."""
        self.socket, self.bind_addr = self.listener, self.listener.getsockname()[:2]
        return self.listener

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Tell what went wrong as all else is told; cheroot would print it."""
        _log.log(level, "a request could not be answered", exc_info=traceback)
