"""What a day's plan comes to is counted as the books are, and what is odd about it waits for a person."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amable.core.anomalies import Oddity
from amable.core.money import Money
from amable.correspondence.models import Message
from amable.dunning import actions, brakes, figures
from amable.dunning.models import PlanFigures
from amable.evidence.models import Entry
from amable.organisation.models import Creditor, Sending
from amable.plugs.invoices import ItemRecord
from tests.cast import procedure
from tests.contexts.books import DAY, TODAY, row, take

MORNING = datetime(2026, 3, 17, 7, tzinfo=UTC)


@pytest.fixture
def sender(acting: Creditor) -> Creditor:
    """The shop, whose messages leave by themselves."""
    Sending.objects.create(creditor=acting, trusted_at=MORNING)
    return acting


def book(count: int = 8, **facts: Any) -> list[ItemRecord]:
    """So many customers who owe an invoice each, three of them a paid one beside it; one has a credit note."""
    rows = [owed(n, **facts) for n in range(count)]
    rows += [owed(n, number=f"P-{n}", **({"settled_date": date(2026, 3, 10)} | facts)) for n in range(3)]
    return [*rows, owed(0, **(facts | {"number": "A-1", "total": "-40.00"}))]


def owed(customer: int, **facts: Any) -> ItemRecord:
    who: dict[str, Any] = {
        "customer_id": f"C-{customer}",
        "customer_name": f"Taller {customer}, S.L.",
        "tax_id": "",
        "email": f"pagos@taller{customer}.example",
        "number": f"F-{customer}",
        "due_date": date(2026, 3, 10),
    }
    return row(**(who | facts))


def plan(creditor: Creditor, *records: ItemRecord, today: date = TODAY) -> list[Oddity]:
    """Take a ledger in, look at everybody, examine the plan."""
    actions.turn_day(creditor, today)
    take(creditor, *records, today=today)
    actions.review(creditor, procedure(), today, None, composed=False)
    return figures.examine(creditor, today)


def stored(day: date = TODAY) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PlanFigures.objects.get(day=day).figures)
    return found


def rules(oddities: list[Oddity]) -> list[str]:
    return [found.rule for found in oddities]


def sending() -> Sending:
    return Sending.objects.get()


def test_the_plan_and_the_book_are_counted(sender: Creditor) -> None:
    take(sender, *book(settled_date=None), today=TODAY - DAY)
    assert plan(sender, *book()) == []
    found = stored()
    counted = {name: found[name] for name in ("messages", "messages_in", "demanded", "owing", "items", "overdue")}
    assert counted == {
        "messages": Message.objects.filter(act="email").count(),
        "messages_in": {"EUR": 8},
        "demanded": {"EUR": 8 * 500_00 - 40_00},
        "owing": 8,
        "items": 8,
        "overdue": 8,
    }
    assert (found["overdue_days"], found["paid"], found["credits"], found["dated"]) == (7.0, 3, 1, 8)


def test_dates_that_cannot_be_are_counted(sender: Creditor) -> None:
    records = [
        owed(1, issue_date=date(2026, 3, 12), due_date=date(2026, 3, 11)),
        owed(2, issue_date=TODAY + DAY, due_date=TODAY + 9 * DAY),
        owed(3, issue_date=date(2026, 3, 12), due_date=date(2026, 3, 12)),
        owed(4, issue_date=None),
    ]
    plan(sender, *records)
    assert [stored()[name] for name in ("dated", "misdated", "due_on_issue")] == [3, 2, 1]


def test_twins_are_counted_once(sender: Creditor) -> None:
    plan(sender, owed(1), owed(1, number="COPY"), owed(1, number="DEAR", total="501.00"), owed(2))
    assert stored()["twins"] == 1


def test_an_item_that_came_back_under_another_number_is_a_twin(sender: Creditor) -> None:
    plan(sender, *book())
    assert rules(plan(sender, *(owed(n, number=f"2026/{n}") for n in range(8)), today=TODAY + DAY)) == ["twins"]


def test_addresses_are_counted_by_customer_whatever_their_capitals(sender: Creditor) -> None:
    shared = [owed(n, email=f"{'Gestor' if n % 2 else 'gestor'}@asesoria.example") for n in range(3)]
    ours = [owed(7, email="Cobros@turia.example"), owed(7, number="F-77", email="Cobros@turia.example")]
    plan(sender, *shared, *ours, owed(8, email=""))
    assert [stored()[name] for name in ("one_address", "own_address")] == [3, 1]


def test_nothing_odd_leaves_sending_alone(sender: Creditor) -> None:
    plan(sender, *book())
    assert (sending().anomaly, brakes.oddities(sending())) == ("", [])
    assert not Entry.objects.filter(kind="plan.odd").exists()


def test_an_odd_plan_waits_for_a_person_and_is_on_record(sender: Creditor) -> None:
    plan(sender, *book())
    later = TODAY + DAY
    oddities = plan(sender, *book(due_date=date(2026, 1, 2)), today=later)
    assert rules(oddities) == ["due_changed", "due_on_issue"]
    (changed, _) = brakes.oddities(sending())
    assert (changed.rule, changed.params) == ("odd.due_changed", {"n": 11, "total": 11})
    (entry,) = Entry.objects.filter(kind="plan.odd")
    assert json.loads(entry.body)["oddities"][0] == ["due_changed", {"n": 11, "total": 11}]


def test_the_same_plan_again_says_the_same_once(sender: Creditor) -> None:
    plan(sender, *book())
    wrong = book(due_date=date(2026, 1, 2))
    first = plan(sender, *wrong, today=TODAY + DAY)
    assert figures.examine(sender, TODAY + DAY) == first
    assert PlanFigures.objects.count() == 2
    assert Entry.objects.filter(kind="plan.odd").count() == 1


def test_a_mended_ledger_releases_the_day(sender: Creditor) -> None:
    plan(sender, *book())
    assert plan(sender, *book(due_date=date(2026, 1, 2)), today=TODAY + DAY)
    assert plan(sender, *book(), today=TODAY + DAY) == []
    assert sending().anomaly == ""


def test_an_odd_day_nobody_accepted_is_not_what_the_next_is_compared_with(sender: Creditor) -> None:
    plan(sender, *book())
    wrong = book(due_date=date(2026, 1, 2))
    for days in (1, 2, 3):
        assert "due_changed" in rules(plan(sender, *wrong, today=TODAY + days * DAY))


def test_what_is_ordinary_is_not_forgotten_while_odd_days_go_by(
    sender: Creditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "LOOK_BACK", 1)
    plan(sender, *book())
    wrong = book(due_date=date(2026, 1, 2))
    assert all("due_changed" in rules(plan(sender, *wrong, today=TODAY + days * DAY)) for days in range(1, 5))


def test_a_ledger_that_came_twice_may_be_taken_back(sender: Creditor) -> None:
    """The second copy vanishes again: what was known before is all there."""
    plan(sender, *book(20))
    copies = [owed(n, number=f"COPY-{n}") for n in range(20)]
    assert rules(plan(sender, *book(20), *copies, today=TODAY + DAY)) == ["twins"]
    assert plan(sender, *book(20), today=TODAY + 2 * DAY) == []


def test_what_a_person_said_is_right_is_ordinary_from_then_on(sender: Creditor) -> None:
    plan(sender, *book())
    terms_changed = book(due_date=date(2026, 1, 2))
    assert plan(sender, *terms_changed, today=TODAY + DAY)
    brakes.trust(sender, MORNING)
    assert brakes.oddities(sending()) == []
    assert figures.examine(sender, TODAY + DAY) == []
    assert plan(sender, *terms_changed, today=TODAY + 2 * DAY) == []


def test_an_accepted_day_is_examined_again_when_its_plan_changes(sender: Creditor) -> None:
    plan(sender, *book())
    later = TODAY + DAY
    plan(sender, *book(due_date=date(2026, 1, 2)), today=later)
    brakes.trust(sender, MORNING)
    worse = book(due_date=date(2026, 1, 2), total="50000.00", settled_date=None)
    assert rules(plan(sender, *worse, today=later)) == ["amount_changed", "reopened"]
    assert figures.examine(sender, later)  # also when asked once more


def test_a_second_ledger_of_the_day_is_compared_with_the_day_before(sender: Creditor) -> None:
    plan(sender, *book())
    later = TODAY + DAY
    assert plan(sender, *book(), today=later) == []
    assert rules(plan(sender, *book(email="pagos@taller1.example"), today=later)) == ["address_changed", "one_address"]


def test_what_arrives_after_the_plan_is_seen_by_the_next(sender: Creditor) -> None:
    """A ledger taken in on the evening of an ordinary day changes the plan of the next morning."""
    plan(sender, *book())
    strangers = [owed(n, number=f"X-{n}", customer_id=f"X-{n}", due_date=date(2026, 1, 9)) for n in range(12)]
    take(sender, *strangers)
    actions.review(sender, procedure(), TODAY + DAY, None, composed=False)
    assert rules(figures.examine(sender, TODAY + DAY)) == ["latecomers", "overdue"]


def test_sums_are_shown_as_money(sender: Creditor) -> None:
    Sending.objects.update(
        anomaly=json.dumps([Oddity("demanded", {"amount": Money(1, "EUR"), "most": Money(2, "EUR")})])
    )
    (brake,) = brakes.oddities(sending())
    assert brake.params == {"amount": Money(1, "EUR"), "most": Money(2, "EUR")}


def test_only_the_plans_that_may_still_be_compared_with_keep_their_sample(sender: Creditor) -> None:
    for days in range(4):
        plan(sender, *book(), today=TODAY + days * DAY)
    kept = [bool(found.sample) for found in PlanFigures.objects.order_by("day")]
    assert kept == [False, False, True, True]


def test_a_sample_names_nobody(sender: Creditor) -> None:
    plan(sender, *book())
    sample = PlanFigures.objects.get().sample
    assert "taller" not in sample


def test_a_large_book_is_compared_by_a_sample_spread_over_all_of_it(
    sender: Creditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "_SAMPLE", 10)
    plan(sender, *book(95))
    sample = json.loads(PlanFigures.objects.get().sample)
    owed_ = sorted(item[0] for item in sample["items"] if item[5])
    assert 10 <= len(owed_) <= 20
    assert max(b - a for a, b in pairwise(owed_)) <= 12
    assert "due_changed" in rules(plan(sender, *book(95, due_date=date(2026, 1, 2)), today=TODAY + DAY))


def test_the_questions_do_not_grow_with_the_book(sender: Creditor) -> None:
    counts = []
    for day, size in enumerate((3, 40, 80)):
        plan(sender, *book(size), today=TODAY + day * DAY)
        with CaptureQueriesContext(connection) as asked:
            figures.examine(sender, TODAY + day * DAY)
        counts.append(len(asked))
    assert counts[1] == counts[2]
    assert max(counts) < 40
