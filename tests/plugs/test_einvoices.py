"""E-invoices: every real file to the cent, each syntax, what is missing or contradicts itself, and nothing guessed."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from base64 import b64encode
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from amable.core.languages import LANGUAGES, say
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import EarlyPayment, Instalment, Invoice
from amable.plugs.loading import einvoice_readers
from amable.work import invoicing, reading
from amable.work.invoicing import Whose
from amable.work.reading import Document, Input
from tests.material import DATA, material

SAMPLES = Path(__file__).parents[1] / "samples" / "einvoices"


def read(name: str, data: bytes) -> Input:
    given = Input()
    reading.read(name, data, {}, (), given)
    return given


def one(data: bytes) -> Invoice:
    """The only invoice of a file that says nothing else."""
    given = read("invoice", data)
    assert given.complaints == []
    (document,) = given.invoices
    return document.invoice


def refused(data: bytes) -> Complaint:
    """Why there is nothing in a file, with its sentences in every language."""
    given = read("invoice", data)
    assert given.invoices == []
    ((_, complaint),) = given.complaints
    for language in LANGUAGES:
        for sentence in reading.in_words(complaint, language):
            assert sentence.endswith((".", "?"))
    return complaint


def expected() -> list[dict[str, str]]:
    path = DATA / "einvoice" / "expected.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None


# --- real files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", [row for row in expected() if not row["syntax"].startswith("UNPARSABLE")], ids=lambda row: row["file"]
)
def test_a_real_invoice_is_read_to_the_cent(row: dict[str, str]) -> None:
    data = material("einvoice", *row["file"].split("/")).read_bytes()
    invoice = one(data)

    assert invoice.number == row["number"]
    assert invoice.issue_date == date.fromisoformat(row["issue_date"])
    assert invoice.due_date == (date.fromisoformat(row["due_date"]) if row["due_date"] else None)
    assert invoice.currency == row["currency"]
    assert invoice.total == amount(row["total_with_vat"])
    assert invoice.prepaid == amount(row["prepaid"])
    assert invoice.payable == amount(row["payable"])
    assert invoice.seller.name == row["seller_name"]
    assert invoice.seller.tax_id == row["seller_vat"] or not row["seller_vat"]
    assert invoice.buyer.name == row["buyer_name"]
    assert invoice.buyer.tax_id == row["buyer_vat"] or not row["buyer_vat"]
    assert invoice.buyer.email == row["buyer_email"]
    assert ";".join(invoice.accounts) == row["iban"]
    assert ";".join(invoice.payment_references) == row["payment_ref"] or not row["payment_ref"]
    assert ";".join(invoice.preceding) == row["preceding_invoice"]
    lowers = row["type_code"] in ("381", "TD04", "FC/OR")
    assert (invoice.kind == "credit_note") is lowers


@pytest.mark.parametrize("row", expected(), ids=lambda row: row["file"])
def test_what_a_real_invoice_owes_never_changes_its_amount(row: dict[str, str]) -> None:
    """A credit note and a negative correction lower the balance, whichever sign their syntax writes."""
    given = read(row["file"], material("einvoice", *row["file"].split("/")).read_bytes())
    for document in given.invoices:
        records, said = invoicing.items(document, Whose(terms=30))
        assert sum((record.open_amount for record in records), Decimal(0)) == (
            Decimal(0) if any(one.rule == "einvoice_says_paid" for one in said) else owed(document.invoice)
        )
        assert all(record.due_date is not None for record in records)
        assert all(one.rule and not one.answers for one in said)


def owed(invoice: Invoice) -> Decimal:
    payable = invoicing.printed(invoice)
    assert payable is not None
    return -abs(payable) if invoice.kind == "credit_note" else payable


def test_every_real_file_is_expected() -> None:
    folder = material("einvoice")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"expected.csv"}
    assert files == {row["file"] for row in expected()}


def pairs() -> list[str]:
    names = {Path(row["file"]).name.split(".")[0] for row in expected() if row["file"].startswith("zugferd-cii/")}
    return sorted(names)


@pytest.mark.parametrize("name", pairs())
def test_the_same_invoice_in_two_syntaxes_is_one(name: str) -> None:
    given = Input()
    for folder, ending in (("zugferd-cii", "cii.xml"), ("zugferd-ubl", "ubl.xml")):
        data = material("einvoice", folder, f"{name}.{ending}").read_bytes()
        reading.read(f"{name}.{ending}", data, {}, (), given)
    first, second = (document.invoice for document in given.invoices)
    assert (first.number, first.issue_date, first.currency, first.payable, first.buyer.name) == (
        second.number, second.issue_date, second.currency, second.payable, second.buyer.name,
    )  # fmt: skip
    assert len(invoicing.chosen(given, Whose())) == 1
    assert [complaint.rule for _, complaint in given.complaints] == ["einvoice_twice"]


def test_a_file_that_is_not_well_formed_is_refused_with_its_line() -> None:
    complaint = refused(material("einvoice", "fatturapa", broken_name()).read_bytes())
    assert (complaint.rule, complaint.params) == ("xml_broken", {"at": 102})


def broken_name() -> str:
    return next(Path(row["file"]).name for row in expected() if row["syntax"].startswith("UNPARSABLE"))


def test_a_pdf_is_kept_to_be_attached_again() -> None:
    data = material("einvoice", "facturx-pdf", "EN16931_Einfach.pdf").read_bytes()
    (document,) = read("invoice.pdf", data).invoices
    assert document.picture == data


# --- each syntax, golden ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_a_sample_is_read_as_it_was(path: Path) -> None:
    golden = path.with_suffix(".expected.json")
    found = json.dumps([plain(document.invoice) for document in read(path.name, path.read_bytes()).invoices], indent=1,
                       ensure_ascii=False, default=str)  # fmt: skip
    if os.environ.get("AMABLE_REMAKE"):
        golden.write_text(found + "\n", "utf-8")
    assert found + "\n" == golden.read_text("utf-8")


def plain(invoice: Invoice) -> dict[str, Any]:
    facts = asdict(invoice)
    facts["document"] = len(invoice.document)
    return {name: value for name, value in facts.items() if value not in (None, "", (), False, 0)}


# --- one thing at a time, in UBL -------------------------------------------------------------------------------------


def ubl(
    *, head: str = "", terms: str = "", money: str = "", number: str = "F-2026/0012", currency: str = "EUR",
    payable: str = '<cbc:PayableAmount currencyID="EUR">121.00</cbc:PayableAmount>', issued: str = "2026-03-17",
    buyer: str = "<cac:PartyName><cbc:Name>Panadería Núñez, S.L.</cbc:Name></cac:PartyName>",
    seller: str = "<cac:PartyName><cbc:Name>Talleres Ruiz, S.L.</cbc:Name></cac:PartyName>", root: str = "Invoice",
) -> bytes:  # fmt: skip
    """A UBL invoice around what a test is about."""
    names = "urn:oasis:names:specification:ubl:schema:xsd:"
    stated = f"<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>" if currency else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="{names}{root}-2" xmlns:cac="{names}CommonAggregateComponents-2"
 xmlns:cbc="{names}CommonBasicComponents-2"><cbc:ID>{number}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>{head}
{stated}<cac:AccountingSupplierParty><cac:Party>{seller}</cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party>{buyer}</cac:Party></cac:AccountingCustomerParty>{terms}
<cac:LegalMonetaryTotal>{money}{payable}</cac:LegalMonetaryTotal></{root}>""".encode()


def tax_id(number: str) -> str:
    scheme = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
    return f"<cac:PartyTaxScheme><cbc:CompanyID>{number}</cbc:CompanyID>{scheme}</cac:PartyTaxScheme>"


def noted(words: str) -> str:
    return f"<cac:PaymentTerms><cbc:Note>{words}</cbc:Note></cac:PaymentTerms>"


def made(data: bytes, whose: Whose | None = None) -> tuple[list[Any], list[str]]:
    """The items of an invoice and the rules of what is said about it."""
    records, said = invoicing.items(Document("invoice", one(data), b""), whose or Whose(terms=30))
    return records, [complaint.rule for complaint in said]


def test_terms_in_words_give_the_due_date_and_that_is_said() -> None:
    (record,), said = made(ubl(terms=noted("Pago a 60 días fecha factura")))
    assert (record.due_date, said) == (date(2026, 5, 16), ["einvoice_due_words"])


def test_default_terms_apply_where_nothing_is_said_and_that_is_said() -> None:
    (record,), said = made(ubl(), Whose(terms=15))
    assert (record.due_date, said) == (date(2026, 4, 1), ["einvoice_due_default"])


def test_without_default_terms_a_person_is_asked() -> None:
    records, said = invoicing.items(Document("invoice", one(ubl()), b""), Whose())
    assert records == []
    assert [complaint.rule for complaint in said] == ["einvoice_terms_wanted"]
    assert said[0].answers[0] == "terms: 30 days"


def test_two_instalments_are_two_items() -> None:
    parts = "".join(
        f'<cac:PaymentTerms><cbc:Amount currencyID="EUR">{sum_}</cbc:Amount><cbc:PaymentDueDate>{day}'
        "</cbc:PaymentDueDate></cac:PaymentTerms>"
        for sum_, day in (("60.50", "2026-04-16"), ("60.50", "2026-05-16"))
    )
    records, said = made(ubl(terms=parts))
    assert [(r.instalment, r.open_amount, r.due_date) for r in records] == [
        ("1/2", Decimal("60.50"), date(2026, 4, 16)),
        ("2/2", Decimal("60.50"), date(2026, 5, 16)),
    ]
    assert said == []
    wrong = parts.replace("60.50", "70.00", 1)
    assert made(ubl(terms=wrong)) == ([], ["einvoice_instalments"])


def test_early_payment_in_xrechnung_is_kept() -> None:
    (record,), _ = made(ubl(terms=noted("#SKONTO#TAGE=14#PROZENT=2.25#\nZahlbar in 30 Tagen")))
    assert (record.discount_percent, record.discount_until) == (Decimal("2.25"), date(2026, 3, 31))
    assert record.due_date == date(2026, 4, 16)


def test_a_discount_of_a_part_only_is_said_and_not_kept() -> None:
    (record,), said = made(ubl(terms=noted("#SKONTO#TAGE=14#PROZENT=2.25#BASISBETRAG=50.00#")))
    assert record.discount_percent is None
    assert "einvoice_discounts" in said


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_credit_note_lowers_the_balance_whichever_sign_it_has(sign: str) -> None:
    payable = f'<cbc:PayableAmount currencyID="EUR">{sign}121.00</cbc:PayableAmount>'
    (record,), said = made(ubl(root="CreditNote", payable=payable))
    assert record.open_amount == record.total == Decimal("-121.00")
    assert said == (["einvoice_credit_signed"] if sign else [])


def test_zero_to_pay_is_no_item() -> None:
    records, said = made(ubl(payable='<cbc:PayableAmount currencyID="EUR">0.00</cbc:PayableAmount>'))
    assert (records, said) == ([], ["einvoice_zero"])


def test_an_invoice_that_says_it_was_paid_is_not_asked_for() -> None:
    records, said = made(ubl(terms=noted("Der Rechnungsbetrag wurde bereits beglichen.")))
    assert (records, said) == ([], ["einvoice_says_paid"])


def test_the_currency_of_the_amount_stands_in_for_a_missing_one_and_contradictions_are_refused() -> None:
    assert one(ubl(currency="")).currency == "EUR"
    assert refused(ubl(currency="", payable="<cbc:PayableAmount>1</cbc:PayableAmount>")).rule == "einvoice_no_currency"
    assert refused(ubl(currency="RON")).rule == "einvoice_two_currencies"
    assert refused(ubl(currency="EUX", payable="")).rule == "einvoice_currency"


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (ubl(number=""), "einvoice_no_number"),
        (ubl(issued="2026-02-30"), "einvoice_date"),
        (ubl(issued="17/03/2026"), "einvoice_date"),
        (ubl(payable='<cbc:PayableAmount currencyID="EUR">1.234,50</cbc:PayableAmount>'), "einvoice_amount"),
        (ubl(payable='<cbc:PayableAmount currencyID="EUR">1E9</cbc:PayableAmount>'), "einvoice_amount"),
        (ubl(payable='<cbc:PayableAmount currencyID="EUR">1.005</cbc:PayableAmount>'), "einvoice_precision"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(data: bytes, rule: str) -> None:
    assert refused(data).rule == rule


def test_a_buyer_without_a_name_is_refused() -> None:
    assert made(ubl(buyer="")) == ([], ["einvoice_no_buyer"])


# --- whose they are, and nothing twice -------------------------------------------------------------------------------

RUIZ = Whose(("Talleres Ruiz, S.L.",), "B12345674", 30)


def kept(*files: bytes, whose: Whose = RUIZ) -> tuple[int, list[str]]:
    given = Input()
    for place, data in enumerate(files):
        reading.read(f"{place}.xml", data, {}, (), given)
    return len(invoicing.chosen(given, whose)), [complaint.rule for _, complaint in given.complaints]


@pytest.mark.parametrize(
    "seller",
    [
        tax_id("ESB12345674"),
        tax_id("B-12345674"),
        "<cac:PartyName><cbc:Name>TALLERES RUIZ SL</cbc:Name></cac:PartyName>",
        "<cac:PartyName><cbc:Name>Talleres Ruiz</cbc:Name></cac:PartyName>",
    ],
)
def test_the_creditor_is_known_by_tax_id_else_by_name(seller: str) -> None:
    assert kept(ubl(seller=seller)) == (1, [])


def test_another_seller_is_refused_in_words() -> None:
    other = tax_id("ESB99999997") + "<cac:PartyName><cbc:Name>Talleres Ruiz, S.L.</cbc:Name></cac:PartyName>"
    assert kept(ubl(seller=other)) == (0, ["seller_other"])
    assert kept(ubl(seller=tax_id("ESA28000727"), buyer=tax_id("ESB12345674"))) == (0, ["invoice_received"])


def test_two_sellers_in_one_drop_are_refused_where_nobody_said_who_the_creditor_is() -> None:
    nobody = Whose(terms=30)
    assert kept(ubl(), ubl(number="F-2"), whose=nobody) == (2, [])
    assert kept(ubl(), ubl(seller=tax_id("ESB99999997")), whose=nobody) == (0, ["sellers_several"] * 2)


def test_the_same_invoice_twice_counts_once_and_contradictions_not_at_all() -> None:
    other = ubl(payable='<cbc:PayableAmount currencyID="EUR">122.00</cbc:PayableAmount>')
    assert kept(ubl(), ubl()) == (1, ["einvoice_twice"])
    assert kept(ubl(), other) == (0, ["einvoice_contradicts"] * 2)
    assert kept(ubl(), ubl(issued="2025-03-17")) == (2, [])


# --- archives and other files ----------------------------------------------------------------------------------------


def zipped(**files: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


SIGNATURE = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>'


def test_a_download_of_the_tax_office_is_the_invoice_beside_its_signature() -> None:
    given = read("3001.zip", zipped(**{"4021.xml": ubl(), "semnatura_4021.xml": SIGNATURE}))
    assert [(document.file, document.invoice.number) for document in given.invoices] == [
        ("3001.zip/4021.xml", "F-2026/0012")
    ]
    ((file, said),) = given.complaints
    assert (file, said.rule, said.notice) == ("3001.zip/semnatura_4021.xml", "not_ours_signature", True)


def signed(content: bytes) -> bytes:
    """A CMS envelope as its writers make it, by a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Talleres Ruiz")])
    day = datetime(2026, 3, 17, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(day).not_valid_after(day + timedelta(days=9))
    signer = pkcs7.PKCS7SignatureBuilder().set_data(content)
    signer = signer.add_signer(builder.sign(key, hashes.SHA256()), key, hashes.SHA256())
    return signer.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def test_a_signed_envelope_is_opened() -> None:
    data = signed(ubl())
    for written in (data, b64encode(data), b"-----BEGIN PKCS7-----\n" + b64encode(data) + b"\n-----END PKCS7-----\n"):
        (document,) = read("a.xml.p7m", written).invoices
        assert (document.file, document.invoice.number) == ("a.xml.p7m", "F-2026/0012")
    assert refused(data[:200]).rule == "signed_broken"


def test_an_envelope_in_parts_of_unknown_length_is_opened() -> None:
    """As streaming signers write it (BER): lengths end where two zeros stand, the content comes in pieces."""
    content = ubl()
    pieces = b"".join(
        b"\x04\x81" + bytes([len(piece)]) + piece
        for piece in (content[place : place + 200] for place in range(0, len(content), 200))
    )
    oid = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
    inner = b"\x30\x80" + oid + b"\x01" + b"\xa0\x80" + b"\x24\x80" + pieces + b"\0\0" * 3
    data = b"\x30\x80" + oid + b"\x02" + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + inner + b"\x31\x00" + b"\0\0" * 3
    assert one(data).number == "F-2026/0012"


def test_an_archive_in_an_archive_is_opened_and_no_deeper_one() -> None:
    inner = zipped(**{"a.xml": ubl(), "__MACOSX/._a.xml": b"\0", ".DS_Store": b"x"})
    assert len(read("o.zip", zipped(**{"1.zip": inner, "2.zip": zipped(**{"b.xml": ubl(number="F-2")})})).invoices) == 2
    deep = inner
    for _ in range(4):
        deep = zipped(**{"deeper.zip": deep})
    assert [said.rule for _, said in read("deep.zip", deep).complaints] == ["archive_too_deep"]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"<ApplicationResponse/>", "not_ours"),
        (
            b'<?xml version="1.0"?><header xmlns="mfp:anaf:dgti:spv:respUploadFisier:v1" ExecutionStatus="0"/>',
            "not_ours",
        ),
        (SIGNATURE, "not_ours_signature"),
        (b"<broken>", "xml_broken"),
        (b"<a><b></a></b>", "xml_broken"),
        (b"%PDF-1.7 nothing", "pdf_broken"),
        (zipped(), "archive_empty"),
        (zipped(**{"a.xml": ubl()})[:200], "archive_broken"),
    ],
)
def test_what_is_no_invoice_is_said_to_be_none(data: bytes, rule: str) -> None:
    assert refused(data).rule == rule


def test_a_pdf_for_people_only_says_so() -> None:
    pikepdf = pytest.importorskip("pikepdf")
    pdf, file = pikepdf.new(), BytesIO()
    pdf.add_blank_page()
    pdf.save(file)
    assert refused(file.getvalue()).rule == "pdf_plain"


def test_every_sentence_of_every_rule_is_there() -> None:
    for language in LANGUAGES:
        for rule in ("einvoice_due_days", "einvoice_due_default"):
            for n in (1, 2, 30):
                assert str(n) in say(f"complaint.{rule}", language, n=n, number="1", due=date(2026, 3, 17))


def test_recognised_by_one_reader_only() -> None:
    for row in expected():
        path = material("einvoice", *row["file"].split("/"))
        if path.suffix.lower() == ".xml":
            data = path.read_bytes()
            assert sum(reader.recognises(data) for reader in einvoice_readers().values()) == 1


def test_values_of_the_plug_are_what_the_readers_give() -> None:
    """A partial payment in CII and its discount, which no sample of another hand has."""
    path = SAMPLES / "cii-extended.xml"
    invoice = one(path.read_bytes())
    assert invoice.instalments == (
        Instalment(date(2026, 4, 16), Decimal("60.50")),
        Instalment(date(2026, 5, 16), Decimal("60.50")),
    )
    assert invoice.early_payment == (EarlyPayment(Decimal(2), None, 10, Decimal("121.00")),)
