"""E-invoices in the ledger: they add, they fill in what nobody knew, and they never take back what was paid since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from amable.core.languages import LANGUAGES
from amable.ledger import originals
from amable.ledger.models import Contact, Customer, Item, Original, Taken
from amable.organisation.models import Creditor
from amable.work import invoicing, reading, taking
from amable.work.reading import Input
from amable.work.taking import Landed
from tests.contexts.books import TODAY, item, paid, receive, row, take
from tests.plugs.test_einvoices import noted, tax_id, ubl

PDF = b"%PDF-1.7 the invoice"


def drop(creditor: Creditor, *files: bytes, ledgers: Sequence[str] = ()) -> Landed:
    """Take e-invoices in, and ledgers in the same drop."""
    given = Input()
    for place, data in enumerate((*files, *(text.encode() for text in ledgers))):
        reading.read(f"{place}.xml", data, {}, (), given)
    given.invoices = [one._replace(picture=one.picture or PDF) for one in given.invoices]
    invoicing.make_items(creditor, given)
    assert given.questions == []
    return taking.land(creditor, given, TODAY)


def rules(landed: Landed) -> list[str]:
    for _, complaint in landed.complaints:
        for language in LANGUAGES:
            assert all(reading.in_words(complaint, language))
    return [complaint.rule for _, complaint in landed.complaints]


@pytest.fixture
def ours(acting: Creditor) -> Creditor:
    acting.tax_id, acting.terms, acting.placeholder = "B12345674", 30, False
    acting.save()
    return acting


def invoice(number: str = "F-2026/0012", **facts: str) -> bytes:
    buyer = (
        tax_id("ESB46999996")
        + "<cac:PartyName><cbc:Name>Talleres Miró, S.L.</cbc:Name></cac:PartyName>"
        + "<cac:Contact><cbc:ElectronicMail>pagos@miro.example</cbc:ElectronicMail></cac:Contact>"
    )
    return ubl(number=number, seller=tax_id("ESB12345674"), buyer=buyer, **facts)


def test_an_invoice_becomes_an_item_of_its_customer(ours: Creditor) -> None:
    landed = drop(ours, invoice(terms=noted("30 días")))
    found = item("F-2026/0012")
    assert (found.total, found.open, found.currency, found.due_on) == (12100, 12100, "EUR", date(2026, 4, 16))
    assert Customer.objects.get().tax_id == "ESB46999996"
    assert Contact.objects.get().email == "pagos@miro.example"
    assert rules(landed) == ["einvoice_due_words"]


def test_the_same_again_changes_nothing_and_a_paid_invoice_stays_paid(ours: Creditor) -> None:
    drop(ours, invoice())
    receive(ours, paid("121.00", "F-2026/0012"))
    before = item("F-2026/0012")
    assert before.open == 0
    landed = drop(ours, invoice())
    assert item("F-2026/0012").open == 0
    assert landed.effect is not None
    assert landed.effect.items["same"] == landed.effect.items.total()


def test_what_the_ledger_says_was_paid_stays_paid(ours: Creditor) -> None:
    take(ours, row("F-2026/0012", "121.00", open_amount=Decimal("21.00"), currency="EUR"))
    drop(ours, invoice())
    found = item("F-2026/0012")
    assert (found.open, found.total, found.due_on) == (2100, 12100, date(2026, 3, 3))
    assert originals.find(ours, found.pdf_path) == PDF


def test_another_sum_than_is_known_is_said_and_changes_nothing(ours: Creditor) -> None:
    take(ours, row("F-2026/0012", "500.00"))
    landed = drop(ours, invoice())
    assert item("F-2026/0012").total == 50000
    assert rules(landed) == ["einvoice_due_default", "einvoice_known_otherwise"]


def test_invoices_add_and_nothing_is_missing_for_them(ours: Creditor) -> None:
    take(ours, row("F-1001"))
    drop(ours, invoice())
    assert item("F-1001").missing_since is None
    assert Item.objects.count() == 2


def test_a_complete_ledger_beside_them_is_still_complete(ours: Creditor) -> None:
    take(ours, row("F-1001"))
    ledger = "customer_name;invoice_number;due_date;total\nBar Sol;F-7;2026-03-01;10.00\n"
    drop(ours, invoice(), ledgers=[ledger])
    assert item("F-1001").missing_since == TODAY
    assert item("F-2026/0012").missing_since is None


def test_a_credit_note_lowers_what_the_customer_owes(ours: Creditor) -> None:
    drop(ours, invoice(), invoice("AB-1", root="CreditNote"))
    credit = item("AB-1")
    assert (credit.kind, credit.open) == ("credit_note", -12100)
    assert sum(Item.objects.values_list("open", flat=True)) == 0


def test_an_invoice_does_not_make_an_old_ledger_look_new(ours: Creditor) -> None:
    drop(ours, invoice())
    assert set(Taken.objects.values_list("kind", flat=True)) == {"einvoice"}


def test_the_document_is_kept_once_and_found_again(ours: Creditor) -> None:
    drop(ours, invoice(), invoice("F-2"))
    assert Original.objects.count() == 1
    assert originals.find(ours, item("F-2").pdf_path) == PDF
    assert originals.find(ours, str(Path("/somewhere/else.pdf"))) is None


def test_another_sellers_invoice_does_not_land(ours: Creditor) -> None:
    landed = drop(ours, ubl(seller=tax_id("ESB99999997")))
    assert rules(landed) == ["seller_other"]
    assert not Item.objects.exists()


def test_without_default_terms_nothing_lands_before_a_person_answers(ours: Creditor) -> None:
    ours.terms = None
    given = Input()
    reading.read("1.xml", invoice(), {}, (), given)
    reading.read("2.xml", invoice("F-2"), {}, (), given)
    invoicing.make_items(ours, given)
    ((_, asked),) = given.questions
    assert asked.rule == "einvoice_terms_wanted"
    again = Input()
    reading.read("1.xml", invoice(), {"terms": "30 days"}, (), again)
    invoicing.make_items(ours, again)
    assert [record.due_date for _, record in again.records] == [date(2026, 4, 16)]
