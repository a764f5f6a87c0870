"""SMTP: how a message is handed to a mail server, and what each answer, or none, means for it.

The conversation is smtplib's. What it lacks for our purpose is added: a deadline for an answer however slowly it drips,
the envelope in one write where the server allows it (RFC 2920), and an account of what may have left when a connection
breaks. Nothing is written to any log.
"""

from __future__ import annotations

import hmac
import re
import smtplib
import socket
import ssl
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import IncrementalNewlineDecoder
from time import monotonic
from typing import Final, NamedTuple

from amable.adapters import servers
from amable.adapters.hosts import NotAHostError, in_ascii
from amable.plugs.transport import (
    Accepted,
    Answer,
    Encryption,
    Envelope,
    GiveUp,
    Login,
    Receipt,
    TryLater,
    Unknown,
    Unreachable,
    Visited,
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a server is given, each counted in all, however slowly it drips.

    `before_data` is for all that comes before the message itself: connection, encryption, login and envelope together.
    `block` is for each 64 KiB of the message, `verdict` for the answer to its final dot (RFC 5321, 4.5.3.2.6),
    `goodbye` for taking leave.
    """

    before_data: float = 60
    block: float = 180
    verdict: float = 600
    goodbye: float = 5


_PATIENCE: Final = Patience()


class Smtp:
    """Mail servers, one's own or a provider's."""

    def __init__(self, patience: Patience = _PATIENCE) -> None:
        self._patience = patience

    def connect(self, login: Login) -> SmtpConnection:
        """A connection, not opened yet. One thread uses it at a time; several share nothing."""
        return SmtpConnection(login, self._patience)

    def visit(self, login: Login) -> Visited | Unreachable:
        """Log in and take leave, without a message."""
        return SmtpConnection(login, self._patience).visit()


class _GoneError(Exception):
    """The connection had ended before anything of an offer was answered, so that it may be made again on another."""

    def __init__(self, receipt: TryLater) -> None:
        super().__init__()
        self.receipt = receipt


class SmtpConnection:
    """One conversation with a mail server, kept from message to message."""

    def __init__(self, login: Login, patience: Patience) -> None:
        self._login = login
        self._patience = patience
        self._secrets = _secrets(login)
        self._trusted: ssl.SSLContext | None = None
        self._talk: _Talk | None = None

    def open(self) -> Unreachable | None:
        """Connect, protect and log in, unless there is a conversation already."""
        if self._talk is not None:
            return None
        talk = self._reach(monotonic() + self._patience.before_data)
        return talk if isinstance(talk, Unreachable) else None

    def deliver(self, envelope: Envelope) -> Receipt:
        """Offer a message, on the connection there is or else on a new one. Raises nothing that a server causes.

        A kept connection that ended meanwhile is opened again once: a message that was not answered by a word cannot
        have been taken.
        """
        letter = _prepared(envelope)
        if letter.why:
            return GiveUp(self._login.server, "", letter.refused, letter.why)
        try:
            return self._delivered(letter, monotonic() + self._patience.before_data)
        except BaseException:  # whoever interrupts us here leaves a conversation that nobody can go on with
            self._hang_up()
            raise

    def _delivered(self, letter: _Letter, deadline: float) -> Receipt:
        if self._talk is not None and self._talk.is_ahead:
            self._hang_up()
        if self._talk is not None:
            with suppress(_GoneError):
                return self._offer(self._talk, letter, deadline)
        talk = self._reach(deadline)
        if isinstance(talk, Unreachable):
            return talk
        try:
            return self._offer(talk, letter, deadline)
        except _GoneError as gone:
            return gone.receipt

    def visit(self) -> Visited | Unreachable:
        """Log in, see how the connection is protected, and take leave."""
        talk = self._reach(monotonic() + self._patience.before_data)
        if isinstance(talk, Unreachable):
            return talk
        try:
            return talk.protection()
        finally:
            self.close()

    def _reach(self, deadline: float) -> _Talk | Unreachable:
        """A new conversation, which is kept, or why there is none."""
        try:
            self._talk = self._opened(deadline)
        except (OSError, ValueError, OverflowError) as error:
            why, said = _trouble(error)
            return Unreachable(self._login.server, why or "turned_away", self._clean(said))
        return self._talk

    def close(self) -> None:
        """Take leave, without waiting long for an answer."""
        if self._talk is not None:
            self._talk.deadline = monotonic() + self._patience.goodbye
            with suppress(OSError):
                self._talk.send(b"QUIT\r\n")
                self._talk.getreply()
            self._hang_up()

    def _hang_up(self) -> None:
        if self._talk is not None:
            self._talk.close()
            self._talk = None

    # Opening

    def _opened(self, deadline: float) -> _Talk:
        """A conversation in which a message can be offered. Raises for whatever stands in the way, and leaves."""
        talk = _Talk(deadline)
        try:
            self._open(talk)
        except BaseException:
            talk.close()
            raise
        return talk

    def _open(self, talk: _Talk) -> None:
        login = self._login
        talk.dial(login.server, login.port)
        if login.encryption is Encryption.NONE and login.user and not talk.stays_here:
            raise _TroubleError("password_in_the_clear")
        if login.encryption is Encryption.TLS:
            talk.encrypt(self._trust(), login.server)
        talk.hear(220)
        talk.introduce()
        if login.encryption is Encryption.STARTTLS:
            talk.ask_for_encryption()
            talk.encrypt(self._trust(), login.server)
            talk.introduce()
        if login.user:
            talk.log_in(login.user, login.password)

    def _trust(self) -> ssl.SSLContext:
        if self._trusted is None:
            try:
                self._trusted = servers.trusted(self._login)
            except OSError as error:
                raise _TroubleError("authority", str(error)) from None
        return self._trusted

    # Offering

    def _offer(self, talk: _Talk, letter: _Letter, deadline: float) -> Receipt:
        """What became of a letter. Raises _GoneError when the server is gone without a word about it."""
        talk.deadline = deadline
        if 0 < talk.limit < letter.size:
            return GiveUp(self._login.server, f"SIZE {talk.limit}", why="too_large")
        if not letter.is_ascii and not talk.is_international:
            letter = _without_international(letter)
            if letter.why:
                return GiveUp(self._login.server, "", letter.refused, letter.why)
        try:
            answers = talk.propose(letter)
        except OSError as error:
            self._hang_up()
            why, said = _trouble(error)
            receipt = TryLater(self._login.server, self._clean(said), why=why)
            if not talk.answered and why != "silent":
                raise _GoneError(receipt) from None
            return receipt
        return self._judged(talk, letter, answers)

    def _judged(self, talk: _Talk, letter: _Letter, answers: _Answers) -> Receipt:
        """Hand the message over if it is welcome, to some at least; else say what stood in the way."""
        welcome = answers.mail.is_yes and any(answer.is_yes for answer in answers.each)
        if not welcome and answers.data is not None and answers.data.code == 354:
            self._take_back(talk, answers)
        if 530 in (answers.mail.code, *(answer.code for answer in answers.each)):
            wanted = next(answer for answer in (answers.mail, *answers.each) if answer.code == 530)
            return Unreachable(self._login.server, "login_wanted", self._said(wanted))
        if not answers.mail.is_yes:
            return self._unwelcome(answers.mail)
        refused = letter.refused + tuple(
            Answer(to, answer.code, self._clean(answer.text))
            for (to, _), answer in zip(letter.asked, answers.each, strict=True)
            if not answer.is_yes
        )
        if not welcome:  # one that may be welcome another time is reason enough to come back
            return self._refusal(min(answers.each, key=lambda answer: answer.is_final), refused)
        if answers.data is None or answers.data.code != 354:
            return self._refusal(answers.data or answers.mail, refused)
        asked = tuple(to for (to, _), answer in zip(letter.asked, answers.each, strict=True) if answer.is_yes)
        return self._hand_over(talk, letter.wire, asked, refused)

    def _unwelcome(self, answer: _Reply) -> Receipt:
        """What a no to the sender means: for good, it is no word about this message but about the mailbox."""
        if answer.is_final and answer.code != _TOO_LARGE:
            return Unreachable(self._login.server, "sender_refused", self._said(answer))
        return self._refusal(answer)

    def _take_back(self, talk: _Talk, answers: _Answers) -> None:
        """Get out of a DATA that was allowed though nobody was left to write to: by a lone dot (RFC 2920, 3.1).

        A server that said no to the sender and yes to a recipient might take even that for a message: there it is safer
        to leave.
        """
        if any(answer.is_yes for answer in answers.each):
            self._hang_up()
            return
        try:
            talk.send(b".\r\n")
            talk.getreply()
        except OSError:
            self._hang_up()

    def _hand_over(self, talk: _Talk, wire: bytes, asked: tuple[str, ...], refused: tuple[Answer, ...]) -> Receipt:
        """The message itself. Only from its final dot on can it be theirs; from there on silence leaves it unknown."""
        server = self._login.server
        if talk.is_ahead:  # an answer before the question must not be taken for the verdict
            self._hang_up()
            return TryLater(server, "", refused, "garbled")
        try:
            talk.write(wire, self._patience.block)
        except _CutOffError as cut:
            self._hang_up()
            why, said = _trouble(cut.cause)
            if cut.left > len(wire) - len(_DOT):
                return Unknown(server, self._clean(said), why)
            return TryLater(server, self._clean(said), refused, why)
        talk.deadline = monotonic() + self._patience.verdict
        try:
            answer = _Reply(*talk.getreply())
        except _HangUpError as error:
            self._hang_up()
            return TryLater(server, self._clean(error.said), refused)
        except OSError as error:
            self._hang_up()
            why, said = _trouble(error)
            return Unknown(server, self._clean(said), why)
        if answer.is_yes:
            talk.is_unsettled = False
            return Accepted(server, self._said(answer), refused)
        self._hang_up()  # it may have answered early, and be heard out of step from here on
        if answer.is_final:  # of the message as a whole, so of each it was for
            each = tuple(Answer(to, answer.code, self._clean(answer.text)) for to in asked)
            return self._refusal(answer, refused + each)
        if answer.code // 100 == 4:
            return self._refusal(answer, refused)
        return Unknown(server, self._said(answer), "garbled")

    def _refusal(self, answer: _Reply, refused: tuple[Answer, ...] = ()) -> TryLater | GiveUp:
        if answer.is_final:
            return GiveUp(self._login.server, self._said(answer), refused)
        if answer.code // 100 == 4:
            return TryLater(self._login.server, self._said(answer), refused)
        self._hang_up()  # an answer to something else
        return TryLater(self._login.server, self._said(answer), refused, "garbled")

    def _said(self, answer: _Reply) -> str:
        return self._clean(f"{answer.code} {answer.text}")

    def _clean(self, said: str) -> str:
        return servers.in_one_line(said, self._secrets, _LONGEST_SAID)


_LONGEST_SAID: Final = 500
_TOO_LARGE: Final = 552


def _secrets(login: Login) -> tuple[str, ...]:
    """The password in the forms in which it travels, the longest first."""
    if not login.password:
        return ()
    travelling = (_plain(login.user, login.password), _in_base64(login.password), login.password)
    return tuple(sorted(travelling, key=len, reverse=True))


def _plain(user: str, password: str) -> str:
    """What AUTH PLAIN sends (RFC 4616)."""
    return _in_base64(f"\0{user}\0{password}")


def _in_base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "replace")).decode("ascii")


# Letters: an envelope as it goes over the wire

_DOT: Final = b".\r\n"
# What can stand between angle brackets without ending them, the line, or the conversation.
_PATH: Final = re.compile(
    r"[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}@[^\s<>@\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,255}"
)


class _Letter(NamedTuple):
    """`asked` are the recipients with their paths, `refused` those that are no use asking; `why` nothing is offered."""

    sender: bytes
    asked: tuple[tuple[str, bytes], ...]
    refused: tuple[Answer, ...]
    wire: bytes
    size: int
    is_ascii: bool
    why: str = ""


def _prepared(envelope: Envelope) -> _Letter:
    """The letter of an envelope: dots doubled at the start of lines, and the final dot behind."""
    data = envelope.data if envelope.data.endswith(b"\r\n") else envelope.data + b"\r\n"
    sender = _path(envelope.sender)
    paths = [(to, _path(to)) for to in envelope.recipients]
    asked = tuple((to, path) for to, path in paths if path)
    refused = tuple(Answer(to, 501, "5.1.3") for to, path in paths if not path)
    why = ""
    if not sender:
        why = "sender"
    elif not asked:
        why = "recipient"
    elif not _travels(data):
        why = "malformed"
    wire = (b"\r\n" + data).replace(b"\r\n.", b"\r\n..")[2:] if data[:1] == b"." or b"\r\n." in data else data
    is_ascii = sender.isascii() and all(path.isascii() for _, path in asked)
    return _Letter(sender, asked, refused, wire + _DOT, len(data), is_ascii, why)


def _travels(data: bytes) -> bool:
    """Whether it is ASCII and all line ends are CRLF: some servers end a message at a lone CR or LF, and read on as
    commands.
    """
    if not data.isascii():
        return False
    ends = IncrementalNewlineDecoder(None, translate=False)  # by far the quickest to tell line ends apart
    ends.decode(data.decode("ascii"), final=True)
    return ends.newlines == "\r\n"


@lru_cache(maxsize=1024)
def _path(address: str) -> bytes:
    """The address between its angle brackets, its host as the DNS knows it; empty when it is no address."""
    local, _, host = address.rpartition("@")
    try:
        path = f"{local}@{in_ascii(host)}"
    except NotAHostError:
        return b""
    return path.encode("utf-8") if _PATH.fullmatch(path) else b""


def _without_international(letter: _Letter) -> _Letter:
    """The letter for a server that knows ASCII addresses alone (RFC 6531, 3.2)."""
    if not letter.sender.isascii():
        return letter._replace(why="sender_international")
    refused = tuple(Answer(to, 553, "5.6.7") for to, path in letter.asked if not path.isascii())
    asked = tuple((to, path) for to, path in letter.asked if path.isascii())
    why = "" if asked else "recipient_international"
    return letter._replace(asked=asked, refused=letter.refused + refused, is_ascii=True, why=why)


# Conversations


class _Reply(NamedTuple):
    """What a server answered, its lines as one text."""

    code: int
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    @property
    def is_yes(self) -> bool:
        return self.code // 100 == 2

    @property
    def is_final(self) -> bool:
        return self.code // 100 == 5


class _Answers(NamedTuple):
    """To MAIL, to RCPT for each, and to DATA, None where it was not asked."""

    mail: _Reply
    each: list[_Reply]
    data: _Reply | None


class _TroubleError(smtplib.SMTPException):
    """Why a conversation cannot go on, as a `transport.<why>`, and what was said. smtplib's errors are OSErrors."""

    def __init__(self, why: str, said: str = "") -> None:
        super().__init__(why, said)
        self.why = why
        self.said = said


class _HangUpError(_TroubleError):
    """The server said 421: whatever was asked, it closes the connection."""


class _CutOffError(Exception):
    """The connection broke while a message was written. At most `left` of its bytes can have left."""

    def __init__(self, left: int, cause: OSError) -> None:
        super().__init__(left)
        self.left = left
        self.cause = cause


def _trouble(error: Exception) -> tuple[str, str]:
    """Why it went wrong, empty where what the server said is the whole reason, and what was said."""
    match error:
        case _TroubleError():
            return error.why, error.said
        case smtplib.SMTPServerDisconnected():
            return "lost", ""
        case _:
            return servers.trouble(error) or ("no_such_server", "")  # neither a name nor a port to be looked up


class _Talk(smtplib.SMTP):
    """smtplib's conversation: each answer by a deadline, several answers to one write, no fallback to less."""

    sock: socket.socket | None

    def __init__(self, deadline: float) -> None:
        super().__init__(local_hostname="localhost")
        self.deadline = deadline
        self.answered = False
        self.is_unsettled = False
        self.is_international = False
        self.limit = -1
        self._at_once = False
        self._heard = b""

    @property
    def is_ahead(self) -> bool:
        """Whether more was heard than was asked."""
        return bool(self._heard)

    def dial(self, server: str, port: int) -> None:
        """Connect to the first of the server's addresses that answers, none of which may use up all the time.

        Looking the name up has the resolver's own patience.
        """
        found = socket.getaddrinfo(server, port, type=socket.SOCK_STREAM)
        failure: OSError = TimeoutError()
        for left, (family, kind, protocol, _, address) in zip(range(len(found), 0, -1), found, strict=True):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._time_left() / left)
                sock.connect(address)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                sock.close()
                failure = error
            else:
                self.sock = sock
                self.local_hostname = _own_name(sock.getsockname()[0])
                return
        raise failure

    @property
    def stays_here(self) -> bool:
        """Whether the other end is this machine."""
        return servers.stays_here(self._ready())

    def encrypt(self, trusted: ssl.SSLContext, server: str) -> None:
        """Protect what follows, with somebody who can prove to be the server."""
        if self.is_ahead:  # said in the clear by whoever, to be heard later as if it were protected
            raise _TroubleError("encryption_failed", "STARTTLS")
        self.sock = trusted.wrap_socket(self._ready(), server_hostname=server)

    def protection(self) -> Visited:
        """How the connection is protected, and how long the server can prove who it is."""
        if not isinstance(self.sock, ssl.SSLSocket):
            return Visited("", None)
        ends = (self.sock.getpeercert() or {}).get("notAfter")
        valid = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
        return Visited(self.sock.version() or "", valid)

    def introduce(self) -> None:
        """Say EHLO and learn what the server can do."""
        code, text = self.ehlo()
        if code != 250:
            raise _TroubleError("turned_away", _in_words(code, text))
        offered = self.esmtp_features
        self._at_once = "pipelining" in offered
        self.is_international = "smtputf8" in offered
        if "size" in offered:
            size = offered["size"]
            self.limit = int(size) if _SIZE.fullmatch(size) else 0
        else:
            self.limit = -1

    def ask_for_encryption(self) -> None:
        if "starttls" not in self.esmtp_features:
            raise _TroubleError("no_encryption")
        code, text = self.docmd("STARTTLS")
        if code != 220:
            raise _TroubleError("no_encryption", _in_words(code, text))

    def log_in(self, user: str, password: str) -> None:
        """By the first of PLAIN, LOGIN and CRAM-MD5 that is offered, and once: tries that fail can lock a mailbox.

        Not by smtplib, which knows passwords in ASCII alone.
        """
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            self.send(f"AUTH PLAIN {_plain(user, password)}\r\n")
        elif "LOGIN" in offered:
            self.send(b"AUTH LOGIN\r\n")
            self.hear(334, "login")
            self.send(f"{_in_base64(user)}\r\n")
            self.hear(334, "login")
            self.send(f"{_in_base64(password)}\r\n")
        elif "CRAM-MD5" in offered:
            self.send(b"AUTH CRAM-MD5\r\n")
            challenge = self.hear(334, "login")
            try:
                digest = hmac.new(password.encode("utf-8", "replace"), b64decode(challenge), "md5").hexdigest()
            except ValueError:  # no base64, or a machine where MD5 is forbidden
                raise _TroubleError("no_login", "CRAM-MD5") from None
            self.send(f"{_in_base64(f'{user} {digest}')}\r\n")
        else:
            raise _TroubleError("no_login", " ".join(offered))
        self.hear(235, "login")

    def hear(self, wanted: int, why: str = "turned_away") -> bytes:
        """The text of the one answer that lets us go on."""
        code, text = self.getreply()
        if code != wanted:
            raise _TroubleError(why, _in_words(code, text))
        return text

    def propose(self, letter: _Letter) -> _Answers:
        """Ask whether the letter is welcome: in one write where allowed, else one by one until that is settled."""
        extras = f" SIZE={letter.size}" if self.limit >= 0 else ""
        mail = b"MAIL FROM:<%b>%b%b\r\n" % (
            letter.sender,
            extras.encode("ascii"),
            b"" if letter.is_ascii else b" SMTPUTF8",
        )
        each = [b"RCPT TO:<%b>\r\n" % path for _, path in letter.asked]
        self.answered = False
        if self._at_once:
            self.send(b"".join([_RESET if self.is_unsettled else b"", mail, *each, _DATA]))
        if self.is_unsettled and self._ask(_RESET).code != 250:
            raise _TroubleError("garbled")
        self.is_unsettled = True
        about_mail = self._ask(mail)
        about_each = [self._ask(path) for path in each] if self._at_once or about_mail.is_yes else []
        if self._at_once or any(answer.is_yes for answer in about_each):
            return _Answers(about_mail, about_each, self._ask(_DATA))
        return _Answers(about_mail, about_each, None)

    def _ask(self, command: bytes) -> _Reply:
        """The answer to a command, which was sent before when all are sent at once."""
        if not self._at_once:
            self.send(command)
        return _Reply(*self.getreply())

    def write(self, wire: bytes, patience: float) -> None:
        """The whole message, each block within `patience`. Raises _CutOffError.

        Of a plain connection the system knows how much it took. Of an encrypted one a block may be gone in part, so
        there the final dot goes by itself.
        """
        is_encrypted = isinstance(self.sock, ssl.SSLSocket)
        rest = len(wire) - len(_DOT) if is_encrypted else len(wire)
        view, at = memoryview(wire), 0
        for end in (*range(_BLOCK, rest, _BLOCK), rest, len(wire)):
            self.deadline = monotonic() + patience
            while at < end:
                try:
                    at += self._ready().send(view[at:end])
                except OSError as error:
                    raise _CutOffError(end if is_encrypted else at, error) from None

    def send(self, s: object) -> None:
        """Text or bytes, by the deadline. smtplib's own commands come through here too."""
        self._ready().sendall(s.encode("ascii") if isinstance(s, str) else s)  # type: ignore[arg-type]

    def getreply(self) -> tuple[int, bytes]:
        """The next answer, all its lines, by the deadline. Raises for a 421 and for what is no answer."""
        texts = []
        size = 0
        while True:
            line = self._line()
            size += len(line)
            digits, mark = line[:3], line[3:4]
            if not (len(digits) == 3 and digits.isdigit() and mark in _MARKS) or size > _LONGEST_ANSWER:
                raise _TroubleError("garbled", line.decode("utf-8", "replace"))
            texts.append(line[4:])
            if mark != b"-":
                break
        code, text = int(digits), b"\n".join(texts)
        if code == 421:
            raise _HangUpError("", _in_words(code, text))
        self.answered = True
        return code, text

    def _line(self) -> bytes:
        while True:
            line, found, rest = self._heard.partition(b"\n")
            if found:
                self._heard = rest
                return line.rstrip(b"\r")
            if len(self._heard) > _LONGEST_ANSWER:
                raise _TroubleError("garbled", line.decode("utf-8", "replace"))
            more = self._ready().recv(_HEARD_AT_ONCE)
            if not more:
                raise smtplib.SMTPServerDisconnected
            self._heard += more

    def _ready(self) -> socket.socket:
        """The socket, with the time that is left."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        self.sock.settimeout(self._time_left())
        return self.sock

    def _time_left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


_RESET: Final = b"RSET\r\n"
_DATA: Final = b"DATA\r\n"
_BLOCK: Final = 65536
_FULL_NAME: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SIZE: Final = re.compile("[0-9]{1,18}")
_MARKS: Final = (b" ", b"-", b"")
_LONGEST_ANSWER: Final = 65536
_HEARD_AT_ONCE: Final = 8192


def _own_name(address: str) -> str:
    """How this machine introduces itself: by its full name, else by its address (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    if _FULL_NAME.fullmatch(name):
        return name
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def _in_words(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace')}"
