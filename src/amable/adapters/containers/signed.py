"""Opens signed envelopes (CMS, `.p7m`, RFC 5652), in which Italian invoices travel; the signature is not checked."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator
from itertools import islice
from typing import Final

from asn1crypto import cms

from amable.plugs.complaint import Complaint
from amable.plugs.containers import Enclosed

_SIGNED_DATA: Final = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"  # 1.2.840.113549.1.7.2
_HEAD: Final = 64
_LARGEST: Final = 20 * 2**20  # bytes; the tax office takes five million
_CRUMB: Final = re.compile(rb"[\x04\x24][\x00-\x3f\x80]")  # the head of a piece of less than 64 bytes, or of no length
_MOST_CRUMBS: Final = 100_000  # other bytes look like it too
_PEM: Final = b"-----"


class Signed:
    """Opens signed envelopes, as bytes or in base64."""

    def recognises(self, data: bytes) -> bool:
        """Whether this begins as signed data does."""
        return _begins(data) or _begins(_from_base64(data[: 8 * _HEAD], torn=True))

    def open(self, data: bytes) -> Iterator[Enclosed | Complaint]:
        """What was signed, under the name of the envelope; a signature of something elsewhere is none of ours."""
        if len(data) > _LARGEST:
            yield Complaint("xml_too_large", params={"limit": _LARGEST // 2**20})
            return
        data = data if _begins(data) else _from_base64(data)
        if _crumbled(data):
            yield Complaint("xml_too_large", params={"limit": _LARGEST // 2**20})
            return
        try:
            content = _content(data)
        except Exception:  # noqa: BLE001 - a torn envelope raises whatever it runs into
            yield Complaint("signed_broken")
            return
        yield Enclosed("", content) if content else Complaint("not_ours_signature", notice=True)


def _crumbled(data: bytes) -> bool:
    """Whether its content comes in pieces of a few bytes, each of which costs as much as a large one."""
    return next(islice(_CRUMB.finditer(data), _MOST_CRUMBS, None), None) is not None


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
    signed = cms.ContentInfo.load(data)["content"]
    held = signed["encap_content_info"]["content"]
    return bytes(held) if held.native is not None else b""
