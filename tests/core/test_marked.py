"""Laying out marked text: a plain value looks as if it had been written in place, in message after message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amable.core.marked import lay_html, lay_text, mark

TEXT = """Dear {},

please pay **{}** for {}. The order was {}.

- {} first
- second

1. {} comes first

| Invoice | Amount |
| --- | ---: |
| {} | {} |
| **Total** | **{}** |

Regards"""

# What the wording itself could say: letters and figures, wide ones and accented ones among them, or nothing.
WORDS = st.one_of(st.integers(0, 99).map(str), st.text("aZ9é京ș", max_size=8))


@given(st.lists(WORDS, min_size=9, max_size=9))
def test_a_plain_value_is_laid_out_as_if_it_had_been_written_there(values: list[str]) -> None:
    written, merged = TEXT.format(*values), TEXT.format(*map(mark, values))
    assert lay_text(merged) == lay_text(written)
    assert lay_html(merged) == lay_html(written)


def test_two_customers_with_the_same_words_keep_their_own_values() -> None:
    ana, ion = (lay_text(f"Dear {mark(name)},\n\nyou owe {mark(sum_)}.") for name, sum_ in (("Ana", "1"), ("1", "Ana")))
    assert ana == "Dear Ana,\n\nyou owe 1."
    assert ion == "Dear 1,\n\nyou owe Ana."


def test_a_line_of_nothing_but_an_empty_value_leaves_no_trace() -> None:
    assert lay_text(f"Lucía\n{mark('')}\n\nTuria") == "Lucía\n\nTuria"
    assert lay_html(f"Lucía\n{mark('')}") == lay_html("Lucía")


def test_an_empty_entry_of_a_list_is_an_empty_entry() -> None:
    assert "<li></li>" in lay_html("- one\n- \n- two")
