"""How much is asked of the database: as much with two hundred rows of everything as with ten, and by an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amable.correspondence import outbox
from amable.dunning import brakes, notices, queries
from amable.organisation.models import Creditor, Sending
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.work import duties
from tests.conftest import Home
from tests.desk.crowds import grow, so_many
from tests.desk.desks import Desk, with_everything
from tests.desk.test_routes import filled, routes

FEW, MANY = 10, 200
ONE_OR_TWO = 2  # what a page asks only where there is something of a kind, or more than fits on it
# The whole of a list as a file: it is read by the thousand, so it asks again for every so many rows.
IN_BATCHES = {"items_export", "items_export?as=csv", "payments_export", "audit_export"}
# What else a page answers, by the name of its route.
ASKED = {
    "today": ["show=mine", "step=early_late", "page=2"],
    "search": ["q=talleres", "q=F-12", "q=120,00"],
    "customers": ["sort=name", "held=on", "text=bodegas", "everybody=on"],
    "items": ["status=overdue", "status=disputed", "text=talleres", "sort=customer"],
    "items_export": ["as=csv"],
    "customer": ["kind=said", "text=ana", "page=2"],
    "messages": ["page=2"],
    "money": ["kind=booked", "text=talleres"],
    "payments": ["kind=unapplied", "text=talleres"],
}


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    return with_everything(database.folder, turia)


def addresses(desk: Desk) -> dict[str, str]:
    """Every page, by its route and what is asked of it."""
    pages = {route.name: filled(desk, pattern) for route, pattern in routes() if "GET" in route.methods}
    asked = {f"{name}?{query}": f"{pages[name]}?{query}" for name, queries in ASKED.items() for query in queries}
    return pages | asked


def counted(client: Client, pages: dict[str, str]) -> dict[str, int]:
    """How many questions each page asks."""
    found = {}
    for name, address in pages.items():
        client.get(address)  # what is remembered from then on, is
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code in (200, 302), name
            found[name] = len(asked)
    return found


def test_no_page_asks_more_of_a_larger_book(desk: Desk) -> None:
    pages = addresses(desk)
    client = desk.client(Role.OWNER)
    grow(desk, so_many(FEW))
    few = counted(client, pages)
    grow(desk, so_many(MANY - FEW))
    many = counted(client, pages)
    grown = {name: (few[name], asks) for name, asks in many.items() if asks > few[name] + ONE_OR_TWO}
    assert grown.keys() <= IN_BATCHES, grown


def test_the_duties_of_every_minute_do_not_read_all_messages_there_ever_were(desk: Desk) -> None:
    """How SQLite means to answer does not depend on how many rows there are: it is told the size of a large book."""
    today, creditor = desk.now.date(), desk.creditor
    asked: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "correspondence_message" in sql:
            plan = connection.connection.execute("EXPLAIN QUERY PLAN " + sql.replace("%s", "?"), params or ())
            asked.extend(step for *_, step in plan)
        return execute(sql, params, many, context)

    with acting_for(creditor), connection.execute_wrapper(note):
        sending = Sending.objects.get(creditor=creditor)
        duties.wants_sending(creditor, sending, today, desk.now)
        duties.next_due(creditor, today, desk.now)
        outbox.reclaim(creditor, today, desk.now)
        outbox.claim(creditor, sending, today, desk.now, limit=10)
        notices.tell_of_fates(creditor, today, desk.now)
        brakes.waiting(sending, today, desk.now)
        list(queries.went_wrong(creditor, None, desk.now))
    for index in ("message_waiting", "message_in_hand", "message_asking"):
        assert any(index in step for step in asked), index
    assert [step for step in asked if step.startswith("SCAN correspondence_message")] == []
