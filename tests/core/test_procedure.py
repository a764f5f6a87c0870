"""Procedures in words: what may be written, and every refusal with its line and its sentence."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

import amable.core.document
import amable.core.procedure
from amable.core.languages import LANGUAGES, say, sentences
from amable.core.procedure import Act, Anchor, Conditions, Limits, Offset, ProcedureError, offset, read
from tests.cast import DUE, VALENCIA, procedure

SHORTEST = """procedure: ours
steps:
  - step: early_late
    when: 4 to 5 working days after due
"""


def with_step(text: str) -> str:
    """The shortest procedure with a second step; its name stands on line 5."""
    return SHORTEST + "  - step: second\n    " + text.replace("; ", "\n    ") + "\n"


REFUSED = {
    "syntax": ("procedure: ours\nsteps: [\n", 3, {}),
    "nested": ("procedure: &name ours\nversion: *name\nsteps: []\n", 1, {}),
    "key": ("procedure: ours\nprocedure: theirs\n", 2, {"name": "procedure"}),
    "not_a_mapping": ("- procedure\n", 1, {"known": "procedure, version, approval, steps, limits"}),
    "approval": (SHORTEST + "approval: by magic\n", 5, {"value": "by magic"}),
    "unknown_key": (
        SHORTEST + "colour: blue\n",
        5,
        {"key": "colour", "known": "procedure, version, approval, steps, limits"},
    ),
    "unknown_key_near": (SHORTEST + "limit: {}\n", 5, {"key": "limit", "near": "limits"}),
    "not_text": (SHORTEST + "version: [1]\n", 5, {}),
    "no_name": (SHORTEST.replace("ours", "''"), 1, {}),
    "no_steps": ("procedure: ours\nsteps: none\n", 2, {}),
    "step_twice": (SHORTEST + "  - step: early_late\n    when: on due\n", 5, {"step": "early_late", "first": 3}),
    "step_name": (SHORTEST.replace("early_late", "Early late"), 3, {"value": "Early late"}),
    "step_reserved": (SHORTEST.replace("early_late", "listed"), 3, {"value": "listed"}),
    "when": (with_step("when: soon"), 6, {"step": "second", "value": "soon"}),
    "thanks_on_payment": (with_step("do: thanks; when: 20 days after due"), 5, {"step": "second"}),
    "confirm_on_promise": (with_step("do: confirm; when: 20 days after due"), 5, {"step": "second"}),
    "courtesy_twice": (
        with_step("do: thanks; when: on payment") + "  - step: third\n    do: thanks\n    when: on payment\n",
        8,
        {"step": "third", "act": "thanks", "other": "second"},
    ),
    "wording_out_of_place": (
        with_step("wording: early_payment_discount; when: 20 days after due"),
        5,
        {"step": "second", "value": "early_payment_discount"},
    ),
    "again": (
        with_step("when: 20 days after due; again: 3 days after due"),
        7,
        {"step": "second", "value": "3 days after due"},
    ),
    "act": (
        with_step("do: threaten; when: 20 days after due"),
        6,
        {"value": "threaten", "known": "email, letter, sms, check, call, meeting, decision, thanks, confirm"},
    ),
    "relationship": (with_step("when: 20 days after due; only: {relationship: old}"), 7, {"value": "old"}),
    "refers_back": (
        with_step("when: 20 days after due; presumes: later_one"),
        5,
        {"step": "second", "other": "later_one"},
    ),
    "repeat_without_again": (with_step("when: 20 days after due; repeat: 3"), 5, {"step": "second"}),
    "nothing_before": (SHORTEST.replace("4 to 5 working days after due", "3 days after the step before"), 3, None),
    "order": (with_step("when: 3 days before due"), 5, {"step": "second", "other": "early_late"}),
    "number": (SHORTEST + "limits: {review after days: 0}\n", 5, {"value": "0", "low": 1, "high": 365}),
    "amount": (with_step("when: 20 days after due; only: {minimum: '100,50'}"), 7, {"value": "100,50"}),
    "switched": (with_step("when: 20 days after due; switched: maybe"), 7, {"value": "maybe"}),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_refusal_names_its_rule_and_line(rule: str) -> None:
    text, line, params = REFUSED[rule]
    with pytest.raises(ProcedureError) as refused:
        read(text)
    found = {problem.rule: problem for problem in refused.value.problems}
    assert list(found) == [rule]
    assert found[rule].line == line
    if params is not None:
        assert dict(found[rule].params) == params


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", REFUSED)
def test_a_refusal_has_a_sentence_that_uses_what_is_known(rule: str, language: str) -> None:
    with pytest.raises(ProcedureError) as refused:
        read(REFUSED[rule][0])
    (problem,) = refused.value.problems
    sentence = sentences(language)[f"procedure.{rule}"]
    assert isinstance(sentence, str)
    assert {place for _, place, _, _ in Formatter().parse(sentence) if place} == set(problem.params)
    assert say(f"procedure.{rule}", language, **problem.params).endswith((".", "?"))


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("wording: early_payment_discount; when: on due", True),
        ("wording: early_payment_discount; when: 1 to 5 days after issue", True),
        ("wording: broken_promise; when: 1 day after a broken promise", True),
        ("wording: broken_promise; when: 20 days after due", False),
        ("wording: promise_confirmation; when: 20 days after due", False),
        ("wording: thank_you; when: 20 days after due", False),
    ],
)
def test_words_that_are_true_in_one_place_stand_nowhere_else(words: str, fits: bool) -> None:
    text = f"procedure: ours\nsteps:\n  - step: only\n    {words.replace('; ', chr(10) + '    ')}\n"
    if fits:
        read(text)
        return
    with pytest.raises(ProcedureError) as refused:
        read(text)
    assert [problem.rule for problem in refused.value.problems] == ["wording_out_of_place"]


def test_every_refusal_in_the_code_is_tested() -> None:
    source = Path(amable.core.procedure.__file__).read_text("utf-8")
    rules = set(re.findall(r"self\.wrong\(\s*\"(\w+)\"", source))
    source = Path(amable.core.document.__file__).read_text("utf-8")
    rules |= set(re.findall(r"UnreadableError\(\"(\w+)\"", source))
    assert rules == set(REFUSED)


def test_a_procedure_may_approve_its_own_messages() -> None:
    assert not read(SHORTEST).approves_itself
    assert not read(SHORTEST + "approval: by a person\n").approves_itself
    assert read(SHORTEST + "approval: by itself\n").approves_itself


def test_all_problems_are_found_at_once_in_the_order_of_lines() -> None:
    text = "procedure: ''\nsteps:\n  - step: A\n    when: on due\n  - step: b\n    when: never\ncolour: blue\n"
    with pytest.raises(ProcedureError) as refused:
        read(text)
    assert [(problem.line, problem.rule) for problem in refused.value.problems] == [
        (1, "no_name"),
        (3, "step_name"),
        (6, "when"),
        (7, "unknown_key"),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("7 days before due", Offset(-7, -7, False, Anchor.DUE)),
        ("3 to 7 days before due", Offset(-7, -3, False, Anchor.DUE)),
        ("on due", Offset(0, 0, False, Anchor.DUE)),
        ("on promise", Offset(0, 0, False, Anchor.PROMISE)),
        ("2 to 5 days after issue", Offset(2, 5, False, Anchor.ISSUE)),
        ("1 to 3 working days after a broken promise", Offset(1, 3, True, Anchor.BROKEN_PROMISE)),
        ("1 day after due", Offset(1, 1, False, Anchor.DUE)),
        ("4 to 5 Working  Days after due", Offset(4, 5, True, Anchor.DUE)),
        ("3 to 5 days after the last message", Offset(3, 5, False, Anchor.STEP)),
        ("3 working days after late_late 2", Offset(3, 3, True, Anchor.STEP, "late_late", 2)),
        ("30 days after placement", Offset(30, 30, False, Anchor.STEP, "placement")),
        ("3 working days after the step before", Offset(3, 3, True, Anchor.STEP_BEFORE)),
        ("15 days after the deadline of formal_notice", Offset(15, 15, False, Anchor.DEADLINE, "formal_notice")),
        ("on payment", Offset(0, 0, False, Anchor.PAYMENT)),
        ("5 to 3 days after due", None),
        ("7 days", None),
        ("a week before due", None),
        ("-3 days after due", None),
        ("", None),
    ],
)
def test_offsets_are_written_in_words(words: str, expected: Offset | None) -> None:
    assert offset(words) == expected


def test_an_offset_in_working_days_does_not_count_its_anchor() -> None:
    window = offset("4 to 5 working days after due")
    assert window is not None
    assert (window.start(DUE, VALENCIA), window.end(DUE, VALENCIA)) == (date(2026, 3, 9), date(2026, 3, 10))


def test_a_full_step_keeps_what_was_written() -> None:
    text = with_step(
        "do: decision; when: 30 days after due; presumes: early_late; switched: on"
        "; only: {minimum: 99.50, days late: 40, segments: 'key, new', countries: [es, fr], relationship: regular}"
    )
    step = read(text).steps[1]
    assert (step.act, step.presumes, step.wording) == (Act.DECISION, ("early_late",), "")
    assert step.only == Conditions(Decimal("99.50"), 40, frozenset({"key", "new"}), frozenset({"ES", "FR"}), "regular")
    assert (step.only.least("EUR"), step.only.least("JPY"), step.only.least("KWD")) == (9950, 99, 99500)


def test_a_message_speaks_in_the_wording_of_its_name_unless_another_is_given() -> None:
    assert read(SHORTEST).steps[0].wording == "early_late"
    assert [step.wording for step in procedure().steps[:3]] == [
        "gentle_before_due",
        "second_notice_before_due",
        "due_today",
    ]


def test_thanks_stand_apart_and_can_be_switched_off() -> None:
    thanks = "do: thanks; when: on payment"
    ours = read(with_step(thanks))
    assert ours.thanks is not None
    assert [step.id for step in ours.steps] == ["early_late"]
    assert read(with_step(thanks + "; switched: off")).thanks is None


def test_limits_not_given_are_the_usual_ones() -> None:
    assert read(SHORTEST).limits == Limits()
    given = read(SHORTEST + "limits: {days between messages: 10}\n").limits
    assert given == Limits(spacing=10)


def test_a_step_switched_off_ends_no_grace() -> None:
    text = SHORTEST + "    switched: off\n  - step: second\n    when: 10 days after due\n"
    ours = read(text)
    assert ours.first_overdue is ours.steps[1]


@pytest.mark.parametrize("name", ["starter", "gentle", "firm"])
def test_the_procedures_that_ship_end_with_a_person(name: str) -> None:
    ours = procedure(name)
    assert ours.name == name
    assert ours.thanks is not None
    assert [step.id for step in ours.steps[-3:]] == ["formal_notice", "placement", "legal"]
    assert {step.act for step in ours.steps[-3:]} == {Act.DECISION}


def test_the_starter_has_the_numbers_of_the_rules() -> None:
    assert procedure().limits == Limits()


def test_gentle_knows_nothing_urgent_and_no_text_messages() -> None:
    assert {"late_late", "sms"}.isdisjoint(procedure("gentle").rank)


def test_text_messages_are_switched_on_by_the_creditor() -> None:
    for name in ("starter", "firm"):
        sms = procedure(name).step("sms")
        assert sms is not None
        assert not sms.switched_on
