"""The rules of planning, each in an example; the tests carry the numbers of `docs/explanation/planning.md`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amable.core.days import Calendar
from amable.core.languages import LANGUAGES, show_date
from amable.core.money import Money
from amable.core.payers import Profile
from amable.core.planning import (
    Contact,
    Discount,
    Dossier,
    Item,
    Kind,
    Named,
    Paid,
    Planned,
    Promise,
    Receipt,
    Section,
    Told,
    decide,
)
from amable.core.procedure import Act, read
from amable.core.reasons import reason
from tests.cast import (
    DAY,
    DUE,
    MADRID,
    SAN_JOSE,
    VALENCIA,
    Life,
    credit,
    customer,
    days,
    disputing,
    forgetful,
    gone,
    invoice,
    messages,
    procedure,
    promising,
    punctual,
    silent,
    told,
    verdict,
    verdicts,
)

TUESDAY = date(2026, 3, 17)
EARLY = date(2026, 3, 9)  # the first day after grace of an invoice due on DUE: working day 4
REMINDED = told(("early_late", EARLY))
LAST = "ask.procedure_ended"
LATE = told(("early_late", EARLY), ("late_late", date(2026, 3, 13)))


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = MADRID) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def only(dossier: Dossier, today: date, now: datetime | None = None) -> Planned:
    (planned,) = decide(dossier, today, now).planned
    return planned


def spoken(day: date, *, before_due: bool = False, act: str = "email") -> Contact:
    return Contact(day, act, before_due)


# --- 1 Days and moments ------------------------------------------------------------------------------------------


def test_1_1_days_late_are_counted_from_the_day_an_extension_sets() -> None:
    extended = invoice(due=date(2026, 4, 30), told=REMINDED)
    decision = decide(customer(extended), date(2026, 3, 20))
    assert (verdict(decision).outcome, verdict(decision).rule) == ("not_yet", "step.later")
    life = Life(customer(extended)).until(date(2026, 5, 15), first=date(2026, 4, 10))
    assert [step for day, step in life.steps() if day > extended.due][:3] == ["check", "early_late", "late_late"]


def test_1_1_a_notice_from_before_an_extension_leads_nowhere() -> None:
    item = invoice(due=date(2026, 4, 30), told=LATE, notice_deadline=date(2026, 4, 10))
    life = Life(customer(item)).until(date(2026, 5, 20), first=date(2026, 4, 20))
    assert "placement" not in {step for _, step in life.steps()}


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (DUE, {"due_7": "02-24", "due_3": "02-27", "due_today": "03-03"}),  # due_3 falls on a Saturday
        (date(2026, 3, 8), {"due_7": "02-27", "due_3": "03-05"}),  # on a Sunday: the due-day word would follow at once
        (SAN_JOSE, {"due_7": "03-12", "due_3": "03-16"}),  # on a holiday: the due-day word would be the third in a week
        (date(2026, 4, 6), {"due_7": "03-30", "due_today": "04-02"}),  # Easter Monday: both on Maundy Thursday
    ],
)
def test_1_4_before_due_steps_go_on_their_day_or_the_last_working_day_before(
    due: date, expected: dict[str, str]
) -> None:
    life = Life(customer(invoice(due=due))).until(due)
    assert {step: f"{day:%m-%d}" for day, step in life.steps()} == expected


def test_1_4_a_before_due_step_too_near_the_last_message_is_skipped_and_not_caught_up() -> None:
    dossier = customer(invoice(), contacts=(spoken(date(2026, 2, 23)),))
    decision = decide(dossier, date(2026, 2, 24))
    assert verdict(decision)[1:4] == ("not_yet", "skipped", {"why": "spacing.message", "day": date(2026, 2, 23)})
    life = Life(dossier).until(DUE, first=date(2026, 2, 24))
    assert life.steps() == [(date(2026, 2, 27), "due_3"), (DUE, "due_today")]


def test_1_4_two_days_are_enough_between_words_before_the_due_date() -> None:
    near = customer(invoice(), contacts=(spoken(date(2026, 2, 22), before_due=True),))
    assert only(near, date(2026, 2, 24)).step == "due_7"
    near = customer(invoice(), contacts=(spoken(date(2026, 2, 23), before_due=True),))
    assert verdicts(near, date(2026, 2, 24)) == {1: ("not_yet", "skipped")}


def test_1_4_nothing_before_due_leaves_after_the_due_date() -> None:
    life = Life(customer(invoice())).until(date(2026, 3, 31), first=DUE + DAY)
    assert not {step for _, step in life.steps()} & {"due_7", "due_3", "due_today"}


def test_1_4_an_invoice_issued_today_is_not_reminded_of_today() -> None:
    fresh = invoice(due=TUESDAY, issued=TUESDAY)
    assert verdicts(customer(fresh), TUESDAY) == {1: ("not_yet", "step.later")}
    known = invoice(due=TUESDAY, issued=date(2026, 3, 10))
    assert only(customer(known), TUESDAY).step == "due_today"


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (date(2026, 3, 11), date(2026, 3, 16)),  # Wednesday: Saturday to Monday, none preferred, so its working day
        (date(2026, 3, 12), date(2026, 3, 17)),  # Thursday: Sunday to Tuesday, so Tuesday
        (date(2026, 3, 13), date(2026, 3, 17)),  # Friday: Monday to Wednesday, so Tuesday
        (date(2026, 3, 16), date(2026, 3, 20)),  # Monday: Thursday is San José, so Friday
    ],
)
def test_1_5_overdue_steps_prefer_tuesday_then_wednesday_then_thursday(last: date, expected: date) -> None:
    life = Life(customer(invoice(told=told(("early_late", last))), contacts=(spoken(last),)))
    life.until(date(2026, 3, 24), first=last + DAY)
    first = next(day for day, step in life.steps() if step == "late_late")
    assert first == expected


def test_1_5_a_first_contact_goes_on_the_first_working_day_whatever_weekday() -> None:
    life = Life(customer(invoice())).until(date(2026, 3, 20), first=DUE + DAY)
    assert life.steps()[1] == (EARLY, "early_late")  # a Monday


def test_1_5_a_catch_up_goes_on_the_first_working_day() -> None:
    item = invoice(told=told(("due_7", date(2026, 2, 24))))
    assert only(customer(item), date(2026, 3, 13)).step == "early_late"  # a Friday, its window long over


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (None, "Europe/Madrid", ("sent", "step.early_late")),
        (at(TUESDAY, 3), "Europe/Madrid", ("sent", "step.early_late")),
        (at(TUESDAY, 6, 30), "Europe/Madrid", ("sent", "step.early_late")),
        (at(TUESDAY, 10), "Europe/Madrid", ("sent", "step.early_late")),
        (at(TUESDAY, 20, 30), "Europe/Madrid", ("moved", "hours.quiet")),
        (at(TUESDAY, 20, 30), "America/Mexico_City", ("sent", "step.early_late")),
        (at(TUESDAY, 3), "Asia/Tokyo", ("sent", "step.early_late")),
        (at(TUESDAY, 10), "Asia/Tokyo", ("moved", "hours.quiet")),
    ],
)
def test_1_6_a_message_leaves_in_the_recipients_working_day(
    now: datetime | None, zone: str, expected: tuple[str, str]
) -> None:
    dossier = customer(invoice(), zone=ZoneInfo(zone))
    assert verdicts(dossier, TUESDAY, now) == {1: expected}


def test_1_6_a_due_day_reminder_that_cannot_leave_on_its_day_is_skipped() -> None:
    decision = decide(customer(invoice()), DUE, at(DUE, 20, 30))
    assert verdict(decision)[1:4] == ("not_yet", "skipped", {"why": "hours.quiet"})
    assert verdict(decision).next_look == date(2026, 3, 4)


# --- 2 The starter procedure -------------------------------------------------------------------------------------


def test_2_the_starter_from_the_first_word_to_the_last_resort() -> None:
    life = Life(customer(invoice())).until(date(2026, 4, 20))
    assert [(f"{day:%m-%d}", step) for day, step in life.steps()] == [
        ("02-24", "due_7"),
        ("02-27", "due_3"),
        ("03-03", "due_today"),
        ("03-04", "check"),
        ("03-10", "early_late"),  # working day 4 is a Monday, 5 a Tuesday
        ("03-13", "late_late"),
        ("03-17", "late_late"),
        ("03-20", "late_late"),
        ("03-25", "call"),
        ("04-01", "meeting"),
        ("04-09", "formal_notice"),
        ("04-16", "formal_notice"),  # nobody decided: the same question again
    ]


def test_2_working_days_one_to_three_are_grace() -> None:
    item = invoice(told=told(("due_today", DUE)))
    for today in (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 8)):
        dossier = customer(item._replace(told=(*item.told, Told("check", date(2026, 3, 4)))))
        assert verdicts(dossier, today) == {1: ("not_yet", "grace")}


def test_2_the_check_falls_on_the_creditors_next_working_day() -> None:
    closed = Calendar("ours", {**VALENCIA.holidays, date(2026, 3, 4): "closed"})
    life = Life(customer(invoice(), creditor_calendar=closed)).until(date(2026, 3, 6), first=date(2026, 3, 4))
    assert life.steps() == [(date(2026, 3, 5), "check")]


def test_2_a_text_message_follows_the_second_urgent_reminder_where_it_is_wanted() -> None:
    starter = procedure()
    steps = tuple(replace(step, switched_on=True) for step in starter.steps)
    wanted = replace(starter, steps=steps)
    reached = Life(customer(procedure=wanted, reach=frozenset({"email", "sms"}))).until(date(2026, 4, 20))
    assert (date(2026, 3, 24), "sms") in reached.steps()  # on the 23rd it would be the third message in seven days
    assert (date(2026, 3, 27), "call") in reached.steps()
    for facts in ({}, {"reach": frozenset({"email", "sms"}), "refused": frozenset({"sms"})}):
        life = Life(customer(procedure=wanted, **facts)).until(date(2026, 4, 20))
        assert "sms" not in {step for _, step in life.steps()}


def test_2_a_formal_notice_needs_a_hundred_and_thirty_days() -> None:
    small = Life(customer(invoice(open=99_99))).until(date(2026, 5, 20))
    assert "formal_notice" not in {step for _, step in small.steps()}
    assert small.steps()[-1][1] == "ask.procedure_ended"
    large = Life(customer(invoice(open=100_00))).until(date(2026, 5, 20))
    notice = next(day for day, step in large.steps() if step == "formal_notice")
    assert (notice - DUE).days >= 30


def test_2_placement_follows_the_notices_deadline_and_legal_action_placement() -> None:
    deadline = date(2026, 4, 30)
    taken = (*LATE, Told("formal_notice", date(2026, 4, 10), asked=True), Told("formal_notice", date(2026, 4, 13)))
    item = invoice(told=taken, notice_deadline=deadline)
    life = Life(customer(item)).until(date(2026, 5, 20), first=date(2026, 4, 14))
    assert life.steps() == [(date(2026, 5, 15), "placement")]
    placed = item._replace(told=(*taken, Told("placement", date(2026, 5, 18))))
    life = Life(customer(placed)).until(date(2026, 6, 23), first=date(2026, 5, 19))
    assert life.steps() == [(date(2026, 6, 17), "legal")]


def test_2_gentle_is_never_urgent_and_firm_is_sooner() -> None:
    gentle = Life(customer(procedure=procedure("gentle"))).until(date(2026, 6, 30))
    firm = Life(customer(procedure=procedure("firm"))).until(date(2026, 6, 30))
    starter = Life(customer()).until(date(2026, 6, 30))
    assert "late_late" not in {step for _, step in gentle.steps()}

    def notice(life: Life) -> date:
        return next(day for day, step in life.steps() if step == "formal_notice")

    assert notice(firm) < notice(starter) < notice(gentle)
    gaps = [second - first for (first, _), (second, _) in zip(gentle.said, gentle.said[1:], strict=False)]
    assert all(
        gap.days >= 5 or not {a.act, b.act} <= {Act.EMAIL}
        for gap, (_, a), (_, b) in zip(gaps, gentle.said, gentle.said[1:], strict=False)
        if not gentle.dossier.procedure.step(b.step).before_due  # type: ignore[union-attr]
    )


# --- 3 Which step ------------------------------------------------------------------------------------------------


def test_3_1_missed_days_are_caught_up_once_with_the_newest_step_only() -> None:
    dossier = customer(invoice())
    assert only(dossier, date(2026, 3, 2)).step == "due_3"  # due_7 was missed as well
    life = Life(dossier).until(date(2026, 3, 12), first=date(2026, 3, 11))
    assert life.steps() == [(date(2026, 3, 11), "early_late")]  # and no check any more


def test_3_1_conditions_decide_for_which_items_a_step_is_meant() -> None:
    ours = read(
        "procedure: ours\nsteps:\n  - step: plain\n    when: 4 days after due\n"
        "  - step: firm\n    when: 5 days after due\n"
        "    only: {minimum: 100, segments: [key], countries: [ES], relationship: regular, days late: 10}\n"
    )
    regular = Profile(settled=4)
    long_ago, lately = date(2026, 3, 7), date(2026, 3, 11)

    def step(**facts: Any) -> str:
        item = invoice(due=facts.pop("due", long_ago), open=facts.pop("open", 100_00))
        return only(customer(item, **{"procedure": ours, "segment": "key", "profile": regular, **facts}), TUESDAY).step

    assert step() == "firm"
    for other in ({"open": 99_99}, {"segment": "new"}, {"country": "FR"}, {"profile": Profile()}, {"due": lately}):
        assert step(**other) == "plain"


def test_3_1_a_step_meant_only_from_an_age_on_is_waited_for() -> None:
    ours = read(
        "procedure: ours\nsteps:\n  - step: plain\n    when: 4 days after due\n"
        "  - step: firm\n    when: 5 days after due\n    only: {days late: 40}\n"
    )
    life = Life(customer(invoice(), procedure=ours)).until(date(2026, 4, 30), first=DUE)
    assert life.steps()[:3] == [
        (date(2026, 3, 9), "plain"),
        (date(2026, 4, 13), "firm"),  # the fortieth day is a Sunday
        (date(2026, 4, 14), LAST),
    ]


def test_3_1_a_softer_word_said_late_does_not_take_the_place_of_a_firmer_step() -> None:
    ours = read(
        "procedure: ours\nsteps:\n  - step: plain\n    when: 4 days after due\n"
        "  - step: firm\n    when: 8 days after due\n    presumes: plain\n"
    )
    life = Life(customer(invoice(), procedure=ours)).until(date(2026, 3, 30), first=date(2026, 3, 13))
    assert life.steps()[:2] == [(date(2026, 3, 13), "plain"), (date(2026, 3, 16), "firm")]


def test_3_2_an_old_item_never_written_about_begins_softly() -> None:
    for due in (date(2026, 1, 16), date(2021, 1, 1)):
        life = Life(customer(invoice(due=due))).until(date(2026, 5, 10), first=TUESDAY)
        assert list(dict.fromkeys(step for _, step in life.steps())) == [
            "early_late",
            "late_late",
            "call",
            "formal_notice",
        ]
        assert [step for _, step in life.steps()].count("late_late") == 3
        assert life.steps()[0][0] == TUESDAY


def test_3_2_a_bounced_reminder_is_no_reminder() -> None:
    bounced = told(("early_late", EARLY), failed=True)
    assert only(customer(invoice(told=bounced)), TUESDAY).step == "early_late"
    assert only(customer(invoice(told=REMINDED)), TUESDAY).step == "late_late"


def test_3_2_a_notice_presumes_both_reminders_each_at_least_as_firm() -> None:
    later = date(2026, 4, 14)
    spoken_twice = (Told("listed", EARLY, "late_late"), Told("late_late", date(2026, 3, 13), "late_late"))
    assert only(customer(invoice(told=spoken_twice)), later).step == "formal_notice"
    assert only(customer(invoice(told=spoken_twice[1:])), later).step == "late_late"
    assert only(customer(invoice(told=REMINDED)), later).step == "late_late"


def test_3_2_a_notice_waits_until_the_last_reminder_had_time_for_an_answer() -> None:
    urgent = told(*(("late_late", date(2026, 3, n)) for n in (10, 13, 17)))
    item = invoice(due=date(2026, 2, 1), told=(*told(("early_late", date(2026, 3, 6))), *urgent))
    life = Life(customer(item)).until(date(2026, 3, 31), first=date(2026, 3, 18))
    # Three working days after the 17th, San José not counted, end on the 23rd, and after the call on the 26th.
    assert life.steps() == [(date(2026, 3, 23), "call"), (date(2026, 3, 27), "formal_notice")]


def test_3_3_a_reopened_item_begins_its_new_cycle_softly() -> None:
    reopened = invoice(cycle=2, told=())
    planned = only(customer(reopened), TUESDAY)
    assert (planned.lines[0].step, planned.lines[0].occurrence) == ("early_late", 1)


def test_3_3_the_occurrence_counts_the_repeats_of_a_step() -> None:
    planned = only(customer(invoice(told=LATE)), TUESDAY)
    assert (planned.lines[0].step, planned.lines[0].occurrence) == ("late_late", 2)


def test_3_3_a_settled_question_is_not_asked_again_and_an_open_one_waits() -> None:
    later = date(2026, 4, 14)
    asked = (*LATE, Told("formal_notice", date(2026, 4, 8), asked=True))
    assert verdicts(customer(invoice(told=asked)), later) == {1: ("escalated", "escalation.waiting")}
    less = invoice(told=asked, open=50_00)  # a part payment does not bring the reminders back
    assert verdicts(customer(less), later) == {1: ("escalated", "escalation.waiting")}


def test_3_3_a_question_nobody_answers_is_asked_again_after_the_review() -> None:
    asked_on = date(2026, 4, 9)
    life = Life(customer(invoice(told=(*LATE, Told("formal_notice", asked_on, asked=True)))))
    life.until(date(2026, 5, 1), first=asked_on + DAY)
    assert [(day, one.step, one.lines[0].occurrence) for day, one in life.said] == [
        (date(2026, 4, 16), "formal_notice", 2),
        (date(2026, 4, 23), "formal_notice", 3),
        (date(2026, 4, 30), "formal_notice", 4),
    ]
    again = decide(customer(invoice(told=(*LATE, Told("formal_notice", asked_on, asked=True)))), date(2026, 4, 16))
    assert verdict(again)[1:3] == ("escalated", "step.formal_notice")
    assert (verdict(again).carrier, verdict(again).next_look) == (0, date(2026, 4, 23))


def test_3_3_a_waiting_question_is_looked_at_on_the_day_it_is_asked_again() -> None:
    """Counted from the day it was asked, to a day the creditor works; looking earlier does not put it off."""
    ours = Calendar("ours", {date(2026, 4, 16): "closed"})
    item = invoice(told=(*LATE, Told("formal_notice", date(2026, 4, 9), asked=True)))
    for today in days(date(2026, 4, 10), date(2026, 4, 16)):
        decision = decide(customer(item, creditor_calendar=ours), today)
        assert not decision.planned
        assert verdict(decision)[1:3] == ("escalated", "escalation.waiting")
        assert verdict(decision).next_look == decision.look_again == date(2026, 4, 17)
    assert only(customer(item, creditor_calendar=ours), date(2026, 4, 17)).step == "formal_notice"


def test_3_3_a_question_is_not_asked_twice_a_day_and_not_once_it_is_answered() -> None:
    day = date(2026, 4, 16)
    asked = (*LATE, Told("formal_notice", date(2026, 4, 9), asked=True))
    life = Life(customer(invoice(told=asked)))
    assert [one.step for one in life.live(day).planned] == ["formal_notice"]
    assert not life.live(day).planned
    answered = (*asked, Told("formal_notice", date(2026, 4, 10)))
    decision = decide(customer(invoice(told=answered, notice_deadline=date(2026, 4, 30))), day)
    assert not decision.planned
    assert verdict(decision)[1:3] == ("not_yet", "step.later")
    held = decide(disputing(invoice(told=asked)), day)
    assert (held.planned, verdict(held).rule) == ((), "hold.disputed")


def test_3_3_an_occurrence_counts_every_asking_before() -> None:
    """Also one from before an extension; and the item is never asked about twice a day."""
    before = Told("formal_notice", date(2026, 2, 20), asked=True)
    item = invoice(told=(before, *LATE, Told("formal_notice", date(2026, 4, 9), "", 2, asked=True)))
    life = Life(customer(item, invoice(2, due=date(2026, 4, 8)))).until(date(2026, 6, 30), first=date(2026, 4, 10))
    keys = [(line.item, line.step, line.occurrence) for _, one in life.said for line in one.lines]
    assert len(set(keys)) == len(keys)
    assert [occurrence for id_, step, occurrence in keys if (id_, step) == (1, "formal_notice")][:3] == [3, 4, 5]
    for day in days(date(2026, 4, 10), date(2026, 6, 30)):
        told_today = [line.step for on, one in life.said if on == day for line in one.lines if line.item == 1]
        assert told_today.count("formal_notice") <= 1


@pytest.mark.parametrize(
    ("paid", "today", "expected"),
    [
        (None, TUESDAY, ("sent", "step.late_late")),
        (date(2026, 3, 8), TUESDAY, ("sent", "step.late_late")),  # before the last word, which knew of it
        (EARLY, date(2026, 3, 12), ("not_yet", "paid_lately")),  # three working days: to Thursday
        (EARLY, date(2026, 3, 13), ("sent", "step.late_late")),
        (date(2026, 3, 13), TUESDAY, ("not_yet", "paid_lately")),
        (date(2026, 3, 16), date(2026, 3, 20), ("not_yet", "paid_lately")),  # San José does not count
        (date(2026, 3, 16), date(2026, 3, 23), ("sent", "step.late_late")),
    ],
)
def test_3_never_firmer_right_after_money_came_in(paid: date | None, today: date, expected: tuple[str, str]) -> None:
    dossier = customer(invoice(told=REMINDED, paid_since=paid))
    decision = decide(dossier, today)
    assert verdicts(dossier, today) == {1: expected}
    if expected[1] == "paid_lately":
        assert verdict(decision).params == {"day": paid}
        assert decision.look_again == verdict(decision).next_look
        assert messages(decide(dossier, verdict(decision).next_look or today))


def test_3_after_a_part_payment_the_same_words_may_be_said_again() -> None:
    friday = date(2026, 3, 13)
    dossier = customer(invoice(told=LATE, paid_since=friday))
    assert only(dossier, TUESDAY).step == "late_late"
    # Nor does money hold back what was never spoken of: its first word is the softest there is.
    assert only(customer(invoice(paid_since=friday)), TUESDAY).step == "early_late"


def test_3_an_open_window_does_not_carry_firmer_words_right_after_money() -> None:
    """The urgent reminder would have waited for Tuesday and ridden along with another item's on Monday."""
    monday, friday = date(2026, 3, 16), date(2026, 3, 13)
    other = invoice(2, told=REMINDED, due=date(2026, 3, 2))
    item = invoice(1, told=told(("early_late", friday)), paid_since=friday)
    decision = decide(customer(item, other), monday)
    (message,) = messages(decision)
    assert {line.item: line.step for line in message.lines} == {1: "listed", 2: "late_late"}


def test_3_words_that_presume_nothing_do_not_wait_for_money() -> None:
    reminded = told(("due_7", date(2026, 2, 24)))
    assert only(customer(invoice(told=reminded, paid_since=date(2026, 2, 26))), date(2026, 2, 27)).step == "due_3"
    assert only(customer(invoice(told=reminded, paid_since=date(2026, 3, 6))), date(2026, 3, 10)).step == "early_late"


@pytest.mark.parametrize("language", LANGUAGES)
def test_3_the_sentence_of_a_part_payment_names_its_day(language: str) -> None:
    text = reason("paid_lately", {"day": DUE}, language)
    assert show_date(DUE, language) in text
    assert "{" not in text


def test_3_a_procedure_of_reminders_only_asks_nobody_before_the_due_date() -> None:
    ours = read("procedure: ours\nsteps:\n  - step: soon\n    when: 3 days before due\n")
    life = Life(customer(invoice(), procedure=ours)).until(date(2026, 3, 6))
    assert life.steps() == [(date(2026, 2, 27), "soon"), (date(2026, 3, 4), LAST)]
    done = invoice(told=told(("soon", date(2026, 2, 27))))
    assert verdicts(customer(done, procedure=ours), date(2026, 3, 1)) == {1: ("not_yet", "not_due")}


# --- 4 One message -----------------------------------------------------------------------------------------------


def test_4_1_overdue_wins_and_lists_what_falls_due_soon_under_its_own_heading() -> None:
    dossier = customer(
        invoice(1),
        invoice(2, due=date(2026, 3, 10)),  # due a week ago, past grace
        invoice(3, due=date(2026, 3, 16)),  # due yesterday: in grace
        invoice(4, due=date(2026, 3, 20)),  # due on Friday
        invoice(5, due=date(2026, 3, 25)),  # in more than a week
        disputing(invoice(6)).items[0],
    )
    decision = decide(dossier, TUESDAY)
    (message,) = messages(decision)
    assert [(line.item, line.section, line.step) for line in message.lines] == [
        (1, Section.OVERDUE, "early_late"),
        (2, Section.OVERDUE, "early_late"),
        (4, Section.DUE_SOON, "due_3"),
    ]
    assert message.demanded == 1000_00
    assert message.named == (Named(6, "hold.disputed", {}),)
    assert {found.item for found in decision.verdicts if found.outcome == "sent"} == {1, 2, 4}


def test_4_1_what_was_listed_counts_as_told() -> None:
    life = Life(customer(invoice(1), invoice(2, due=date(2026, 3, 20))))
    life.live(TUESDAY)
    assert verdicts(life.known(), date(2026, 3, 18))[2] == ("not_yet", "step.later")
    life.until(date(2026, 3, 20), first=date(2026, 3, 18))
    assert [(day, [line.item for line in one.lines]) for day, one in life.said[1:]] == [(date(2026, 3, 20), [1, 2])]


def test_4_1_a_due_soon_message_lists_everything_due_within_seven_days() -> None:
    dossier = customer(invoice(1), invoice(2, due=date(2026, 3, 1)), invoice(3, due=date(2026, 3, 4)))
    message = only(dossier, date(2026, 2, 24))
    assert message.step == "due_7"
    assert [(line.item, line.section) for line in message.lines] == [(1, Section.DUE_SOON), (2, Section.DUE_SOON)]
    assert message.demanded == 1000_00


def test_4_1_currencies_travel_apart_and_neither_waits_for_ever() -> None:
    """A new invoice in euros falls due twice a week; the one in dollars gets its turn."""
    life = Life(customer(invoice(1, currency="USD")))
    for n, due in enumerate(days(date(2026, 2, 20), date(2026, 5, 30))):
        if due.weekday() in (0, 3):
            life.add(invoice(100 + n, due=due))
    life.until(date(2026, 5, 30), first=DUE)
    dollars = [(day, one.step) for day, one in life.said if one.currency == "USD"]
    assert [step for _, step in dollars] == ["early_late", "late_late", "late_late", "late_late"]
    assert dollars[0][0] <= date(2026, 3, 20)
    assert any(one.step == "formal_notice" and one.lines[0].item == 1 for _, one in life.said)
    for _, one in life.said:
        if one.currency:
            assert {item.currency for item in life.dossier.items if item.id in {x.item for x in one.lines}} == {
                one.currency
            }


def test_4_1_what_could_not_be_said_today_is_not_put_off_by_a_softer_word() -> None:
    """The overdue reminder may leave tomorrow; the due-soon word of today would make it wait longer."""
    dossier = customer(
        invoice(1), invoice(2, due=date(2026, 3, 24)), contacts=(spoken(date(2026, 3, 15), before_due=True),)
    )
    decision = decide(dossier, TUESDAY)
    assert not decision.planned
    assert verdict(decision, 1)[1:3] == ("moved", "spacing.message")
    assert verdict(decision, 1).next_look == date(2026, 3, 18)


def test_4_2_the_wording_is_that_of_the_firmest_step() -> None:
    message = only(customer(invoice(1, told=REMINDED), invoice(2, due=date(2026, 3, 9))), TUESDAY)
    assert message.step == "late_late"
    assert [(line.item, line.step) for line in message.lines] == [(1, "late_late"), (2, "early_late")]


def test_4_2_an_open_window_rides_along_in_words_as_firm() -> None:
    """Working day 4 of the second invoice is today, a Monday; it would have waited for Tuesday."""
    monday = date(2026, 3, 16)
    second = invoice(
        2, due=date(2026, 3, 10), told=(*told(("due_today", date(2026, 3, 10))), Told("check", date(2026, 3, 11)))
    )
    message = only(customer(invoice(1), second), monday)
    assert verdicts(customer(second), monday) == {2: ("not_yet", "window.preferred_day")}
    assert [(line.item, line.step) for line in message.lines] == [(1, "early_late"), (2, "early_late")]


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({"disputed": 500_00}, Named(2, "hold.disputed", {})),
        ({"promise": Promise(500_00, date(2026, 3, 24))}, Named(2, "hold.promised", {"day": date(2026, 3, 24)})),
        ({"plan_kept": True}, Named(2, "hold.plan_kept", {})),
        ({"disputed": 200_00}, Named(2, "hold.disputed_part", {"amount": Money(200_00, "EUR")})),
        (
            {"promise": Promise(200_00, date(2026, 3, 24))},
            Named(2, "hold.promised_part", {"amount": Money(200_00, "EUR"), "day": date(2026, 3, 24)}),
        ),
    ],
)
def test_4_2_what_is_left_out_is_named_with_its_reason(facts: dict[str, Any], named: Named) -> None:
    message = only(customer(invoice(1), invoice(2, **facts)), TUESDAY)
    assert message.named == (named,)
    assert message.demanded == (500_00 if "part" not in named.rule else 800_00)


def test_4_3_credits_are_shown_and_subtracted() -> None:
    dossier = customer(invoice(1), credit(2), invoice(3, kind=Kind.UNAPPLIED, open=-50_00))
    decision = decide(dossier, TUESDAY)
    (message,) = decision.planned
    assert message.demanded == 350_00
    assert [(line.item, line.amount, line.section) for line in message.lines] == [
        (1, 500_00, Section.OVERDUE),
        (2, -100_00, Section.CREDIT),
        (3, -50_00, Section.CREDIT),
    ]
    assert {found.item: found.rule for found in decision.verdicts} == {
        1: "step.early_late",
        2: "listed.credit",
        3: "listed.credit",
    }


def test_4_3_credits_larger_than_what_is_overdue_leave_nothing_to_ask() -> None:
    dossier = customer(invoice(1), invoice(2, due=date(2026, 4, 20)), credit(3, open=-600_00))
    assert verdicts(dossier, TUESDAY) == {
        1: ("held", "hold.credit_covers"),
        2: ("not_yet", "step.later"),
        3: ("not_yet", "credit.waiting"),
    }


RECEIPT = Receipt("EUR", 300_00, date(2026, 3, 16), (7,))
PAID = Paid(7, "paid.bank", {"amount": Money(300_00, "EUR"), "date": date(2026, 3, 16), "payer": "P", "account": "A"})


def test_4_4_a_payment_that_settles_an_item_is_thanked_for() -> None:
    dossier = punctual(invoice(1, due=date(2026, 4, 30)), receipts=(RECEIPT,), paid=(PAID,))
    decision = decide(dossier, TUESDAY)
    (thanks,) = decision.planned
    assert (thanks.act, thanks.step, thanks.demanded, thanks.thanks) == (Act.THANKS, "thank_you", 0, (RECEIPT,))
    assert [(line.item, line.section) for line in thanks.lines] == [(7, Section.SETTLED)]
    assert verdict(decision, 7).rule == "paid.bank"
    assert verdict(decision, 7).carrier == 0


def test_4_4_a_demand_opens_with_the_thanks() -> None:
    decision = decide(customer(invoice(1), receipts=(RECEIPT,), paid=(PAID,)), TUESDAY)
    (demand,) = decision.planned
    assert (demand.step, demand.thanks) == ("early_late", (RECEIPT,))
    assert verdict(decision, 7)[1:3] == ("paid", "paid.bank")
    assert verdict(decision, 7).carrier == 0


@pytest.mark.parametrize(
    ("booked", "thanked"), [(TUESDAY, True), (date(2026, 3, 13), True), (date(2026, 3, 12), False)]
)
def test_4_4_thanks_are_for_the_last_two_working_days(booked: date, thanked: bool) -> None:
    receipt = RECEIPT._replace(booked_on=booked)
    assert bool(decide(customer(invoice(due=date(2026, 4, 30)), receipts=(receipt,)), TUESDAY).planned) is thanked


def test_4_4_a_part_payment_is_not_thanked_for() -> None:
    receipt = RECEIPT._replace(settled=())
    assert not decide(customer(invoice(due=date(2026, 4, 30)), receipts=(receipt,)), TUESDAY).planned


def test_4_4_thanks_of_a_weekend_are_said_on_monday() -> None:
    saturday, monday = date(2026, 3, 14), date(2026, 3, 16)
    receipt = RECEIPT._replace(booked_on=date(2026, 3, 13))
    alone = replace(customer(receipts=(receipt,), paid=(PAID,)), items=())
    decision = decide(alone, saturday)
    assert not decision.planned
    assert decision.look_again == monday
    assert decide(replace(alone, paid=()), monday).planned[0].thanks == (receipt,)


def test_4_4_thanks_are_no_contact_and_wait_for_none() -> None:
    busy = customer(
        invoice(due=date(2026, 4, 30)), receipts=(RECEIPT,), contacts=(spoken(date(2026, 3, 16)), spoken(EARLY))
    )
    assert only(busy, TUESDAY).act == Act.THANKS


# --- 5 Rest before word ------------------------------------------------------------------------------------------

LATER = date(2026, 3, 24)  # review date: seven days on
CUSTOMER_HOLDS: dict[str, tuple[dict[str, Any], str, date]] = {
    "hold.channel_refused": ({"refused": frozenset({"email", "letter"})}, "task", LATER),
    "hold.no_contact": ({"reach": frozenset()}, "task", LATER),
    "hold.vulnerable": ({"vulnerable": True}, "task", LATER),
    "hold.insolvent": ({"insolvent": True}, "task", LATER),
    "hold.unhappy": ({"unhappy": True}, "held", LATER),
    "hold.unread_reply": ({"unread_reply": date(2026, 3, 16)}, "held", LATER),
    "hold.bounced": ({"bounced": date(2026, 3, 16)}, "held", LATER),
    "hold.away": ({"away_until": date(2026, 3, 20)}, "held", date(2026, 3, 21)),
    "hold.paused": ({"paused_until": date(2026, 3, 20)}, "held", date(2026, 3, 20)),
    "hold.net_credit": ({"suspense": {"EUR": 500_00}}, "held", LATER),
}


@pytest.mark.parametrize("rule", CUSTOMER_HOLDS)
def test_5_a_reason_about_the_customer_rests_every_item(rule: str) -> None:
    facts, outcome, until = CUSTOMER_HOLDS[rule]
    decision = decide(customer(invoice(), **facts), TUESDAY)
    assert verdict(decision)[1:3] == (outcome, rule)
    assert verdict(decision).next_look == until
    assert not messages(decision)
    ask = "ask.vulnerable" if rule == "hold.insolvent" else f"ask.{rule[5:]}"
    assert [one.step for one in decision.planned] == ([ask] if outcome == "task" else [])


@pytest.mark.parametrize("rule", CUSTOMER_HOLDS)
def test_5_when_the_reason_is_gone_the_newest_step_is_said_once(rule: str) -> None:
    plain = customer(invoice())
    life = Life(replace(plain, **CUSTOMER_HOLDS[rule][0]))
    life.until(TUESDAY, first=DUE + DAY)
    assert not messages([one for _, one in life.said])
    life.change(**{key: getattr(plain, key) for key in CUSTOMER_HOLDS[rule][0]})
    assert [one.step for one in messages(life.live(TUESDAY + DAY))] == ["early_late"]


def test_5_customer_holds_are_asked_in_their_order() -> None:
    facts: dict[str, Any] = {}
    for rule in reversed(CUSTOMER_HOLDS):
        facts |= CUSTOMER_HOLDS[rule][0]
        assert verdict(decide(customer(invoice(), **facts), TUESDAY)).rule == rule


LETTERS = """
procedure: letters
steps:
  - {step: early_late, do: letter, when: 4 to 5 working days after due}
"""
TEXTS = """
procedure: texts
steps:
  - {step: sms_late, do: sms, when: 4 to 5 working days after due}
"""

# What the customer has, what they refuse, by which way they are written to (or the hold), and why by another way.
WAYS: dict[str, tuple[str, str, str, str, str]] = {
    "everything": ("email letter sms call", "", "", "email", ""),
    "email alone": ("email", "letter sms", "", "email", ""),
    "no email but an address": ("letter", "", "", "letter", "detour.letter.lacking"),
    "no email, a mobile beside the address": ("letter sms call", "", "", "letter", "detour.letter.lacking"),
    "email refused": ("email letter", "email", "", "letter", "detour.letter.refused"),
    "email refused and lacking": ("letter", "email", "", "letter", "detour.letter.refused"),
    "email refused, no address": ("email sms call", "email", "", "hold.channel_refused", ""),
    "both refused": ("email letter", "email letter", "", "hold.channel_refused", ""),
    "a letter refused that could not arrive": ("", "letter", "", "hold.channel_refused", ""),
    "only a telephone": ("sms call", "", "", "hold.no_contact", ""),
    "nothing": ("", "", "", "hold.no_contact", ""),
    "a letter": ("email letter", "", LETTERS, "letter", ""),
    "a letter refused": ("email letter", "letter", LETTERS, "email", "detour.email.refused"),
    "a letter without an address": ("email", "", LETTERS, "email", "detour.email.lacking"),
    "a letter without either": ("sms", "", LETTERS, "hold.no_contact", ""),
    "a text message": ("sms", "", TEXTS, "sms", ""),
    "a text message refused": ("sms email", "sms", TEXTS, "hold.channel_refused", ""),
}


@pytest.mark.parametrize("case", WAYS)
def test_5_a_message_leaves_by_the_first_way_that_is_there_and_allowed(case: str) -> None:
    has, refuses, steps, way, why = WAYS[case]
    facts = {"procedure": read(steps)} if steps else {}
    dossier = customer(invoice(), reach=frozenset(has.split()), refused=frozenset(refuses.split()), **facts)
    decision = decide(dossier, TUESDAY)
    found = verdict(decision)
    if way.startswith("hold."):
        assert (found.outcome, found.rule) == ("task", way)
        assert not messages(decision)
        return
    (message,) = messages(decision)
    assert (found.outcome, message.channel) == ("sent", way)
    assert found.params.get("detour", "") == why
    for language in LANGUAGES:
        said = reason(found.rule, found.params, language)
        assert said.endswith(reason(why, {}, language)) if why else "letter" not in said


def test_5_a_text_message_nobody_may_get_is_passed_over_and_the_others_go_on() -> None:
    steps = tuple(replace(step, switched_on=True) for step in procedure().steps)
    by_letter = customer(procedure=replace(procedure(), steps=steps), reach=frozenset({"letter"}))
    life = Life(by_letter).until(date(2026, 4, 20))
    done = {step for _, step in life.steps()}
    assert {"early_late", "late_late", "call"} <= done
    assert "sms" not in done
    assert {one.channel for one in messages([one for _, one in life.said])} == {Act.LETTER}


def test_5_letters_are_spaced_and_counted_as_mails_are() -> None:
    mails = Life(customer(invoice())).until(date(2026, 4, 20))
    letters = Life(customer(invoice(), reach=frozenset({"letter"}))).until(date(2026, 4, 20))
    assert letters.steps() == mails.steps()


def test_5_thanks_go_by_letter_where_there_is_no_email() -> None:
    paid = customer(invoice(due=date(2026, 4, 30)), receipts=(RECEIPT,), reach=frozenset({"letter"}))
    assert (only(paid, TUESDAY).act, only(paid, TUESDAY).channel) == (Act.THANKS, Act.LETTER)
    assert not messages(decide(replace(paid, reach=frozenset({"sms"})), TUESDAY))


ITEM_HOLDS: dict[str, tuple[dict[str, Any], str, date]] = {
    "hold.disputed": ({"disputed": 500_00}, "held", LATER),
    "hold.promised": ({"promise": Promise(500_00, date(2026, 3, 24))}, "held", date(2026, 3, 25)),
    "hold.plan_kept": ({"plan_kept": True}, "held", LATER),
    "hold.direct_debit": ({"debit_until": date(2026, 3, 18)}, "held", SAN_JOSE),
    "hold.not_delivered": ({"delivered": False}, "task", LATER),
    "hold.duplicate": ({"duplicate_of": "F-9"}, "task", LATER),
    "hold.missing_from_ledger": ({"missing": True}, "task", LATER),
    "hold.discount_taken": ({"open": 2_00, "discount": Discount(2_00, DUE)}, "task", LATER),
    "hold.match_proposed": ({"match_proposed": True}, "held", LATER),
    "hold.asked_by_colleague": ({"asked_by_colleague": date(2026, 3, 16)}, "held", SAN_JOSE),
}


@pytest.mark.parametrize("rule", ITEM_HOLDS)
def test_5_a_reason_about_an_item_rests_that_item_alone(rule: str) -> None:
    facts, outcome, until = ITEM_HOLDS[rule]
    decision = decide(customer(invoice(1, **facts), invoice(2)), TUESDAY)
    assert verdict(decision, 1)[1:3] == (outcome, rule)
    assert verdict(decision, 1).next_look == until
    assert verdict(decision, 2)[1:3] == ("sent", "step.early_late")
    (message,) = messages(decision)
    assert [line.item for line in message.lines] == [2]
    assert message.demanded == 500_00


def test_5_item_holds_are_asked_in_their_order() -> None:
    facts: dict[str, Any] = {}
    for rule in reversed(ITEM_HOLDS):
        facts |= ITEM_HOLDS[rule][0]
        assert verdict(decide(customer(invoice(**facts)), TUESDAY)).rule == rule


def test_5_the_undisputed_rest_is_asked_for() -> None:
    assert only(disputing(amount=120_00), TUESDAY).demanded == 380_00
    assert verdicts(disputing(amount=496_00), TUESDAY) == {1: ("held", "hold.minimum")}


@pytest.mark.parametrize(
    ("today", "bank_until", "outcome"),
    [
        (date(2026, 3, 13), None, "held"),  # the promised Friday itself
        (date(2026, 3, 14), None, "held"),
        (date(2026, 3, 16), None, "sent"),  # no bank file was ever given: the first working day after
        (date(2026, 3, 16), date(2026, 3, 12), "held"),  # bank data to Thursday
        (date(2026, 3, 16), date(2026, 3, 13), "held"),  # to Friday: money of Friday is booked on Monday
        (date(2026, 3, 16), date(2026, 3, 15), "held"),  # nothing is booked at the weekend
        (date(2026, 3, 17), date(2026, 3, 13), "held"),
        (date(2026, 3, 17), date(2026, 3, 16), "sent"),  # to Monday
    ],
)
def test_5_a_promise_has_its_time_until_bank_data_covers_the_working_day_after(
    today: date, bank_until: date | None, outcome: str
) -> None:
    dossier = promising(on=date(2026, 3, 13), bank_until=bank_until)
    found = verdict(decide(dossier, today))
    assert found.outcome == outcome
    if outcome == "held":
        assert (found.rule, found.params) == ("hold.promised", {"day": date(2026, 3, 13)})


def test_5_only_the_promised_amount_rests() -> None:
    assert only(promising(on=LATER, amount=300_00), TUESDAY).demanded == 200_00
    assert verdicts(promising(on=LATER, amount=600_00), TUESDAY) == {1: ("held", "hold.promised")}


@pytest.mark.parametrize(("day", "held"), [(date(2026, 3, 15), True), (date(2026, 3, 14), False)])
def test_5_a_colleagues_question_has_two_days(day: date, held: bool) -> None:
    rule = verdict(decide(customer(invoice(asked_by_colleague=day)), TUESDAY)).rule
    assert (rule == "hold.asked_by_colleague") is held


def test_5_an_unknown_delivery_counts_as_delivered() -> None:
    assert verdicts(customer(invoice(delivered=None)), TUESDAY) == verdicts(customer(invoice(delivered=True)), TUESDAY)


def test_5_a_person_is_asked_at_once_about_an_invoice_that_never_arrived() -> None:
    far = invoice(due=date(2026, 5, 30), delivered=False)
    assert only(customer(far), TUESDAY).step == "ask.not_delivered"
    assert not decide(gone(far._replace(delivered=None)), TUESDAY).planned  # nothing is due yet


def test_5_a_missing_address_is_asked_for_when_there_is_something_to_say() -> None:
    eve = date(2026, 2, 23)
    found = verdict(decide(gone(), eve))
    assert (found.outcome, found.rule, found.next_look) == ("held", "hold.no_contact", eve + DAY)
    assert only(gone(), eve + DAY).step == "ask.no_contact"


def test_5_a_person_is_asked_once_and_again_after_the_review() -> None:
    life = Life(gone(invoice())).until(date(2026, 3, 31), first=TUESDAY)
    assert life.steps() == [
        (TUESDAY, "ask.no_contact"),
        (LATER, "ask.no_contact"),
        (date(2026, 3, 31), "ask.no_contact"),
    ]


@pytest.mark.parametrize(
    ("items", "facts", "held"),
    [
        ((invoice(open=4_99),), {}, "hold.minimum"),
        ((invoice(open=5_00),), {}, None),
        ((invoice(1, open=3_00), invoice(2, open=3_00)), {}, None),  # added up per customer
        ((invoice(1, open=20_00), credit(2, open=-16_00)), {}, "hold.credit_covers"),
        ((invoice(1, currency="USD", open=4_99), invoice(2)), {}, "hold.minimum"),  # not across currencies
        ((invoice(open=1),), {"minimum": {}}, None),
    ],
)
def test_5_below_the_minimum_nobody_is_written_to(
    items: tuple[Item, ...], facts: dict[str, Any], held: str | None
) -> None:
    decision = decide(customer(*items, **facts), TUESDAY)
    assert (verdict(decision).rule if verdict(decision).outcome == "held" else None) == held
    if held == "hold.minimum":
        assert verdict(decision).params == {"minimum": Money(5_00, items[0].currency)}


def test_5_too_little_by_itself_waits_for_what_else_falls_due() -> None:
    decision = decide(customer(invoice(1, open=3_00), invoice(2, due=date(2026, 6, 1))), TUESDAY)
    assert verdict(decision)[1:3] == ("held", "hold.minimum")
    assert verdict(decision).next_look == TUESDAY + DAY
    assert verdicts(customer(invoice(1, open=3_00), invoice(2, due=EARLY)), TUESDAY)[1] == ("sent", "step.early_late")


def test_5_money_that_is_probably_theirs_rests_the_oldest_items() -> None:
    dossier = customer(invoice(1, due=date(2026, 2, 10)), invoice(2), suspense={"EUR": 400_00})
    decision = decide(dossier, TUESDAY)
    assert verdict(decision, 1)[1:4] == ("held", "hold.unmatched_money", {"amount": Money(400_00, "EUR")})
    assert verdict(decision, 2).outcome == "sent"
    assert verdicts(customer(invoice(1), suspense={"USD": 400_00}), TUESDAY)[1][0] == "sent"


def test_5_a_proposed_match_rests_its_item_and_counts_as_money() -> None:
    dossier = customer(invoice(1, match_proposed=True), invoice(2, open=80_00), credit(3))
    assert {rule for _, rule in verdicts(dossier, TUESDAY).values()} == {"hold.net_credit"}


def test_5_a_credit_the_ledger_no_longer_shows_holds_nothing() -> None:
    dossier = customer(invoice(1, open=250_00), credit(2, open=-300_00, missing=True))
    decision = decide(dossier, TUESDAY)
    assert messages(decision)[0].demanded == 250_00
    assert {line.item for line in messages(decision)[0].lines} == {1}
    assert verdict(decision, 2)[1:3] == ("task", "hold.missing_from_ledger")
    asked = decision.planned[verdict(decision, 2).carrier]
    assert [(line.item, line.amount, line.section) for line in asked.lines] == [(2, -300_00, Section.CREDIT)]
    shown = customer(invoice(1, open=250_00), credit(2, open=-300_00))
    assert {rule for _, rule in verdicts(shown, TUESDAY).values()} == {"hold.net_credit"}


def test_5_a_credit_that_left_the_ledger_with_its_invoice_is_not_used_twice() -> None:
    gone_by = (invoice(1, open=100_00, missing=True), credit(2, missing=True))
    decision = decide(customer(*gone_by, invoice(3, open=250_00)), TUESDAY)
    (message,) = messages(decision)
    assert message.demanded == 250_00
    assert [line.item for line in message.lines] == [3]
    assert {verdict(decision, id_)[1:3] for id_ in (1, 2)} == {("task", "hold.missing_from_ledger")}


def test_5_a_missing_credit_counts_against_missing_claims_alone() -> None:
    """The claim of 100 is settled by it; the credit of 50 the ledger shows covers what is left."""
    items = (invoice(1, open=100_00, missing=True), credit(2, missing=True), credit(3, open=-50_00), invoice(4))
    covered = customer(*items[:3], items[3]._replace(open=40_00))
    assert verdicts(covered, TUESDAY) == {
        1: ("task", "hold.missing_from_ledger"),
        2: ("task", "hold.missing_from_ledger"),
        3: ("held", "hold.net_credit"),
        4: ("held", "hold.net_credit"),
    }
    assert messages(decide(customer(*items), TUESDAY))[0].demanded == 450_00


def test_5_below_the_minimum_a_missing_credit_is_not_subtracted() -> None:
    dossier = customer(invoice(1, open=20_00), credit(2, open=-16_00, missing=True))
    assert messages(decide(dossier, TUESDAY))[0].demanded == 20_00


@pytest.mark.parametrize("facts", [{}, {"suspense": {"EUR": 900_00}}])
def test_5_a_missing_credit_is_asked_about_once_and_again_after_the_review(facts: dict[str, Any]) -> None:
    life = Life(customer(credit(2, missing=True), invoice(1, due=date(2026, 6, 1)), **facts))
    life.until(LATER + DAY, first=TUESDAY)
    assert life.steps() == [(TUESDAY, "ask.missing_from_ledger"), (LATER, "ask.missing_from_ledger")]
    assert [[line.occurrence for line in one.lines] for _, one in life.said] == [[1], [2]]


def test_5_a_missing_credit_of_a_customer_who_is_not_written_to_rests_with_the_rest() -> None:
    dossier = gone(invoice(1), credit(2, missing=True))
    assert {rule for _, rule in verdicts(dossier, TUESDAY).values()} == {"hold.no_contact"}
    assert [line.item for line in only(dossier, TUESDAY).lines] == [1]


MOVES: dict[str, tuple[date, dict[str, Any], datetime | None, dict[str, Any], date]] = {
    "calendar.holiday": (SAN_JOSE, {}, None, {"holiday": "San José"}, date(2026, 3, 20)),
    "calendar.weekend": (date(2026, 3, 14), {}, None, {}, date(2026, 3, 16)),
    "hours.quiet": (TUESDAY, {}, at(TUESDAY, 18), {}, date(2026, 3, 18)),
    "spacing.message": (
        TUESDAY,
        {"contacts": (spoken(date(2026, 3, 15)),)},
        None,
        {"day": date(2026, 3, 15)},
        date(2026, 3, 18),
    ),
    "cap.messages": (
        TUESDAY,
        {"contacts": (spoken(date(2026, 3, 11)), spoken(date(2026, 3, 14)))},
        None,
        {"n": 2},
        date(2026, 3, 18),
    ),
    "cap.contacts": (
        TUESDAY,
        {"contacts": (spoken(date(2026, 3, 14)), *(spoken(date(2026, 3, n), act="call") for n in (11, 12)))},
        None,
        {"n": 3},
        date(2026, 3, 18),
    ),
}


@pytest.mark.parametrize("rule", MOVES)
def test_5_what_is_not_allowed_today_moves_to_the_first_allowed_day(rule: str) -> None:
    today, facts, now, params, allowed = MOVES[rule]
    dossier = customer(invoice(told=told(("due_today", DUE))), **facts)
    decision = decide(dossier, today, now)
    assert verdict(decision)[1:4] == ("moved", rule, params)
    assert verdict(decision).next_look == allowed
    assert messages(decide(dossier, allowed))


def test_5_one_message_a_day() -> None:
    decision = decide(customer(invoice(1), invoice(2, currency="USD")), TUESDAY)
    assert len(messages(decision)) == 1
    assert verdict(decision, 2)[1:3] == ("moved", "cap.day")


def test_5_a_before_due_reminder_that_cannot_leave_in_time_is_skipped() -> None:
    dossier = customer(
        invoice(due=date(2026, 3, 18), told=told(("due_7", date(2026, 3, 11)))),
        contacts=(spoken(date(2026, 3, 11), before_due=True), spoken(date(2026, 3, 14), before_due=True)),
    )
    moved = verdict(decide(dossier, TUESDAY))
    assert moved[1:3] == ("moved", "cap.messages")
    assert moved.next_look == date(2026, 3, 18)
    decision = decide(replace(dossier, items=(dossier.items[0]._replace(due=TUESDAY),)), TUESDAY)
    assert verdict(decision)[1:4] == ("not_yet", "skipped", {"why": "cap.messages", "n": 2})


@pytest.mark.parametrize(
    ("today", "facts", "rule"),
    [
        (date(2026, 3, 28), {}, "calendar.closed"),
        (date(2026, 3, 26), {"creditor_calendar": Calendar("ours", {date(2026, 3, 26): "closed"})}, "calendar.closed"),
        (date(2026, 3, 26), {"calendar": Calendar("theirs", {date(2026, 3, 26): "Fiesta"})}, "calendar.holiday"),
        (date(2026, 3, 29), {"creditor_calendar": Calendar("ours", weekend=frozenset())}, "calendar.weekend"),
        (
            date(2026, 3, 26),
            {"contacts": tuple(spoken(date(2026, 3, n), act="call") for n in (20, 21, 25))},
            "cap.contacts",
        ),
    ],
)
def test_5_a_call_moves_as_well(today: date, facts: dict[str, Any], rule: str) -> None:
    urgent = told(*(("late_late", date(2026, 3, n)) for n in (13, 17, 20)))
    called = invoice(told=(*REMINDED, *urgent))
    decision = decide(customer(called, **facts), today)
    assert verdict(decision)[1:3] == ("moved", rule)
    assert not decision.planned


def test_5_whoever_gets_a_message_today_is_called_another_day() -> None:
    urgent = told(*(("late_late", date(2026, 3, n)) for n in (12, 15, 18)))
    called = invoice(1, told=(*REMINDED, *urgent))
    wednesday = date(2026, 3, 25)
    decision = decide(customer(called, invoice(2)), wednesday)
    assert [one.step for one in decision.planned] == ["early_late"]
    assert verdict(decision, 1)[1:3] == ("sent", "listed.item")
    assert verdict(decision, 1).next_look == date(2026, 3, 26)
    other = called._replace(id=3, currency="USD")
    assert verdict(decide(customer(other, invoice(2)), wednesday), 3)[1:3] == ("moved", "cap.day")


def test_5_one_contact_a_day_and_neither_call_nor_meeting_waits_for_ever() -> None:
    urgent = (*REMINDED, *told(*(("late_late", date(2026, 3, n)) for n in (10, 11, 12))))
    met = (*urgent, Told("call", date(2026, 3, 16)))
    decision = decide(customer(invoice(1, told=urgent), invoice(2, told=met)), LATER)
    assert [one.step for one in decision.planned] == ["call"]
    assert verdict(decision, 2)[1:3] == ("moved", "cap.day")
    life = Life(customer(invoice(1, told=urgent), invoice(2, told=met)))
    life.until(date(2026, 3, 25), first=LATER)
    assert life.steps() == [(LATER, "call"), (date(2026, 3, 25), "meeting")]


# --- 6 Adapting --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Profile(), date(2026, 3, 17)),  # three to five days after Friday: Tuesday
        (Profile(answers_quickly=True), date(2026, 3, 18)),  # five days
        (Profile(keeps_promises=True), date(2026, 3, 18)),
        (Profile(silent=2), date(2026, 3, 16)),  # three days
        (Profile(silent=1), date(2026, 3, 17)),
        (Profile(silent=2, paid_since=True), date(2026, 3, 17)),
    ],
)
def test_6_the_interval_follows_the_payers_habits(known: Profile, expected: date) -> None:
    friday = date(2026, 3, 13)
    item = invoice(told=(*told(("early_late", EARLY)), *told(("late_late", friday))))
    life = Life(customer(item, profile=known, contacts=(spoken(EARLY), spoken(friday))))
    life.until(date(2026, 3, 18), first=friday + DAY)
    assert life.steps()[0] == (expected, "late_late")


def test_6_the_cast_is_written_to_as_they_pay() -> None:
    assert forgetful().profile.habitually_late
    assert silent().profile.pace == -1
    assert punctual().profile.relationship == "regular"


def test_6_habitual_late_payers_are_reminded_three_days_earlier() -> None:
    assert Life(forgetful()).until(DUE).steps() == [
        (date(2026, 2, 20), "due_7"),  # ten days before is a Saturday
        (date(2026, 2, 27), "due_3"),
        (DUE, "due_today"),
    ]


# --- 7 Verdicts --------------------------------------------------------------------------------------------------


def test_7_every_item_has_one_verdict_in_the_order_of_the_outcomes() -> None:
    urgent = (*REMINDED, *told(*(("late_late", date(2026, 3, n)) for n in (12, 15, 18))))
    noticed = (*LATE, Told("formal_notice", date(2026, 3, 20), asked=True))
    wednesday = date(2026, 3, 25)
    dossier = customer(
        invoice(1),
        invoice(2, told=noticed, currency="USD"),
        invoice(3, due=date(2026, 3, 24)),
        disputing(invoice(4)).items[0],
        invoice(5, told=urgent, currency="USD"),
        invoice(6, due=date(2026, 6, 1)),
        credit(8),
        paid=(PAID,),
    )
    decision = decide(dossier, wednesday)
    assert {found.item: (found.outcome.value, found.rule) for found in decision.verdicts} == {
        7: ("paid", "paid.bank"),
        1: ("sent", "step.early_late"),
        8: ("sent", "listed.credit"),
        2: ("escalated", "escalation.waiting"),
        3: ("task", "step.check"),
        4: ("held", "hold.disputed"),
        5: ("moved", "cap.day"),
        6: ("not_yet", "step.later"),
    }
    assert len(decision.verdicts) == 8
    assert [found.item for found in decision.verdicts if found.next_look is None] == [7]
    assert decision.look_again == min(found.next_look for found in decision.verdicts if found.next_look)
    assert {found.carrier >= 0 for found in decision.verdicts if found.outcome in ("sent", "task")} == {True}


def test_7_nothing_owed_is_not_looked_at_again() -> None:
    decision = decide(replace(customer(paid=(PAID,)), items=()), TUESDAY)
    assert decision.look_again is None
    assert [found.item for found in decision.verdicts] == [7]


def test_7_the_end_of_the_procedure_is_a_persons() -> None:
    ours = read("procedure: ours\nsteps:\n  - step: early_late\n    when: 4 days after due\n")
    life = Life(customer(procedure=ours)).until(date(2026, 4, 20), first=EARLY)
    assert life.steps()[:2] == [(EARLY, "early_late"), (date(2026, 3, 10), LAST)]
    assert verdicts(life.known(), date(2026, 3, 12)) == {1: ("escalated", "procedure.ended")}


# --- 8 Identity and memory ---------------------------------------------------------------------------------------


def test_8_the_day_to_reply_by_is_the_last_working_day_before_the_next_look() -> None:
    message = only(customer(invoice()), TUESDAY)
    assert message.reply_by == date(2026, 3, 18)
    # Listed beside it stands one about which a colleague calls tomorrow.
    urgent = told(*(("late_late", date(2026, 3, n)) for n in (11, 12, 13)))
    decision = decide(customer(invoice(1), invoice(2, told=(*REMINDED, *urgent))), TUESDAY)
    assert verdict(decision, 2).next_look == TUESDAY + DAY
    assert decision.planned[0].reply_by == date(2026, 3, 18)


@pytest.mark.parametrize(
    "edit",
    [
        lambda item: item._replace(told=(*item.told, Told("early_late", TUESDAY, "early_late"))),
        lambda item: item._replace(open=0),
    ],
)
def test_8_what_was_said_or_settled_is_not_wanted_any_more(edit: Callable[[Item], Item]) -> None:
    dossier = customer(edit(invoice()))
    assert not messages(decide(dossier, TUESDAY))
