"""Opens PDFs that carry an e-invoice (Factur-X, ZUGFeRD, XRechnung): the XML inside, beside the PDF people read."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import pikepdf

from amable.core.strange_xml import begins_as_xml
from amable.plugs.complaint import Complaint
from amable.plugs.containers import Enclosed

LARGEST: Final = 30 * 2**20  # bytes
_LARGEST_INSIDE: Final = 20 * 2**20  # bytes of one file inside
_LARGEST_UNPACKED: Final = 100 * 2**20  # bytes of everything packed: what opening a PDF may unpack
_MOST: Final = 50  # files inside
_MOST_OBJECTS: Final = 100_000  # each begins with one `obj` and ends with another
_PIECE: Final = 2**18
_FIRST_PIECE: Final = 2**12
_STREAM: Final = re.compile(rb"stream\r?\n")
_MOST_STREAMS: Final = 50_000
_DEPTH: Final = 4  # of name trees
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x68", b"\x58", b"\x48", b"\x38", b"\x28")


class Pdf:
    """Opens PDFs; no script in them is run and no page is drawn."""

    def recognises(self, data: bytes) -> bool:
        """Whether this is a PDF; some programs write a few bytes before its mark."""
        return b"%PDF-" in data[:1024]

    def open(self, data: bytes) -> Iterator[Enclosed | Complaint]:
        """The XML files inside, each with the PDF itself as its picture; in words why there is none."""
        yield from _opened(data)


def _opened(data: bytes) -> list[Enclosed | Complaint]:
    if len(data) > LARGEST:
        return [Complaint("pdf_file_too_large", params={"limit": LARGEST // 2**20})]
    if data.count(b"obj") > 2 * _MOST_OBJECTS or _unpacks_to_too_much(data):
        return [Complaint("pdf_bomb")]
    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=True, suppress_warnings=True) as pdf:
            inside = list(_inside(pdf))
    except pikepdf.PasswordError:
        return [Complaint("pdf_locked")]
    except Exception:  # noqa: BLE001 - a torn PDF raises whatever it runs into
        return [Complaint("pdf_broken")]
    found: list[Enclosed | Complaint] = [Enclosed(name, xml, data) for name, xml in inside if begins_as_xml(xml)]
    return found or [Complaint("pdf_plain")]


def _inside(pdf: pikepdf.Pdf) -> Iterator[tuple[str, bytes]]:
    """The files of the document's name tree, and those it is associated with (PDF/A-3)."""
    seen: set[tuple[int, int]] = set()
    specs = [*_named(pdf), *_associated(pdf)]
    for spec in specs[: 2 * _MOST]:
        try:
            stream = _stream(spec)
        except (AttributeError, KeyError, TypeError, ValueError, pikepdf.PdfError):
            continue
        if stream is None or stream.objgen in seen:
            continue
        seen.add(stream.objgen)
        data = _unpacked(stream)
        if data is not None and len(seen) <= _MOST:
            yield str(spec.get("/UF") or spec.get("/F") or "")[:120], data


def _named(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    names = pdf.Root.get("/Names")
    files = names.get("/EmbeddedFiles") if isinstance(names, pikepdf.Dictionary) else None
    if isinstance(files, pikepdf.Dictionary):
        yield from _leaves(files, _DEPTH)


def _leaves(node: pikepdf.Object, depth: int) -> Iterator[pikepdf.Object]:
    names, kids = node.get("/Names"), node.get("/Kids")
    if isinstance(names, pikepdf.Array):
        for place in range(1, min(len(names), 4 * _MOST), 2):
            yield names[place]
    if isinstance(kids, pikepdf.Array) and depth:
        for place in range(min(len(kids), _MOST)):
            if isinstance(kids[place], pikepdf.Dictionary):
                yield from _leaves(kids[place], depth - 1)


def _associated(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    files = pdf.Root.get("/AF")
    if isinstance(files, pikepdf.Array):
        for place in range(min(len(files), _MOST)):
            yield files[place]


def _stream(spec: pikepdf.Object) -> pikepdf.Object | None:
    """The embedded file of a file specification; one that points elsewhere is not followed."""
    if not isinstance(spec, pikepdf.Dictionary):
        return None
    embedded = spec.get("/EF")
    if not isinstance(embedded, pikepdf.Dictionary):
        return None
    found = embedded.get("/F") or embedded.get("/UF")
    return found if isinstance(found, pikepdf.Stream) else None


def _unpacked(stream: pikepdf.Object) -> bytes | None:
    """The bytes of a file inside, unpacked here so that no more than the limit is ever held."""
    filters = stream.get("/Filter")
    names = [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)] if filters else []
    data = stream.read_raw_bytes()
    if not names:
        return data if len(data) <= _LARGEST_INSIDE else None
    if names != ["/FlateDecode"]:
        return None
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(data, _LARGEST_INSIDE)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else found


def _unpacks_to_too_much(data: bytes) -> bool:
    """Whether what is packed in the file would unpack to more than any invoice has; packed twice is looked into too."""
    left = _LARGEST_UNPACKED + len(data)
    for count, mark in enumerate(_STREAM.finditer(data)):
        if count > _MOST_STREAMS:
            return True
        if not data[mark.end() : mark.end() + 2].startswith(_ZLIB):
            continue
        left = _left_after(data, mark.end(), left, 2)
        if left <= 0:
            return True
    return False


def _left_after(data: bytes, start: int, left: int, depth: int) -> int:
    """How much may still be unpacked after this stream; what goes in counts too, for streams can overlap.

    What is no packed stream costs nothing.
    """
    unpacker = zlib.decompressobj()
    head = b""
    place, size = start, _FIRST_PIECE
    try:
        while place < len(data) and not unpacker.eof and left > 0:
            piece = unpacker.unconsumed_tail or data[place : place + size]
            if not unpacker.unconsumed_tail:
                place += len(piece)
                left -= len(piece)
                size = min(2 * size, _PIECE)
            out = unpacker.decompress(piece, _PIECE * 4)
            left -= len(out)
            if depth and len(head) < _PIECE:
                head += out[: _PIECE - len(head)]
        left += len(unpacker.unused_data)
        while unpacker.unconsumed_tail and not unpacker.eof and left > 0:
            left -= len(unpacker.decompress(unpacker.unconsumed_tail, _PIECE * 4))
    except zlib.error:
        return left
    return _left_after(head, 0, left, depth - 1) if depth and head.startswith(_ZLIB[:4]) else left
