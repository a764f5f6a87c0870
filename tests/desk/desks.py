"""A desk as its people find it: a creditor with a small book, a clock of ours, and somebody of each role signed in."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from amable.agreements import actions as agreements
from amable.banking import actions as banking
from amable.banking.models import BankLine
from amable.core import wording_text
from amable.core.agreements import Ground, instalments_of
from amable.correspondence import wordings
from amable.dunning import holds, merging, procedures
from amable.ledger import actions as ledger
from amable.ledger import notes
from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from amable.plugs.invoices import ItemRecord
from amable.server import keys
from amable.work.house import HOUSE, House
from amable.work.models import File, Job, Rejection
from tests.contexts.books import customer, paid, receive, row, take
from tests.contexts.office import NOON, STARTER, Office

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


def opened(folder: Path, creditor: Creditor, *more: ItemRecord) -> Desk:
    """A desk whose creditor has two customers, planned but not approved: one to be reminded today, one not yet due.

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
            *more,
        )  # fmt: skip
    return Desk(creditor)


def with_everything(folder: Path, creditor: Creditor) -> Desk:
    """The same with a row of every kind that a page shows."""
    desk = opened(folder, creditor, asked())
    with acting_for(creditor):
        managed(creditor)
        known(creditor)
        money_in(creditor, "C-3")
        worded(creditor)
        alike(creditor)
    return desk


def furnish(creditor: Creditor) -> None:
    """What a desk has besides its book: a version of its procedure, a draft of the next, a file not taken in."""
    procedures.make_version(creditor, STARTER, "starter", now=NOON, by="lucia@turia.example")
    text = STARTER.replace("4 to 5 working days after due", "2 to 3 working days after due")
    procedures.begin(creditor, text, begun_from="starter", now=NOON, by="marta@turia.example")
    _gave_a_file(creditor)


def _gave_a_file(creditor: Creditor) -> None:
    """Somebody gave a ledger of which one row could not be used; reading it is done, nobody has taken it in."""
    file = File.objects.create(
        creditor=creditor, name="marzo.csv", size=1, digest="d" * 64, day=NOON.date(), given_at=NOON, given_by="ana",
        kind="ledger", rows=1, rejected=1,
    )  # fmt: skip
    params = '{"heading": "Total", "value": "=1+1"}'
    Rejection.objects.create(
        creditor=creditor, file=file, place=0, line=3, field="total", rule="amount_unreadable", params=params
    )
    found = {"kind": "ledger", "rows": 1, "questions": [], "settings": {}, "understood": [], "items": []}
    Job.objects.create(
        creditor=creditor, kind="file", file=file, asked_by="ana", asked_at=NOON, begun_at=NOON, ended_at=NOON,
        outcome="done", result=json.dumps(found),
    )  # fmt: skip


def known(creditor: Creditor) -> None:
    """What people stated about the first customer: a row of every kind."""
    customer = Customer.objects.get(creditor=creditor, key="C-1")
    (item,) = Item.objects.filter(creditor=creditor, customer=customer)
    stated: dict[str, Any] = {"today": LATE, "now": NOON - timedelta(days=7), "by": "marta@turia.example"}
    about: dict[str, Any] = {"currency": "EUR", "items": [item.pk]}
    promise = agreements.promise(customer, amount=100, on=date(2026, 3, 20), said_by="Ana", **about, **stated)
    agreements.end_promise(promise, **stated)
    dispute = agreements.dispute(customer, ground=Ground.PRICE, note="", parts={item.pk: 100}, **stated)
    agreements.resolve_dispute(dispute, upheld=False, answer="As agreed.", **stated)
    halves = instalments_of(item.open, 2, date(2026, 3, 30), 7)
    agreements.end_plan(agreements.plan(customer, instalments=halves, note="", **about, **stated), **stated)
    notes.write(customer, "Prefers the telephone.", **stated)
    holds.end(holds.hold(customer, date(2026, 3, 12), "On holiday", LATE, NOON, by="marta@turia.example"), LATE, NOON,
              by="marta@turia.example")  # fmt: skip
    Customer.objects.filter(creditor=creditor, key="C-1").update(review_on=None)


def managed(creditor: Creditor) -> None:
    """All but one of the customers are the account manager's."""
    theirs = Customer.objects.filter(creditor=creditor).exclude(key="C-2")
    theirs.update(manager_email=f"{Role.MANAGER}@{creditor.ref}.example")


def asked() -> ItemRecord:
    """An invoice that fell due yesterday: a person is asked whether it arrived."""
    return row(
        "F-1003", "80.00", customer_id="C-3", customer_name="Bodegas Requena, S.L.", email="rosa@requena.example",
        contact_name="Rosa Marín", phone="+34 96 555 01 03", tax_id="B46000002", due_date=date(2026, 3, 16),
    )  # fmt: skip


def money_in(creditor: Creditor, key: str = "C-1") -> None:
    """A payment from nobody we know, one from an account somebody named, and a cheque that bounced."""
    today = NOON.date()
    stranger = {"name": "Gestoría Núñez", "iban": "ES6099990001440000000022"}
    known = {"name": "Asesoría Pla", "iban": "ES1299990001440000000035"}
    receive(creditor, paid("77.00", "gracias", **stranger), paid("55.00", "pago", **known), today=today)
    line = BankLine.objects.get(name="Asesoría Pla")
    seen = banking.version(line)
    banking.say_whose(line, customer(key), seen=seen, today=today, now=NOON, by="lucia")
    identity = f"hand-{creditor.pk}"
    cheque = ledger.Money(identity, customer(key).pk, today, "EUR", 10_00, "", "", "cheque", "n.º 117")
    ledger.reverse(ledger.record_payment(customer(key), cheque, shares={}, today=today, by="lucia"), today)


def worded(creditor: Creditor) -> None:
    """Somebody changed the words of a Spanish reminder."""
    own = wording_text.ours("es", "early_late").replace("Hola, ", "Buenos días, ")
    saving = wordings.Saving(NOON.date(), NOON, "marta@turia.example", "Nos conocemos")
    wordings.save(creditor, "es", own_name(creditor), own, saving, seen=wordings.digest(""))


def alike(creditor: Creditor) -> None:
    """Of two who owe nothing somebody said that they are one, and of two others that they are two."""
    stated: dict[str, Any] = {"today": LATE, "now": NOON - timedelta(days=7), "by": "marta@turia.example"}
    made: dict[str, Any] = {"creditor": creditor, "keyed_by": "id", "name": "Horno Ana", "language": "es"}
    one, other, third = (Customer.objects.create(key=key, **made) for key in ("C-7", "C-7a", "C-8"))
    merging.merge(one, other, **stated)
    merging.tell_apart(one, third, **stated)
    Customer.objects.filter(creditor=creditor, pk=one.pk).update(review_on=None)


def own_name(creditor: Creditor) -> str:
    """What the creditor's own wording is called: no other creditor has one of this name."""
    return f"early_late.{creditor.ref.lower()}"


def neighbour(creditor: Creditor) -> Desk:
    """The desk of another creditor in the same installation, with a book just like the first one's."""
    other = Creditor.objects.get(pk=creditor.pk)
    other.pk, other.ref, other.name = None, "neighbour", "Ferretería del Segura"
    other.save()
    with acting_for(other):
        Office(other, NOWHERE).plan(row("F-1001", due_date=LATE), asked())
        furnish(other)
        known(other)
        managed(other)
        money_in(other, "C-3")
        worded(other)
        alike(other)
    return Desk(other)


__all__ = ["LATE", "NOON", "Desk", "neighbour", "opened", "take", "with_everything"]
