"""Reads a mailbox by IMAP (RFC 9051 and what came before), leaving every message and every mark as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from imaplib import IMAP4
from typing import Any, Final

from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    MailboxStarttlsError,
)
from imap_tools.utils import encode_folder

from amable.adapters import servers
from amable.plugs.mailboxes import Head, MailboxError
from amable.plugs.transport import Encryption, Login

_PATIENCE: Final = 30.0  # seconds for each answer
_LONGEST_SAID: Final = 300
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_NAMESPACE: Final = re.compile(rb'^\(\("([^"]*)" "([^"]{1,2})"')


class Imap:
    """The mailbox of a login."""

    def open(self, login: Login, folder: str) -> ImapReading:
        """Log in and open a folder. Raises MailboxError."""
        with _told(login.password):
            box = _connected(login)
        try:
            with _told(login.password):
                _log_in(box, login)
                return ImapReading(box, folder, login.password)
        except MailboxError:
            _hang_up(box)
            raise


def _connected(login: Login) -> BaseMailBox:
    where: dict[str, Any] = {"host": login.server, "port": login.port, "timeout": _PATIENCE}
    if login.encryption == Encryption.NONE:
        box = MailBoxUnencrypted(**where)
        if not servers.stays_here(box.client.sock):
            _hang_up(box)
            raise MailboxError("in_the_clear")
        return box
    try:
        trusted = servers.trusted(login)
    except OSError as error:
        raise MailboxError("authority", str(error)) from None
    kind = MailBox if login.encryption == Encryption.TLS else MailBoxStartTls
    return kind(ssl_context=trusted, **where)


def _log_in(box: BaseMailBox, login: Login) -> None:
    plain = login.user.isascii() and login.password.isascii()
    (box.login if plain else box.login_utf8)(login.user, login.password, initial_folder=None)


class ImapReading:
    """A folder, open. One thread uses it at a time."""

    def __init__(self, box: BaseMailBox, folder: str, secret: str) -> None:
        self._box, self._secret = box, secret
        box.folder.set(folder)
        _, told = box.client.response("UIDVALIDITY")
        self.validity = int(told[0]) if told and told[0] else 0
        self._can_move = "MOVE" in self._offered()

    def numbers(self, senders: Sequence[str], since: date | None) -> list[int]:
        """The messages that seem to be from one of these and came on that day or later, the oldest first."""
        found: set[int] = set()
        with _told(self._secret):
            for sender in senders:
                wanted = AND(from_=sender, date_gte=since) if since else AND(from_=sender)
                found.update(int(one) for one in self._box.uids(str(wanted), charset=None))
        return sorted(found)

    def head(self, number: int) -> Head | None:
        """The header and the size of a message."""
        found = self._fetched(number, "(RFC822.SIZE BODY.PEEK[HEADER])")
        if found is None:
            return None
        told, header = found
        size = _SIZE.search(told)
        return Head(header, int(size[1]) if size else len(header))

    def message(self, number: int) -> bytes | None:
        """A whole message."""
        found = self._fetched(number, "(BODY.PEEK[])")
        return found[1] if found is not None else None

    def move(self, number: int, folders: Sequence[str]) -> str:
        """Put a message into a folder: its name there, empty where the server has no MOVE (RFC 6851)."""
        if not self._can_move:
            return ""
        with _told(self._secret):
            before, between = self._namespace()
            name = before + between.join(folders)
            if not self._box.folder.exists(name):
                with suppress(ImapToolsError):  # another of us may just have made it
                    self._box.folder.create(name)
                with suppress(ImapToolsError, IMAP4.error):
                    self._box.folder.subscribe(name, True)
            answer, _ = self._box.client.uid("MOVE", str(number), encode_folder(name))  # type: ignore[arg-type]
            return name if answer == "OK" else ""

    def close(self) -> None:
        """Take leave."""
        _hang_up(self._box)

    def _offered(self) -> str:
        """What the server can do for who has logged in."""
        _, told = self._box.client.capability()
        return b" ".join(one for one in told if isinstance(one, bytes)).decode("ascii", "replace").upper()

    def _fetched(self, number: int, parts: str) -> tuple[bytes, bytes] | None:
        with _told(self._secret):
            answer, told = self._box.client.uid("FETCH", str(number), parts)
        pair = next((one for one in told if isinstance(one, tuple)), None)
        if answer != "OK" or pair is None:
            return None
        rest = b"".join(one for one in told if isinstance(one, bytes))
        return pair[0] + rest, pair[1]

    def _namespace(self) -> tuple[str, str]:
        """What stands before the names of one's own folders, and between a folder and one below it."""
        with suppress(IMAP4.error):
            answer, told = self._box.client.namespace()
            if answer == "OK" and told and isinstance(told[0], bytes) and (found := _NAMESPACE.match(told[0])):
                return found[1].decode("ascii", "replace"), found[2].decode("ascii", "replace")[-1]
        return "", "/"


# --- what goes wrong -------------------------------------------------------------------------------------------------


@contextmanager
def _told(secret: str) -> Iterator[None]:
    """Whatever goes wrong within, as MailboxError."""
    try:
        yield
    except MailboxError:
        raise
    except Exception as error:
        why, said = _trouble(error)
        raise MailboxError(why, servers.in_one_line(said, [secret] if secret else [], _LONGEST_SAID)) from error


def _trouble(error: Exception) -> tuple[str, str]:
    match error:
        case MailboxLoginError():
            return "login", str(error)
        case MailboxFolderSelectError():
            return "folder", str(error)
        case MailboxStarttlsError():
            return "encryption_failed", str(error)
        case IMAP4.abort() | EOFError():
            return "lost", str(error)
        case _:
            return servers.trouble(error) or ("refused", str(error))


def _hang_up(box: BaseMailBox) -> None:
    leaves: tuple[Callable[[], object], ...] = (box.logout, box.client.shutdown)
    for leave in leaves:
        with suppress(Exception):
            leave()
