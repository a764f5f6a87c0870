"""Opens signed envelopes (CMS, `.p7m`), in which Italian invoices travel; the signature itself is not checked.

Only the way to the content is read, by the rules of ASN.1 (BER, RFC 5652): what is signed, by whom and how is skipped.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator
from typing import Final, NamedTuple

from amable.plugs.complaint import Complaint
from amable.plugs.containers import Enclosed

_SIGNED_DATA: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"  # 1.2.840.113549.1.7.2
_HEAD: Final = 64
_PEM: Final = b"-----"
_SEQUENCE, _EXPLICIT, _OCTETS, _OCTETS_IN_PARTS = 0x30, 0xA0, 0x04, 0x24
_INDEFINITE: Final = 0x80
_DEEPEST: Final = 12
_MOST_PARTS: Final = 1_000_000


class _TornError(Exception):
    """The envelope does not hold together."""


class _Element(NamedTuple):
    """A value of ASN.1: its tag, where its content begins and ends, and where the next one begins."""

    tag: int
    start: int
    end: int
    after: int


class Signed:
    """Opens signed envelopes, as bytes or in base64."""

    def recognises(self, data: bytes) -> bool:
        """Whether this begins as signed data does."""
        return _begins(data) or _begins(_from_base64(data[: 8 * _HEAD], torn=True))

    def open(self, data: bytes) -> Iterator[Enclosed | Complaint]:
        """What was signed, under the name of the envelope; a signature of something elsewhere is none of ours."""
        try:
            content = _content(data if _begins(data) else _from_base64(data))
        except (_TornError, IndexError):
            yield Complaint("signed_broken")
            return
        yield Enclosed("", content) if content else Complaint("not_ours_signature", notice=True)


def _begins(data: bytes) -> bool:
    return data[:1] == b"\x30" and _SIGNED_DATA in data[:_HEAD]


def _from_base64(data: bytes, *, torn: bool = False) -> bytes:
    lines = [line for line in data.split(b"\n") if not line.startswith(_PEM)]
    text = b"".join(b"".join(lines).split())
    try:
        return b64decode(text[: len(text) // 4 * 4] if torn else text, validate=True)
    except (NotBase64Error, ValueError):
        return b""


def _content(data: bytes) -> bytes:
    """The bytes that were signed; none when they are not inside."""
    info = _element(data, 0)
    explicit = _child(data, info, _EXPLICIT)
    signed = _child(data, explicit, _SEQUENCE) if explicit else None
    if signed is None:
        raise _TornError
    encapsulated = _child(data, signed, _SEQUENCE)
    wrapped = _child(data, encapsulated, _EXPLICIT) if encapsulated else None
    if wrapped is None:
        return b""
    return b"".join(_octets(data, wrapped, _DEEPEST))


def _child(data: bytes, parent: _Element, tag: int) -> _Element | None:
    """The first child with a tag."""
    return next((one for one in _children(data, parent) if one.tag == tag), None)


def _octets(data: bytes, parent: _Element, depth: int) -> Iterator[bytes]:
    for one in _children(data, parent):
        if one.tag == _OCTETS:
            yield data[one.start : one.end]
        elif one.tag == _OCTETS_IN_PARTS and depth:
            yield from _octets(data, one, depth - 1)


def _children(data: bytes, parent: _Element) -> Iterator[_Element]:
    at = parent.start
    while at < parent.end:
        one = _element(data, at)
        if one.after > parent.end:
            raise _TornError
        yield one
        at = one.after


def _element(data: bytes, at: int, depth: int = _DEEPEST) -> _Element:
    """The value at a place; the length of one that does not say it is that of what is in it."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length == _INDEFINITE:
        if not depth:
            raise _TornError
        inside = start
        for _ in range(_MOST_PARTS):
            if data[inside : inside + 2] == b"\0\0":
                return _Element(tag, start, inside, inside + 2)
            inside = _element(data, inside, depth - 1).after
        raise _TornError
    if length > _INDEFINITE:
        octets = length - _INDEFINITE
        if octets > 5:
            raise _TornError
        length = int.from_bytes(data[start : start + octets], "big")
        start += octets
    if start + length > len(data):
        raise _TornError
    return _Element(tag, start, start + length, start + length)
