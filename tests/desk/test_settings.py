"""Brakes, calendar and channels: changed by an owner, by two at once without loss, and with a trace of it."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from amable.evidence.models import Entry
from amable.organisation.models import Creditor, Sending
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.desk.desks import Desk

BRAKES = {
    "plan_at": "05:30", "undo_minutes": "15", "daily_cap": "80", "minimum": "12.5", "per_minute": "60",
    "per_minute_and_domain": "6", "test_to": "", "heartbeat": "",
}  # fmt: skip
CALENDAR = {
    "country": "ES",
    "region": "VC",
    "timezone": "Europe/Madrid",
    "closed_days": "2026-08-03..2026-08-05\n12-24",
}


def seen(desk: Desk, name: str) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', desk.get(name, Role.OWNER).content.decode())
    assert found
    return found[1]


def sending(desk: Desk) -> Sending:
    with acting_for(desk.creditor):
        return Sending.objects.get()


def changes(desk: Desk) -> list[str]:
    with acting_for(desk.creditor):
        return list(Entry.objects.filter(kind="settings.changed").order_by("pk").values_list("body", flat=True))


def save(desk: Desk, name: str, given: dict[str, Any], **more: str) -> str:
    client = desk.client(Role.OWNER)
    return str(
        client.post(desk.address(name), {"seen": seen(desk, name), **given, **more}, follow=True).content.decode()
    )


def test_brakes_hold_from_now_on(desk: Desk) -> None:
    assert "Saved." in save(desk, "brakes", BRAKES)
    now = sending(desk)
    assert (now.plan_at, now.undo_minutes, now.daily_cap) == (time(5, 30), 15, 80)
    assert Creditor.objects.get(pk=desk.creditor.pk).minimum == Decimal("12.5")
    (body,) = changes(desk)
    assert '"daily_cap"' in body
    assert '"80"' not in body, "figures stay figures"
    page = desk.get("brakes", Role.OWNER).content.decode()
    assert 'value="05:30"' in page
    assert 'value="12.5"' in page


def test_what_is_not_different_is_not_recorded(desk: Desk) -> None:
    save(desk, "brakes", BRAKES)
    assert "Nothing was different" in save(desk, "brakes", BRAKES)
    assert len(changes(desk)) == 1


@pytest.mark.parametrize(
    ("field", "typed"),
    [("plan_at", "late"), ("daily_cap", "-1"), ("per_minute", "0"), ("minimum", "x"), ("test_to", "nobody"),
     ("heartbeat", "javascript:alert(1)"), ("undo_minutes", "")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_kept_in_the_form(desk: Desk, field: str, typed: str) -> None:
    page = save(desk, "brakes", {**BRAKES, "daily_cap": "81", field: typed})
    assert 'class="wrong"' in page
    assert f'value="{typed}"' in page or not typed
    assert sending(desk).daily_cap == 50
    assert changes(desk) == []


def test_of_two_who_change_the_brakes_neither_is_lost(desk: Desk) -> None:
    both_saw = seen(desk, "brakes")
    first, second = desk.client(Role.OWNER), desk.client(Role.OWNER)
    first.post(desk.address("brakes"), {**BRAKES, "seen": both_saw, "daily_cap": "100"})
    answer = second.post(desk.address("brakes"), {**BRAKES, "seen": both_saw, "daily_cap": "200"})
    page = answer.content.decode()
    assert "changed these settings while you had them open" in page
    assert 'value="200"' in page, "what was typed is still there"
    assert "100" in page, "and so is what holds now"
    assert sending(desk).daily_cap == 100
    fresh = re.search(r'name="seen" value="([^"]+)"', page)
    assert fresh
    second.post(desk.address("brakes"), {**BRAKES, "seen": fresh[1], "daily_cap": "200"})
    assert sending(desk).daily_cap == 200


def test_a_secret_address_is_not_put_into_the_record(desk: Desk) -> None:
    save(desk, "brakes", {**BRAKES, "heartbeat": "https://hc.example/ping/secret-uuid"})
    (body,) = changes(desk)
    assert '"heartbeat"' in body
    assert "secret-uuid" not in body


def test_the_calendar_shows_what_it_makes_free(desk: Desk) -> None:
    save(desk, "calendars", CALENDAR)
    kept = Creditor.objects.get(pk=desk.creditor.pk).closed_days
    assert kept == ["2026-08-03", "2026-08-04", "2026-08-05", "12-24"]
    page = desk.get("calendars", Role.OWNER).content.decode()
    assert "2026-08-03..2026-08-05\n12-24" in page, "as a person writes it"
    assert "Saint Joseph" in page, "19 March, in two days"


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [("closed_days", "soon", "is not a closed day"), ("timezone", "Europe/Madird", "Did you mean Europe/Madrid"),
     ("region", "FR-75", "is not a region code"), ("closed_days", "2026-08-21..2026-08-03", "end before they begin")],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused_in_words(desk: Desk, field: str, typed: str, said: str) -> None:
    before = Creditor.objects.get(pk=desk.creditor.pk).closed_days
    page = save(desk, "calendars", {**CALENDAR, field: typed})
    assert said in page
    assert typed in page
    assert Creditor.objects.get(pk=desk.creditor.pk).closed_days == before


def test_the_channels_say_what_they_are_used_for(desk: Desk) -> None:
    page = desk.get("channels", Role.OWNER).content.decode()
    assert "friendly reminder after the due date" in page
    assert "2 of 2" in page


def test_without_a_mailbox_there_are_no_brakes_to_set(desk: Desk) -> None:
    with acting_for(desk.creditor):
        Sending.objects.all().delete()
    assert "Nothing leaves by itself yet" in desk.get("brakes", Role.OWNER).content.decode()
