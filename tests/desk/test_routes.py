"""Every address of the desk, as the application lists them: whom it lets in, whose rows it shows, what it takes.

A route whose places this file does not know how to fill fails here: give `PLACES` what it needs, for any creditor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from amable.agreements.models import Dispute, Plan, Promise
from amable.banking.models import BankLine, PayerAccount
from amable.correspondence.models import Message, WordingVersion
from amable.desk.door import A_FORM, Route
from amable.dunning.models import Hold, ProcedureDraft, ProcedureVersion
from amable.ledger.models import Apart, Customer, Merged, Note, Payment
from amable.organisation.models import Creditor, Member
from amable.organisation.roles import GRANTED, May, Role
from amable.organisation.tenancy import acting_for
from amable.work.models import File, Job
from tests.conftest import Home
from tests.desk.desks import Desk, neighbour, own_name, with_everything

# Below no creditor, so each of them says itself whom it lets in; and allauth's own.
PUBLIC = {"home", "enter", "first", "another", "welcome"}
ELSEWHERE = ("account/",)

PLACES: dict[str, Callable[[Creditor], Any]] = {
    "draft": lambda creditor: ProcedureDraft.objects.get(creditor=creditor).pk,
    "spoken": lambda creditor: "es",
    "wording": own_name,
    "wording_version": lambda creditor: WordingVersion.objects.filter(creditor=creditor).earliest("pk").pk,
    "version": lambda creditor: ProcedureVersion.objects.filter(creditor=creditor).earliest("pk").pk,
    "file": lambda creditor: File.objects.filter(creditor=creditor).values_list("pk", flat=True)[0],
    "job": lambda creditor: Job.objects.filter(creditor=creditor).values_list("pk", flat=True)[0],
    "customer": lambda creditor: Customer.objects.get(creditor=creditor, key="C-1").pk,
    "merged": lambda creditor: Merged.objects.get(creditor=creditor).pk,
    "apart": lambda creditor: Apart.objects.get(creditor=creditor).pk,
    "note": lambda creditor: Note.objects.get(creditor=creditor).pk,
    "hold": lambda creditor: Hold.objects.get(creditor=creditor).pk,
    "promise": lambda creditor: Promise.objects.get(creditor=creditor).pk,
    "dispute": lambda creditor: Dispute.objects.get(creditor=creditor).pk,
    "plan": lambda creditor: Plan.objects.get(creditor=creditor).pk,
    "message": lambda creditor: _message(creditor, "email"),
    "part": lambda creditor: 0,
    "task": lambda creditor: _message(creditor, "check"),
    "line": lambda creditor: BankLine.objects.filter(creditor=creditor, state="proposed").latest("pk").pk,
    "account": lambda creditor: PayerAccount.objects.get(creditor=creditor).pk,
    "member": lambda creditor: Member.objects.get(creditor=creditor, role=Role.VIEWER).pk,
    "payment": lambda creditor: Payment.objects.filter(creditor=creditor).latest("pk").pk,
}


def _message(creditor: Creditor, act: str) -> str:
    """The key of a message of today, or of a task."""
    found: str = Message.objects.filter(creditor=creditor, act=act).values_list("key", flat=True)[0]
    return found


# Pages that take a form and change nothing, so a viewer may send it.
READING = {"profile", "end_sessions"}  # one's own name, look and sessions: nothing of the creditor's


@pytest.fixture
def desk(database: Home, turia: Creditor) -> Desk:
    """A desk with a row of every kind that a page shows."""
    return with_everything(database.folder, turia)


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one


def routes() -> list[tuple[Route, URLPattern]]:
    """The routes below a creditor."""
    found = ((getattr(pattern.callback, "route", None), pattern) for _, pattern in patterns(get_resolver()))
    return [(route, pattern) for route, pattern in found if route]


def filled(desk: Desk, pattern: URLPattern, of: Creditor | None = None) -> str:
    """The address with the places of the creditor whose rows it should name."""
    names = set(pattern.pattern.converters) - {"creditor"}
    unknown = names - PLACES.keys()
    assert not unknown, f"{pattern.name}: say in PLACES what stands for {', '.join(sorted(unknown))}"
    with acting_for(of or desk.creditor):
        places = {name: PLACES[name](of or desk.creditor) for name in names}
    return desk.address(str(pattern.name), **places)


def rows(creditor: Creditor) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the database holds of ours, but who is signed in."""
    with acting_for(creditor):
        mine = (model for model in apps.get_models() if model.__module__.startswith("amable."))
        return {
            model.__name__: list(model._base_manager.order_by("pk").values_list())
            for model in mine
            if model.__name__ != "User"
        }


def test_every_address_says_whom_it_lets_in() -> None:
    for address, pattern in patterns(get_resolver()):
        if not address.startswith(ELSEWHERE) and pattern.name not in PUBLIC:
            assert isinstance(getattr(pattern.callback, "route", None), Route), address


def test_a_stranger_is_asked_to_sign_in(desk: Desk) -> None:
    stranger = desk.stranger()
    for route, pattern in routes():
        address = filled(desk, pattern)
        for method in route.methods:
            answer = stranger.generic(method, address)
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/account/login/"), (
                route.name
            )


@pytest.mark.parametrize("role", list(Role))
def test_a_page_opens_for_those_whose_role_includes_it(desk: Desk, role: Role) -> None:
    client = desk.client(role)
    for route, pattern in routes():
        address = filled(desk, pattern)
        if "GET" not in route.methods:
            assert client.get(address).status_code == 405, route.name
            continue
        status = client.get(address).status_code
        assert status in ((200, 302) if route.may in GRANTED[role] else (403,)), (route.name, status)


def test_what_changes_something_is_not_for_a_viewer(desk: Desk) -> None:
    client = desk.client(Role.VIEWER)
    before = rows(desk.creditor)
    for route, pattern in routes():
        if "POST" in route.methods:
            assert route.may != May.SEE or route.name in READING, f"{route.name} takes forms from a viewer"
            if route.may != May.SEE:
                assert client.post(filled(desk, pattern)).status_code == 403, route.name
            else:
                client.post(filled(desk, pattern))
    assert rows(desk.creditor) == before


def test_reading_changes_nothing(desk: Desk) -> None:
    client = desk.client(Role.OWNER)
    before = rows(desk.creditor)
    for route, pattern in routes():
        if "GET" in route.methods:
            client.get(filled(desk, pattern))
    assert rows(desk.creditor) == before


def test_another_creditors_pages_and_rows_are_not_there(desk: Desk) -> None:
    theirs = neighbour(desk.creditor)
    client = desk.client(Role.OWNER)
    before = rows(theirs.creditor)
    for route, pattern in routes():
        named = set(pattern.pattern.converters) - {"creditor"}
        for method in route.methods:
            assert client.generic(method, filled(theirs, pattern)).status_code == 404, (method, route.name)
            if named:  # our page, their row
                crossed = filled(desk, pattern, theirs.creditor)
                assert client.generic(method, crossed).status_code == 404, (method, route.name)
    assert rows(theirs.creditor) == before


def test_a_form_that_is_not_ours_is_refused(desk: Desk) -> None:
    client = desk.client(Role.OWNER, enforce_csrf_checks=True)
    before = rows(desk.creditor)
    for route, pattern in routes():
        if "POST" in route.methods:
            assert client.post(filled(desk, pattern)).status_code == 403, route.name
    assert rows(desk.creditor) == before


def test_more_than_a_page_takes_is_refused_unread(desk: Desk) -> None:
    client = desk.client(Role.OWNER)
    for route, pattern in routes():
        if "POST" in route.methods:
            answer = client.post(filled(desk, pattern), CONTENT_LENGTH=str(route.limit + 1))
            assert answer.status_code == 413, route.name
            assert route.limit <= A_FORM or "file" in route.name, f"{route.name} takes {route.limit} bytes"
