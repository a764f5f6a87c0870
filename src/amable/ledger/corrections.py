"""What a person corrected of a customer, against what the next ledger says of the same.

A correction stands whatever later ledgers say, until a person takes the ledger's word again; what the ledger says is
kept beside it and shown. Only a refusal is never overruled: a channel that the ledger newly says the customer does not
want is refused beside what the person wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import F

from amable.core.finding import foldable
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.actions import look_again
from amable.ledger.models import Contact, Correction, Customer
from amable.organisation.bulk import these, update
from amable.organisation.models import Creditor

OF_CUSTOMER: Final = ("name", "language", "opt_out", "address")
OF_CONTACT: Final = ("name", "email", "phone")
CONTACT: Final = "contact."
BILLING: Final = "billing"
ROLES: Final = (BILLING, "approver", "escalation", "copy")


class Corrections:
    """The corrections of a batch of customers while a ledger lands."""

    def __init__(self, creditor: Creditor, customers: Collection[int]) -> None:
        self.standing: dict[int, dict[str, Correction]] = defaultdict(dict)
        self.changed: dict[int, Correction] = {}
        for one in Correction.objects.filter(creditor=creditor, customer__in=these(customers)):
            self.standing[one.customer_id][one.field] = one

    def stand(self, customer: int, facts: Mapping[str, object], of: str = "") -> dict[str, object]:
        """The facts as they come to stand: the ledger's, but where a person wrote otherwise theirs."""
        corrected = self.standing.get(customer)
        found = dict(facts)
        if not corrected:
            return found
        for name in facts:
            correction = corrected.get(f"{of}{name}")
            if correction is None:
                continue
            said = str(facts[name])
            if said != correction.ledger:
                if name == "opt_out":
                    correction.value = also_refused(correction.value, said, correction.ledger)
                correction.ledger = said
                self.changed[correction.pk] = correction
            found[name] = correction.value
        if "name" in found and not of and "name" in corrected:
            found["folded"] = foldable(str(found["name"]))
        return found

    def keep(self) -> None:
        """Write down what the ledger says now beside what stands."""
        rows = ((one.value, one.ledger, one.creditor_id, one.pk) for one in self.changed.values())
        update(Correction, ("value", "ledger"), rows)


def also_refused(stands: str, said: str, before: str) -> str:
    """The channels refused: what a person wrote, and what the ledger names that it did not name before."""
    new = set(_channels(said)) - set(_channels(before))
    return ",".join(dict.fromkeys((*_channels(stands), *(one for one in _channels(said) if one in new))))


def _channels(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


@transaction.atomic
def correct(
    customer: Customer, *, facts: Mapping[str, str], contact: Mapping[str, str], today: date, now: datetime, by: str
) -> tuple[str, ...]:
    """Write what a person knows better of a customer and its billing contact. Returns the fields that changed."""
    billing = Contact.objects.filter(creditor=customer.creditor_id, customer=customer, role=BILLING).first()
    if billing is None:
        billing = Contact.objects.create(creditor_id=customer.creditor_id, customer=customer, role=BILLING)
    wanted = {name: (str(getattr(customer, name)), value) for name, value in facts.items()}
    wanted |= {f"{CONTACT}{name}": (str(getattr(billing, name)), value) for name, value in contact.items()}
    changed = {name: value for name, (before, value) in wanted.items() if before != value}
    if not changed:
        return ()
    stood = {name: wanted[name][0] for name in changed}
    for name, value in changed.items():
        known = Correction.objects.filter(creditor=customer.creditor_id, customer=customer, field=name).first()
        one = known or Correction(
            creditor_id=customer.creditor_id, customer=customer, field=name, ledger=stood[name]
        )  # fmt: skip
        one.value, one.written_at, one.written_by = value, now, by
        one.save()
    _write(customer, billing, changed)
    Correction.objects.filter(creditor=customer.creditor_id, customer=customer, field__in=list(changed)).filter(
        value=F("ledger")
    ).delete()
    said = {"before." + name: value for name, value in stood.items() if value}
    said |= {name: value for name, value in changed.items() if value}
    facts_ = {"customer": customer.pk, "fields": sorted(changed)}
    log.record(customer.creditor, [Event("customer.corrected", today, facts_, said | {"by": by})])
    look_again(customer.creditor, [customer.pk], today)
    return tuple(sorted(changed))


@transaction.atomic
def take_ledgers_word(customer: Customer, field: str, *, today: date, by: str) -> bool:
    """Let the ledger say this again. False when there is no correction (any more)."""
    one = Correction.objects.filter(creditor=customer.creditor_id, customer=customer, field=field).first()
    billing = Contact.objects.filter(creditor=customer.creditor_id, customer=customer, role=BILLING).first()
    if one is None or billing is None:
        return False
    _write(customer, billing, {field: one.ledger})
    one.delete()
    said = {"before." + field: one.value, field: one.ledger, "by": by}
    event = Event(
        "customer.corrected", today, {"customer": customer.pk, "fields": [field]},
        {name: value for name, value in said.items() if value},
    )  # fmt: skip
    log.record(customer.creditor, [event])
    look_again(customer.creditor, [customer.pk], today)
    return True


def _write(customer: Customer, billing: Contact, changed: Mapping[str, str]) -> None:
    for name, value in changed.items():
        if name.startswith(CONTACT):
            setattr(billing, name.removeprefix(CONTACT), value)
        else:
            setattr(customer, name, value)
    customer.folded = foldable(customer.name)
    customer.save(update_fields=(*OF_CUSTOMER, "folded"))
    billing.save(update_fields=OF_CONTACT)


@transaction.atomic
def name_contact(
    customer: Customer, role: str, *, name: str, email: str, phone: str, today: date, by: str
) -> Contact | None:
    """Write down another person at the customer, by their role; without any word of them, strike them out."""
    if role == BILLING or role not in ROLES:
        raise ValueError(f"{role} is no role beside the billing contact's")
    mine = Contact.objects.filter(creditor=customer.creditor_id, customer=customer, role=role)
    made = None
    if name or email or phone:
        said = {"name": name, "email": email, "phone": phone}
        made, _ = mine.update_or_create(
            creditor_id=customer.creditor_id, customer=customer, role=role, defaults=said
        )  # fmt: skip
    else:
        mine.delete()
    personal = {key: value for key, value in {"name": name, "email": email, "phone": phone, "by": by}.items() if value}
    log.record(
        customer.creditor, [Event("contact.named", today, {"customer": customer.pk, "role": role}, personal)]
    )  # fmt: skip
    return made
