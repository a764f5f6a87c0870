"""What a database can keep of a text: not every sign that Python can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from operator import attrgetter
from typing import Any, Final

from amable.plugs.bank import StatementLine
from amable.plugs.invoices import ItemRecord

LONGEST_IDENTIFIER: Final = 200  # characters; identifiers stand in unique keys, whose size databases limit

# PostgreSQL takes no NUL, and half of a surrogate pair is no UTF-8.
_UNKEEPABLE: Final = re.compile("[\x00\ud800-\udfff]")


def _texts(kind: type) -> tuple[str, ...]:
    return tuple(name for name, told in kind.__annotations__.items() if told == "str")


_RECORD: Final = _texts(ItemRecord)
_LINE: Final = _texts(StatementLine)
_of_record: Final = attrgetter(*_RECORD)
_of_line: Final = attrgetter(*_LINE)


def keepable(record: ItemRecord) -> ItemRecord:
    """The record with the replacement sign for each sign that cannot be kept."""
    said = _of_record(record)
    if not _UNKEEPABLE.search("".join(said)):
        return record
    return replace(record, **_cleaned(_RECORD, said))


def keepable_line(line: StatementLine) -> StatementLine:
    """The movement with the replacement sign for each sign that cannot be kept."""
    said = _of_line(line)
    if not _UNKEEPABLE.search("".join(said)):
        return line
    return replace(line, **_cleaned(_LINE, said))


def _cleaned(names: Iterable[str], said: Iterable[str]) -> dict[str, Any]:
    return {name: _UNKEEPABLE.sub("\ufffd", text) for name, text in zip(names, said, strict=True)}
