"""What a reader says about input it could not use: a value, turned into a sentence only when shown."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with an input file.

    `rule` names two sentences, `complaint.<rule>` (why) and `advice.<rule>` (what to do), filled with `params`.
    `line` is the line (CSV) or entry of the file, counted from 1; None when the file as a whole is meant.
    `item` is the invoice number of a row that was rejected, where it could be read: such an item is not missing.
    `answers` are the lines of a map any one of which settles the matter: then this is a question.
    A `notice` is nothing wrong: something that was understood or done, and that a person should know.
    """

    rule: str
    line: int | None = None
    field: str = ""
    value: str = ""
    params: dict[str, object] = dataclasses.field(default_factory=dict)
    item: str = ""
    answers: tuple[str, ...] = ()
    notice: bool = False
