"""A day at the desk: read, approve, undo, edit, hold, stop, and say what a task came to."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from amable.agreements.models import Dispute, Promise
from amable.core.anomalies import Oddity
from amable.correspondence.models import EditedWords, Message
from amable.dunning.models import Hold, TaskOutcome
from amable.ledger.models import Contact, Customer, Item
from amable.organisation.models import Creditor, Sending
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.conftest import Home
from tests.contexts.books import row
from tests.contexts.office import NOON
from tests.desk.desks import LATE, Desk, asked, managed, opened, take
from tests.material import material


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    """A desk of which a person is asked something, too."""
    desk = opened(database.folder, turia, asked())
    with acting_for(turia):
        managed(turia)
    return desk


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


def proposed(desk: Desk) -> Message:
    with acting_for(desk.creditor):
        return Message.objects.get(act="email")


def state(desk: Desk) -> str:
    return proposed(desk).state


def set_up(desk: Desk, **facts: Any) -> None:
    with acting_for(desk.creditor):
        Sending.objects.update(**facts)


def task(desk: Desk) -> Message:
    with acting_for(desk.creditor):
        return Message.objects.get(act="check")


def test_the_day_in_words_comes_first(desk: Desk) -> None:
    page = text(desk.get("today"))
    assert "Good morning, Controller" in page
    assert "1 message waits for your approval." in page
    assert "1 check or decision is asked of you." in page
    assert "Talleres Miró, S.L." in page


def test_a_manager_reads_of_their_own_customers_only(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Customer.objects.filter(key="C-1").update(manager_email="somebody@else.example")
    page = text(desk.get("today", Role.MANAGER))
    assert "Talleres Miró" not in page
    assert "Bodegas Requena" in page
    assert desk.get("message", Role.MANAGER, message=proposed(desk).key).status_code == 404


def test_one_message_is_approved_and_taken_back(desk: Desk) -> None:
    set_up(desk, undo_minutes=10)
    client, key = desk.client(), proposed(desk).key
    client.post(desk.address("approve"), {"message": key})
    message = proposed(desk)
    assert (message.state, message.approved_by) == ("approved", f"controller@{desk.creditor.ref}.example")
    page = text(client.get(desk.address("today")))
    assert desk.address("unapprove") + "?at=" in page  # the toast offers to undo it
    client.post(desk.address("unapprove"), {"message": key})
    assert state(desk) == "proposed"


def test_the_toast_takes_back_what_it_speaks_of(desk: Desk) -> None:
    client = desk.client()
    client.post(desk.address("approve"), {"all": "1", "seen": str(proposed(desk).pk)})
    assert state(desk) == "approved"
    client.post(desk.address("unapprove") + f"?at={desk.now.isoformat().replace('+', '%2B')}")
    assert state(desk) == "proposed"


def test_all_approves_nothing_that_was_not_on_the_page_yet(desk: Desk) -> None:
    desk.post("approve", {"all": "1", "seen": str(proposed(desk).pk - 1)})
    assert state(desk) == "proposed"


def test_all_approves_what_the_page_shows(desk: Desk) -> None:
    set_up(desk, undo_minutes=10)
    client = desk.client()
    seen = re.findall(r'name="seen" value="(\d+)"', text(client.get(desk.address("today"))))
    client.post(desk.address("approve"), {"all": "1", "seen": seen[0]})
    assert state(desk) == "approved"


def test_an_unusual_plan_is_read_first(desk: Desk) -> None:
    odd = [list(Oddity("messages", {"n": 400, "usual": 3, "most": 9}))]
    set_up(desk, anomaly=json.dumps(odd))
    client = desk.client()
    client.post(desk.address("approve"), {"message": proposed(desk).key})
    page = text(client.get(desk.address("today")))
    assert state(desk) == "proposed"
    assert "400 messages today; usually 3" in page
    client.post(desk.address("accept_odd"))
    client.post(desk.address("approve"), {"message": proposed(desk).key})
    assert state(desk) == "approved"


def test_a_first_plan_says_so_until_somebody_has_read_it(desk: Desk) -> None:
    set_up(desk, trusted_at=None)
    client = desk.client()
    assert "I have read it: approve" in text(client.get(desk.address("today")))
    client.post(desk.address("approve"), {"all": "1", "seen": str(proposed(desk).pk)})
    assert "I have read it: approve" not in text(client.get(desk.address("today")))


def test_sending_is_stopped_at_once_with_its_reason_and_resumed_by_whoever_has_looked(desk: Desk) -> None:
    client = desk.client()
    client.post(desk.address("stop"), {"because": "wrong prices"})
    page = text(client.get(desk.address("today")))
    assert f"controller@{desk.creditor.ref}.example stopped sending" in page
    assert "wrong prices" in page
    assert "wrong prices" in text(client.get(desk.address("resume")))
    client.post(desk.address("resume"))
    with acting_for(desk.creditor):
        assert Sending.objects.get().stopped_at is None


def test_a_doubtful_database_is_not_resumed_by_accident(desk: Desk) -> None:
    set_up(desk, stopped_at=NOON, stopped_because="restored")
    assert desk.post("resume", {}).status_code == 409
    with acting_for(desk.creditor):
        assert Sending.objects.get().stopped_at is not None
    desk.post("resume", {"sure": "1"})
    with acting_for(desk.creditor):
        assert Sending.objects.get().stopped_at is None


def test_a_hold_withdraws_what_was_planned(desk: Desk) -> None:
    wrong = desk.post("hold", {"until": "2026-03-17", "because": "x"}, message=proposed(desk).key)
    assert wrong.status_code == 422
    desk.post("hold", {"until": "2026-03-31", "because": "On holiday"}, Role.MANAGER, message=proposed(desk).key)
    assert state(desk) == "withdrawn"
    with acting_for(desk.creditor):
        assert Hold.objects.get().because == "On holiday"


# --- words -----------------------------------------------------------------------------------------------------------


def form(desk: Desk, client: Any) -> dict[str, str]:
    """What the editor's form holds when it is opened."""
    return held(text(client.get(desk.address("edit", message=proposed(desk).key))))


def held(page: str) -> dict[str, str]:
    """The fields of the editor's form on a page, with what is in them."""
    inputs = re.findall(r'<input[^>]* name="(seen|basis|subject)" value="([^"]*)"', page)
    texts = re.findall(r'<textarea[^>]* name="(text-\d)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: unescape(value) for name, value in (*inputs, *texts)}


def test_two_people_edit_at_once_and_nobody_s_words_are_lost(desk: Desk) -> None:
    first, second = desk.client(), desk.client(Role.OWNER)
    address = desk.address("edit", message=proposed(desk).key)
    mine, theirs = form(desk, first), form(desk, second)
    last = max(name for name in mine if name.startswith("text-"))
    mine[last] += " Marta's words."
    theirs[last] += " Lucía's words."
    assert first.post(address, mine).status_code == 303
    answer = second.post(address, theirs)
    assert answer.status_code == 409
    page = text(answer)
    assert "Marta&#x27;s words." in page  # what is newer, beside
    assert "Lucía&#x27;s words." in page  # what was typed
    theirs["seen"] = held(page)["seen"]
    assert second.post(address, theirs).status_code == 303
    with acting_for(desk.creditor):
        kept = EditedWords.objects.get()
    assert (kept.version, kept.edited_by) == (2, f"owner@{desk.creditor.ref}.example")


def test_who_edits_while_another_approves_loses_nothing_and_what_left_is_told(desk: Desk) -> None:
    first, second = desk.client(), desk.client(Role.OWNER)
    mine = form(desk, first)
    last = max(name for name in mine if name.startswith("text-"))
    mine[last] += " Still mine."
    second.post(desk.address("approve"), {"message": proposed(desk).key})
    assert first.post(desk.address("edit", message=proposed(desk).key), mine).status_code == 303
    with acting_for(desk.creditor):
        assert "Still mine." in EditedWords.objects.get().texts[-1]
        Message.objects.filter(act="email").update(state="accepted", tries=1)
    assert first.post(desk.address("edit", message=proposed(desk).key), mine).status_code == 409


def test_a_threat_is_not_kept_and_what_was_typed_stays(desk: Desk) -> None:
    client = desk.client()
    mine = form(desk, client)
    last = max(name for name in mine if name.startswith("text-"))
    mine[last] += " PAGUE YA MISMO!!!"
    answer = client.post(desk.address("edit", message=proposed(desk).key), mine)
    assert answer.status_code == 422
    assert "PAGUE YA MISMO" in text(answer)
    with acting_for(desk.creditor):
        assert not EditedWords.objects.exists()


def test_a_strange_figure_is_asked_about_once(desk: Desk) -> None:
    client, address = desk.client(), desk.address("edit", message=proposed(desk).key)
    mine = form(desk, client)
    last = max(name for name in mine if name.startswith("text-"))
    mine[last] += " 7.777,00"
    answer = client.post(address, mine)
    assert answer.status_code == 422
    assert "“7.777,00” is none of the figures" in text(answer)
    assert client.post(address, mine | {"sure": "1"}).status_code == 303


def test_the_message_shows_the_words_it_will_leave_with(desk: Desk) -> None:
    client = desk.client()
    mine = form(desk, client)
    last = max(name for name in mine if name.startswith("text-"))
    mine[last] += " Un saludo desde Valencia."
    client.post(desk.address("edit", message=proposed(desk).key), mine)
    html = client.get(desk.address("message_html", message=proposed(desk).key))
    assert "Un saludo desde Valencia." in text(html)


def test_a_mail_is_shown_where_it_can_do_nothing(desk: Desk) -> None:
    policy = desk.get("message_html", message=proposed(desk).key).headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


# --- tasks -----------------------------------------------------------------------------------------------------------


def test_what_a_task_came_to_is_kept_and_the_task_is_gone(desk: Desk) -> None:
    key = task(desk).key
    assert "Sent, received, no complaint" in text(desk.get("outcome", Role.MANAGER, task=key))
    assert desk.post("outcome", {"note": "?"}, task=key).status_code == 422
    desk.post("outcome", {"outcome": "not_received", "note": "Never came."}, Role.MANAGER, task=key)
    with acting_for(desk.creditor):
        told = TaskOutcome.objects.get()
    assert (told.outcome, told.note) == ("not_received", "Never came.")
    assert "First checks" not in text(desk.get("today"))


def test_a_promise_on_the_telephone_is_recorded_once_and_the_task_is_done(desk: Desk) -> None:
    asked = task(desk)
    with acting_for(desk.creditor):
        Message.objects.filter(pk=asked.pk).update(act="call", step="call")
    client = desk.client(Role.MANAGER)
    said = {"outcome": "promised", "said_on": "2026-03-27", "note": "After the fair."}
    led = client.post(desk.address("outcome", task=asked.key), said)
    assert led.status_code == 307
    form = text(client.post(led.headers["Location"], said))
    for known in ('value="80.00"', 'value="2026-03-27"', "Rosa Marín", "After the fair.", "F-1003"):
        assert known in form, known
    with acting_for(desk.creditor):
        assert not Promise.objects.exists()
        assert not TaskOutcome.objects.exists()
        item = Item.objects.get(number="F-1003").pk
    given = {"amount": "80.00", "on": "2026-03-27", "said_by": "Rosa", "items": item, "note": "After the fair."}
    client.post(led.headers["Location"], given)
    with acting_for(desk.creditor):
        promise, told = Promise.objects.get(), TaskOutcome.objects.get()
        assert (promise.amount, promise.on.isoformat()) == (80_00, "2026-03-27")
        assert (told.message_id, told.outcome, told.note) == (asked.pk, "promised", "After the fair.")
        assert not Hold.objects.exists()  # the promise says how long reminders rest
    assert "Llamar" not in text(client.get(desk.address("today")))


def test_a_dispute_told_by_a_task_begins_with_what_it_is_about(desk: Desk) -> None:
    asked = task(desk)
    client = desk.client()
    led = client.get(desk.address("outcome", task=asked.key) + "?outcome=disputed")
    with acting_for(desk.creditor):
        item = Item.objects.get(number="F-1003").pk
    assert re.search(rf'value="{item}"[^>]* checked', text(client.get(led.headers["Location"])))
    refused = client.post(led.headers["Location"], {"ground": "price", "note": "Two were broken."})
    assert refused.status_code == 422
    with acting_for(desk.creditor):
        assert not TaskOutcome.objects.exists()
    client.post(led.headers["Location"], {"ground": "price", "note": "Two were broken.", "items": item})
    with acting_for(desk.creditor):
        assert (Dispute.objects.get().note, TaskOutcome.objects.get().outcome) == ("Two were broken.", "disputed")
        other = Customer.objects.get(key="C-1").pk
    elsewhere = desk.address("customer_dispute", customer=other)
    assert client.get(f"{elsewhere}?task={asked.key}").status_code == 404  # another customer's task


def test_a_fate_nobody_knows_is_resolved_with_a_button(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Message.objects.filter(act="email").update(state="unknown", tries=1, settled_at=NOON, offered_at=NOON)
    client, key = desk.client(), proposed(desk).key
    assert "It did not: send it again" in text(client.get(desk.address("today")))
    client.post(desk.address("resolve", message=key), {})
    assert state(desk) == "unknown"
    client.post(desk.address("resolve", message=key), {"fate": "arrived"})
    assert state(desk) == "accepted"


# --- what others wrote, and how much of it ---------------------------------------------------------------------------

_PAGES = ("today", "messages", "message", "message_record", "edit", "hold", "outcome")


def test_nasty_names_are_shown_as_they_are(desk: Desk) -> None:
    lines = [
        line
        for file in sorted(material("strings").iterdir())
        if file.suffix == ".txt"
        for line in file.read_text("utf-8", "replace").splitlines()
        if line.strip() and "\x00" not in line
    ]
    nasty = [line for line in lines if "<" in line or "{" in line or "'" in line][:8] + lines[
        :: max(1, len(lines) // 8)
    ]
    client, message, asked = desk.client(), proposed(desk).key, task(desk).key
    for line in nasty:
        with acting_for(desk.creditor):
            Customer.objects.filter(key__in=("C-1", "C-3")).update(name=line[:200])
            Contact.objects.update(name=line[:200])
        for name in _PAGES:
            places = (
                {"task": asked}
                if name == "outcome"
                else {"message": message}
                if name not in ("today", "messages")
                else {}
            )
            answer = client.get(desk.address(name, **places))
            assert answer.status_code == 200, (name, line)
            if "<" in line and "script" in line.lower():
                assert line not in text(answer), (name, line)


def test_a_day_of_many_messages_asks_the_database_no_more_than_one_of_few(desk: Desk) -> None:
    client = desk.client()

    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(desk.address("today")).status_code == 200
            assert client.get(desk.address("messages")).status_code == 200
        return len(queries)

    client.get(desk.address("today"))
    few = asked()
    rows = [
        row(
            f"F-2{n:03}",
            customer_id=f"D-{n}",
            customer_name=f"Cliente {n}, S.L.",
            email=f"c{n}@d.example",
            due_date=LATE,
        )
        for n in range(60)
    ]
    with acting_for(desk.creditor):
        take(desk.creditor, *rows, today=date(2026, 3, 17), whole=False)
        from amable.work import duties

        duties.look_again(desk.creditor, lambda: NOON)
        assert Message.objects.filter(act="email", state="proposed").count() == 61
    many = asked()
    assert many <= few + 3  # the pager counts


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "state=nonsense", "since=2026-13-45", "by=-nonsense", "text=%E2%80%AE"]
)
def test_an_address_somebody_made_up_is_no_error(desk: Desk, query: str) -> None:
    client = desk.client()
    for name in ("today", "messages"):
        assert client.get(f"{desk.address(name)}?{query}").status_code == 200
