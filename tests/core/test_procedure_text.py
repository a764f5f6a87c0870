"""A procedure's text is changed value by value: what was asked is done, and everything else stays as it was written."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.core import procedure_text as text_of
from amable.core.procedure import offset, read, written
from amable.core.procedure_text import ByHandError

SHIPPED = {
    name: files("amable.dunning").joinpath("starters", f"{name}.yaml").read_text("utf-8")
    for name in ("starter", "gentle", "firm")
}
OURS = """\
# Agreed with Marta in January.
procedure: ours   # not the bank's
version: 1

steps:
  - step: soon     # a nudge
    when: 3 days before due
    wording: second_notice_before_due
  # Patience first.
  - wording: early_late
    step: overdue
    when: 6 to 8 working days after due
    again: 7 to 10 days after the last message
    repeat: 2
    only: {minimum: 50, segments: [retail, bars]}  # below that we write it off
  - {step: call, do: call, when: 5 working days after the step before}  # Pau does these
  - step: thank_you
    do: thanks
    when: on payment
"""


def lines(text: str) -> list[str]:
    return text.splitlines()


def comments(text: str) -> list[str]:
    return sorted(line.partition("#")[2].strip() for line in lines(text) if "#" in line)


def test_one_value_changes_one_line() -> None:
    text = text_of.changed(OURS, 0, {"when": "5 days before due"})
    assert [(a, b) for a, b in zip(lines(OURS), lines(text), strict=True) if a != b] == [
        ("    when: 3 days before due", "    when: 5 days before due")
    ]


def test_the_comment_behind_a_value_stays_behind_it() -> None:
    text = text_of.with_top(text_of.changed(OURS, 1, {"minimum": "80"}), {"procedure": "ours too"})
    assert '    only: {minimum: 80, segments: "retail, bars"}  # below that we write it off' in lines(text)
    assert "procedure: ours too  # not the bank's" in lines(text)
    assert comments(text) == comments(OURS)


def test_what_means_the_same_is_not_written() -> None:
    assert text_of.changed(OURS, 0, {"do": "email", "repeat": "1", "switched": "on"}) == OURS


def test_a_step_on_one_line_is_written_out_and_keeps_its_comment() -> None:
    text = text_of.changed(OURS, 2, {"minimum": "100"})
    assert text_of.steps(text)[2].fields["minimum"] == "100"
    assert comments(text) == comments(OURS)


def test_a_step_moves_with_the_comment_above_it() -> None:
    text = text_of.moved(OURS, 1, 0)
    assert lines(text)[5:7] == ["  # Patience first.", "  - wording: early_late"]
    assert text_of.moved(text, 0, 1) == OURS


def test_a_removed_step_leaves_its_comment_which_may_speak_of_others() -> None:
    text = text_of.removed(OURS, 1)
    assert "  # Patience first." in lines(text)
    assert [step.fields["step"] for step in text_of.steps(text)] == ["soon", "call", "thank_you"]


def test_whoever_refers_to_a_step_follows_its_name() -> None:
    text = text_of.changed(SHIPPED["starter"], 5, {"step": "pressing"})
    by_name = {step.fields["step"]: step.fields for step in text_of.steps(text)}
    assert by_name["sms"]["when"] == "3 working days after pressing 2"
    assert by_name["formal_notice"]["presumes"] == "early_late, pressing"
    assert by_name["pressing"]["wording"] == "late_late" if "wording" in by_name["pressing"] else True
    read(text_of.changed(text, 5, {"wording": "late_late"}))


def test_a_duplicate_speaks_in_the_same_words() -> None:
    text = text_of.duplicated(SHIPPED["starter"], 4, "once_more")
    twin = text_of.steps(text)[5]
    assert (twin.fields["step"], twin.meaning("wording"), twin.fields["when"]) == (
        "once_more", "early_late", "4 to 5 working days after due",
    )  # fmt: skip


def test_limits_are_added_where_there_were_none() -> None:
    text = text_of.with_limits(OURS, {"days between messages": "4"})
    assert text.startswith(OURS)
    assert read(text).limits.spacing == 4


def test_a_value_with_signs_of_its_own_is_put_between_quotes() -> None:
    text = text_of.changed(OURS, 0, {"segments": 'bars: "the good ones", # 1'})
    assert text_of.steps(text)[0].fields["segments"] == 'bars: "the good ones", # 1'


def test_a_list_in_one_line_is_for_a_person() -> None:
    flow = "procedure: ours\nsteps: [{step: a, when: on due}, {step: b, when: 3 days after due}]\n"
    for change in (lambda: text_of.changed(flow, 0, {"when": "1 day after due"}), lambda: text_of.removed(flow, 0)):
        with pytest.raises(ByHandError):
            change()


def test_the_first_step_of_none() -> None:
    for empty in ("procedure: ours\nsteps:\n", "procedure: ours\n"):
        text = text_of.added(empty, 0, {"step": "soon", "when": "on due", "wording": "due_today"})
        assert [step.id for step in read(text).steps] == ["soon"]


places = st.integers(0, 30)
edits = st.one_of(
    st.tuples(st.just("move"), places, places),
    st.tuples(st.just("remove"), places, places),
    st.tuples(st.just("copy"), places, places),
    st.tuples(st.just("when"), places, places),
    st.tuples(st.just("minimum"), places, places),
)


@given(st.sampled_from([*SHIPPED.values(), OURS]), st.lists(edits, max_size=8))
@settings(deadline=None, max_examples=60)
def test_whatever_is_done_no_comment_is_lost_and_the_limits_stay(text: str, done: list[tuple[str, int, int]]) -> None:
    before = text
    for number, (what, place, to) in enumerate(done):
        count = len(text_of.steps(text))
        if count < 2:
            break
        place, to = place % count, to % count  # noqa: PLW2901
        if what == "move":
            text = text_of.moved(text, place, to)
        elif what == "remove":
            kept = text_of.steps(text)[place]
            inner = [line for line in lines(text)[kept.first - 1 : kept.last] if "#" in line]
            if inner:
                continue  # what stands in the line of a value goes with it
            text = text_of.removed(text, place)
        elif what == "copy":
            text = text_of.duplicated(text, place, f"copy_{number}")
        else:
            text = text_of.changed(text, place, {what: "9 days after due" if what == "when" else str(to)})
    assert comments(text) == comments(before)
    assert text_of.limits(text) == text_of.limits(before)


@given(
    st.integers(0, 99), st.integers(0, 9), st.booleans(),
    st.sampled_from(
        ["before due", "after due", "after issue", "after a broken promise", "after the step before",
         "after the last message", "after late_late", "after late_late 2", "after the deadline of notice"]
    ),
)  # fmt: skip
def test_an_offset_is_written_as_it_is_read(low: int, more: int, working: bool, anchor: str) -> None:
    words = f"{low} to {low + more} {'working ' if working else ''}days {anchor}"
    found = offset(words)
    assert found is not None
    assert offset(written(found)) == found
