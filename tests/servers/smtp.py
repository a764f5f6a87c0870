"""A mail server that takes what it is given and remembers it, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from amable.plugs.transport import Encryption, Login


@dataclass(frozen=True, slots=True)
class Received:
    """One message: its envelope, its bytes as sent, on which connection (1, 2, …), and when (monotonic seconds)."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    options: tuple[str, ...]
    connection: int
    at: float


class MailServer:
    """Listens while it is entered as a context. What it took is in `messages`, in order.

    `refuse` says what to answer about a recipient, `verdict` about the next messages (None: accepted); both may change
    while it listens. `delay` is the time, in seconds, that whatever is sent takes to arrive, as from a relay far away:
    many commands in one write cost it once. `relay` is called with each message before it is accepted.
    """

    host = "localhost"

    def __init__(
        self,
        *,
        encryption: Encryption = Encryption.NONE,
        context: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
        mechanisms: frozenset[str] = frozenset({"PLAIN", "LOGIN"}),
        pipelining: bool = True,
        international: bool = False,
        size: int = 33_554_432,
        delay: float = 0,
        relay: Callable[[Received], None] | None = None,
    ) -> None:
        self.encryption = encryption
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.refuse: dict[str, str] = {}
        self.verdict: str | None = None
        self.users = dict(users or {})
        self.pipelining = pipelining
        self.delay = delay
        self.relay = relay
        self.port = 0
        self._context = context
        self._settings = {
            "hostname": self.host,
            "data_size_limit": size,
            "enable_SMTPUTF8": international,
            "auth_require_tls": encryption is Encryption.STARTTLS,
            "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - mechanisms,
            "authenticator": self._authenticate,
            "tls_context": context if encryption is Encryption.STARTTLS else None,
            "require_starttls": encryption is Encryption.STARTTLS,
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail server", daemon=True)

    def login(self, user: str = "", authority: str = "") -> Login:
        """How to reach this server, as nobody or as one of its users."""
        return Login(self.host, self.port, self.encryption, user, self.users.get(user, ""), authority)

    def __enter__(self) -> MailServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._leave(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def drop_connections(self) -> None:
        """Close all connections without a word, as a server does with idle ones."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result()

    async def _listen(self) -> asyncio.Server:
        self._open: set[_Conversation] = set()
        implicit = self._context if self.encryption is Encryption.TLS else None
        return await self._loop.create_server(self._greet, "127.0.0.1", 0, ssl=implicit)

    def _greet(self) -> SMTP:
        self.connections += 1
        return _Conversation(self, self.connections, loop=self._loop, **self._settings)

    async def _drop(self) -> None:
        for conversation in list(self._open):
            if conversation.transport is not None:
                conversation.transport.abort()
        while self._open:
            await asyncio.sleep(0)

    async def _leave(self) -> None:
        self._server.close()
        await self._drop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        known = self.users.get(data.login.decode("utf-8"))
        return AuthResult(success=known is not None and known.encode("utf-8") == data.password)


class _Conversation(SMTP):
    """One connection."""

    line_length_limit = 1001

    def __init__(self, house: MailServer, number: int, *, loop: asyncio.AbstractEventLoop, **settings: object) -> None:
        self._house = house
        super().__init__(_Hooks(house, number), loop=loop, **settings)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._house._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._house._open.discard(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._house.delay:
            self.loop.call_later(self._house.delay, super().data_received, data)
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        if not self._house.delay:
            return super().eof_received()
        self.loop.call_later(self._house.delay, super().eof_received)
        return not self._over_ssl

    async def _call_handler_hook(self, command: str, *args: object) -> object:
        self._house.commands.append(command)
        return await super()._call_handler_hook(command, *args)


class _Hooks:
    """What aiosmtpd asks on one connection."""

    def __init__(self, house: MailServer, number: int) -> None:
        self._house = house
        self._number = number

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's names)
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        return [*answers[:1], "250-PIPELINING", *answers[1:]] if self._house.pipelining else answers

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        # Not by aiosmtpd's own setting, which warns where it does not see that TLS was there before it.
        if self._house.users and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if no := self._house.refuse.get(address):
            return no
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._house.verdict is not None:
            return self._house.verdict
        received = Received(
            envelope.mail_from or "",
            tuple(envelope.rcpt_tos),
            bytes(envelope.original_content or b""),
            tuple(envelope.mail_options),
            self._number,
            monotonic(),
        )
        if self._house.relay is not None:
            try:
                await server.loop.run_in_executor(None, self._house.relay, received)
            except OSError as error:
                return f"451 4.3.0 {error}"
        self._house.messages.append(received)
        return f"250 2.0.0 Ok: queued as {len(self._house.messages)}"
