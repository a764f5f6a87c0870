"""The channels: how each of them leaves, which steps go by it, and how many customers it has an address of."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from amable.core import procedure
from amable.core.languages import say, sentences
from amable.desk.door import Here, show
from amable.dunning.models import StoredProcedure
from amable.ledger.models import Contact, Customer
from amable.organisation.models import Sending


class Channel(NamedTuple):
    """One of them; `ready` says whether what goes by it leaves, `steps` names those of the procedure in force."""

    name: str
    icon: str
    ready: bool
    steps: list[str]
    customers: int


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """All four. Their addresses come with the ledger, the sender's with the creditor and the mailbox."""
    sending = Sending.objects.filter(creditor=here.creditor).first()
    steps = _steps(here, sending)
    people = Contact.objects.filter(creditor=here.creditor)
    everybody = Customer.objects.filter(creditor=here.creditor)
    by_phone = people.exclude(phone="").values("customer").distinct().count()
    found = [
        Channel("email", "mail", bool(sending and sending.server), steps.get("email", []),
                people.exclude(email="").values("customer").distinct().count()),
        Channel("letter", "file-text", bool(here.creditor.address), steps.get("letter", []),
                everybody.exclude(address="").count()),
        Channel("sms", "message-square", True, steps.get("sms", []), by_phone),
        Channel("call", "phone", True, steps.get("call", []), by_phone),
    ]  # fmt: skip
    return show(request, here, "channels.html", channels=found, sending=sending, customers=everybody.count())


def _steps(here: Here, sending: Sending | None) -> dict[str, list[str]]:
    """The steps of the procedure in force, by how they go."""
    stored = StoredProcedure.objects.filter(creditor=here.creditor, digest=sending.procedure if sending else "").first()
    if stored is None:
        return {}
    found: dict[str, list[str]] = {}
    for step in procedure.read(stored.text).steps:
        if step.switched_on:
            found.setdefault(str(step.act), []).append(_name(step.id, here.language))
    return found


def _name(step: str, language: str) -> str:
    """What a step of ours is called; the author of another procedure named theirs."""
    key = f"stepname.{step}"
    return say(key, language) if key in sentences(language) else step
