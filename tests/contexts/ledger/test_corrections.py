"""What a person corrected stands against the next ledger; only a new refusal is never overruled."""

from __future__ import annotations

import pytest

from amable.ledger.corrections import correct, take_ledgers_word
from amable.ledger.models import Contact, Correction, Customer
from amable.organisation.models import Creditor
from tests.contexts.books import DAY, TODAY, customer, row, take
from tests.contexts.office import NOON

pytestmark = pytest.mark.usefixtures("acting")


def corrected(contact: dict[str, str] | None = None, **facts: str) -> tuple[str, ...]:
    return correct(customer(), facts=facts, contact=contact or {}, today=TODAY, now=NOON, by="marta")


def billing() -> Contact:
    return Contact.objects.get(role="billing")


def test_a_corrected_address_outlives_the_next_ledger(turia: Creditor) -> None:
    take(turia, row())
    assert corrected({"email": "pagos@miro.example"}) == ("contact.email",)
    take(turia, row(email="ana.nueva@miro.example"), today=TODAY + DAY)
    assert billing().email == "pagos@miro.example"
    assert Correction.objects.get().ledger == "ana.nueva@miro.example"


def test_what_was_not_corrected_follows_the_ledger(turia: Creditor) -> None:
    take(turia, row())
    corrected({"email": "pagos@miro.example"})
    take(turia, row(contact_name="Eva Miró"), today=TODAY + DAY)
    assert billing().name == "Eva Miró"


def test_the_ledgers_word_can_be_taken_again(turia: Creditor) -> None:
    take(turia, row())
    corrected({"email": "pagos@miro.example"})
    assert take_ledgers_word(customer(), "contact.email", today=TODAY, by="marta")
    assert billing().email == "ana@miro.example"
    assert not Correction.objects.exists()


def test_writing_what_the_ledger_says_is_no_correction(turia: Creditor) -> None:
    take(turia, row())
    corrected({"email": "pagos@miro.example"})
    corrected({"email": "ana@miro.example"})
    assert not Correction.objects.exists()


def test_a_channel_newly_refused_in_the_ledger_is_refused(turia: Creditor) -> None:
    take(turia, row(opt_out=("sms",)))
    corrected(opt_out="letter")
    take(turia, row(opt_out=("sms",)), today=TODAY + DAY)
    assert Customer.objects.get().opt_out == "letter"
    take(turia, row(opt_out=("sms", "email")), today=TODAY + 2 * DAY)
    assert Customer.objects.get().opt_out == "letter,email"


def test_the_same_ledger_again_changes_nothing(turia: Creditor) -> None:
    take(turia, row())
    corrected({"phone": "+34 600 000 001"}, language="fr")
    before = list(Customer.objects.values()), list(Contact.objects.values()), list(Correction.objects.values())
    take(turia, row(), today=TODAY)
    after = list(Customer.objects.values()), list(Contact.objects.values()), list(Correction.objects.values())
    assert after == before


def test_other_people_at_the_customer_are_not_written_to(turia: Creditor) -> None:
    from amable.ledger import queries
    from amable.ledger.corrections import name_contact

    take(turia, row())
    name_contact(customer(), "approver", name="Eva", email="eva@miro.example", phone="", today=TODAY, by="marta")
    take(turia, row(contact_name="Ana M."), today=TODAY + DAY)
    (who,) = queries.contacts(turia, [customer().pk])
    assert (who.name, who.email) == ("Ana M.", "ana@miro.example")
