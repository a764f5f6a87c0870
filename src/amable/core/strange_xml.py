"""XML that no reader knows: whether it is well-formed, and what it calls itself."""

from __future__ import annotations

from typing import Final, NamedTuple
from xml.parsers import expat

_LARGEST: Final = 60 * 2**20  # bytes
_PIECE: Final = 2**20
_ENCODINGS: Final = tuple(
    expat.errors.codes[one]
    for one in (expat.errors.XML_ERROR_UNKNOWN_ENCODING, expat.errors.XML_ERROR_INCORRECT_ENCODING)
)


class Strange(NamedTuple):
    """The local name of the root; `broken_at` the line where it is not well-formed, `doctype` when it declares one.

    `large` when there is too much of it to look, `encoding` when it is written in a way nobody reads.
    """

    root: str = ""
    broken_at: int | None = None
    doctype: bool = False
    large: bool = False
    encoding: bool = False


class _DoctypeError(Exception):
    pass


def looks_like_xml(data: bytes) -> bool:
    """Whether the first sign is that of a tag, in any encoding that keeps ASCII (UTF-16 too), and it is no web page."""
    head = data[:256].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return head.startswith(b"<") and not head.startswith((b"<html", b"<!doctype html", b"<ofx", b"<stmttrn"))


def read(data: bytes) -> Strange:
    """What an unknown XML file is. Nothing it names is opened: a document type ends the reading."""
    if len(data) > _LARGEST:
        return Strange(large=True)
    names: list[str] = []

    def begin(name: str, _: object) -> None:
        names.append(name)
        parser.StartElementHandler = None

    def refuse(*_: object) -> None:
        raise _DoctypeError

    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    body = data.lstrip(b" \t\r\n")
    try:
        for place in range(0, len(body), _PIECE):
            parser.Parse(body[place : place + _PIECE], False)
        parser.Parse(b"", True)
    except _DoctypeError:
        return Strange(doctype=True)
    except expat.ExpatError as error:
        if error.code in _ENCODINGS:
            return Strange(encoding=True)
        return Strange("".join(names).rpartition("}")[2], error.lineno)
    except (ValueError, LookupError):
        return Strange(encoding=True)
    return Strange("".join(names).rpartition("}")[2])
