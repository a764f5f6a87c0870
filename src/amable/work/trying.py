"""Tries a mailbox before it is used: is anybody there, is it private, are we let in, does a mail to ourselves leave."""

from __future__ import annotations

from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from amable.plugs.loading import transports
from amable.plugs.transport import Accepted, Envelope, Login


class Stage(StrEnum):
    """What is tried, in this order."""

    CONNECTION = "connection"
    ENCRYPTION = "encryption"
    LOGIN = "login"
    MAIL = "mail"


class Failure(NamedTuple):
    """Where it ended, why (the sentence is `transport.<why>`, empty when there is none), and what the server said."""

    stage: Stage
    why: str
    said: str


_STAGE_OF: Final = {
    **dict.fromkeys(("authority", "certificate", "encryption_failed", "no_encryption"), Stage.ENCRYPTION),
    **dict.fromkeys(("login", "login_wanted", "no_login", "password_in_the_clear"), Stage.LOGIN),
}


def try_out(login: Login, mail: Envelope) -> Failure | None:
    """Hand one mail over, and say where that failed; None when it did not."""
    connection = transports()["smtp"].connect(login)
    try:
        if (closed := connection.open()) is not None:
            return Failure(_STAGE_OF.get(closed.why, Stage.CONNECTION), closed.why, closed.said)
        receipt = connection.deliver(mail)
        if isinstance(receipt, Accepted):
            return None
        return Failure(_STAGE_OF.get(receipt.why, Stage.MAIL), receipt.why, receipt.said)
    finally:
        connection.close()


def letter(*, sender: tuple[str, str], to: str, subject: str, text: str, now: datetime) -> Envelope:
    """A mail to whoever tries. `sender` is a name and an address."""
    name, address = sender
    key = sha256(f"{address} {to} {now.isoformat()}".encode()).hexdigest()[:12]
    mail = EmailMessage(policy.SMTP)
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{key}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, cte="quoted-printable")
    return Envelope(key, address, (to,), mail.as_bytes())
