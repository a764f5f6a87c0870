"""XML of strangers before anybody trusts it: whether it is XML at all, too much to hold, well-formed, and whose."""

from __future__ import annotations

from typing import Final, NamedTuple
from xml.parsers import expat

# As many of the signs that make nodes a document may have: they are what bounds the memory of reading it.
MOST_MARKS: Final = 500_000

_LARGEST: Final = 60 * 2**20  # bytes
_PIECE: Final = 2**20
_BLANK: Final = b"\xef\xbb\xbf\xff\xfe \t\r\n"  # marks of an encoding and white space
_DOCTYPES: Final = tuple("<!DOCTYPE".encode(one).strip(b"\0") for one in ("ascii", "utf-16-le", "utf-32-le"))
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


def begins_as_xml(data: bytes) -> bool:
    """Whether the first sign is that of a tag, in any encoding that keeps ASCII (UTF-16 too)."""
    return _head(data).startswith(b"<")


def looks_like_xml(data: bytes) -> bool:
    """Whether it begins as XML does, and is neither a web page nor OFX."""
    return begins_as_xml(data) and not _head(data).startswith((b"<html", b"<!doctype html", b"<ofx", b"<stmttrn"))


def _head(data: bytes) -> bytes:
    return data[:256].replace(b"\0", b"").lstrip(_BLANK).lower()


def marks(data: bytes) -> int:
    """How many signs there are that make nodes: of tags, and of attributes (base64 may end in two of those)."""
    return data.count(b"<") + data.count(b"=") - data.count(b"==")


def names_a_type(data: bytes) -> bool:
    """Whether it carries a document type, the door of entity bombs and of reading other files, at any width."""
    return any(doctype in data for doctype in _DOCTYPES)


def read(data: bytes) -> Strange:
    """What an unknown XML file is. Nothing it names is opened: a document type ends the reading."""
    if len(data) > _LARGEST or marks(data) > MOST_MARKS:
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
