"""A mail server that follows a script, for all that a good one never does."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

Act = Callable[[socket.socket, threading.Event], None]
Line = bytes | Act


def close(sock: socket.socket, leaving: threading.Event) -> None:
    """End the connection as one takes leave."""
    raise ConnectionAbortedError


def reset(sock: socket.socket, leaving: threading.Event) -> None:
    """End the connection as a crash or a firewall does."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


def silence(sock: socket.socket, leaving: threading.Event) -> None:
    """Say nothing, until the other side has had enough."""
    while sock.recv(65536):
        pass
    raise ConnectionAbortedError


def deafness(sock: socket.socket, leaving: threading.Event) -> None:
    """Take nothing more from the line, so that who writes must wait."""
    leaving.wait()
    raise ConnectionAbortedError


def then(*acts: Line) -> Act:
    """One after the other."""

    def act(sock: socket.socket, leaving: threading.Event) -> None:
        for each in acts:
            _do(each, sock, leaving)

    return act


def drip(data: bytes, pause: float = 0.02) -> Act:
    """Say it byte by byte."""

    def act(sock: socket.socket, leaving: threading.Event) -> None:
        for byte in data:
            sock.sendall(bytes([byte]))
            leaving.wait(pause)

    return act


def _do(line: Line, sock: socket.socket, leaving: threading.Event) -> None:
    if isinstance(line, bytes):
        sock.sendall(line)
    else:
        line(sock, leaving)


USUAL: Mapping[str, Line] = {
    "greeting": b"220 scripted.example ESMTP\r\n",
    "EHLO": b"250-scripted.example\r\n250 PIPELINING\r\n",
    "STARTTLS": b"220 2.0.0 Ready\r\n",
    "AUTH": b"235 2.7.0 Welcome\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 Go ahead\r\n",
    ".": b"250 2.0.0 Ok\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}


class Scripted:
    """Answers as USUAL, but for what the script says by the word it answers: `greeting`, `EHLO`, …, `.` for the end.

    A script gives one line, or a list for the first, second, … time, whose last one stays; a bytes line goes out as it
    is. `heard` are the commands by connection, `chunks` what came in one piece, `messages` what was between DATA and
    the dot, dots still doubled. With `context` STARTTLS works, or TLS from the first byte when `implicit`.
    """

    host = "localhost"

    def __init__(
        self,
        script: Mapping[str, Line | list[Line]] | None = None,
        *,
        context: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self._script = {**USUAL, **(script or {})}
        self._context = context
        self._implicit = implicit
        self._times: dict[str, int] = {}
        self._leaving = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.heard: list[list[bytes]] = []
        self.chunks: list[bytes] = []
        self.messages: list[bytes] = []

    def __enter__(self) -> Scripted:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    def _start(self, what: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=what, args=arguments, name="scripted server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(sock)
                self.heard.append([])
                self._start(self._talk, sock, self.heard[-1])

    def _talk(self, sock: socket.socket, heard: list[bytes]) -> None:
        with suppress(OSError):
            if self._implicit:
                sock = self._encrypted(sock)
            self._answer("greeting", sock)
            waiting = b""
            while True:
                line, waiting = self._until(b"\r\n", waiting, sock)
                heard.append(line)
                word = line[:8].upper().split()[0].decode("ascii", "replace") if line.split() else ""
                self._answer(word, sock)
                if word == "QUIT":
                    break
                if word == "STARTTLS" and self._context is not None:
                    sock = self._encrypted(sock)
                    waiting = b""
                if word == "DATA" and self._said.startswith(b"354"):
                    waiting = self._message(waiting, sock)
        sock.close()

    def _message(self, waiting: bytes, sock: socket.socket) -> bytes:
        data, rest = self._until(b"\r\n.\r\n", b"\r\n" + waiting, sock)
        self.messages.append((data + b"\r\n")[2:])
        self._answer(".", sock)
        return rest

    def _until(self, end: bytes, waiting: bytes, sock: socket.socket) -> tuple[bytes, bytes]:
        while end not in waiting:
            chunk = sock.recv(65536)
            if not chunk:
                raise ConnectionAbortedError
            self.chunks.append(chunk)
            waiting += chunk
        found, _, rest = waiting.partition(end)
        return found, rest

    def _answer(self, word: str, sock: socket.socket) -> None:
        line = self._script.get(word, b"500 5.5.2 What?\r\n")
        if isinstance(line, list):
            time = self._times.get(word, 0)
            self._times[word] = time + 1
            line = line[min(time, len(line) - 1)]
        self._said = line if isinstance(line, bytes) else b""
        _do(line, sock, self._leaving)

    def _encrypted(self, sock: socket.socket) -> socket.socket:
        assert self._context is not None
        encrypted = self._context.wrap_socket(sock, server_side=True)
        self._open.append(encrypted)
        return encrypted
