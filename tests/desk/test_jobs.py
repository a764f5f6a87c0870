"""Long work beside files: what a draft changes, what it would have said, today's plan; and settings it follows."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection, connections, transaction

from amable.correspondence.models import Message
from amable.dunning import procedures
from amable.dunning.models import Look, ProcedureDraft, Range
from amable.organisation.models import Creditor, Sending
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.work import duties, jobs, planning
from amable.work.jobs import Cancelled
from amable.work.models import Job
from tests.contexts.office import NOON, STARTER
from tests.desk.desks import Desk
from tests.desk.test_signing_in import WORDS, lucia, sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = STARTER.replace("4 to 5 working days after due", "6 working days after due")


def work(desk: Desk) -> int:
    """Do what waits, as the process beside the desk does."""
    with acting_for(desk.creditor):
        return jobs.do_all(desk.creditor, desk.moment)


def page(desk: Desk, name: str, role: str = Role.CONTROLLER, **places: Any) -> str:
    answer = desk.get(name, role, **places)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def newest(desk: Desk) -> Job:
    with acting_for(desk.creditor):
        return Job.objects.filter(creditor=desk.creditor).latest("pk")


@pytest.fixture
def draft(desk: Desk) -> ProcedureDraft:
    """A draft by which the reminder of today would come a day later."""
    with acting_for(desk.creditor):
        return procedures.begin(desk.creditor, LATER, begun_from="starter", now=NOON, by="lucia@turia.example")


# --- effect and replay -----------------------------------------------------------------------------------------------


def test_the_effect_is_asked_for_shown_as_work_and_then_as_what_it_came_to(desk: Desk, draft: ProcedureDraft) -> None:
    assert "Work it out" in page(desk, "draft_effect", draft=draft.pk)
    assert desk.post("draft_effect", {}, draft=draft.pk).status_code == 303
    waiting = page(desk, "draft_effect", draft=draft.pk)
    assert "Begins in a moment" in waiting
    assert f'hx-get="{desk.address("job", job=newest(desk).pk)}?into=effect"' in waiting
    assert work(desk) == 1
    shown = page(desk, "draft_effect", draft=draft.pk)
    assert "Talleres Miró, S.L." in shown
    assert "It concerns one customer of 2." in shown
    assert "Worked out on" in shown


def test_it_is_not_asked_twice_while_it_is_under_way(desk: Desk, draft: ProcedureDraft) -> None:
    for _ in range(2):
        desk.post("draft_effect", {}, draft=draft.pk)
    assert work(desk) == 1
    desk.post("draft_effect", {}, draft=draft.pk)
    assert work(desk) == 1


def test_what_it_came_to_is_of_that_text_and_that_day_only(desk: Desk, draft: ProcedureDraft) -> None:
    desk.post("draft_effect", {}, draft=draft.pk)
    work(desk)
    with acting_for(desk.creditor):
        procedures.rewrite(draft, LATER.replace("6 working", "7 working"), edition=draft.edition, now=NOON, by="marta")
    assert "Talleres Miró" not in page(desk, "draft_effect", draft=draft.pk)
    with acting_for(desk.creditor):
        procedures.rewrite(draft, LATER, edition=draft.edition, now=NOON, by="marta")
    assert "Talleres Miró" in page(desk, "draft_effect", draft=draft.pk)
    desk.later(days=1)
    assert "Talleres Miró" not in page(desk, "draft_effect", draft=draft.pk)


def test_the_part_of_a_page_brings_only_its_place_anew(desk: Desk, draft: ProcedureDraft) -> None:
    desk.post("draft_effect", {}, draft=draft.pk)
    work(desk)
    client, job = desk.client(), desk.address("job", job=newest(desk).pk)
    ended = client.get(f"{job}?into=effect", headers={"HX-Request": "true"})
    assert json.loads(ended.headers["HX-Location"])["target"] == "#effect"
    assert "HX-Redirect" not in ended.headers
    odd = client.get(f"{job}?into=a,b", headers={"HX-Request": "true"})
    assert odd.headers["HX-Redirect"] == desk.address("draft_effect", draft=draft.pk)
    assert not {"HX-Redirect", "HX-Location"} & set(client.get(f"{job}?stay=1", headers={"HX-Request": "true"}).headers)


def test_a_stopped_effect_can_be_asked_for_again(desk: Desk, draft: ProcedureDraft) -> None:
    desk.post("draft_effect", {}, draft=draft.pk)
    desk.post("job_cancel", {}, job=newest(desk).pk)
    stopped = page(desk, "draft_effect", draft=draft.pk)
    assert "Stopped." in stopped
    assert 'hx-trigger="submit"' in stopped  # it does not begin by itself again
    desk.post("draft_effect", {}, draft=draft.pk)
    assert work(desk) == 1
    assert "Talleres Miró" in page(desk, "draft_effect", draft=draft.pk)


def test_the_replay_shows_both_sides_once_it_is_worked_out(desk: Desk, draft: ProcedureDraft) -> None:
    answer = desk.post("draft_replay", {"days": "90"}, draft=draft.pk)
    assert answer.headers["Location"].endswith("?days=90")
    client = desk.client()
    assert "Begins in a moment" in unescape(client.get(answer.headers["Location"]).content.decode())
    assert work(desk) == 1
    shown = unescape(client.get(answer.headers["Location"]).content.decode())
    assert "What really was" in shown or "Really" in shown
    assert "Worked out on" in shown
    # Another span is another question.
    assert "Worked out on" not in client.get(answer.headers["Location"].replace("90", "30")).content.decode()


@pytest.mark.parametrize("given", [{}, {"days": "7"}, {"days": "x"}, {"days": "-90"}])
def test_a_replay_of_no_span_asks_for_nothing(desk: Desk, draft: ProcedureDraft, given: dict[str, str]) -> None:
    assert desk.post("draft_replay", given, draft=draft.pk).status_code == 303
    assert work(desk) == 0


def test_a_draft_nobody_can_read_is_not_worked_out(desk: Desk, draft: ProcedureDraft) -> None:
    with acting_for(desk.creditor):
        procedures.rewrite(draft, "procedure: [", edition=draft.edition, now=NOON, by="marta")
    desk.post("draft_effect", {}, draft=draft.pk)
    desk.post("draft_replay", {"days": "90"}, draft=draft.pk)
    assert work(desk) == 0


def test_work_whose_worker_died_is_done_by_the_next(desk: Desk, draft: ProcedureDraft) -> None:
    desk.post("draft_effect", {}, draft=draft.pk)
    with acting_for(desk.creditor):
        Job.objects.filter(pk=newest(desk).pk).update(
            begun_at=NOON, tries=1, lease_until=NOON + jobs.LEASE, token="dead"
        )
    assert work(desk) == 0
    desk.later(minutes=1)
    assert work(desk) == 1
    assert "Talleres Miró" in page(desk, "draft_effect", draft=draft.pk)


def test_a_viewer_asks_for_no_work(desk: Desk, draft: ProcedureDraft) -> None:
    assert desk.post("draft_effect", {}, Role.VIEWER, draft=draft.pk).status_code == 403
    assert work(desk) == 0


# --- today's plan ----------------------------------------------------------------------------------------------------


@pytest.fixture
def large(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The same desk, whose book counts as large."""
    monkeypatch.setattr(planning, "_FEW", 1)
    return desk  # type: ignore[return-value]


def look_at_everybody(desk: Desk) -> None:
    with acting_for(desk.creditor):
        desk.creditor.customer_set.update(review_on=NOON.date())


def test_the_first_plan_of_a_small_book_is_there_at_once(desk: Desk) -> None:
    look_at_everybody(desk)
    desk.post("start-plan", {"make": "1"}, Role.OWNER)
    assert work(desk) == 0
    assert "1 message would leave today" in page(desk, "start-plan", Role.OWNER)


def test_on_a_day_off_the_first_plan_says_when_it_is_made_anew(desk: Desk) -> None:
    desk.later(days=4)  # Tuesday to Saturday
    desk.post("start-plan", {"make": "1"}, Role.OWNER)
    shown = page(desk, "start-plan", Role.OWNER)
    assert "it is not a working day. On 23 March 2026 the plan is made anew" in shown


def test_the_first_plan_of_a_large_book_is_work_that_the_page_follows(large: Desk) -> None:
    look_at_everybody(large)
    large.post("start-plan", {"make": "1"}, Role.OWNER)
    shown = page(large, "start-plan", Role.OWNER)
    assert "Begins in a moment" in shown
    assert 'name="make"' not in shown
    assert "Begins in a moment" in page(large, "today")
    assert "Begins in a moment" in page(large, "today", Role.VIEWER)
    assert work(large) == 1
    assert newest(large).found == {"customers": 2}
    assert "Begins in a moment" not in page(large, "start-plan", Role.OWNER)
    assert "Begins in a moment" not in page(large, "today")


def test_a_stopped_plan_says_so_and_lets_go_of_what_it_had_in_hand(large: Desk) -> None:
    with acting_for(large.creditor):
        Sending.objects.update(planned_on=None)
        Range.objects.all().delete()
    look_at_everybody(large)
    large.post("start-plan", {"make": "1"}, Role.OWNER)
    job = newest(large)

    def stop(done: int) -> None:
        raise Cancelled

    with acting_for(large.creditor):
        with pytest.raises(Cancelled):
            duties.plan(large.creditor, large.moment, progress=stop)
        assert duties.take_range(large.creditor, NOON.date(), large.now) is not None
        Range.objects.update(lease_until=None)
    large.post("job_cancel", {}, Role.OWNER, job=job.pk)
    assert "the other customers are looked at with the next plan" in page(large, "start-plan", Role.OWNER)
    look_at_everybody(large)
    large.post("start-plan", {"make": "1"}, Role.OWNER)
    assert work(large) == 1
    assert "1 message would leave today" in page(large, "start-plan", Role.OWNER)


def company(desk: Desk, **changed: str) -> str:
    """The settings of the company saved with something changed; what the next page says."""
    from amable.core.seals import seen
    from amable.desk.company import facts_of

    kept = facts_of(Creditor.objects.get(pk=desk.creditor.pk))
    client = desk.client(Role.OWNER)
    address = desk.address("settings-company")
    answer = client.post(address, {**kept, "tax_id_kept": "1", "seen": seen(kept), **changed})
    assert answer.status_code == 303, answer.content.decode()
    return unescape(client.get(answer.headers["Location"]).content.decode())


def test_a_changed_minimum_reaches_todays_verdicts_at_once(desk: Desk) -> None:
    with acting_for(desk.creditor):
        assert Message.objects.filter(state="proposed", day=NOON.date()).exists()
    assert "Today’s plan already follows it" in company(desk, minimum="100000")
    with acting_for(desk.creditor):
        assert not Message.objects.filter(state="proposed", day=NOON.date(), customer__isnull=False).exists()
        assert "hold.minimum" in Look.objects.get(customer__key="C-1").verdicts


def test_in_a_large_book_it_is_said_that_the_plan_is_being_brought_into_line(large: Desk) -> None:
    assert "is being brought into line" in company(large, minimum="100000")
    assert "Begins in a moment" in page(large, "today")
    assert work(large) == 1
    with acting_for(large.creditor):
        assert "hold.minimum" in Look.objects.get(customer__key="C-1").verdicts


def test_a_day_closed_since_this_morning_moves_what_was_planned(desk: Desk) -> None:
    from amable.core.seals import seen
    from amable.desk.calendars import Calendar
    from amable.evidence import settings

    kept = Creditor.objects.get(pk=desk.creditor.pk)
    client, address = desk.client(Role.OWNER), desk.address("calendars")
    shown = {"country": kept.country, "region": kept.region, "timezone": kept.timezone, "closed_days": "2026-04-10"}
    answer = client.post(address, {**shown, "seen": seen(settings.values((kept,), Calendar.base_fields))})
    assert answer.status_code == 302
    assert "Today’s plan already follows it" in unescape(client.get(address).content.decode())


def test_what_does_not_concern_the_plan_says_nothing_of_it(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Sending.objects.update(planned_on=None)
    desk.now = NOON.replace(hour=2)  # before the hour of the plan
    assert "Saved." in (said := company(desk, minimum="100000"))
    assert "plan already follows" not in said
    with acting_for(desk.creditor):
        assert "hold.minimum" not in Look.objects.get(customer__key="C-1").verdicts


def test_a_job_works_with_the_settings_as_they_are_by_then(large: Desk) -> None:
    stale = Creditor.objects.get(pk=large.creditor.pk)
    company(large, minimum="100000")
    with acting_for(stale):
        assert jobs.do_all(stale, large.moment) == 1
        assert "hold.minimum" in Look.objects.get(customer__key="C-1").verdicts


def test_a_page_is_read_while_somebody_else_keeps_the_file_to_write_in(desk: Desk) -> None:
    """As the thread does that takes a large ledger in; on PostgreSQL nobody waits for another's rows anyway."""
    client, user = desk.client(), lucia(desk)
    assert client.get(desk.address("today")).status_code == 200
    last = UserSession.objects.get(user=desk.member().user).last_seen_at
    desk.later(minutes=6)  # so that it is time to note where they were seen
    writing, done = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            Creditor.objects.filter(pk=desk.creditor.pk).update(name="Another")
            writing.set()
            done.wait(60)
            transaction.set_rollback(True)
        connections.close_all()

    with ThreadPoolExecutor() as pool:
        other = pool.submit(write)
        assert writing.wait(10)
        try:
            for name in ("today", "customers", "items", "messages", "money"):
                assert client.get(desk.address(name)).status_code == 200
                assert not other.done()
            if connection.vendor == "sqlite":  # who changes something waits; in the end they are told so
                connection.cursor().execute("PRAGMA busy_timeout = 0")
                answer = client.post(desk.address("profile"), {"name": "Ana", "language": "en", "appearance": "dark"})
                assert answer.status_code == 503
                assert "Nothing was changed" in answer.content.decode()
                answer = sign_in(desk, user.email, WORDS, client=desk.stranger(raise_request_exception=False))
                assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (503, True)
                connection.cursor().execute("PRAGMA busy_timeout = 30000")
        finally:
            done.set()
        other.result()
    if connection.vendor == "sqlite":
        assert UserSession.objects.get(user=desk.member().user).last_seen_at == last
    assert client.get(desk.address("today")).status_code == 200
    assert UserSession.objects.get(user=desk.member().user).last_seen_at == desk.now
