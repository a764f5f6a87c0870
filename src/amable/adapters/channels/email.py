"""Email: what a message is byte by byte, as RFC 5322 and MIME want it.

Written directly, for the standard library spends a thousandth of a second on folding its own headers. Everything is
ASCII with CRLF line ends, so that no server between here and the reader has a reason to change a byte.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Final
from urllib.parse import quote

from amable.adapters.hosts import NotAHostError, in_ascii
from amable.plugs.channel import Address, Attachment, Draft, Parcel, Reach


class NotAnAddressError(ValueError):
    """No mail can be addressed to this text. Whoever composes has asked `reaches` before."""


class Email:
    """Messages for a mailbox: plain text and HTML together, with pictures and files."""

    def reaches(self, contact: Reach) -> bool:
        """Whether the email is a plausible addr-spec: a local part in ASCII, `@`, and a domain with a dot."""
        try:
            _addr_spec(contact.email)
        except NotAnAddressError:
            return False
        return True

    def compose(self, draft: Draft) -> Parcel:
        """The message, the same for the same draft. Raises NotAnAddressError for an address that does not reach.

        Control characters in a header become spaces, and runs of spaces in a name or file name one space. Line ends of
        the bodies become CRLF. A draft without HTML is plain text alone.
        """
        return Parcel(f"{_header(draft)}\r\n".encode("ascii") + _content(draft) + b"\r\n", ".eml")


# Header

_LINE: Final = 76  # RFC 2047 allows no more where there are encoded words, RFC 5322 advises 78
_WORD: Final = 64  # what stands unbroken behind the longest name of our fields that carry text
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# Pieces of UTF-8, plain or written as =C8=99 or %C8%99, that end at the end of a character.
_PIECE: Final = re.compile(rb"(?s).{1,39}(?![\x80-\xbf])")
_QUOTED_PIECE: Final = re.compile(r".{1,52}(?![=%][89AB])(?<![=%])(?<![=%].)")
_NOT_IN_ID: Final = re.compile(r"[^!-;=?-~]")
_LONGEST_ID: Final = 900

_MARKS: Final = "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: DR, RN, NRN, AutoReply"


def _header(draft: Draft) -> str:
    fields = [_field("From", _mailbox(draft.sender)), _field("To", _mailboxes(draft.to))]
    if draft.reply_to:
        fields.append(_field("Reply-To", _mailbox(draft.reply_to)))
    fields.append(_field("Subject", _text(draft.subject)))
    fields.append(f"Date: {format_datetime(draft.leaves_at)}")
    fields.append(_field("Message-ID", [_identifier(draft.message_id)]))
    if thread := [known for known in map(_identifier, draft.references) if 2 < len(known) <= _LONGEST_ID]:
        fields.append(_field("In-Reply-To", thread[-1:]))
        fields.append(_field("References", thread))
    fields.append(f"MIME-Version: 1.0\r\nContent-Language: {_identifier(draft.language)[1:-1]}\r\n{_MARKS}")
    if draft.as_draft:
        fields.append("X-Unsent: 1")
    return "\r\n".join(fields)


def _field(name: str, words: Iterable[str]) -> str:
    """The header field, folded between words; a word alone may be longer than a line."""
    lines = []
    line = start = f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line != start:
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def _text(value: str) -> list[str]:
    """The words of free text. Whatever folding could alter, or a reader take for an encoded word, is encoded whole."""
    text = _CONTROL.sub(" ", value)
    words = text.split(" ")
    if text.isascii() and "=?" not in text and all(words) and len(max(words, key=len)) <= _WORD:
        return words
    return _encoded_words(text)


def _mailboxes(addresses: tuple[Address, ...]) -> list[str]:
    if not addresses:
        raise NotAnAddressError("")
    words: list[str] = []
    for address in addresses:
        *before, last = _mailbox(address)
        words += [*before, f"{last},"]
    words[-1] = words[-1][:-1]
    return words


def _mailbox(address: Address) -> list[str]:
    email = _addr_spec(address.email)
    name = _squeezed(address.name)
    return [*_phrase(name), f"<{email}>"] if name else [email]


def _phrase(name: str) -> list[str]:
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        phrase = name if _ATOMS.fullmatch(name) else f'"{escaped}"'
        if len(phrase) <= _WORD:
            return [phrase]
    return _encoded_words(name)


def _squeezed(value: str) -> str:
    return " ".join(filter(None, _CONTROL.sub(" ", value).split(" ")))


def _identifier(value: str) -> str:
    """A Message-ID or Content-ID in its angle brackets, whether or not it came in them."""
    return f"<{_NOT_IN_ID.sub('', value)}>"


def _encoded_words(text: str) -> list[str]:
    """RFC 2047 words of at most 64 characters, each holding whole characters: Q for Latin letters, B for others."""
    data = _utf8(text)
    quoted = "".join(map(_in_q, text))
    if len(quoted) <= len(data) * 2:
        return [f"=?utf-8?q?{piece}?=" for piece in _QUOTED_PIECE.findall(quoted)]
    return [f"=?utf-8?b?{b64encode(piece).decode('ascii')}?=" for piece in _PIECE.findall(data)]


@lru_cache(maxsize=4096)
def _in_q(character: str) -> str:
    """A character in the Q encoding that is safe in a display name too (RFC 2047, 5)."""
    if character == " ":
        return "_"
    if character.isascii() and character.isalnum():
        return character
    return "".join(f"={byte:02X}" for byte in _utf8(character))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate is no character


# Addresses

_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _addr_spec(email: str) -> str:
    if len(email) > 254:
        raise NotAnAddressError(email)
    local, _, domain = email.rpartition("@")
    try:
        host = in_ascii(domain)
    except NotAHostError:
        raise NotAnAddressError(email) from None
    if len(local) > 64 or len(host) > 253 or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(host):
        raise NotAnAddressError(email)
    return f"{local}@{host}"


# Content


def _content(draft: Draft) -> bytes:
    boundary = f"=_{blake2b(_utf8(draft.key), digest_size=12).hexdigest()}"
    inline = [a for a in draft.attachments if draft.html and a.content_id]
    files = [a for a in draft.attachments if not (draft.html and a.content_id)]
    content = _body("plain", draft.text)
    if draft.html:
        content = _multipart("alternative", f"{boundary}a", [content, _body("html", draft.html)])
    if inline:
        kind = 'related;\r\n type="multipart/alternative"'
        content = _multipart(kind, f"{boundary}r", [content, *map(_attached, inline)])
    if files:
        content = _multipart("mixed", f"{boundary}m", [content, *map(_attached, files)])
    return content


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    mark = f"\r\n--{boundary}".encode("ascii")
    header = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n'.encode("ascii")
    return header + b"".join(mark + b"\r\n" + part for part in parts) + mark + b"--"


# Bytes that do not travel in a line of text as they are.
_UNSAFE: Final = bytes({*range(256)} - {*range(0x20, 0x7F)} - {*b"\t\n"})


def _body(kind: str, text: str) -> bytes:
    lines = _utf8(text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text)
    unsafe = len(lines) - len(lines.translate(None, _UNSAFE))
    if not unsafe and _travels_as_it_is(lines):
        encoding, data = "7bit", lines.replace(b"\n", b"\r\n")
    elif unsafe * 6 > len(lines):
        encoding, data = "base64", _base64(lines.replace(b"\n", b"\r\n"))
    else:
        encoding, data = "quoted-printable", _quoted_printable(lines)
    header = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return header.encode("ascii") + data


def _travels_as_it_is(lines: bytes) -> bool:
    """Whether ASCII text has no line that is too long, a mark of a mailbox file, the end of mail, or a boundary."""
    framed = b"\n%b\n" % lines
    marked = b"\nFrom " in framed or b"\n.\n" in framed or b"--=_" in framed
    return not marked and max(map(len, framed.split(b"\n"))) <= 998


def _quoted_printable(lines: bytes) -> bytes:
    r"""Text with `\n` line ends as quoted-printable with CRLF.

    binascii does the bulk: given `\n` alone it breaks lines the same everywhere. It lets a line with a trailing space
    grow to 78, and knows nothing of `From ` and of dots that SMTP doubles: such lines are mended.
    """
    encoded = b2a_qp(lines, istext=True).split(b"\n")
    return b"\r\n".join([_mended(line) if len(line) > 76 or line[:1] in _TO_MEND else line for line in encoded])


_TO_MEND: Final = (b".", b"F")


def _mended(line: bytes) -> bytes:
    if line.startswith((b".", b"From ")):
        line = b"=%02X" % line[0] + line[1:]
    if len(line) <= 76:
        return line
    escape = line.rfind(b"=", 73, 75)  # never cut in the middle of =XX
    cut = 75 if escape < 0 else escape
    return line[:cut] + b"=\r\n" + _mended(line[cut:])


# Attachments

_MEDIA_TYPE: Final = re.compile(
    r"(?!message/|multipart/)[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}"
)
_NOT_IN_FILENAME: Final = re.compile(r'[/\\<>:"|?*]')
_NOT_AT_ENDS: Final = (
    " .\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _attached(attachment: Attachment) -> bytes:
    """A file as a part. Types that MIME does not allow in base64, and what is no type, are sent as plain bytes."""
    kind = attachment.media_type.lower()
    header = [
        f"Content-Type: {kind if _MEDIA_TYPE.fullmatch(kind) else 'application/octet-stream'}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {'inline' if attachment.content_id else 'attachment'};",
        *_filename(attachment.filename),
    ]
    if attachment.content_id:
        header.append(f"Content-ID: {_identifier(attachment.content_id)}")
    return "\r\n".join([*header, "", ""]).encode("ascii") + _base64(attachment.data)


def _filename(filename: str) -> list[str]:
    """The lines of the file name parameter: quoted when short and plain, else as RFC 2231 wants it.

    A name is no path, and must be one that any system can save: separators and the signs Windows refuses become
    hyphens. Signs that turn the direction of writing, which can show `fdp.exe` as `exe.pdf`, are left out, as are dots
    and spaces at either end.
    """
    name = _squeezed(_DIRECTION.sub("", _NOT_IN_FILENAME.sub("-", filename))).strip(_NOT_AT_ENDS) or "attachment"
    if name.isascii() and len(name) <= _WORD:
        return [f' filename="{name}"']
    parts = _QUOTED_PIECE.findall(quote(name, safe="", errors="replace"))
    parts[0] = f"utf-8''{parts[0]}"
    if len(parts) == 1:
        return [f" filename*={parts[0]}"]
    lines = [f" filename*{at}*={part};" for at, part in enumerate(parts)]
    return [*lines[:-1], lines[-1][:-1]]


def _base64(data: bytes) -> bytes:
    encoded = b64encode(data)
    return b"\r\n".join([encoded[at : at + 76] for at in range(0, len(encoded), 76)])
