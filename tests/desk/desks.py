"""A desk as its people find it: a creditor with a small book, a clock of ours, and somebody of each role signed in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.server import keys
from amable.work.house import HOUSE, House
from tests.contexts.books import row, take
from tests.contexts.office import NOON, Office

NOWHERE: Any = SimpleNamespace(host="localhost", port=9)  # the mailbox of a creditor who sends nothing in these tests
LATE = date(2026, 3, 10)  # a week before the day of these tests, a Tuesday: its first reminder is due


class Desk:
    """One creditor's desk at `now`; `client(role)` is a signed-in browser without JavaScript."""

    def __init__(self, creditor: Creditor) -> None:
        self.creditor, self.now = creditor, NOON
        self.member(Role.VIEWER)  # so that there is a colleague at every desk

    @property
    def house(self) -> House:
        return House(lambda: self.now, list)

    def member(self, role: str = Role.CONTROLLER, language: str = "en") -> Member:
        """Somebody of this role on the staff."""
        email = f"{role}@{self.creditor.ref}.example"
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, name=role.title(), language=language
        )
        return Member.objects.get_or_create(creditor=self.creditor, user=user, defaults={"role": role})[0]

    def stranger(self, **facts: Any) -> Client:
        """A browser nobody is signed in with."""
        return Client(**{HOUSE: self.house, "SERVER_NAME": "localhost"}, **facts)

    def client(self, role: str = Role.CONTROLLER, **facts: Any) -> Client:
        client = self.stranger(**facts)
        client.force_login(self.member(role).user)
        return client

    def address(self, name: str, **places: Any) -> str:
        return reverse(f"desk:{name}", kwargs={"creditor": self.creditor.ref, **places})

    def get(self, name: str, role: str = Role.CONTROLLER, **places: Any) -> HttpResponse:
        return self.client(role).get(self.address(name, **places))

    def post(self, name: str, data: dict[str, Any], role: str = Role.CONTROLLER, **places: Any) -> HttpResponse:
        return self.client(role).post(self.address(name, **places), data)

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def moment(self) -> datetime:
        return self.now


def opened(folder: Path, creditor: Creditor) -> Desk:
    """A desk whose creditor has two customers, one to be reminded today and one not yet due, planned but not approved.

    There is no mailbox behind it: nothing leaves.
    """
    keys.use_key_of(folder)
    with acting_for(creditor):
        office = Office(creditor, NOWHERE)
        office.plan(
            row(due_date=LATE),
            row("F-1002", "120.00", customer_id="C-2", customer_name="Forn Sant Pau", email="forn@santpau.example",
                contact_name="Pau Ferrer", tax_id="B46000001", due_date=date(2026, 4, 20), issue_date=date(2026, 3, 1)),
        )  # fmt: skip
    return Desk(creditor)


def neighbour(creditor: Creditor) -> Desk:
    """The desk of another creditor in the same installation, with a book just like the first one's."""
    other = Creditor.objects.get(pk=creditor.pk)
    other.pk, other.ref, other.name = None, "neighbour", "Ferretería del Segura"
    other.save()
    with acting_for(other):
        Office(other, NOWHERE).plan(row("F-1001", due_date=LATE))
    return Desk(other)


__all__ = ["LATE", "NOON", "Desk", "neighbour", "opened", "take"]
