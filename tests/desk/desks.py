"""A desk as its people find it: a creditor with a small book, a clock of ours, and somebody of each role signed in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from amable.core import wording_text
from amable.correspondence import wordings
from amable.dunning import procedures
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.server import keys
from amable.work.house import HOUSE, House
from tests.contexts.books import row, take
from tests.contexts.office import NOON, STARTER, Office

NOWHERE: Any = SimpleNamespace(host="localhost", port=9)  # the mailbox of a creditor who sends nothing in these tests
LATE = date(2026, 3, 10)  # a week before the day of these tests, a Tuesday: its first reminder is due


class Desk:
    """One creditor's desk at `now`; `client(role)` is a signed-in browser without JavaScript."""

    def __init__(self, creditor: Creditor) -> None:
        self.creditor, self.now = creditor, NOON

    @property
    def house(self) -> House:
        return House(lambda: self.now, list)

    def member(self, role: str = Role.CONTROLLER, language: str = "en") -> Member:
        """Somebody of this role on the staff."""
        email = f"{role}@{self.creditor.ref}.example"
        user, _ = User.objects.get_or_create(email=email, defaults={"name": role.title(), "language": language})
        return Member.objects.get_or_create(creditor=self.creditor, user=user, defaults={"role": role})[0]

    def client(self, role: str = Role.CONTROLLER, **facts: Any) -> Client:
        client = Client(SERVER_NAME="localhost", **{HOUSE: self.house}, **facts)
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

    There is no mailbox behind it: nothing leaves. Its procedure has a version, and somebody works on a draft.
    """
    keys.use_key_of(folder)
    with acting_for(creditor):
        office = Office(creditor, NOWHERE)
        furnish(creditor)
        office.plan(
            row(due_date=LATE),
            row("F-1002", "120.00", customer_id="C-2", customer_name="Forn Sant Pau", email="forn@santpau.example",
                contact_name="Pau Ferrer", tax_id="B46000001", due_date=date(2026, 4, 20), issue_date=date(2026, 3, 1)),
        )  # fmt: skip
    return Desk(creditor)


def furnish(creditor: Creditor) -> None:
    """What a desk has besides its book: a version of its procedure and a draft of the next."""
    procedures.make_version(creditor, STARTER, "starter", now=NOON, by="lucia@turia.example")
    text = STARTER.replace("4 to 5 working days after due", "2 to 3 working days after due")
    procedures.begin(creditor, text, begun_from="starter", now=NOON, by="marta@turia.example")
    own = wording_text.ours("es", "early_late").replace("Hola, ", "Buenos días, ")
    saving = wordings.Saving(NOON.date(), NOON, "marta@turia.example", "Nos conocemos")
    wordings.save(creditor, "es", own_name(creditor), own, saving, seen=wordings.digest(""))


def own_name(creditor: Creditor) -> str:
    """What the creditor's own wording is called: no other creditor has one of this name."""
    return f"early_late.{creditor.ref.lower()}"


def neighbour(creditor: Creditor) -> Desk:
    """The desk of another creditor in the same installation, with a book just like the first one's."""
    other = Creditor.objects.get(pk=creditor.pk)
    other.pk, other.ref, other.name = None, "neighbour", "Ferretería del Segura"
    other.save()
    with acting_for(other):
        Office(other, NOWHERE).plan(row("F-1001", due_date=LATE))
        furnish(other)
    return Desk(other)


__all__ = ["LATE", "NOON", "Desk", "neighbour", "opened", "take"]
