"""E-invoices at the desk: dropped, understood, asked about their terms, and taken in beside the ledger."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile

from amable.ledger.models import Item
from amable.organisation.tenancy import acting_for
from amable.work.models import File
from tests.desk.desks import Desk
from tests.desk.test_files import dropped, page, seen, taken, work
from tests.plugs.test_einvoices import SIGNATURE, noted, tax_id, ubl, zipped

LEDGER = b"customer_name;invoice_number;due_date;total\nBar Sol;F-7;2026-03-01;10.00\n"


def own(desk: Desk, **facts: str) -> bytes:
    """An invoice that this creditor issued."""
    seller = f"<cac:PartyName><cbc:Name>{desk.creditor.legal_name or desk.creditor.name}</cbc:Name></cac:PartyName>"
    return ubl(seller=(tax_id(desk.creditor.tax_id) if desk.creditor.tax_id else "") + seller, **facts)


def given(desk: Desk, data: bytes, name: str) -> File:
    file = dropped(desk, data, name=name)
    work(desk)
    with acting_for(desk.creditor):
        file.refresh_from_db()
    return file


def test_an_invoice_is_shown_and_taken_in_beside_what_is_there(desk: Desk) -> None:
    file = given(desk, own(desk, terms=noted("30 days")), "invoice.xml")
    shown = page(desk, file)
    assert "E-invoices add to the ledger" in shown
    assert "by its words “30 days” it falls due on 16 April 2026" in shown
    assert 'value="complete"' not in shown
    assert "own headings" not in shown
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.get(number="F-2026/0012").open == 12100
        assert not Item.objects.exclude(missing_since=None).exists()
    assert "Taken in by" in page(desk, file)


def test_terms_nobody_stated_are_asked_and_answered(desk: Desk) -> None:
    file = given(desk, own(desk), "invoice.xml")
    shown = page(desk, file)
    assert "How many days do your customers have when nothing is said?" in shown
    desk.post("file_how", {"seen": seen(desk, file)["seen"], "answer-0": "1"}, file=file.pk)
    work(desk)
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.get(number="F-2026/0012").due_on.isoformat() == "2026-03-31"


def test_an_archive_says_of_each_file_what_became_of_it(desk: Desk) -> None:
    files = {
        "1.xml": own(desk, terms=noted("30 days")), "semnatura_1.xml": SIGNATURE, "2.xml": b"<a><b></a>",
        "3.xml": ubl(seller=tax_id("ESB99999997")),
    }  # fmt: skip
    file = given(desk, zipped(**files), "3001.zip")
    shown = page(desk, file)
    assert "3001.zip/2.xml" in shown
    assert "cannot be read beyond line 1" in shown
    assert "was issued by" in shown
    assert "This is the signature that comes with an e-invoice" in shown
    taken(desk, file)
    with acting_for(desk.creditor):
        assert Item.objects.filter(number="F-2026/0012").count() == 1


def test_a_file_with_nothing_for_us_says_what_it_is(desk: Desk) -> None:
    for data, words in ((b"<ApplicationResponse/>", "ApplicationResponse"), (b"%PDF-1.7", "damaged or incomplete")):
        assert words in page(desk, given(desk, data, "file"))


def test_several_files_dropped_at_once_are_one_drop(desk: Desk) -> None:
    first, same = own(desk, terms=noted("30 days")), own(desk, terms=noted("30 days"), head="<!-- again -->")
    files = [SimpleUploadedFile(name, data) for name, data in (("a.xml", first), ("a.xml", same), ("b.csv", LEDGER))]
    answer = desk.client("controller").post(desk.address("file_drop"), {"file": files})
    work(desk)
    with acting_for(desk.creditor):
        file = File.objects.get(pk=int(answer.headers["Location"].rpartition("/")[2]))
    assert (file.name, file.rows) == ("3 files.zip", 2)
    assert "is the same as in 3 files.zip/a.xml" in page(desk, file)
