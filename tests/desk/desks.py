"""A desk as its people find it: a creditor with a small book, a clock of ours, and somebody of each role signed in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from amable.banking import actions as banking
from amable.banking.models import BankLine
from amable.ledger import actions as ledger
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.server import keys
from amable.work.house import HOUSE, House
from tests.contexts.books import customer, paid, receive, row, take
from tests.contexts.office import NOON, Office

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
        client = Client(**{HOUSE: self.house, "SERVER_NAME": "localhost"}, **facts)
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
        money_in(creditor)
    return Desk(creditor)


def money_in(creditor: Creditor) -> None:
    """A payment from nobody we know, one from an account somebody named, and a cheque that bounced.

    The first customer is the account manager's own.
    """
    today = NOON.date()
    Customer.objects.filter(key="C-1").update(manager_email=f"manager@{creditor.ref}.example")
    stranger = {"name": "Gestoría Núñez", "iban": "ES6099990001440000000022"}
    known = {"name": "Asesoría Pla", "iban": "ES1299990001440000000035"}
    receive(creditor, paid("77.00", "gracias", **stranger), paid("55.00", "pago", **known), today=today)
    line = BankLine.objects.get(name="Asesoría Pla")
    seen = banking.version(line)
    banking.say_whose(line, customer(), seen=seen, today=today, now=NOON, by="lucia")
    identity = f"hand-{creditor.pk}"
    cheque = ledger.Money(identity, customer().pk, today, "EUR", 10_00, "", "", "cheque", "n.º 117")
    ledger.reverse(ledger.record_payment(customer(), cheque, shares={}, today=today, by="lucia"), today)


def neighbour(creditor: Creditor) -> Desk:
    """The desk of another creditor in the same installation, with a book just like the first one's."""
    other = Creditor.objects.get(pk=creditor.pk)
    other.pk, other.ref, other.name = None, "neighbour", "Ferretería del Segura"
    other.save()
    with acting_for(other):
        Office(other, NOWHERE).plan(row("F-1001", due_date=LATE))
        money_in(other)
    return Desk(other)


__all__ = ["LATE", "NOON", "Desk", "neighbour", "opened", "take"]
