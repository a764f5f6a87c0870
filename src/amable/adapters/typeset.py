"""Sets letters and sheets as PDF by Typst: tagged, archivable (PDF/A-2a, PDF/UA-1), the same bytes everywhere.

Only the fonts inside the typst package are used, never those of the machine. Values travel as data, so that none of
them is ever read as markup.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from amable.core.languages import say, show_date
from amable.core.marked import clean
from amable.plugs.channel import Paper, Piece, Sheet, UnfitError

_PAGES: Final = Path(__file__).parent / "pages"
_STANDARDS: Final[list[typst.PDFStandard]] = ["a-2a", "ua-1"]
_SIZES: Final = (10.5, 9.5, 8.5)  # points: the largest in which a sheet fits its page
_LONGEST: Final = 400  # characters of one entry of a sheet
_MISSING: Final = re.compile(r"the text `(\".*?\")` could not be displayed", re.DOTALL)
_UNBROKEN: Final = re.compile(r"\S{28,}")
_THREAD: Final = threading.local()
_PLACES: Final = re.compile(r"(?<=[/?&=._@-])(?=\w)|(?<=\w{24})(?=\w)")


def letter(paper: Paper, subject: str, author: str, language: str, day: date) -> bytes:
    """The letter as a PDF, dated `day`. Raises UnfitError for text our fonts cannot show."""
    data = {field.name: getattr(paper, field.name) for field in fields(paper)}
    data["window-on-the-right"] = data.pop("window_on_the_right")
    data |= {"subject": subject, "author": author, "language": language, "day": [day.year, day.month, day.day]}
    return _pdf("letter", data, day)


def sheet(asked: Sheet) -> bytes:
    """The sheet as a PDF of one page. Raises UnfitError for text our fonts cannot show.

    It is set as large as it fits. Where the smallest size is too large the longest table loses its last rows, and the
    sheet says how many; where there is no table left, the longest piece its last lines.
    """
    whole = replace(asked, pieces=tuple(map(_shortened, asked.pieces)))
    size = next((size for size in _SIZES if _pages(whole, (), size) == 1), None)
    if size is not None:
        return _sheet_pdf(whole, (), size)
    kept = [len(piece.rows) or len(piece.lines) for piece in whole.pieces]
    while _pages(whole, kept, _SIZES[-1]) > 1 and max(kept, default=0):
        place = max(range(len(kept)), key=lambda n: (bool(whole.pieces[n].rows) and kept[n] > 0, kept[n]))
        kept[place] = _most(whole, kept, place)
    return _sheet_pdf(whole, kept, _SIZES[-1])


def _most(asked: Sheet, kept: Sequence[int], place: int) -> int:
    """How many rows of one piece can stay so that the sheet fits; none where even that is not enough."""
    low, high = 0, kept[place]
    while low < high:
        middle = (low + high + 1) // 2
        trial = [middle if n == place else count for n, count in enumerate(kept)]
        if _pages(asked, trial, _SIZES[-1]) == 1:
            low = middle
        else:
            high = middle - 1
    return low


def _shortened(piece: Piece) -> Piece:
    """A piece whose single entries are no longer than a few lines, and whose rows are all as wide as its head."""

    def short(text: str) -> str:
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    width = len(piece.columns)
    return piece._replace(
        heading=short(piece.heading),
        facts=tuple((short(label), short(value)) for label, value in piece.facts),
        columns=tuple(map(short, piece.columns)),
        rows=tuple((*map(short, row), *("",) * width)[:width] for row in piece.rows),
        lines=tuple(map(short, piece.lines)),
        boxes=tuple(map(short, piece.boxes)),
    )


def _sheet_data(asked: Sheet, kept: Sequence[int], size: float) -> dict[str, Any]:
    pieces = []
    for place, piece in enumerate(asked.pieces):
        most = kept[place] if kept else len(piece.rows) or len(piece.lines)
        shown = piece._replace(rows=piece.rows[:most]) if piece.rows else piece._replace(lines=piece.lines[:most])
        left = len(piece.rows or piece.lines) - most
        more = say("sheet.more", asked.language, n=left) if left > 0 else ""
        pieces.append(shown._asdict() | {"more": more})
    day = asked.day
    return {
        "title": asked.title,
        "language": asked.language,
        "day": [day.year, day.month, day.day],
        "dated": show_date(day, asked.language),
        "size": size,
        "pieces": pieces,
    }


def _sheet_pdf(asked: Sheet, kept: Sequence[int], size: float) -> bytes:
    return _pdf("sheet", _sheet_data(asked, kept, size), asked.day)


def _pages(asked: Sheet, kept: Sequence[int], size: float) -> int:
    """How many pages a sheet takes. A preview is asked, for a PDF does not say so from outside."""
    drawn = _compile("sheet", _sheet_data(asked, kept, size), "svg", asked.day)
    return len(drawn) if isinstance(drawn, list) else 1


# --- the typesetter --------------------------------------------------------------------------------------------------


def _pdf(page: str, data: dict[str, Any], day: date) -> bytes:
    made = _compile(page, data, "pdf", day)
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def _compile(page: str, data: dict[str, Any], form: typst.OutputFormat, day: date) -> bytes | list[bytes]:
    stamp = datetime(day.year, day.month, day.day, tzinfo=UTC)
    try:
        made, warnings = _compiler().compile_with_warnings(
            _main(page, data),
            format=form,
            pdf_standards=_STANDARDS if form == "pdf" else [],
            timestamp=stamp,
        )
    except typst.TypstError as error:
        if missing := _MISSING.findall(str(error.diagnostic)):
            signs = dict.fromkeys(sign for quoted in missing for sign in _unquoted(quoted))
            raise UnfitError("letters-missing", {"signs": " ".join(list(signs)[:8])}) from error
        raise
    if warnings:  # an unknown font is only a warning, and would change how every letter looks
        raise RuntimeError(f"{page}: {'; '.join(warning.message for warning in warnings)}")
    assert made is not None, "no output file was named"
    return made


def _main(page: str, data: dict[str, Any]) -> bytes:
    """The document: the page of that name, given its data as JSON within a string, where only two signs are special.

    The data is not in `sys.inputs`, for whatever changes those is a new standard library to Typst: it would build and
    hash that anew and evaluate every page anew, a tenth of all the work.
    """
    shown = json.dumps(_breakable(data), ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')
    return f'#import "{page}.typ": {page}\n#{page}(json(bytes("{shown}")))'.encode()


def _compiler() -> typst.Compiler:
    """The compiler of this thread, kept. One cannot be shared: while it works in one thread it refuses another."""
    kept: typst.Compiler | None = getattr(_THREAD, "compiler", None)
    if kept is None:
        kept = _THREAD.compiler = typst.Compiler(root=str(_PAGES), font_paths=_fonts(), ignore_system_fonts=True)
    return kept


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)


def _breakable(value: Any) -> Any:
    """The data as JSON can say it, with places to break what would run over the edge: links, words nobody writes."""
    if isinstance(value, str):
        return _UNBROKEN.sub(lambda found: _PLACES.sub("\u200b", found[0]), _shown(value))
    if isinstance(value, list | tuple):
        return [_breakable(inner) for inner in value]
    if isinstance(value, bytes):
        return list(value)
    if is_dataclass(value):
        return {field.name: _breakable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {name: _breakable(inner) for name, inner in value.items()}
    return value


def _shown(value: str) -> str:
    return clean(value).encode("utf-8", "replace").decode()


def _unquoted(quoted: str) -> str:
    """The text of a diagnosis, in which unusual signs stand as `\\u{1f600}`."""
    inner = quoted[1:-1]
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), inner).replace('\\"', '"')
