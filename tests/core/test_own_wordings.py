"""A wording of one's own: it is held to every rule, in every branch, and each problem has its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from amable.core import examples, wording
from amable.core.kindness import check
from amable.core.languages import LANGUAGES, say
from amable.core.own_wordings import Examined, Problem, examine
from amable.core.wording import choose, gaps, library, render, speaks, stage_for, with_own


def source(name: str = "early_late", language: str = "en") -> str:
    return (Path(wording.__file__).parent / "wordings" / language / f"{name}.md").read_text("utf-8")


def rules(found: Examined) -> list[tuple[int, str]]:
    return [(problem.line, problem.key) for problem in found.problems]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_copy_of_ours_may_be_used(language: str) -> None:
    found = examine(source(language=language), "mine")
    assert found.usable
    assert found.problems == ()


def test_a_field_named_as_required_and_optional_is_required() -> None:
    found = examine(source().replace("required_fields: [", "required_fields: [pay_link, "), "mine")
    assert found.usable
    assert found.template is not None
    assert "pay_link" in found.template.required


def test_each_problem_has_the_line_of_what_it_quotes() -> None:
    text = source().replace("On which day do you expect to pay?", "Pay immediately. This is VERY late.")
    found = examine(text, "mine")
    line = next(n for n, line in enumerate(text.split("\n"), 1) if "VERY" in line)
    assert not found.usable
    assert (line, "kindness.no-forbidden-phrase.pressure") in rules(found)
    assert (line, "kindness.no-shouting.capitals") in rules(found)
    assert len(rules(found)) == len(set(rules(found)))


def test_a_problem_of_one_branch_only_is_found() -> None:
    text = source().replace("{% if invoice.attached %}", "{% if pay_link %}")
    assert any(problem.key == "kindness.attach-invoice.claimed" for problem in examine(text, "mine").problems)


def test_a_subject_is_found_on_its_own_line() -> None:
    text = source().replace("{{ invoice.number }} was due", "was due", 1)
    assert (6, "kindness.subject-invoice-number") in rules(examine(text, "mine"))


def test_a_warning_does_not_block() -> None:
    text = source().replace("; if you have already paid, please disregard this message", "")
    found = examine(text, "mine")
    assert [problem.key for problem in found.problems] == ["kindness.already-paid-line"]
    assert found.usable


def test_a_discount_after_the_due_date_refuses_itself() -> None:
    text = source().replace("Thank you for your time.", "Thank you for your time. A discount is possible.")
    assert [problem.key for problem in examine(text, "mine").problems] == ["kindness.discount-only-in-time"]
    template = library()["early_payment_discount", "en"][0]
    values = examples.values("en")
    rendered = render(template, values)
    assert check(rendered, examples.facts(values)) == ()
    late = check(rendered, examples.facts(values, "early_late"))
    assert [finding.rule for finding in late] == ["discount-only-in-time"]


def test_a_field_no_step_knows_is_named() -> None:
    text = source().replace("optional_fields: [", "optional_fields: [dispute.reason, ")
    assert rules(examine(text, "mine")) == [(13, "wording.refused.field_elsewhere")]


def test_what_cannot_be_read_is_one_problem() -> None:
    assert examine("Hello", "mine") == Examined(None, (Problem(1, "wording.refused.front_matter"),))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_problem_has_a_sentence(language: str) -> None:
    for text in ("Hello", source().replace("early_late", "early_lat"), source().replace("Thank you", "YOU")):
        for problem in examine(text, "mine").problems:
            assert say(problem.key, language, **problem.params)


def test_fields_beyond_counting_are_still_tried_one_by_one() -> None:
    template = library()["early_late", "en"][0]
    many = [name for name in examples.values("en") if name not in template.required]
    tried = list(examples.branches(replace(template, optional=tuple(many))))
    assert 40 < len(tried) < 400
    assert {values["pay_link"] for values in tried} == {examples.values("en")["pay_link"], ""}


# Beside and instead of ours.


def test_ones_own_stand_beside_ours_or_in_their_place() -> None:
    mine = examine(source().replace("Hello ", "Good day "), "early_late").template
    more = examine(source(), "early_late.mine").template
    assert mine is not None
    assert more is not None
    both = with_own((mine, more))
    assert mine in both["early_late", "en"]
    assert library()["early_late", "en"][0] not in both["early_late", "en"]
    assert len(both["early_late", "en"]) == len(library()["early_late", "en"]) + 1
    assert both["early_late", "fr"] == library()["early_late", "fr"]
    ours = {template.id for template in library()["early_late", "en"]}
    assert choose("early_late", "en", regular=None, had=ours, key="x", wordings=both) == more


def test_a_gap_is_a_stage_without_words_for_somebody() -> None:
    only_new = [replace(t, variant="new") for t in library()["thank_you_multi", "fr"]]
    poorer = with_own(only_new)
    assert gaps(["thank_you", "thank_you_multi"], poorer) == [("thank_you_multi", "fr", "regular")]
    assert gaps(["thank_you_multi"], library()) == []


def test_what_a_step_may_speak_in() -> None:
    assert speaks("early_payment_discount")
    assert speaks("payment_terms_welcome")  # of no invoice, so of one and of several
    assert stage_for("payment_terms_welcome", several=True) == "payment_terms_welcome"
    assert stage_for("early_late", several=True) == "early_late_multi"
    for stage in ("statement", "plan_offer", "formal_notice", "early_late_multi", "call_script", "sms_late", "nothing"):
        assert not speaks(stage), stage
    assert speaks("sms_late", "sms")
