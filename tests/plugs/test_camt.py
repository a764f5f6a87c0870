"""Bank statements in camt: real files to the cent, returns and fees told apart, and nothing that can be tricked."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.adapters.bank.camt import Camt
from amable.core.languages import LANGUAGES, say
from amable.plugs.bank import Statement, StatementLine
from amable.plugs.complaint import Complaint
from tests.material import DATA, material


def statements(data: bytes) -> list[Statement]:
    return [found for found in Camt().read(data) if isinstance(found, Statement)]


def complaints(data: bytes) -> list[Complaint]:
    return [found for found in Camt().read(data) if isinstance(found, Complaint)]


def lines(data: bytes) -> tuple[StatementLine, ...]:
    (statement,) = statements(data)
    return statement.lines


def spoken(complaint: Complaint) -> list[str]:
    return [
        say(f"{part}.{complaint.rule}", language, **complaint.params)
        for language in LANGUAGES
        for part in ("complaint", "advice")
    ]


def expected_statements() -> list[dict[str, str]]:
    path = DATA / "bank" / "expected.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["format"].startswith("camt.")]


def booked(
    entries: str, *, message: str = "053.001.08", head: str = "", account: str = "ES9121000418450200051332"
) -> bytes:
    """A statement of one account around some entries."""
    outer, inner = {
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "053": ("BkToCstmrStmt", "Stmt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[message[:3]]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}"><{outer}><GrpHdr><MsgId>M</MsgId></GrpHdr><{inner}>
<Id>2026-41</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>{head}{entries}</{inner}></{outer}></Document>
""".encode()


def entry(
    amount: str = "100.00", direction: str = "CRDT", *, more: str = "", details: str = "", status: str = "<Cd>BOOK</Cd>"
) -> str:
    days = "" if "<BookgDt>" in more or "<ValDt>" in more else "<BookgDt><Dt>2026-03-16</Dt></BookgDt>"
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>{status}</Sts>{days}{more}'
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def payment(name: str = "Panadería Núñez, S.L.", text: str = "F-2026/0012", *, more: str = "") -> str:
    return (
        f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{more}"
        f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr>"
        "<DbtrAcct><Id><IBAN>RO49 AAAA 1B31 0075 9384 0000</IBAN></Id></DbtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )


# Real files


@pytest.mark.parametrize(
    "row", expected_statements(), ids=lambda row: f"{Path(row['file']).name}#{row['statement_no']}"
)
def test_a_real_statement_is_read_to_the_cent(row: dict[str, str]) -> None:
    data = material("bank", *row["file"].split("/")).read_bytes()
    assert Camt().recognises(data)
    statement = statements(data)[int(row["statement_no"] or 1) - 1]

    assert statement.account == row["account"]
    assert statement.currency == row["currency"]
    assert statement.opening == (Decimal(row["opening"]) if row["opening"] else None)
    assert statement.closing == (Decimal(row["closing"]) if row["closing"] else None)
    if not row["first_booking_date"] and row["entries"] == "1":
        assert statement.lines == ()  # its only entry has no day at all: test_an_entry_without_any_day_is_refused
        return
    received = sum((line.amount for line in statement.lines if line.amount > 0), Decimal(0))
    paid_out = -sum((line.amount for line in statement.lines if line.amount < 0), Decimal(0))
    assert (received, paid_out) == (Decimal(row["sum_credit"]), Decimal(row["sum_debit"]))
    days = [line.booked_on.isoformat() for line in statement.lines]
    assert [min(days, default=""), max(days, default="")] == [row["first_booking_date"], row["last_booking_date"]]
    assert bool(statement.lines) == (row["entries"] != "0")


def test_every_real_camt_file_is_expected() -> None:
    names = {Path(row["file"]).name for row in expected_statements()} | {"camt053.v2.wrong.xml"}
    assert {path.name for path in material("bank", "camt").glob("*.xml")} == names


def test_a_file_without_a_statement_says_so_in_words() -> None:
    (complaint,) = Camt().read(material("bank", "camt", "camt053.v2.wrong.xml").read_bytes())
    assert isinstance(complaint, Complaint)
    assert "no statement" in say(f"complaint.{complaint.rule}", "en", **complaint.params)
    assert all(sentence.endswith(".") for sentence in spoken(complaint))


def test_a_statement_without_entries_is_no_error() -> None:
    (statement,) = Camt().read(material("bank", "camt", "camt53.only-Dt-with-DtTm.xml").read_bytes())
    assert isinstance(statement, Statement)
    assert statement.lines == ()
    assert statement.closing_on is None


def test_an_entry_without_any_day_is_refused() -> None:
    found = Camt().read(material("bank", "camt", "camt054.v8-with-UETR.xml").read_bytes())
    (complaint,) = [each for each in found if isinstance(each, Complaint)]
    assert (complaint.rule, complaint.line) == ("bank_no_date", 1)
    assert "SEK" in say("complaint.bank_no_date", "en", **complaint.params)


def test_a_batch_that_does_not_add_up_stays_one_line() -> None:
    data = material("bank", "camt", "camt054.v8.xml").read_bytes()
    (line,) = lines(data)
    assert line.amount == Decimal(-200000)
    assert "Ref number V3 block 2" in line.text
    assert [(complaint.rule, complaint.line) for complaint in complaints(data)] == [("bank_batch", 1)]


# What an entry says


@pytest.mark.parametrize(
    "message", ["052.001.02", "052.001.08", "053.001.02", "053.001.08", "053.001.13", "054.001.08"]
)
def test_a_payment_is_read_from_every_message(message: str) -> None:
    data = booked(entry(details=payment(name="Panadería\n  Núñez,\n S.L.")), message=message)
    assert Camt().recognises(data)
    (line,) = lines(data)
    assert line == StatementLine(
        booked_on=date(2026, 3, 16), amount=Decimal("100.00"), currency="EUR", kind="payment",
        name="Panadería Núñez, S.L.", iban="RO49AAAA1B31007593840000", text="F-2026/0012",
    )  # fmt: skip


def test_a_namespace_prefix_and_an_envelope_change_nothing() -> None:
    plain = booked(entry(details=payment()))
    prefixed = plain.replace(b"<Document xmlns=", b"<e:Envelope xmlns:e='urn:bank'><n:Document xmlns:n=")
    for tag in ("/Document", "BkToCstmrStmt", "/BkToCstmrStmt"):
        prefixed = prefixed.replace(
            f"<{tag}>".encode(), f"<{tag.replace('/', '/n:') if '/' in tag else 'n:' + tag}>".encode()
        )
    prefixed = prefixed.replace(b"<Stmt>", b"<Stmt xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'>")
    prefixed = prefixed.rstrip() + b"</e:Envelope>"
    assert Camt().read(prefixed) == Camt().read(plain)
    assert statements(prefixed)


def test_a_utf_16_file_is_read() -> None:
    data = booked(entry(details=payment())).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    assert Camt().recognises(data)
    assert lines(data)[0].name == "Panadería Núñez, S.L."


def test_a_batch_is_split_into_its_payments() -> None:
    details = payment("Alfa SRL", "F-1", more='<Amt Ccy="EUR">60.00</Amt>') + payment(
        "Beta SRL", "F-2", more='<Amt Ccy="EUR">40.00</Amt>'
    )
    first, second = lines(booked(entry("100.00", more="<AcctSvcrRef>B1</AcctSvcrRef>", details=details)))
    assert (first.name, first.amount, first.text) == ("Alfa SRL", Decimal("60.00"), "F-1")
    assert (second.name, second.amount, second.text) == ("Beta SRL", Decimal("40.00"), "F-2")
    assert first.bank_reference == second.bank_reference == "B1"


def test_a_foreign_instructed_amount_does_not_replace_the_entry() -> None:
    more = '<AmtDtls><InstdAmt><Amt Ccy="USD">108.40</Amt></InstdAmt></AmtDtls>'
    (line,) = lines(booked(entry("100.00", details=payment(more=more)), message="053.001.02"))
    assert (line.amount, line.currency) == (Decimal("100.00"), "EUR")


@pytest.mark.parametrize(
    "charges",
    [
        '<Chrgs><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs>',
        '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3.00</TtlChrgsAndTaxAmt></Chrgs>',
        '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">3.00</TtlChrgsAndTaxAmt><Rcrd><Amt Ccy="EUR">3.00</Amt></Rcrd></Chrgs>',
    ],
)
def test_a_payment_that_arrives_less_a_fee_was_paid_in_full(charges: str) -> None:
    more = (
        '<AmtDtls><InstdAmt><Amt Ccy="EUR">100.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">97.00</Amt></TxAmt></AmtDtls>'
        f"{charges}"
    )
    received, fee = lines(booked(entry("97.00", details=payment(more=more))))
    assert (received.amount, received.kind) == (Decimal("100.00"), "payment")
    assert (fee.amount, fee.kind) == (Decimal("-3.00"), "charge")


def test_a_returned_direct_debit_names_the_customer_and_the_reason() -> None:
    details = (
        "<TxDtls><Refs><EndToEndId>DD-77</EndToEndId></Refs><RltdPties><Dbtr><Nm>Bar Pepe</Nm></Dbtr>"
        "<DbtrAcct><Id><IBAN>ES7921000813610123456789</IBAN></Id></DbtrAcct><Cdtr><Nm>Nosotros</Nm></Cdtr></RltdPties>"
        "<RtrInf><Rsn><Cd>AM04</Cd></Rsn><AddtlInf>Insufficient funds</AddtlInf></RtrInf></TxDtls>"
    )
    (line,) = lines(booked(entry("121.00", "DBIT", details=details), message="053.001.02"))
    assert (line.kind, line.amount, line.return_reason) == ("return", Decimal("-121.00"), "AM04")
    assert (line.name, line.iban, line.end_to_end) == ("Bar Pepe", "ES7921000813610123456789", "DD-77")
    assert "Insufficient funds" in line.text


@pytest.mark.parametrize(
    "sign",
    [
        "<RvslInd>true</RvslInd>",
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd>",
    ],
)
def test_a_reversal_is_a_return(sign: str) -> None:
    (line,) = lines(booked(entry("121.00", "DBIT", more=sign, details=payment())))
    assert (line.kind, line.name) == ("return", "Panadería Núñez, S.L.")


@pytest.mark.parametrize(("code", "kind"), [("CHRG", "charge"), ("ESCT", "debit")])
def test_money_out_is_a_fee_only_when_the_bank_says_so(code: str, kind: str) -> None:
    more = f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    (line,) = lines(booked(entry("4.50", "DBIT", more=more)))
    assert (line.kind, line.amount) == (kind, Decimal("-4.50"))


def test_the_creditor_is_never_taken_for_the_payer() -> None:
    details = "<TxDtls><RltdPties><Cdtr><Nm>Nosotros SL</Nm></Cdtr></RltdPties></TxDtls>"
    (line,) = lines(booked(entry(details=details)))
    assert (line.name, line.iban) == ("", "")


def test_the_ultimate_debtor_is_who_pays() -> None:
    details = (
        "<TxDtls><RltdPties><Dbtr><Nm>Pay Service Ltd</Nm></Dbtr><UltmtDbtr><Nm>Bar Pepe</Nm></UltmtDbtr></RltdPties>"
        "<RmtInf><Ustrd>F-1</Ustrd></RmtInf></TxDtls>"
    )
    (line,) = lines(booked(entry(details=details), message="053.001.02"))
    assert (line.name, line.text) == ("Bar Pepe", "F-1 Pay Service Ltd")


def test_structured_and_free_texts_are_kept_apart_and_none_is_lost() -> None:
    details = (
        "<TxDtls><RmtInf><Ustrd>Pago</Ustrd><Ustrd>marzo</Ustrd><Strd><RfrdDocInf><Nb>F-2026-1</Nb></RfrdDocInf>"
        "<CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf><AddtlRmtInf>F-2026-10</AddtlRmtInf></Strd></RmtInf></TxDtls>"
    )
    (line,) = lines(
        booked(entry(details=details).replace("</Ntry>", "<AddtlNtryInf>TRANSFERENCIA</AddtlNtryInf></Ntry>"))
    )
    assert line.reference == "RF18539007547034"
    assert line.text == "Pago marzo F-2026-1 F-2026-10 TRANSFERENCIA"


@pytest.mark.parametrize("status", ["PDNG", "<Cd>PDNG</Cd>", "<Cd>INFO</Cd>"])
def test_what_is_not_booked_waits_for_a_later_statement(status: str) -> None:
    data = booked(entry(status=status) + entry("50.00"), message="052.001.08")
    assert [line.amount for line in lines(data)] == [Decimal("50.00")]
    assert [(complaint.rule, complaint.params["n"]) for complaint in complaints(data)] == [("bank_not_booked", 1)]


# Days


def test_without_a_booking_day_the_value_day_counts() -> None:
    (line,) = lines(booked(entry(more="<ValDt><Dt>2026-03-13</Dt></ValDt>")))
    assert line.booked_on == line.valued_on == date(2026, 3, 13)


@pytest.mark.parametrize(
    "written", ["2026-03-16", "2026-03-16+01:00", "2026-03-16T23:30:00Z", "2026-03-16T00:10:00.000+02:00"]
)
def test_a_day_is_the_day_the_bank_wrote(written: str) -> None:
    tag = "DtTm" if "T" in written else "Dt"
    (line,) = lines(booked(entry(more=f"<BookgDt><{tag}>{written}</{tag}></BookgDt>")))
    assert line.booked_on == date(2026, 3, 16)


@pytest.mark.parametrize("written", ["2026-02-30", "16.03.2026", "2026-W12-1", "20260316"])
def test_a_day_that_does_not_exist_is_refused_and_the_rest_kept(written: str) -> None:
    data = booked(entry(more=f"<BookgDt><Dt>{written}</Dt></BookgDt>") + entry("7.00"))
    assert [line.amount for line in lines(data)] == [Decimal("7.00")]
    (complaint,) = complaints(data)
    assert (complaint.rule, complaint.line, complaint.value) == ("bank_date", 1, written)


CLOSING = (
    '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
    "<Dt><Dt>2026-03-17</Dt></Dt></Bal>"
)


@pytest.mark.parametrize(
    ("head", "closing_on"),
    [
        (CLOSING, date(2026, 3, 17)),
        ("<FrToDt><ToDtTm>2026-03-18T23:59:59</ToDtTm></FrToDt>", date(2026, 3, 18)),
        ("", date(2026, 3, 16)),
    ],
)
def test_the_statement_closes_with_its_balance_its_period_or_its_last_entry(head: str, closing_on: date) -> None:
    (statement,) = statements(booked(entry(), head=head))
    assert statement.closing_on == closing_on
    assert statement.closing == (Decimal("-9.00") if head == CLOSING else None)


def test_a_large_overdraft_keeps_every_cent() -> None:
    (statement,) = statements(booked("", head=CLOSING.replace("9.00", "9999999999999999.99")))
    assert statement.closing == Decimal("-9999999999999999.99")


def test_a_balance_that_cannot_be_read_is_left_out_and_said() -> None:
    data = booked(entry(), head=CLOSING.replace("9.00", "nine"))
    (statement,) = statements(data)
    assert (statement.closing, len(statement.lines)) == (None, 1)
    assert [complaint.rule for complaint in complaints(data)] == ["bank_not_a_number"]


# Amounts


@pytest.mark.parametrize("written", ["8.85", "8.850", "8.85000", "0008.85"])
def test_zeros_beyond_the_cents_are_harmless(written: str) -> None:
    assert lines(booked(entry(written)))[0].amount == Decimal("8.85")


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (entry("8.855"), "bank_precision"),
        (entry("8,85"), "bank_not_a_number"),
        (entry("-8.85"), "bank_not_a_number"),
        (entry("1e3"), "bank_not_a_number"),
        (entry(""), "bank_not_a_number"),
        (entry("٨.٨٥"), "bank_not_a_number"),
        (entry(direction="BOTH"), "bank_direction"),
        (entry().replace("EUR", "EURO"), "bank_currency"),
        (entry("8.50").replace("EUR", "JPY"), "bank_precision"),
    ],
)
def test_an_amount_that_is_not_sure_is_refused_and_the_rest_kept(broken: str, rule: str) -> None:
    data = booked(entry("5.00") + broken)
    assert [line.amount for line in lines(data)] == [Decimal("5.00")]
    (complaint,) = complaints(data)
    assert (complaint.rule, complaint.line) == (rule, 2)
    assert all("{" not in sentence for sentence in spoken(complaint))


# Nothing that can be tricked


def tricky_files() -> list[bytes]:
    folder = DATA / "strings"
    if not folder.exists():
        return []
    fuzzing = (folder / "xxe_fuzzing.txt").read_bytes()
    return [(folder / "xxe_classic.xml").read_bytes(), fuzzing, *fuzzing.splitlines()]


def test_hostile_xml_is_refused_with_a_sentence() -> None:
    material("strings", "xxe_classic.xml")
    for data in tricky_files():
        found = Camt().read(data)
        assert [type(each) for each in found] == [Complaint], data[:80]
        assert all(spoken(each) for each in found if isinstance(each, Complaint))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_statement_with_a_document_type_is_refused_and_reads_no_file(tmp_path: Path, encoding: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("0042")
    document = booked(entry(details=payment(text="&secret;"))).decode().split("?>", 1)[1]
    hostile = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE Document [<!ENTITY secret SYSTEM "{secret.as_uri()}">]>'
        f"{document}"
    ).encode(encoding)
    assert Camt().recognises(hostile)
    assert Camt().read(hostile) == [Complaint("bank_doctype")]


def test_a_document_type_hidden_in_another_encoding_is_refused() -> None:
    document = booked(entry(details=payment())).decode().split("?>", 1)[1]
    hidden = (
        f"<!DOCTYPE Document [<!ENTITY a 'b'>]>{document}".encode("utf-7")
        .replace(b"<", b"+ADw-")
        .replace(b">", b"+AD4-")
    )
    found = Camt().read(b'<?xml version="1.0" encoding="UTF-7"?>' + hidden)
    assert [type(each) for each in found] == [Complaint]


def test_an_entity_bomb_is_refused_at_once() -> None:
    bomb = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 12))
    document = "<Document><BkToCstmrStmt><Stmt>&x11;</Stmt></BkToCstmrStmt></Document>"
    data = f'<!DOCTYPE Document [<!ENTITY x0 "lol">{bomb}]>{document}'
    assert Camt().read(data.encode()) == [Complaint("bank_doctype")]


def test_every_truncation_is_a_complaint() -> None:
    data = booked(entry(details=payment()) * 2).rstrip()
    for length in range(0, len(data) - 1, 7):
        (complaint,) = Camt().read(data[:length])
        assert isinstance(complaint, Complaint)
        assert complaint.rule == "bank_xml"


@pytest.mark.parametrize("data", [b"", b"\0" * 40, b"<a/>", b"customer;amount\n", b"%PDF-1.7", "ș".encode()])
def test_what_is_no_statement_is_not_recognised_and_complained_of(data: bytes) -> None:
    assert not Camt().recognises(data)
    assert [type(each) for each in Camt().read(data)] == [Complaint]


@given(st.binary(max_size=400))
def test_random_bytes_never_raise(data: bytes) -> None:
    assert all(isinstance(each, Complaint) for each in Camt().read(data))


SAMPLE = booked(entry("97.00", details=payment(more='<Amt Ccy="EUR">97.00</Amt>')) + entry("3.00", "DBIT"))
PIECES = [
    "<Ntry>",
    "</Ntry>",
    "<Amt/>",
    "<Stmt>",
    "</Stmt>",
    "<TxDtls/>",
    "9" * 30,
    "&amp;",
    "<!--",
    "-->",
    "2026-03-16",
    "",
]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 60), st.sampled_from(PIECES)), max_size=3))
def test_a_mangled_statement_never_raises_and_its_lines_are_whole(cuts: list[tuple[int, int, str]]) -> None:
    data = SAMPLE
    for start, length, piece in cuts:
        data = data[:start] + piece.encode() + data[start + length :]
    for found in Camt().read(data):
        if isinstance(found, Complaint):
            assert all(spoken(found))
        else:
            assert all(isinstance(line.amount, Decimal) and line.currency for line in found.lines)


def test_an_account_without_an_iban_is_known_by_its_number_not_by_a_payers() -> None:
    iban, number = b"<IBAN>ES9121000418450200051332</IBAN>", b"<Othr><Id>12345</Id></Othr>"
    (statement,) = statements(booked(entry(details=payment())).replace(iban, number))
    assert statement.account == "12345"
