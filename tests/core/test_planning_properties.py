"""What holds for every customer on every day, whatever happened before."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amable.core.payers import Profile
from amable.core.planning import (
    LISTED,
    Contact,
    Decision,
    Dossier,
    Item,
    Kind,
    Outcome,
    Planned,
    Promise,
    Section,
    Told,
    decide,
)
from amable.core.procedure import MESSAGES, Act, Procedure
from tests.cast import DAY, VALENCIA, Life, credit, customer, days, invoice, messages, procedure, verdict

BEGIN = date(2026, 2, 16)
NAMES = ("starter", "gentle", "firm")

settings.register_profile(
    "planning", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
often = settings(settings.get_profile("planning"), max_examples=80)


# --- what holds on any one day -----------------------------------------------------------------------------------


def check(dossier: Dossier, today: date, decision: Decision) -> None:
    """What every decision keeps to, seen from the facts it was taken on."""
    check_verdicts(dossier, today, decision)
    said = messages(decision)
    assert len(said) <= 1
    for message in said:
        check_day(dossier, today)
        check_message(dossier, today, message, decision)


def check_verdicts(dossier: Dossier, today: date, decision: Decision) -> None:
    expected = Counter([paid.item for paid in dossier.paid] + [item.id for item in dossier.items])
    assert Counter(found.item for found in decision.verdicts) == expected
    for found in decision.verdicts:
        assert (found.next_look is None) == (found.outcome is Outcome.PAID)
        assert found.next_look is None or found.next_look > today
        if found.outcome in (Outcome.SENT, Outcome.TASK):
            assert found.item in {line.item for line in decision.planned[found.carrier].lines}
    looks = [found.next_look for found in decision.verdicts if found.next_look]
    assert not looks or (decision.look_again is not None and today < decision.look_again <= min(looks))


def check_day(dossier: Dossier, today: date) -> None:
    """The day is one on which a message may leave: worked, not too near the last one, below the caps."""
    limits = dossier.procedure.limits
    assert dossier.calendar.works(today)
    earlier = [contact for contact in dossier.contacts if contact.act in MESSAGES]
    gaps = [(today - contact.day).days for contact in earlier]
    assert min(gaps, default=99) >= limits.spacing_before_due
    assert min((gap for gap, one in zip(gaps, earlier, strict=True) if not one.before_due), default=99) >= (
        limits.spacing
    )
    assert sum(gap < 7 for gap in gaps) < limits.messages_a_week
    assert sum((today - contact.day).days < 7 for contact in dossier.contacts) < limits.contacts_a_week


def check_message(dossier: Dossier, today: date, message: Planned, decision: Decision) -> None:
    """The message asks for what is owed and free to be asked for, and in words its items have earned."""
    items = {item.id: item for item in dossier.items}
    step = dossier.procedure.step(message.step)
    assert step is not None
    lines = {line.item: line for line in message.lines}
    assert len(lines) == len(message.lines)
    overdue = not step.before_due
    asked = [line for line in lines.values() if line.section is (Section.OVERDUE if overdue else Section.DUE_SOON)]
    credits_ = sum(line.amount for line in lines.values() if line.section is Section.CREDIT)
    assert message.demanded == sum(line.amount for line in asked) + credits_
    assert 0 < message.demanded <= sum(items[line.item].open for line in asked)
    assert message.reply_by is not None
    assert message.reply_by >= today
    for line in lines.values():
        item, found = items[line.item], verdict(decision, line.item)
        assert item.currency == message.currency
        assert (found.outcome, found.step) == (Outcome.SENT, message.step)
        assert line.amount <= item.open - min(item.disputed, item.open) or line.section is Section.CREDIT
        held = item.plan_kept or item.duplicate_of or item.missing or item.delivered is False
        assert not held
        if line.section is Section.OVERDUE:
            assert today > item.due
        elif line.section is Section.DUE_SOON:
            assert today <= item.due
        if line.step != LISTED:
            own = dossier.procedure.step(line.step)
            assert own is not None
            assert own.before_due is (today <= item.due)
            assert dossier.procedure.rank[own.id] <= dossier.procedure.rank[step.id]
            if own.presumes:
                assert any(told.wording and not told.failed and told.day > item.due for told in item.told)


# --- any customer, after any number of days ----------------------------------------------------------------------

amounts = st.integers(1, 900_00)
dues = st.integers(-90, 35).map(lambda n: BEGIN + timedelta(days=n))


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    currency = draw(st.sampled_from(("EUR", "EUR", "EUR", "USD")))
    if draw(st.integers(0, 6)) == 0:
        return credit(number, open=-draw(amounts), currency=currency)
    item = invoice(number, due=draw(dues), open=draw(amounts), currency=currency)
    if draw(st.booleans()):
        return item
    return item._replace(
        disputed=draw(st.sampled_from((0, 0, item.open // 3, item.open))),
        promise=draw(st.none() | st.builds(Promise, st.integers(1, item.open), dues)),
        plan_kept=draw(st.integers(0, 9)) == 0,
        delivered=draw(st.sampled_from((None, None, True, False))),
        duplicate_of=draw(st.sampled_from(("", "", "", "F-0"))),
        missing=draw(st.integers(0, 9)) == 0,
        match_proposed=draw(st.integers(0, 9)) == 0,
        asked_by_colleague=draw(st.none() | dues),
        debit_until=draw(st.none() | dues),
    )


profiles = st.builds(
    Profile,
    settled=st.integers(0, 3),
    median_late=st.sampled_from((None, 5, 20)),
    observed=st.integers(0, 4),
    answers_quickly=st.booleans(),
    silent=st.integers(0, 3),
    paid_since=st.booleans(),
)


@st.composite
def customers(draw: st.DrawFn) -> Dossier:
    count = draw(st.integers(1, 5))
    return customer(
        *(draw(items(number)) for number in range(1, count + 1)),
        procedure=procedure(draw(st.sampled_from(NAMES))),
        profile=draw(profiles),
        suspense=draw(st.sampled_from(({}, {}, {"EUR": 120_00}))),
        bank_until=draw(st.none() | dues),
        away_until=draw(st.none() | dues),
    )


@st.composite
def known(draw: st.DrawFn) -> tuple[Dossier, date]:
    """A customer with a history of messages, found on some day; on some days nobody looked."""
    life = Life(draw(customers()))
    every = draw(st.sampled_from((1, 1, 2, 5)))
    length = draw(st.integers(0, 45))
    for n in range(0, length, every):
        life.live(BEGIN + timedelta(days=n))
    return life.known(), BEGIN + timedelta(days=length)


@often
@given(known())
def test_every_decision_keeps_to_the_rules(found: tuple[Dossier, date]) -> None:
    check(*found, decide(*found))


@often
@given(known())
def test_deciding_twice_on_one_day_is_deciding_once(found: tuple[Dossier, date]) -> None:
    assert decide(*found) == decide(*found)


@often
@given(customers(), st.integers(1, 60))
def test_nothing_is_told_twice(dossier: Dossier, length: int) -> None:
    life = Life(dossier)
    for _, today in zip(range(length), days(BEGIN, BEGIN + timedelta(days=90)), strict=False):
        life.live(today)
        assert not messages(decide(life.known(), today))
    told = Counter((line.item, line.step, line.occurrence) for _, one in life.said for line in one.lines)
    assert not [key for key, times in told.items() if times > 1]


@often
@given(customers())
def test_looking_only_when_a_look_is_due_misses_nothing(dossier: Dossier) -> None:
    """`look_again` is enough: whoever comes by only then says the same on the same days."""
    daily, rarely = Life(dossier), Life(dossier)
    daily.until(BEGIN + timedelta(days=75), first=BEGIN)
    looks = 0
    again: date | None = BEGIN
    for today in days(BEGIN, BEGIN + timedelta(days=75)):
        if again is not None and today >= again:
            again = rarely.live(today).look_again
            looks += 1

    def spoken(life: Life) -> list[tuple[date, str, Sequence[object]]]:
        return [(day, one.step, one.lines) for day, one in life.said if not one.step.startswith("ask.")]

    assert spoken(rarely) == spoken(daily)
    assert looks <= 76


# --- money -------------------------------------------------------------------------------------------------------


def firmness(dossier: Dossier, decision: Decision) -> int:
    """The rank of the firmest step said, asked or put off today; below all of them when there is none."""
    rank = dossier.procedure.rank
    steps = [planned.step for planned in decision.planned]
    steps += [found.step for found in decision.verdicts if found.outcome is Outcome.MOVED]
    return max((rank.get(step, -1) for step in steps), default=-1)


def demanded(dossier: Dossier, decision: Decision) -> dict[tuple[str, bool], int]:
    """What is asked for, by currency and whether it is overdue."""
    found = {}
    for message in messages(decision):
        step = dossier.procedure.step(message.step)
        assert step is not None
        found[message.currency, step.before_due] = message.demanded
    return found


@often
@given(known(), st.data())
def test_more_money_never_makes_the_tone_firmer_nor_the_demand_larger(
    found: tuple[Dossier, date], data: st.DataObject
) -> None:
    dossier, today = found
    amount = data.draw(st.integers(1, 400_00))
    kind = data.draw(st.sampled_from(("part payment", "credit note", "unapplied cash", "suspense")))
    if kind == "part payment":
        paid = data.draw(st.sampled_from(dossier.items))
        left = paid.open - min(amount, paid.open - 1) if paid.open > 0 else paid.open - amount
        richer = replace(
            dossier, items=tuple(item._replace(open=left) if item is paid else item for item in dossier.items)
        )
    elif kind == "suspense":
        richer = replace(dossier, suspense={"EUR": dossier.suspense.get("EUR", 0) + amount})
    else:
        cash = credit(99, open=-amount, kind=Kind.UNAPPLIED) if kind == "unapplied cash" else credit(99, open=-amount)
        richer = replace(dossier, items=(*dossier.items, cash))
    before, after = decide(dossier, today), decide(richer, today)
    assert firmness(richer, after) <= firmness(dossier, before)
    asked = demanded(dossier, before)
    for key, sum_ in demanded(richer, after).items():
        assert sum_ <= asked.get(key, sum_)


# --- days and days of payers -------------------------------------------------------------------------------------


def payer(luck: random.Random) -> Dossier:
    """Somebody who pays, promises, contests, goes away and answers as people do."""
    return customer(
        procedure=procedure(luck.choice(NAMES)),
        profile=Profile(settled=luck.randint(0, 5), silent=luck.randint(0, 3), answers_quickly=luck.random() < 0.2),
        bank_until=BEGIN if luck.random() < 0.7 else None,
    )


def happen(life: Life, luck: random.Random, today: date) -> None:
    """What a day brings."""
    dossier = life.dossier
    number = 1000 + (today - BEGIN).days
    if luck.random() < 0.12:
        currency = "USD" if luck.random() < 0.2 else "EUR"
        due = today + timedelta(days=luck.choice((0, 7, 15, 30, 60)))
        life.add(invoice(number, due=due, issued=today, open=luck.randint(1_00, 2000_00), currency=currency))
    if luck.random() < 0.01:
        life.add(credit(number + 5000, due=today, open=-luck.randint(1_00, 300_00)))
    if dossier.bank_until and dossier.calendar.works(today):
        life.change(bank_until=today - DAY)
    life.change(
        unread_reply=today if luck.random() < 0.05 else None,
        away_until=today + timedelta(days=6) if luck.random() < 0.01 else dossier.away_until,
        suspense={"EUR": 50_00} if luck.random() < 0.03 else {},
    )
    life.change_items(lambda item: fate(item, luck, today))


def fate(item: Item, luck: random.Random, today: date) -> Item | None:
    """What becomes of an item on a day; None when it is settled."""
    chance = luck.random()
    if item.open < 0:
        return None if chance < 0.02 else item
    if chance < 0.015:
        return None
    if chance < 0.02:
        return item._replace(open=max(1, item.open // 2))
    if chance < 0.025:
        return item._replace(promise=Promise(item.open, today + timedelta(days=5)))
    if chance < 0.03:
        return item._replace(disputed=0 if item.disputed else item.open)
    asked = [told for told in item.told if told.asked]
    if asked and chance < 0.05:
        return item._replace(notice_deadline=today + timedelta(days=15))
    return item


def decisions_taken(life: Life, luck: random.Random, today: date) -> None:
    """A person answers what was put to them."""
    for item in life.dossier.items:
        record = life.record.get(item.id, [])
        if record and record[-1].asked and luck.random() < 0.2:
            record.append(Told(record[-1].step, today))
            if record[-1].step == "formal_notice":
                life.change_items(
                    lambda one, id_=item.id: (
                        one._replace(notice_deadline=today + timedelta(days=15)) if one.id == id_ else one
                    )
                )


@pytest.mark.parametrize("seed", range(60))
def test_four_hundred_days_of_a_payer(seed: int) -> None:
    luck = random.Random(seed)
    life = Life(payer(luck))
    quiet: Counter[int] = Counter()  # days on which an overdue item was neither told of, nor asked about, nor resting
    for today in days(BEGIN, BEGIN + timedelta(days=400)):
        happen(life, luck, today)
        decisions_taken(life, luck, today)
        dossier = life.known()
        decision = life.live(today)
        check(dossier, today, decision)
        for item, days_waited in waiting(dossier, decision, today, quiet):
            assert days_waited <= 25, f"item {item.number} was left alone until {today}"


def waiting(dossier: Dossier, decision: Decision, today: date, quiet: Counter[int]) -> Iterator[tuple[Item, int]]:
    """Overdue items and for how many days in a row nothing became of them."""
    for item in dossier.items:
        found = verdict(decision, item.id)
        resting = found.outcome not in (Outcome.MOVED, Outcome.NOT_YET)
        if resting or item.due >= today or item.open < 0 or item.notice_deadline:
            quiet[item.id] = 0
            continue
        quiet[item.id] += 1
        yield item, quiet[item.id]


def test_the_check_itself_finds_a_breach() -> None:
    """A message two days after the last one, a demand for a held item, a verdict too many: each is seen."""
    today = date(2026, 3, 17)
    dossier = customer(invoice(1), invoice(2))
    decision = decide(dossier, today)
    check(dossier, today, decision)
    (message,) = messages(decision)
    crowded = replace(dossier, contacts=(Contact(today - 2 * DAY, Act.EMAIL),))
    held = replace(dossier, items=(dossier.items[0]._replace(plan_kept=True), dossier.items[1]))
    with pytest.raises(AssertionError):
        check(crowded, today, decision)
    with pytest.raises(AssertionError):
        check(held, today, decision)
    with pytest.raises(AssertionError):
        check(dossier, today, replace(decision, verdicts=(*decision.verdicts, decision.verdicts[0])))
    with pytest.raises(AssertionError):
        check(dossier, today, replace(decision, planned=(replace(message, demanded=1000_01),)))
    with pytest.raises(AssertionError):
        check(dossier, VALENCIA.on_or_after(today) + 4 * DAY, decision)  # a Saturday


def test_the_procedures_under_test_are_those_that_ship() -> None:
    shipped: list[Procedure] = [procedure(name) for name in NAMES]
    assert [one.name for one in shipped] == list(NAMES)
