"""A mail server in a process of its own: it writes down every byte it takes, and kills the sender where it is told to.

It is told by lines of JSON on its standard input: `{"kill": PID, "at": POINT, "after": N}` kills at that point of the
message after so many others, `{"silent": true}` lets it take messages and never say so. It prints its port.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

# Before DATA is answered, once it is, once the final dot is here and written down, and once 250 was said.
POINTS = ("data", "body", "dot", "250")


class Sink:
    """Takes every message. One that is here with its final dot is on disk before anything is said about it."""

    def __init__(self, log: Path) -> None:
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lock = threading.Lock()
        self.order: dict[str, int | str] = {}
        self.silent = False

    def serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            self.talk(sock)

    def talk(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = sock.makefile("rb")
        sock.sendall(b"220 sink.example ESMTP\r\n")
        recipients: list[str] = []
        for line in lines:
            word = line[:4].upper()
            if word == b"EHLO":
                sock.sendall(b"250-sink.example\r\n250-PIPELINING\r\n250 SIZE 0\r\n")
            elif word == b"MAIL":
                recipients = []
                sock.sendall(b"250 2.1.0 Ok\r\n")
            elif word == b"RCPT":
                recipients.append(line[line.index(b"<") + 1 : line.index(b">")].decode("ascii"))
                sock.sendall(b"250 2.1.5 Ok\r\n")
            elif word == b"DATA":
                self.reached("data")
                sock.sendall(b"354 Go ahead\r\n")
                self.reached("body")
                data = b"".join(text.removeprefix(b".") for text in iter(lines.readline, b".\r\n") if whole(text))
                self.write(recipients, data)
                self.reached("dot")
                if self.silent:
                    sock.recv(1)
                    return
                sock.sendall(b"250 2.0.0 Ok\r\n")
                self.reached("250")
            elif word == b"QUIT":
                sock.sendall(b"221 2.0.0 Bye\r\n")
                return
            else:
                sock.sendall(b"250 2.0.0 Ok\r\n")

    def write(self, recipients: list[str], data: bytes) -> None:
        head = json.dumps({"to": recipients, "size": len(data)}).encode()
        with self.lock:
            os.write(self.log, head + b"\n" + data)

    def reached(self, point: str) -> None:
        """Kill whom we were told to kill here."""
        with self.lock:
            if self.order.get("at") != point:
                return
            self.order["after"] = int(self.order["after"]) - 1
            if int(self.order["after"]) >= 0:
                return
            os.kill(int(self.order.pop("kill")), signal.SIGKILL)
            self.order = {}

    def obey(self, line: str) -> None:
        order = json.loads(line)
        with self.lock:
            self.silent = order.pop("silent", self.silent)
            self.order = order
        print("so it is", flush=True)


def whole(line: bytes) -> bool:
    """Raises for a message that broke off: it was not taken."""
    if not line.endswith(b"\n"):
        raise ConnectionError
    return True


def main(log: str) -> None:
    sink = Sink(Path(log))
    with socket.create_server(("127.0.0.1", 0)) as house:
        print(house.getsockname()[1], flush=True)

        def listen() -> None:
            while True:
                sock, _ = house.accept()
                threading.Thread(target=sink.serve, args=(sock,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()
        for line in sys.stdin:
            sink.obey(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
