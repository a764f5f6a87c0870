"""XML from strangers: its root before anything is parsed, parsed without opening anything else, its values cleaned."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree

from amable.adapters.xml_pieces import SAFE, Pieces, TooMuchError
from amable.core import strange_xml
from amable.core.creditor import country_code
from amable.core.money import TooPreciseError, from_minor, known, to_minor
from amable.plugs.complaint import Complaint

LARGEST: Final = 40 * 2**20  # bytes
LARGEST_DOCUMENT: Final = 10 * 2**20  # bytes of a PDF that can travel by mail
LONGEST_TEXT: Final = 500
_AT_ONCE: Final = 50_000  # marks of a document that is parsed whole; of a larger one the lines are let go
_MANY: Final = 5_000  # marks
_MOST_ATTRIBUTES: Final = 100  # of an element; lxml looks for each of them among all
_NAMED_LINES: Final = 3  # are enough to say what was bought
_MOST_LINES: Final = 250_000
_HEADS: Final = (1_024, 65_536)
_ENCODINGS: Final = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["'](?:utf-?8|utf-?16(?:le|be)?|us-ascii|iso-8859-\d{1,2}|windows-125\d)["']""",
    re.IGNORECASE,
)
_DECLARES: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=", re.IGNORECASE)
# libxml2 reads no text longer than ten million letters; what is longer is an attachment too large to keep anyway.
_HUGE: Final = re.compile(rb">[A-Za-z0-9+/=\s]{9900000,}<")
_AMOUNT: Final = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,17})?|\.\d{1,17})", re.ASCII)
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T.{0,40}|Z|[+-]\d{2}:\d{2})?", re.ASCII)
_COMPACT_DAY: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4,6})?", re.ASCII)
_YEARS: Final = range(1970, 2100)


class UnusableError(Exception):
    """A document cannot be used; the complaint says why."""

    def __init__(self, rule: str, *, field: str = "", value: str = "", item: str = "", **params: object) -> None:
        super().__init__(rule)
        self.complaint = Complaint(rule, None, field, value[:200], params, item=item)


class Root(NamedTuple):
    """The outermost element of a document: its namespace and its name."""

    namespace: str
    name: str


def root_of(data: bytes) -> Root | None:
    """The outermost element, read from the head of the file; None when there is none."""
    if not strange_xml.begins_as_xml(data):
        return None
    for length in _HEADS:
        if (root := _root_in(data[:length])) is not None:
            return root
        if len(data) <= length:
            break
    return None


@lru_cache(maxsize=32)  # every reader asks it of the same file
def _root_in(head: bytes) -> Root | None:
    parser = etree.XMLPullParser(("start",), **SAFE)
    with suppress(etree.XMLSyntaxError, ValueError, LookupError):
        parser.feed(head.lstrip(b" \t\r\n"))
    with suppress(etree.XMLSyntaxError, ValueError):
        for _, element in parser.read_events():
            namespace, _, name = str(element.tag).rpartition("}")  # type: ignore[union-attr]
            return Root(namespace.removeprefix("{"), name)
    return None


class Node:
    """An element without namespaces, made for being asked for many paths: lxml goes through all children for each.

    Of its children that are lines only the first stay; `more` where there were others.
    """

    __slots__ = ("attributes", "children", "more", "tag", "text")

    def __init__(self, tag: str, text: str | None = None, attributes: Sequence[tuple[str, str]] = ()) -> None:
        self.tag, self.text, self.attributes, self.more = tag, text, attributes, False
        self.children: Mapping[str, list[Node]] = _NONE

    def findall(self, path: str) -> Sequence[Node]:
        """Every element at a path of names, in their order."""
        first, *further = _names(path)
        found: Sequence[Node] = self.children.get(first, ())
        for name in further:
            found = [child for one in found for child in one.children.get(name, ())]
        return found

    def find(self, path: str) -> Node | None:
        """The first element at a path."""
        found = self.findall(path)
        return found[0] if found else None

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return next((value for key, value in self.attributes if key == name), default)


_NONE: Final[Mapping[str, list[Node]]] = {}  # most elements have no children, and share this
_names: Final = lru_cache(maxsize=1024)(lambda path: tuple(path.split("/")))


def _node(element: etree._Element, tag: str, lines: frozenset[str]) -> Node:
    node = Node(tag, element.text, element.items() or ())  # type: ignore[arg-type] # text, as it came out of a parser
    children: dict[str, list[Node]] = {}
    for child in element.iterchildren("*"):
        name = child.tag.rpartition("}")[2]
        alike = children.get(name)
        if alike is None:
            children[name] = [_node(child, name, lines)]
        elif name in lines and len(alike) == _NAMED_LINES:
            node.more = True
        else:
            alike.append(_node(child, name, lines))
    if children:
        node.children = children
    return node


def parse(data: bytes, lines: frozenset[str]) -> tuple[Node, bool]:
    """The root, its comments left out, and whether an attachment had to be left out because of its size.

    `lines` are the names of elements of which only the first of each parent are kept.

    Raises UnusableError for what is no XML, carries a document type (the door of entity bombs and of reading other
    files), or would need more memory than an invoice can.
    """
    if len(data) > LARGEST:
        raise UnusableError("xml_too_large", limit=LARGEST // 2**20)
    head = data[:512].replace(b"\0", b"")
    if _DECLARES.search(head) and not _ENCODINGS.search(head):
        raise UnusableError("xml_encoding")
    if strange_xml.names_a_type(data):
        raise UnusableError("xml_doctype")
    cut = False
    if len(data) > LARGEST_DOCUMENT // 2:
        data, pieces = _HUGE.subn(b"><", data)
        cut = pieces > 0
    try:
        root = _tree(data.lstrip(b" \t\r\n"), lines)
    except TooMuchError as error:
        raise UnusableError("xml_too_large", limit=LARGEST // 2**20) from error
    except etree.XMLSyntaxError as error:
        raise UnusableError("xml_broken", at=error.lineno or 1) from error
    except (ValueError, LookupError) as error:
        raise UnusableError("xml_encoding") from error
    if root.getroottree().docinfo.internalDTD is not None:  # written in an encoding the search above cannot see
        raise UnusableError("xml_doctype")
    if strange_xml.marks(data) > _MANY and any(len(one.attrib) > _MOST_ATTRIBUTES for one in root.iter()):
        raise UnusableError("xml_too_large", limit=LARGEST // 2**20)
    return _node(root, root.tag.rpartition("}")[2], lines), cut


def _tree(data: bytes, lines: frozenset[str]) -> etree._Element:
    if strange_xml.marks(data) <= _AT_ONCE:
        parser = etree.XMLParser(remove_comments=True, remove_pis=True, **SAFE)
        return etree.fromstring(data, parser)
    pieces = Pieces(data, sorted(lines))
    for count, (_, line) in enumerate(pieces):
        _let_go_before(line)
        if count > _MOST_LINES:
            raise TooMuchError
    assert pieces.root is not None, "an empty document is an error of syntax"
    return pieces.root


def _let_go_before(line: etree._Element) -> None:
    """Leave out the line before this one, when as many as are kept stand before it."""
    before = line.getprevious()
    first = before
    for _ in range(_NAMED_LINES):
        first = None if first is None else first.getprevious()
    if first is not None and before is not None and first.tag == before.tag == line.tag:
        before.getparent().remove(before)  # type: ignore[union-attr] # it has the same as the line


def clean(text: str | None) -> str:
    """One line without doubled spaces."""
    return " ".join((text or "").split())


def text(element: Node | None, path: str) -> str:
    """The text of the first element at a path, on one line; empty when there is none."""
    found = element.find(path) if element is not None else None
    return "" if found is None else clean(found.text)


def first(element: Node, *paths: str) -> str:
    """The first text that says something, of several places."""
    return next((found for path in paths if (found := text(element, path))), "")


def texts(element: Node | None, path: str) -> tuple[str, ...]:
    """Every different text at a path, in their order."""
    found = () if element is None else (clean(one.text) for one in element.findall(path))
    return tuple(dict.fromkeys(filter(None, found)))


def lines(element: Node | None, path: str) -> str:
    """The texts at a path with their lines kept: terms are often written one a line."""
    if element is None:
        return ""
    written = (line for one in element.findall(path) for line in (one.text or "").splitlines())
    return "\n".join(filter(None, map(clean, written)))


def number_in(written: str, field: str) -> Decimal | None:
    """A figure as XML writes it, None for an empty text; raises UnusableError for anything else."""
    if not written:
        return None
    if not _AMOUNT.fullmatch(written):
        raise UnusableError("einvoice_amount", field=field, value=written, amount=written[:60])
    return Decimal(written)


def money(written: str, currency: str, field: str) -> Decimal | None:
    """An amount with the currency's decimals; zeros beyond them are harmless, other digits are not."""
    amount = number_in(written, field)
    if amount is None:
        return None
    try:
        return from_minor(to_minor(amount, currency), currency)
    except TooPreciseError as error:
        raise UnusableError(
            "einvoice_precision", field=field, value=written, amount=written[:60], currency=currency
        ) from error


def currency_in(written: str) -> str:
    """The code of a currency; raises UnusableError when there is none or nobody knows it."""
    code = written.upper()
    if not code:
        raise UnusableError("einvoice_no_currency")
    if not known(code):
        raise UnusableError("einvoice_currency", value=written, currency=written[:20])
    return code


def day(written: str, field: str) -> date | None:
    """A day as XML writes it (`2026-03-17`, also with a zone; `20260317`), None for an empty text."""
    if not written:
        return None
    found = _DAY.fullmatch(written) or _COMPACT_DAY.fullmatch(written)
    try:
        read = date(*map(int, found.groups())) if found else None
    except ValueError:
        read = None
    if read is None or read.year not in _YEARS:
        raise UnusableError("einvoice_date", field=field, value=written, day=written[:40])
    return read


def country(written: str) -> str:
    """The two letters of a country given by two or three; empty when they are of none."""
    return (country_code(written) or "") if len(written) in (2, 3) else ""


def pdf_in(written: str | None) -> bytes:
    """A PDF written in base64; nothing when it is something else, or too large to travel by mail."""
    if not written or len(written) > LARGEST_DOCUMENT * 3 // 2:
        return b""
    try:
        data = b64decode("".join(written.split()), validate=True)
    except (NotBase64Error, ValueError):
        return b""
    return data if data.startswith(b"%PDF") and len(data) <= LARGEST_DOCUMENT else b""


def one_pdf(found: Iterator[bytes]) -> bytes:
    """The document among what is attached: the only PDF; of several nobody says which one is the invoice."""
    pdfs = [data for data in found if data]
    return pdfs[0] if len(pdfs) == 1 else b""


def shortened(names: tuple[str, ...], *, more: bool) -> str:
    """What was bought, in a few words."""
    told = ", ".join(names)
    if len(told) > LONGEST_TEXT // 4:
        return told[: LONGEST_TEXT // 4].rstrip(" ,") + "…"
    return told + (", …" if told and more else "")
