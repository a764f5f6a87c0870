"""A morning with e-invoices by the command: dropped with everything else, understood, reminded, attached again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugs.test_einvoices import SAMPLES, SIGNATURE, noted, tax_id, ubl, zipped
from tests.plugs.test_hostile_files import carrying
from tests.stories.world import Business, Day


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMABLE_LANGUAGE", "en")


def invoice(number: str = "F-2026/0012", **facts: str) -> bytes:
    """What the creditor of these stories issued to Ana."""
    seller = tax_id("ESB46123454") + "<cac:PartyName><cbc:Name>Ferretería del Turia, S.L.</cbc:Name></cac:PartyName>"
    buyer = (
        "<cac:PostalAddress><cac:Country><cbc:IdentificationCode>ES</cbc:IdentificationCode></cac:Country>"
        "</cac:PostalAddress>" + tax_id("ESB46999996")
        + "<cac:PartyName><cbc:Name>Talleres Miró, S.L.</cbc:Name></cac:PartyName><cac:Contact><cbc:Name>Ana Miró"
        "</cbc:Name><cbc:ElectronicMail>ana@miro.example</cbc:ElectronicMail></cac:Contact>"
    )  # fmt: skip
    return ubl(number=number, seller=seller, buyer=buyer, **({"issued": "2026-02-02"} | facts))


def given(business: Business, **files: bytes) -> list[str]:
    paths = []
    for name, data in files.items():
        path = business.place / name
        path.write_bytes(data)
        paths.append(str(path))
    return paths


def objects(day: Day) -> list[dict[str, Any]]:
    return [json.loads(line) for line in day.printed.splitlines()]


def run(business: Business, as_of: str, *files: str) -> Day:
    (business.place / "creditor.yaml").write_text(business.creditor, "utf-8")
    return business.call(
        ["run", "--ledger", *files, "--outbox", str(business.outbox), "--as-of", as_of,
         "--creditor", str(business.place / "creditor.yaml")]
    )  # fmt: skip


def test_an_invoice_alone_leads_to_a_reminder_with_its_document(business: Business) -> None:
    business.creditor += "terms: 30 days\n"
    day = run(business, "2026-03-10", *given(business, **{"invoice.pdf": carrying(invoice=invoice())}))
    assert day.code == 0
    assert "1 thing you should know" in day.printed
    mail = next(mail for mail in day.mails if any(mail.iter_attachments()))
    names = [part.get_filename() for part in mail.iter_attachments()]
    assert names == ["F-2026-0012.pdf"]


def test_terms_nobody_stated_are_asked_before_anything_is_kept(business: Business) -> None:
    day = run(business, "2026-03-10", *given(business, **{"invoice.xml": invoice()}))
    assert day.code != 0
    assert "terms: 30 days" in day.said
    assert not list(business.outbox.glob("mail/*"))


def test_what_files_say_is_printed_as_json(business: Business) -> None:
    business.receives("2026-03-16", "121.00", "F-2026/0012", name="Talleres Miró SL")
    files = given(
        business,
        **{
            "a.xml": invoice(terms=noted("30 days")),
            "b.xml": invoice("AB-1", root="CreditNote"),
            "c.zip": zipped(**{"1.xml": invoice("F-2", terms=noted("60 days")), "semnatura_1.xml": SIGNATURE}),
            "d.xml": b"<broken>",
            "e.csv": b"customer_name;invoice_number;due_date;total\nBar Sol;F-7;2026-03-01;10.00\n",
        },
    )
    statement = str(business.statement("2026-03-16"))
    day = business.call(["import", *files, statement, "--dry-run", "--json"])
    found = objects(day)
    assert [(Path(one["file"]).name, one["kind"]) for one in found] == [
        ("a.xml", "invoice"), ("b.xml", "credit_note"), ("1.xml", "invoice"), ("e.csv", "ledger"),
        (Path(statement).name, "statement"), ("semnatura_1.xml", "not_ours"), ("d.xml", "error"),
    ]  # fmt: skip
    first = found[0]
    assert first["complaints"] == [
        (
            "Invoice F-2026/0012 states no due date; by its words “30 days” it falls due on 4 March 2026. "
            "Nothing needs to be done if that is right."
        )
    ]
    assert {name: first[name] for name in ("number", "issue_date", "due_date", "currency", "payable")} == {
        "number": "F-2026/0012", "issue_date": "2026-02-02", "due_date": "2026-03-04", "currency": "EUR",
        "payable": "121.00",
    }  # fmt: skip
    assert first["buyer"]["name"] == "Talleres Miró, S.L."
    assert first["seller"]["tax_id"] == "ESB46123454"
    assert found[1]["payable"] == "121.00"
    booked = found[4]
    assert booked["entries"][0] == {
        "date": "2026-03-16", "amount": "121.00", "reference": "", "text": "F-2026/0012",
        "name": "Talleres Miró SL", "iban": "", "kind": "payment",
    }  # fmt: skip
    assert day.code == 1


def test_several_invoices_of_a_file_are_several_objects(business: Business) -> None:
    day = business.call(["import", str(SAMPLES / "facturae-batch.xml"), "--dry-run", "--json"])
    first, second, third = objects(day)
    assert [one["number"] for one in (first, second)] == ["F26-0012", "R-3"]
    assert first["instalments"] == [
        {"due_date": "2026-04-16", "amount": "500.00"}, {"due_date": "2026-05-16", "amount": "500.00"}
    ]  # fmt: skip
    assert (third["kind"], third["complaints"][0][:27]) == ("error", "The invoice has no number. ")


def test_json_is_for_a_dry_run_only(business: Business) -> None:
    day = business.call(["import", str(SAMPLES / "ubl-cius-ro.xml"), "--json"])
    assert day.code != 0
    assert "--dry-run" in day.said


def test_a_dry_run_shows_what_would_land(business: Business) -> None:
    day = business.call(["import", *given(business, **{"a.xml": invoice(terms=noted("30 days"))}), "--dry-run"])
    assert day.code == 0
    assert "€121.00" in day.printed
    assert "Taken as additions: nothing counts as missing." in day.printed


def test_a_folder_is_read_with_all_that_is_in_it(business: Business) -> None:
    folder = business.place / "drop" / "march"
    folder.mkdir(parents=True)
    (folder / "1.xml").write_bytes(invoice(terms=noted("30 days")))
    (folder.parent / "2.pdf").write_bytes(carrying(invoice=invoice("F-2")))
    (folder / ".hidden.xml").write_bytes(b"<broken>")
    day = business.call(["import", str(folder.parent), "--dry-run", "--json"])
    assert [(Path(one["file"]).name, one["kind"]) for one in objects(day)] == [
        ("2.pdf", "invoice"),
        ("1.xml", "invoice"),
    ]
