"""YAML is read as text with lines; what would surprise is refused with its line."""

from __future__ import annotations

import pytest

from amable.core.document import Entry, UnreadableError, parse


def test_scalars_stay_what_was_written() -> None:
    read = parse("tax: 01234567\ncountry: NO\nrate: 1e3\nday: 2026-03-17\nnothing:\n").value
    assert isinstance(read, dict)
    assert {name: entry.value for name, entry in read.items()} == {
        "tax": "01234567",
        "country": "NO",
        "rate": "1e3",
        "day": "2026-03-17",
        "nothing": "",
    }
    assert read["day"].line == 4


def test_lists_and_mappings_know_their_lines() -> None:
    read = parse("steps:\n  - step: a\n  - step: b\n").value
    assert isinstance(read, dict)
    first, second = read["steps"].value
    assert isinstance(second, Entry)
    assert (first.line, second.line) == (2, 3)


@pytest.mark.parametrize(
    ("text", "rule", "line"),
    [
        ("a: 1\nb: 2\na: 3", "key", 3),
        ("a: &x [1]\nb: *x", "nested", 1),
        ("[" * 100_000, "nested", 1),
        ("a:\n  b: {" + "a: {" * 50, "nested", 2),
        ("a: b: c", "syntax", 1),
        ("a: [1,\n", "syntax", 2),
        ("\x00", "syntax", 1),
        ("? [a]\n: b", "key", 1),
        ("!!python/object/apply:os.system ['true']: 1", "key", 1),
    ],
)
def test_what_would_surprise_is_refused_with_its_line(text: str, rule: str, line: int) -> None:
    with pytest.raises(UnreadableError) as refused:
        parse(text)
    assert (refused.value.rule, refused.value.line) == (rule, line)


def test_an_empty_document_is_an_empty_mapping() -> None:
    assert parse("# nothing\n").value == {}
