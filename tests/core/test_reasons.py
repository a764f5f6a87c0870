"""Every rule has its sentence in the four languages, with exactly what the code knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from amable.core import course, planning
from amable.core.languages import LANGUAGES, sentences, show_date
from amable.core.money import Money
from amable.core.planning import Decision, Outcome, Promise, decide
from amable.core.reasons import reason, step_name
from tests.cast import (
    DAY,
    DUE,
    Life,
    credit,
    customer,
    days,
    disputing,
    forgetful,
    gone,
    invoice,
    procedure,
    promising,
    silent,
)
from tests.core.test_planning import CUSTOMER_HOLDS, ITEM_HOLDS, MOVES, TUESDAY

RULE = re.compile(
    r"(hold|calendar|hours|spacing|cap|listed|credit|escalation|procedure|window|between|step)\.[a-z_]+"
    r"|grace|skipped|not_due"
)

# What the doors and the ledger add to the rules of planning.
GIVEN: dict[str, dict[str, object]] = {
    "paid.bank": {"amount": Money(100, "EUR"), "date": DUE, "payer": "Bar Nou, S.L.", "account": "ES91 … 1332"},
    "paid.ledger": {"date": DUE},
    "gate.stale_data": {"day": DUE},
    "gate.stopped": {},
    "gate.first_plan": {},
    "gate.anomaly": {},
    "wording.refused": {"finding": "one-clear-ask.none"},
    "step.other": {"step": "our_own_step"},
}


def written_rules() -> set[str]:
    """The rules that stand in the code of planning."""
    trees = [ast.parse(Path(str(module.__file__)).read_text("utf-8")) for module in (course, planning)]
    nodes = (node for tree in trees for node in ast.walk(tree))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if RULE.fullmatch(text)}


def decisions() -> Iterator[Decision]:
    """Days of customers to whom, between them, everything happens."""
    for facts, _, _ in CUSTOMER_HOLDS.values():
        yield decide(customer(**facts), TUESDAY)
    for facts, _, _ in ITEM_HOLDS.values():
        yield decide(customer(invoice(1, **facts), invoice(2)), TUESDAY)
    for today, facts, now, _, _ in MOVES.values():
        yield decide(customer(invoice(), **facts), today, now)
        yield decide(customer(invoice(due=today, issued=today - 20 * DAY), **facts), today, now)
    yield decide(disputing(invoice(1), amount=100_00), TUESDAY)
    yield decide(promising(invoice(1), on=TUESDAY, amount=100_00), TUESDAY)
    yield decide(customer(invoice(1, open=4_00)), TUESDAY)
    yield decide(customer(invoice(1), invoice(2, due=date(2026, 6, 1)), credit(3, open=-600_00)), TUESDAY)
    yield decide(customer(invoice(1), invoice(2, due=date(2026, 2, 10)), suspense={"EUR": 10_00}), TUESDAY)
    yield decide(customer(procedure=replace(procedure(), steps=())), DUE)
    switched = replace(procedure(), steps=tuple(replace(step, switched_on=True) for step in procedure().steps))
    both = customer(invoice(1), invoice(2, due=DUE + 9 * DAY), credit(3), procedure=switched)
    for dossier in (
        customer(),
        customer(invoice(1), invoice(2, currency="USD"), invoice(3, due=DUE + 6 * DAY), invoice(4, due=DUE - 4 * DAY)),
        replace(both, reach=frozenset({"email", "sms"})),
        forgetful(procedure=procedure("gentle")),
        silent(procedure=procedure("firm")),
        gone(),
    ):
        life = Life(dossier)
        for today in days(date(2026, 2, 10), date(2026, 8, 20)):
            yield life.live(today)
            for id_, record in life.record.items():
                if record and record[-1].asked and (today - record[-1].day).days > 3:
                    record.append(record[-1]._replace(day=today, asked=False))
                    deadline = today + timedelta(days=15)
                    life.change_items(
                        lambda item, id_=id_, deadline=deadline: (
                            item._replace(notice_deadline=deadline) if item.id == id_ else item
                        )
                    )
    closed = customer(invoice(told=()), creditor_calendar=customer().calendar)
    for today in (date(2026, 3, 4), date(2026, 3, 28)):
        yield decide(replace(closed, items=(invoice(due=today - DAY),)), today)
    waited = Life(customer(invoice(promise=Promise(1, DUE))))
    yield from (waited.live(today) for today in days(DUE, date(2026, 4, 1)))


@cache
def met() -> Mapping[str, list[tuple[Outcome | None, Mapping[str, object]]]]:
    """Every rule met on those days, with the outcomes it came with and what was known."""
    found: dict[str, list[tuple[Outcome | None, Mapping[str, object]]]] = {}
    for decision in decisions():
        for verdict in decision.verdicts:
            found.setdefault(verdict.rule, []).append((verdict.outcome, verdict.params))
        for planned in decision.planned:
            for named in planned.named:
                found.setdefault(named.rule, []).append((None, named.params))
    return found


def places(sentence: str | Mapping[str, str]) -> set[str]:
    forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
    return {name for form in forms for _, name, _, _ in Formatter().parse(form) if name}


def test_every_rule_in_the_code_is_met_and_none_is_unknown() -> None:
    steps = {f"step.{step.id}" for name in ("starter", "gentle", "firm") for step in procedure(name).steps}
    assert set(met()) == written_rules() | steps


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_sentence_with_exactly_what_is_known(language: str) -> None:
    known: dict[str, set[frozenset[str]]] = {rule: {frozenset(params)} for rule, params in GIVEN.items()}
    for rule, cases in met().items():
        known[rule] = {frozenset(params) for _, params in cases}
    for rule, cases in known.items():
        for params in cases:
            own = {name for name in params if not name.startswith("effect")}  # told in a sentence of its own
            wanted = {"why"} if rule == "skipped" else own
            assert places(sentences(language)[rule]) == wanted, (rule, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_reads_as_one(language: str) -> None:
    cases: Iterable[tuple[str, Mapping[str, object]]] = [
        *GIVEN.items(),
        *((rule, params) for rule, found in met().items() for _, params in found[:5]),
    ]
    for rule, params in cases:
        text = reason(rule, params, language)
        assert text.endswith(".")
        assert text[0].isupper() or text[0].isdigit()
        assert "{" not in text
        assert "  " not in text
        for value in params.values():
            if isinstance(value, date):
                assert show_date(value, language) in text
        if language == "fr":
            assert not re.search(r"(?<!\u00a0)[:;?!»]|«(?!\u00a0)", text), text
        if language == "ro":
            assert not set(text) & set("şţŞŢ"), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_name_that_fits_into_a_sentence(language: str) -> None:
    steps = {step.id for name in ("starter", "gentle", "firm") for step in procedure(name).steps}
    asks = {planned.step for decision in decisions() for planned in decision.planned}
    for step in steps | asks:
        name = step_name(step, language)
        assert name != step
        assert name[0].islower()
        assert name[-1].isalnum()


HELD = {"en": "Held: ", "es": "En espera: ", "ro": "În așteptare: ", "fr": "En attente\u00a0: "}


def test_a_hold_says_so_and_nothing_else_does() -> None:
    for language, held in HELD.items():
        for rule, cases in met().items():
            assert reason(rule, cases[0][1], language).startswith(held) == rule.startswith("hold.")


def test_each_rule_comes_with_the_outcomes_its_sentence_speaks_of() -> None:
    expected = {
        "hold": {Outcome.HELD, Outcome.TASK, None},
        "listed": {Outcome.SENT},
        "calendar": {Outcome.MOVED},
        "hours": {Outcome.MOVED},
        "spacing": {Outcome.MOVED},
        "cap": {Outcome.MOVED},
        "escalation": {Outcome.ESCALATED},
        "procedure": {Outcome.ESCALATED},
        "step.later": {Outcome.NOT_YET},
        "step": {Outcome.SENT, Outcome.TASK, Outcome.ESCALATED},
    }
    for rule, cases in met().items():
        allowed = expected.get(rule) or expected.get(rule.split(".")[0], {Outcome.NOT_YET})
        assert {outcome for outcome, _ in cases} <= allowed, rule


def test_a_sentence_names_the_amount_and_the_day() -> None:
    assert reason("hold.promised_part", {"amount": Money(100_00, "EUR"), "day": DUE}, "en") == (
        "Held: the customer promised €100.00 of it by 3 March 2026; only the rest is asked for."
    )
    assert reason("skipped", {"why": "cap.messages", "n": 2}, "es") == (
        "El cliente ha recibido 2 mensajes en siete días, el máximo que enviamos. "
        "Se omite el recordatorio previo al vencimiento."
    )
    assert reason("grace", {"day": DUE, "step": "early_late"}, "ro") == (
        "Încă în zilele de grație de după scadență; urmează, pe 3 martie 2026: reamintire prietenoasă după scadență."
    )
