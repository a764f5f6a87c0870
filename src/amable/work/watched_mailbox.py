"""The watched mailbox: attachments of the senders a creditor lists, each message looked at once and never marked.

A message is noted with its files in one transaction, by its place in the mailbox; where the server counts anew, by its
Message-ID. A sender can be forged: unless the creditor says otherwise, what a mail brings waits for a person.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Final, NamedTuple

from django.db import transaction

from amable.core.folder_names import plain
from amable.core.senders import is_listed, sender
from amable.organisation.models import Creditor
from amable.plugs.loading import mailboxes as mailbox_plugs
from amable.plugs.mailboxes import MailboxError, Reading
from amable.plugs.transport import Encryption, Login
from amable.work import arriving, reading
from amable.work.arriving import Outcome
from amable.work.mailboxes import SecretError, secret
from amable.work.models import Arrival, Inbox, Mail
from amable.work.sources import FaultError, Look, source

SOURCE: Final = "mailbox"
INBOX: Final = "INBOX"
OURS: Final = "Amable"  # the folder below which messages are put aside
LARGEST: Final = 64 * 2**20  # bytes of a message; mail servers take less
_MOST: Final = 50  # messages in one look; the others wait for the next
_MOST_PARTS: Final = 200
_NO_FILES: Final = frozenset(
    {"text/html", "text/calendar", "text/vcard", "application/pgp-signature", "application/pkcs7-signature"}
)


# --- the mailbox -----------------------------------------------------------------------------------------------------


def login_of(inbox: Inbox) -> Login:
    """How to reach the mailbox, and as whom. Raises SecretError."""
    password = secret(inbox.password_from)
    return Login(inbox.server, inbox.port, Encryption(inbox.encryption), inbox.user, password)


def opened(inbox: Inbox) -> Reading:
    """The folder of a mailbox, open. Raises FaultError."""
    try:
        return mailbox_plugs()["imap"].open(login_of(inbox), inbox.folder)
    except SecretError as error:
        raise FaultError("mail_secret", server=inbox.server, said="") from error
    except MailboxError as error:
        raise _fault(inbox, error) from error


def _fault(inbox: Inbox, error: MailboxError) -> FaultError:
    said = inbox.folder if error.why == "folder" else error.said
    return FaultError(f"mail_{error.why}", server=inbox.server, said=said)


@source(SOURCE, wanted=lambda creditor: Inbox.objects.filter(creditor=creditor).exists())
def look_into(creditor: Creditor, look: Look) -> bool:
    """Look at the messages that are new, and put aside those whose files have their answers."""
    inbox = Inbox.objects.get(creditor=creditor)
    with closing(opened(inbox)) as folder:
        try:
            for number in _new(inbox, folder):
                look.go_on()
                _look_at(creditor, inbox, folder, number, look.clock())
            for mail in Mail.objects.filter(creditor=creditor, put_at=None).order_by("pk"):
                look.go_on()
                _answer(inbox, folder, mail, look.clock())
        except MailboxError as error:
            raise _fault(inbox, error) from error
    return False


def look_anew(creditor: Creditor) -> None:
    """Look once more at the messages that brought nothing: other senders may be listed now."""
    Mail.objects.filter(creditor=creditor, outcome="", fault="", arrival=None).exclude(put_at=None).delete()


def closed(creditor: Creditor, now: datetime) -> None:
    """The mailbox is read no more: what waits at the desk waits there, and no message is put aside."""
    Mail.objects.filter(creditor=creditor, put_at=None).update(put_at=now)
    Arrival.objects.filter(creditor=creditor, source=SOURCE, put_at=None).update(put_at=now)


def _box(inbox: Inbox) -> str:
    return f"{inbox.user}@{inbox.server}/{inbox.folder}"


def _new(inbox: Inbox, folder: Reading) -> list[int]:
    """The messages of listed senders that were not looked at yet."""
    since = inbox.since if inbox.folder.upper() == INBOX else None
    known = Mail.objects.filter(creditor=inbox.creditor_id, box=_box(inbox), validity=folder.validity)
    seen = set(known.values_list("uid", flat=True))
    return [one for one in folder.numbers(inbox.senders.split(), since) if one not in seen][:_MOST]


# --- a message -------------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    """An attachment that somebody here reads."""

    name: str
    data: bytes


class _Given:
    """An attachment as files are kept."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def chunks(self) -> Iterator[bytes]:
        self._data.seek(0)
        while chunk := self._data.read(2**20):
            yield chunk


def _look_at(creditor: Creditor, inbox: Inbox, folder: Reading, number: int, now: datetime) -> None:
    """Note a message with the files it brings. One of somebody else, whom the server found by a part of a name, not."""
    head = folder.head(number)
    if head is None:  # moved away by somebody
        return
    header = message_from_bytes(head.header, policy=policy.compat32)
    address = sender(_text(one) for one in header.get_all("From", []))
    mail = Mail(
        creditor=creditor, box=_box(inbox), validity=folder.validity, uid=number, sender=address, looked_at=now,
        message_id=_text(header.get("Message-ID")).strip()[:500], subject=_text(header.get("Subject"))[:500],
        sent_at=_day(header),
    )  # fmt: skip
    found: list[_Found] = []
    if not is_listed(address, inbox.senders.split()) or _looked_at_before(mail):
        mail.put_at = now
    elif head.size > LARGEST:
        mail.fault = json.dumps(["too_large", {"n": LARGEST // 2**20}])
    else:
        data = folder.message(number)
        if data is None:
            return
        try:
            found = list(_attachments(message_from_bytes(data, policy=policy.compat32), mail.subject))
        except Exception:  # noqa: BLE001 - a message made to break its reader is told like one that is too large
            mail.fault = json.dumps(["unreadable", {}])
        if not found and not mail.fault:
            mail.put_at = now
    with transaction.atomic():
        Creditor.objects.select_for_update().get(pk=creditor.pk)
        same = Mail.objects.filter(creditor=creditor, box=mail.box, validity=mail.validity, uid=mail.uid)
        if same.exists():
            return
        mail.save()
        for one in found:
            arriving.arrive(creditor, SOURCE, one.name, _Given(one.data), digest=sha256(one.data).hexdigest(),
                            size=len(one.data), mail=mail, waits=not inbox.by_itself, now=now)  # fmt: skip


def _looked_at_before(mail: Mail) -> bool:
    """Whether the server has numbered its messages anew since, and this one was looked at before that."""
    if not mail.message_id:
        return False
    before = Mail.objects.filter(creditor=mail.creditor_id, box=mail.box, message_id=mail.message_id)
    return before.exclude(validity=mail.validity).exists()


def _attachments(message: Message, subject: str) -> Iterator[_Found]:
    """What somebody here reads, also within a message that was forwarded as a whole."""
    for place, part in enumerate(message.walk()):
        if place >= _MOST_PARTS:
            raise ValueError(place)
        kind, name = part.get_content_type(), _name(part)
        if part.is_multipart() or kind in _NO_FILES or kind.split("/")[0] in ("image", "audio", "video"):
            continue
        if not name and (kind.startswith("text/") or part.get_content_disposition() == "inline"):
            continue
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and data and len(data) <= reading.LARGEST_FILE:
            name = plain(name or subject or "mail")
            if reading.readable(name, data):
                yield _Found(name, data)


def _name(part: Message) -> str:
    return _text(part.get_filename("")).replace("\\", "/").rpartition("/")[2].strip()


def _text(value: object) -> str:
    """A header as people read it; what cannot be decoded stays as it is."""
    text = str(value or "")
    with suppress(Exception):  # a charset nobody knows, and the like
        text = str(make_header(decode_header(text)))
    return " ".join(text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode().split())


def _day(header: Message) -> datetime | None:
    try:
        sent = parsedate_to_datetime(str(header.get("Date", "")))
        return (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


# --- putting aside ---------------------------------------------------------------------------------------------------


def _answer(inbox: Inbox, folder: Reading, mail: Mail, now: datetime) -> None:
    """Put a message aside once each of its files has an answer; where that is not possible it is only noted."""
    outcomes: list[Outcome | None] = []
    for arrival in Arrival.objects.filter(creditor=mail.creditor_id, mail=mail).select_related("file"):
        outcome = arriving.outcome(arrival, now)
        outcomes.append(outcome)
        if outcome is not None and outcome != arrival.outcome:
            arrival.outcome, arrival.put_at = outcome, None if outcome == Outcome.WAITING else now
            arrival.save(update_fields=("outcome", "put_at"))
    if None in outcomes or Outcome.WAITING in outcomes:
        return
    mail.outcome = Outcome.FAILED if mail.fault or Outcome.FAILED in outcomes else Outcome.DONE
    if (mail.box, mail.validity) == (_box(inbox), folder.validity):
        with suppress(MailboxError):  # refused: then it stays where it is
            mail.moved_to = folder.move(mail.uid, (OURS, mail.outcome))
    mail.put_at = now
    mail.save(update_fields=("outcome", "moved_to", "put_at"))
