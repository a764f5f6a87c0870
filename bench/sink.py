"""A mail server that takes everything and keeps nothing, for benches: as quick as Python makes one, or `delay` ms away.

python bench/sink.py [DELAY]        prints its port, then listens until it is ended
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def main() -> None:
    delay = float(sys.argv[1]) / 1000 if len(sys.argv) > 1 else 0.0
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            conversation, _ = server.accept()
            conversation.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=(conversation, delay), daemon=True).start()


def _talk(conversation: socket.socket, delay: float) -> None:
    """Answer each write as a whole, after the time it takes to arrive."""

    def say(text: bytes) -> None:
        if delay:
            time.sleep(delay)
        conversation.sendall(text)

    say(b"220 sink\r\n")
    heard = b""
    while True:
        chunk = conversation.recv(1 << 20)
        if not chunk:
            return
        heard += chunk
        answers = b""
        while b"\r\n" in heard:
            line, _, heard = heard.partition(b"\r\n")
            verb = line[:4].upper()
            if verb == b"DATA":
                say(answers + b"354 go on\r\n")
                answers = b""
                while not heard.endswith(b"\r\n.\r\n"):
                    heard += conversation.recv(1 << 20)
                heard = b""
                answers = b"250 taken\r\n"
            elif verb == b"EHLO":
                answers += b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
            elif verb == b"QUIT":
                say(answers + b"221 bye\r\n")
                return
            else:
                answers += b"250 ok\r\n"
        if answers:
            say(answers)


@contextmanager
def listening(delay: int = 0) -> Iterator[int]:
    """The port of a sink in a process of its own; a write takes `delay` milliseconds to be answered."""
    with subprocess.Popen([sys.executable, str(Path(__file__)), str(delay)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
