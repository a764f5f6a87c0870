"""Keeps merged values apart from wording by invisible marks, and lays marked text out as text, HTML and blocks.

A value is written between two private-use code points. Whatever it holds (Markdown, HTML, a template) is shown
literally, and whoever judges a text can tell our words from the customer's. The wording itself is a small Markdown:
paragraphs, `## ` headings, `- ` and `1. ` lists, tables, `**bold**`. A line break is kept as written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import escape

OPEN: Final = "\ue000"
CLOSE: Final = "\ue001"

_BREAKS: Final = re.compile(r"[\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029]+")
# Controls, our own marks, lone surrogates (which no mail can carry), direction overrides (which can disguise a text).
UNWANTED: Final = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ue000\ue001\ud800-\udfff\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
_VALUE: Final = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_MARKS: Final = re.compile(f"[{OPEN}{CLOSE}]")
_OUTSIDE: Final = f"(?![^{OPEN}{CLOSE}]*{CLOSE})"  # what is matched before this stands outside a value
_TWO_STOPS: Final = re.compile(rf"(?<=\.{CLOSE})\.(?!\.)")  # a sentence that ends with "Ruiz, S.L."
_BOLD: Final = re.compile(r"\*\*" + _OUTSIDE)
_PIPE: Final = re.compile(r"\|" + _OUTSIDE)
_NUMBERED: Final = re.compile(r"\d{1,3}\. ")
_COMMENT: Final = re.compile(r"<!-- /?[a-z]+ -->")
_URL: Final = re.compile(r"(?:https?://|mailto:[^\s@]+@)[^\s<>\"'\\`]+", re.IGNORECASE)


def clean(value: str) -> str:
    """A value on one line, without marks, control characters or direction overrides."""
    if value.isprintable():  # as most are: nothing of what is sought is printable
        return value.strip()
    return UNWANTED.sub("", _BREAKS.sub(" ", value)).strip()


def mark(value: object) -> str:
    """A value ready to be merged: cleaned and between marks; None is an empty value."""
    return f"{OPEN}{'' if value is None else clean(str(value))}{CLOSE}"


def plain(marked: str) -> str:
    """The text without its marks."""
    return _MARKS.sub("", marked)


def skeleton(marked: str) -> str:
    """The wording alone: one opening mark stands for every value, both marks for an empty one."""
    return _VALUE.sub(lambda match: OPEN if match[1] else OPEN + CLOSE, marked)


@dataclass(frozen=True, slots=True)
class _Table:
    head: tuple[str, ...]
    right: tuple[bool, ...]  # which columns hold figures
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Lines:
    kind: str  # "p", "h2", "ul" or "ol"
    lines: tuple[str, ...]


class Run(NamedTuple):
    """A stretch of plain text in one weight."""

    text: str
    bold: bool = False


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text for whoever draws it: no marks, no Markdown.

    `kind` is `p`, `h2`, `ul`, `ol` (each with `lines`) or `table` (with `head` and `rows` of as many cells; `right`
    says which columns hold figures, `totals` which rows are sums).
    """

    kind: str
    lines: tuple[Line, ...] = ()
    head: tuple[Line, ...] = ()
    right: tuple[bool, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()
    totals: tuple[bool, ...] = ()


def lay_blocks(marked: str) -> tuple[Block, ...]:
    """The pieces as blocks, for a page that is drawn."""
    return tuple(_block(piece) for piece in _pieces(_TWO_STOPS.sub("", marked)))


def lay_text(marked: str) -> str:
    """Readable plain text: tables in columns, no `**` and no comments, one line a paragraph."""
    wording, values = _apart(marked)
    return "\n\n".join(
        _columns(piece, values) if isinstance(piece, _TextTable) else _fill(piece, values)
        for piece in _text_of(wording)
    )


def lay_html(marked: str) -> str:
    """The pieces as HTML with inline styles; wording and values escaped, only web and mail addresses become links."""
    wording, values = _apart(marked)
    return _fill(_html_of(wording), [_linked(value) for value in values])


def document(inner: str, *, language: str, title: str) -> str:
    """A complete small page around laid out HTML.

    It names no colour of text or ground, so that the reader's mail program shows it in its own, light or dark.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title>\n</head>\n"
        "<body style=\"margin:0;padding:16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;"
        'font-size:16px;line-height:1.5">\n'
        f'<div style="max-width:640px">\n{inner}\n</div>\n</body>\n</html>\n'
    )


def picture(content_id: str, caption: str) -> str:
    """An inline picture on white, so that a code stays readable on a dark ground, with its caption under it."""
    return (
        f'<p style="margin:1em 0"><img src="cid:{escape(content_id)}" width="160" height="160" alt="{escape(caption)}"'
        f' style="display:block;background:#ffffff;padding:8px"><br>{escape(caption)}</p>'
    )


# The same wording comes back with other values in message after message, so it is laid out once, with numbered places.

_Form = tuple[str | int, ...]  # text with places for values, by their numbers


def _apart(marked: str) -> tuple[str, list[str]]:
    """The wording with the number of each value between the marks (nothing for an empty one), and the values."""
    parts = _VALUE.split(_TWO_STOPS.sub("", marked) if f".{CLOSE}." in marked else marked)
    values = parts[1::2]
    parts[1::2] = [f"{OPEN}{n}{CLOSE}" if value else OPEN + CLOSE for n, value in enumerate(values)]
    return "".join(parts), values


def _form(wording: str) -> _Form:
    """Wording with its places; marks that enclose none are dropped."""
    parts = _VALUE.split(wording)
    return tuple(int(part) if n % 2 else plain(part) for n, part in enumerate(parts) if part)


def _fill(form: _Form, values: Sequence[str]) -> str:
    return "".join([values[part] if isinstance(part, int) else part for part in form])


@lru_cache(maxsize=512)
def _html_of(wording: str) -> _Form:
    return _form("\n".join(_html(piece) for piece in _pieces(wording)))


@dataclass(frozen=True, slots=True)
class _TextTable:
    rows: tuple[tuple[_Form, ...], ...]  # the first is the head
    right: tuple[bool, ...]


@lru_cache(maxsize=512)
def _text_of(wording: str) -> tuple[_Form | _TextTable, ...]:
    return tuple(map(_text, _pieces(wording)))


def _pieces(marked: str) -> Iterator[_Table | _Lines]:
    """The text cut into paragraphs, headings, lists and tables; comments are left out."""
    group: list[str] = []
    kind = ""
    for line in (*marked.split("\n"), ""):
        here = "" if _COMMENT.fullmatch(line.strip()) else _kind(line)
        if here != kind and group:
            yield _piece(kind, group)
            group = []
        kind = here
        if here:
            group.append(line.strip())


def _kind(line: str) -> str:
    if not plain(line).strip():
        return ""
    if line.startswith("## "):
        return "h2"
    if line.startswith("- "):
        return "ul"
    if _NUMBERED.match(line):
        return "ol"
    return "table" if line.startswith("|") else "p"


def _piece(kind: str, lines: Sequence[str]) -> _Table | _Lines:
    if kind == "table" and len(lines) > 2:
        head, ruler, *rows = (_cells(line) for line in lines)
        if all(set(cell) <= set("-:") for cell in ruler):
            right = tuple(cell.endswith(":") and not cell.startswith(":") for cell in ruler)
            width = len(head)
            even = tuple((row + ("",) * width)[:width] for row in rows)
            return _Table(head, (right + (False,) * width)[:width], even)
    return _Lines("p" if kind == "table" else kind, tuple(lines))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in _PIPE.split(line.strip())[1:-1])


def _bold(text: str) -> list[str]:
    """The text cut at `**`, every second piece bold; a `**` without its partner stays as written."""
    pieces = _BOLD.split(text)
    if len(pieces) % 2 == 0:
        pieces[-2:] = [f"{pieces[-2]}**{pieces[-1]}"]
    return pieces


def _block(piece: _Table | _Lines) -> Block:
    if isinstance(piece, _Table):
        rows = tuple(tuple(map(_line, row)) for row in piece.rows)
        totals = tuple(map(_is_total, piece.rows))
        return Block("table", head=tuple(map(_line, piece.head)), right=piece.right, rows=rows, totals=totals)
    return Block(piece.kind, tuple(_line(_bare(line, piece.kind)) for line in piece.lines))


def _line(text: str) -> Line:
    return tuple(Run(plain(part), bold=bool(n % 2)) for n, part in enumerate(_bold(text)) if plain(part))


def _bare(line: str, kind: str) -> str:
    """A line without the sign that makes it a heading or an entry of a list."""
    if kind == "h2":
        return line.removeprefix("## ")
    return line.partition(" ")[2] if kind in ("ul", "ol") else line


def _text(piece: _Table | _Lines) -> _Form | _TextTable:
    if isinstance(piece, _Table):
        rows = tuple(tuple(_form("".join(_bold(cell))) for cell in row) for row in (piece.head, *piece.rows))
        return _TextTable(rows, piece.right)
    lines = ["".join(_bold(line)) for line in piece.lines]
    if piece.kind == "h2":
        lines = [line.removeprefix("## ") for line in lines]
    return _form("\n".join(lines))


def _columns(table: _TextTable, values: Sequence[str]) -> str:
    rows = [[_fill(cell, values) for cell in row] for row in table.rows]
    taken = [[_width(cell) for cell in row] for row in rows]
    widths = list(map(max, zip(*taken, strict=True)))
    lines = []
    for row, sizes in zip(rows, taken, strict=True):
        gaps = [" " * (width - size) for width, size in zip(widths, sizes, strict=True)]
        cells = zip(row, gaps, table.right, strict=True)
        lines.append("  ".join([gap + cell if right else cell + gap for cell, gap, right in cells]).rstrip())
    lines.insert(1, "  ".join(["-" * width for width in widths]))
    return "\n".join(lines)


def _width(text: str) -> int:
    """The columns a text takes: two for wide characters, none for combining and invisible ones."""
    return len(text) if text.isascii() else sum(map(_sign_width, text))


@lru_cache(maxsize=2048)
def _sign_width(sign: str) -> int:
    invisible = unicodedata.category(sign) in ("Mn", "Me", "Cf")
    return 0 if invisible else 1 + (unicodedata.east_asian_width(sign) in "WF")


def _html(piece: _Table | _Lines) -> str:
    if isinstance(piece, _Table):
        return _html_table(piece)
    if piece.kind == "p":
        return f'<p style="margin:1em 0">{"<br>".join(map(_inline, piece.lines))}</p>'
    if piece.kind == "h2":
        heading = "<br>".join(_inline(_bare(line, piece.kind)) for line in piece.lines)
        return f'<h2 style="margin:1.5em 0 .5em;font-size:1em">{heading}</h2>'
    items = "".join(f"<li>{_inline(_bare(line, piece.kind))}</li>" for line in piece.lines)
    return f'<{piece.kind} style="margin:1em 0;padding-left:1.5em">{items}</{piece.kind}>'


def _html_table(table: _Table) -> str:
    head = _html_row("th", table.head, table.right, "border-bottom:1px solid #999999;font-weight:600")
    body = "".join(
        _html_row("td", row, table.right, "border-top:1px solid #999999" if _is_total(row) else "")
        for row in table.rows
    )
    return f'<table style="margin:1em 0;border-collapse:collapse"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _is_total(row: Sequence[str]) -> bool:
    return row[0].startswith("**") and row[0].endswith("**")


def _html_row(tag: str, cells: Iterable[str], right: Iterable[bool], style: str) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    drawn = (
        f'<{tag}{scope} style="padding:4px 16px 4px 0;vertical-align:top;'
        f'{"text-align:right;white-space:nowrap;" if figures else "text-align:left;"}{style}">{_inline(cell)}</{tag}>'
        for cell, figures in zip(cells, right, strict=True)
    )
    return f"<tr>{''.join(drawn)}</tr>"


def _inline(text: str) -> str:
    pieces = [_runs(piece) for piece in _bold(text)]
    return "".join(f"<strong>{piece}</strong>" if n % 2 else piece for n, piece in enumerate(pieces))


def _runs(text: str) -> str:
    """Wording escaped, its places as they are."""
    parts = _VALUE.split(text)
    return "".join(f"{OPEN}{part}{CLOSE}" if n % 2 else str(escape(plain(part))) for n, part in enumerate(parts))


def _linked(value: str) -> str:
    """A value escaped, as a link when it is an address."""
    shown = str(escape(value))
    return f'<a href="{shown}" style="word-break:break-word">{shown}</a>' if _is_address(value) else shown


def _is_address(value: str) -> bool:
    if ":" not in value or not _URL.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme == "mailto" or (bool(parts.hostname) and "@" not in parts.netloc)
