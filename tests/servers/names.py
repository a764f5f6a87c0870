"""A DNS server that knows the texts it is told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Mapping
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset


class NameServer:
    """Listens while it is entered as a context. `silent` names get an answer that there was a failure."""

    def __init__(self, texts: Mapping[str, list[str]], silent: frozenset[str] = frozenset()) -> None:
        self.texts, self.silent = dict(texts), silent
        self.asked: list[str] = []
        house = self

        class Answer(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                sock.sendto(house.answer(data), self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Answer)
        self._thread = threading.Thread(target=self._server.serve_forever, name="name server")

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """A resolver that asks nobody else."""
        found = dns.resolver.Resolver(configure=False)
        found.nameservers, found.port = ["127.0.0.1"], self._server.server_address[1]
        return found

    def answer(self, data: bytes) -> bytes:
        asked = dns.message.from_wire(data)
        (question,) = asked.question
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        if name in self.silent:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.TXT:
            for text in self.texts[name]:
                pieces = " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", pieces))
        return answer.to_wire()

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
