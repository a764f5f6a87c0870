"""The kindness check: our own wordings pass in every branch, and each rule finds the text that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from amable.core import kindness, marked
from amable.core.kindness import Facts, Finding, Severity, check
from amable.core.languages import LANGUAGES, say, sentences
from amable.core.sms import segments
from amable.core.wording import Rendered, Template, library, render
from tests.core.message_values import VALUES, branches, facts
from tests.core.test_wording import NAMES, TEMPLATES, composed, hostile, ours

TO = "pagos@talleres.example"


def rules(rendered: Rendered, given: Facts) -> set[str]:
    return {finding.rule for finding in check(rendered, given)}


def message(template: Template, **values: object) -> tuple[Rendered, Facts]:
    merged = VALUES | values
    return render(template, merged), facts(merged)


def reworded(template: Template, old: str, new: str) -> Template:
    assert old in template.subject + template.body, old
    return replace(template, subject=template.subject.replace(old, new), body=template.body.replace(old, new))


def saying(rendered: Rendered, text: str) -> Rendered:
    """A message with a paragraph written in by hand after the greeting."""
    return replace(rendered, body=rendered.body.replace("\n\n", f"\n\n{text}\n\n", 1))


# Our own wordings.


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_every_wording_of_ours_is_kind_in_every_branch(template: Template) -> None:
    for values in branches(template):
        assert check(render(template, values), facts(values, template.stage)) == (), values


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_planning_adds_is_kind_too(language: str) -> None:
    assert check(composed(language), facts(VALUES)) == ()


@pytest.mark.parametrize("template", TEMPLATES, ids=NAMES)
def test_the_request_of_a_wording_is_one_of_the_list(template: Template) -> None:
    asks = kindness._tone(template.language).asks
    assert template.primary_cta == "none" or template.primary_cta in asks


# Each rule.

GENTLE, EARLY, LATE, NOTICE, THANKS = (
    ours(stage) for stage in ("gentle_before_due", "early_late", "late_late", "formal_notice", "thank_you")
)
SMS = ours("sms_late")
WAY_OUT = " If something makes payment difficult, or you disagree with the invoice, let me know and we will find a way."
FILLER = "and this goes on for a while without saying anything that would be new to you " * 5

Change = Callable[[Template], Template]


def swap(old: str, new: str) -> Change:
    return lambda template: reworded(template, old, new)


def add(text: str) -> Change:
    """Put a sentence right after the greeting."""
    return lambda template: replace(template, body=template.body.replace("\n\n", f"\n\n{text}\n\n", 1))


# One breach a line: the wording it starts from, what is done to it, the rule that must speak.
BREACHES: list[tuple[Template, Change, str]] = [
    (EARLY, swap("was due on", "one two three four five six seven eight was due on"), "subject-length"),
    (EARLY, swap("Invoice {{ invoice.number }} was due on", "Your invoice was due on"), "subject-invoice-number"),
    (LATE, swap("URGENT: invoice", "Invoice"), "urgent-only-late-late.missing"),
    (LATE, swap("URGENT: invoice", "Urgent: invoice"), "urgent-only-late-late.missing"),
    (
        EARLY,
        swap("Invoice {{ invoice.number }} was due on", "Urgent: {{ invoice.number }}, "),
        "urgent-only-late-late.early",
    ),
    (EARLY, add(FILLER), "body-length.long"),
    (EARLY, lambda it: replace(it, body="Hello {{ customer.name }},\n\nPlease pay."), "body-length.short"),
    (EARLY, swap("a balance of {{ invoice.balance }}", "a balance"), "states-amount"),
    (NOTICE, swap(", is {{ total_due }}", ", is given"), "states-amount"),
    (THANKS, swap("payment of {{ payment.amount }}", "payment"), "states-amount"),
    (GENTLE, lambda it: replace(it, body=it.body.replace("{{ invoice.due_date }}", "soon")), "states-due-date"),
    (EARLY, swap("{{ days_overdue }} {%", "some {%"), "states-days-overdue"),
    (
        EARLY,
        lambda it: reworded(reworded(it, "{{ pay_link }}", "on our site"), ": {{ payment.iban }}", ""),
        "how-to-pay",
    ),
    (EARLY, add("Could you also send us your new address?"), "one-clear-ask.many"),
    (EARLY, add("Please pay by {{ invoice.due_date }}."), "one-clear-ask.many"),
    (EARLY, swap("On which day do you expect to pay?", "We wait to hear from you about it."), "one-clear-ask.none"),
    (THANKS, add("Please pay the rest soon."), "no-ask-in-thanks"),
    (THANKS, add("Were you satisfied?"), "no-ask-in-thanks"),
    (EARLY, swap("Thank you for your time.", "That is all for now."), "says-thanks"),
    (EARLY, lambda it: replace(it, body="Hello,\n" + it.body.split("\n", 1)[1]), "greets-by-name"),
    (EARLY, lambda it: replace(it, body=it.body.replace("\n{{ sender.name }}\n", "\n")), "signed-by-a-person"),
    (EARLY, lambda it: replace(it, body=it.body.replace("\n{{ company.name }}\n", "\n")), "signed-by-a-person"),
    (EARLY, add("This is your last chance."), "no-forbidden-phrase.threat"),
    (EARLY, add("Pay immediately, please."), "no-forbidden-phrase.pressure"),
    (EARLY, add("This is VERY important."), "no-shouting.capitals"),
    (EARLY, add("Hello there! It is us!"), "no-shouting.exclamations"),
    (EARLY, add("Your order {{ invoice.description }} is here."), "resolved-fields.empty"),
    (EARLY, lambda it: it, "attach-invoice.missing"),
    (EARLY, add("I have attached a copy of it."), "attach-invoice.claimed"),
    (
        EARLY,
        lambda it: replace(it, body=it.body.replace(WAY_OUT, "")),
        "way-out",
    ),
    (EARLY, swap("; if you have already paid, please disregard this message", ""), "already-paid-line"),
    (EARLY, add("Cheers for now."), "neutral-tone"),
    (LATE, add("From today on, interest is added."), "fees-only-if-due"),
    (LATE, add("Recovery costs may be added."), "fees-only-if-due"),
    (EARLY, add("Pay this week and deduct a discount."), "discount-only-in-time"),
    (LATE, add("Otherwise our lawyers will write."), "legal-words-only-formal"),
    (EARLY, lambda it: it, "right-recipient"),
    (EARLY, swap("was due on {{ invoice.due_date }}", "for {{ invoice.balance }}"), "channel-privacy"),
    (SMS, swap("we have written to you about", "you are overdue with"), "channel-privacy"),
    (ours("promise_confirmation"), add("Is that right?"), "no-question"),
    (SMS, swap("{{ company.name }}: ", ""), "sms-creditor"),
    (SMS, swap("Thank you.", FILLER), "sms-segments"),
    (SMS, swap("we have written to you about", "{{ invoice.balance }} is open for"), "sms-consumer"),
]

# What must be known besides the text for a breach to be one.
KNOWN: dict[str, tuple[dict[str, object], dict[str, Any]]] = {
    "resolved-fields.empty": ({"invoice.description": ""}, {}),
    "attach-invoice.missing": ({}, {"document_travels": False, "document_known": True}),
    "attach-invoice.claimed": ({"invoice.attached": False}, {}),
    "right-recipient": ({}, {"recipients": (TO, "someone@else.example")}),
    "channel-privacy": ({"customer.is_consumer": True}, {"consumer": True}),
    "sms-consumer": ({"customer.is_consumer": True}, {"consumer": True}),
    "fees-only-if-due": ({}, {"charges": frozenset()}),
    "discount-only-in-time": ({}, {"discount": False}),
}


@pytest.mark.parametrize(("template", "change", "rule"), BREACHES, ids=[f"{b[2]}-{n}" for n, b in enumerate(BREACHES)])
def test_a_rule_finds_the_text_that_breaks_it(template: Template, change: Change, rule: str) -> None:
    values, known = KNOWN.get(rule, ({}, {}))
    before, given = message(template, **values)
    assert rule not in rules(before, given)
    given = replace(given, **known)
    findings = [finding for finding in check(render(change(template), VALUES | values), given) if finding.rule == rule]
    assert findings
    for finding in findings:
        for language in LANGUAGES:
            assert say(f"kindness.{rule}", language, **finding.params)


def test_every_rule_of_the_list_is_broken_by_a_test_and_has_its_sentences() -> None:
    listed = [rule["id"] for rule in kindness._sheet()["rules"]]
    broken = {rule for _, _, rule in BREACHES} | {"resolved-fields.place"}
    assert {rule.split(".")[0] for rule in broken} == set(listed)
    assert {*kindness._OF_WORDS, *kindness._JUDGES} == set(listed)
    keys = {key.removeprefix("kindness.") for key in sentences("en") if key.startswith("kindness.")}
    categories = {
        f"no-forbidden-phrase.{group.category}"
        for language in LANGUAGES
        for group in kindness._tone(language).forbidden
        if group.category != "premature_legal_mention"
    }
    assert keys == broken | categories | {"missing-field", "letters-missing"}
    for language in LANGUAGES:
        theirs = {key for key in sentences(language) if key.startswith("kindness.")}
        assert theirs == {f"kindness.{key}" for key in keys}


def test_sentences_have_the_same_places_in_the_four_languages() -> None:
    places = {
        "n": 77,
        "limit": 88,
        "value": "VALUE",
        "phrase": "PHRASE",
        "text": "TEXT",
        "token": "TOKEN",
        "field": "FIELD",
        "signs": "SIGNS",
    }
    for key in (key for key in sentences("en") if key.startswith("kindness.")):
        shown = [[str(place) in say(key, language, **places) for place in places.values()] for language in LANGUAGES]
        assert shown == [shown[0]] * 4, key


@pytest.mark.parametrize("left", ["{{ customer.name }}", "{name}", "${name}", "[[name]]", "<<name>>", "«DOC»", "}"])
def test_a_field_left_open_in_a_text_edited_by_hand_is_found(left: str) -> None:
    rendered, given = message(EARLY)
    by_hand = replace(rendered, body=rendered.body.replace("Our records", f"{left}, our records"))
    assert rules(by_hand, given) == {"resolved-fields.place"}


def test_findings_carry_the_severity_of_the_list() -> None:
    def severity(sentence: str) -> set[Severity]:
        template = add(sentence)(EARLY)
        found = check(*message(template))
        return {finding.severity for finding in found if finding.rule.startswith("no-forbidden-phrase")}

    assert severity("You will regret this.") == {Severity.ERROR}
    assert severity("As usual, all is well.") == {Severity.WARN}
    warned = check(*message(reworded(EARLY, "; if you have already paid, please disregard this message", "")))
    assert warned == (Finding("already-paid-line", Severity.WARN, {}),)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_forbidden_phrase_is_found_however_it_is_written(language: str) -> None:
    early, given = message(ours("early_late", language))
    notice = message(ours("formal_notice", language))[0]
    for group in kindness._tone(language).forbidden:
        for phrase, _ in group.phrases:
            disguised = marked.plain(phrase).upper().replace("’", "'").replace(" ", "\u00a0").replace("É", "E")
            for text in (phrase, disguised, f"({phrase})", phrase.replace(" ", " **", 1) + "**"):
                found = check(saying(early, f"Text: {text}, text."), given)
                assert any(finding.params.get("phrase") == phrase for finding in found), text
            if group.category == "premature_legal_mention":
                legal = check(saying(notice, f"Text: {phrase}."), given)
                assert not any(finding.params.get("phrase") == phrase for finding in legal)


def test_part_of_a_word_is_not_a_phrase() -> None:
    template = add("The amorosos and the interested parties are delinquently mentioned.")(ours("late_late", "en"))
    assert rules(*message(template)) <= {"body-length.long"}


def test_only_the_wording_is_judged_never_a_value() -> None:
    loud = "URGENT PAY IMMEDIATELY or else! Really!! Interest? When? {{ x }} [[y]] attached, mate"
    for template in (GENTLE, EARLY, LATE, NOTICE, THANKS, ours("early_late_multi")):
        names = ("customer.name", "contact.name", "invoice.number", "invoice.description", "oldest.number")
        row = {"number": loud, "due_date": loud, "balance": loud, "days_overdue": 1}
        rendered, given = message(template, **dict.fromkeys(names, loud), items=[row])
        assert check(rendered, given) == ()


def test_hostile_names_disturb_no_rule() -> None:
    template = ours("gentle_before_due", "es")
    for line in hostile():
        name = line if marked.clean(line) else "x"
        assert check(*message(template, **{"customer.name": name, "contact.name": name, "sender.name": name})) == ()


def test_a_text_of_ones_own_may_ask_in_its_own_words() -> None:
    own = reworded(EARLY, "On which day do you expect to pay?", "Which day would be good for you?")
    assert check(*message(own)) == ()


def test_a_recipient_is_the_same_in_capitals() -> None:
    rendered, given = message(EARLY)
    assert check(rendered, replace(given, recipients=(TO.upper(),))) == ()
    assert rules(rendered, replace(given, allowed=frozenset())) == {"right-recipient"}


def test_an_unknown_document_does_not_hold_a_message_back() -> None:
    rendered, given = message(EARLY, **{"invoice.attached": False})
    assert check(rendered, replace(given, document_known=False, document_travels=False)) == ()


def test_a_staff_note_needs_no_greeting_of_a_customer_but_keeps_its_manners() -> None:
    note = ours("staff_task_day_one")
    assert rules(*message(add("That bad payer is late.")(note))) == {"no-forbidden-phrase.insult_or_blame"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ș" * 70, 1),
        ("ș" * 71, 2),
        ("ș" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_an_sms_is_counted_in_segments(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_a_late_message_wears_the_token_of_its_language() -> None:
    for language in LANGUAGES:
        for stage in ("late_late", "late_late_multi"):
            for template in library()[stage, language]:
                assert template.subject.startswith("URGENTE: " if language == "es" else "URGENT")
                wrong = replace(template, subject=template.subject.replace("URGENT", "URGENTISIM", 1))
                assert "urgent-only-late-late.missing" in rules(*message(wrong))
