"""What a payer is given to pay with reads back exactly as it was meant, down to the cent and the letter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban as ibans
from stdnum import iso11649

from amable.core.money import Money, to_minor
from amable.core.paying import (
    NoReferenceError,
    creditor_reference,
    epc_payload,
    reference,
    sepa,
    show_iban,
    valid_iban,
)

SPAIN = "ES91 2100 0418 4502 0005 1332"
ROMANIA = "RO49AAAA1B31007593840000"
SWITZERLAND = "CH93 0076 2011 6238 5295 7"


def amount(text: str, currency: str = "EUR") -> Money:
    return Money(to_minor(Decimal(text), currency), currency)


# References


@pytest.mark.parametrize(
    ("number", "quoted"),
    [
        ("2026-0012", "2026-0012"),
        ("FA/2026/0012 (B)", "FA/2026/0012 (B)"),
        ("  2026 \t 0012\r\n", "2026 0012"),
        ("Factură 12 ș", "Factura 12 s"),
        ("n.º 12", "n.o 12"),
        ("FA_12&13", "FA-12+13"),
        ("INV#12", "INV.12"),
        ("2026\u00a00012", "2026 0012"),
        ("тов-12", "tov-12"),
        ("9" * 140, "9" * 140),
    ],
)
def test_the_reference_is_the_number_in_signs_every_bank_carries(number: str, quoted: str) -> None:
    assert reference(number) == quoted


@pytest.mark.parametrize("number", ["", "  ", "\r\n\0", "---", "#", "9" * 141, "invoice 2026-0012, " * 10])
def test_a_number_that_no_bank_carries_has_no_reference(number: str) -> None:
    with pytest.raises(NoReferenceError):
        reference(number)


@given(st.text(max_size=40))
def test_a_reference_holds_nothing_a_bank_would_change(number: str) -> None:
    try:
        quoted = reference(number)
    except NoReferenceError:
        return
    allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ "
    assert set(quoted) <= set(allowed)
    assert quoted == quoted.strip()
    assert reference(quoted) == quoted


@pytest.mark.parametrize(
    ("number", "structured"),
    [
        ("539007547034", "RF18539007547034"),
        ("5390 0754 7034", "RF18539007547034"),
        ("RF18 5390 0754 7034", "RF18539007547034"),
        ("2026-0012", "RF2520260012"),
        ("fa/2026_12", "RF52FA202612"),
        ("1", "RF741"),
        ("A" * 21, "RF47" + "A" * 21),
    ],
)
def test_a_number_that_fits_has_a_creditor_reference(number: str, structured: str) -> None:
    assert creditor_reference(number) == structured
    assert iso11649.is_valid(structured)


@pytest.mark.parametrize("number", ["", "-", "A" * 22, "FĂ-12", "n.º 12", "12#13", "１２", "12\0"])
def test_a_number_that_does_not_fit_has_none(number: str) -> None:
    assert creditor_reference(number) is None


@given(st.text(st.sampled_from("ABCZ0189"), min_size=1, max_size=21))
def test_a_creditor_reference_is_valid_and_ends_in_the_number(number: str) -> None:
    structured = creditor_reference(number)
    assert structured is not None
    assert iso11649.validate(structured) == structured
    assert structured.endswith(number)


# Where to pay


@pytest.mark.parametrize("iban", [SPAIN, ROMANIA, "ro49 aaaa 1b31 0075 9384 0000", "FR1420041010050500013M02606"])
def test_a_sepa_account(iban: str) -> None:
    assert valid_iban(iban)
    assert sepa(iban)


@pytest.mark.parametrize(
    "iban", ["MD24AG000225100013104168", "AL47212110090000000235698741", "GI75NWBK000000007099453", SWITZERLAND]
)
def test_an_account_in_sepa_but_not_in_the_economic_area(iban: str) -> None:
    assert sepa(iban)


@pytest.mark.parametrize("iban", ["TR330006100519786457841326", "GL8964710001000206", "AE070331234567890123456"])
def test_an_account_that_sepa_does_not_reach(iban: str) -> None:
    assert valid_iban(iban)
    assert not sepa(iban)


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "ES9121000418450200051333",
        "ES912100041845020005133",
        "ES00 2100 0418 4502 0005 1332",
        "ES9121000418450200051332\nBCD",
        "ES٩١21000418450200051332",
        "XX9121000418450200051332",
        "2100 0418 4502 0005 1332",
    ],
)
def test_what_is_no_iban(iban: str) -> None:
    assert not valid_iban(iban)
    assert not sepa(iban)


def test_an_iban_is_shown_in_groups_of_four() -> None:
    assert show_iban("es9121000418450200051332") == SPAIN
    assert show_iban(SPAIN) == SPAIN
    assert show_iban("BE71 0961 2345 6769") == "BE71 0961 2345 6769"


# What the code says


def test_the_code_says_who_is_paid_where_how_much_and_what_for() -> None:
    payload = epc_payload(amount("1234.50"), name="Suministros Ibáñez, S.L.", iban=SPAIN, quoting="FA_2026-0012")
    assert payload == (
        "BCD\n002\n1\nSCT\n\nSuministros Ibáñez, S.L.\nES9121000418450200051332\nEUR1234.50\n\n\nFA-2026-0012"
    )


def test_a_creditor_reference_travels_in_its_own_field() -> None:
    payload = epc_payload(amount("1"), name="Țesătoria", iban=ROMANIA, quoting="RF18 5390 0754 7034", bic="aaaarobb")
    assert payload == ("BCD\n002\n1\nSCT\nAAAAROBB\nȚesătoria\nRO49AAAA1B31007593840000\nEUR1.00\n\nRF18539007547034")


@pytest.mark.parametrize("text", ["0.01", "0.10", "9.99", "1000.00", "999999999.99"])
def test_the_amount_is_exact(text: str) -> None:
    payload = epc_payload(amount(text), name="Harbour", iban=SPAIN, quoting="12")
    assert payload is not None
    assert payload.split("\n")[7] == f"EUR{text}"


@pytest.mark.parametrize(
    "changes",
    [
        {"money": Money(123450, "RON")},
        {"money": Money(0, "EUR")},
        {"money": Money(-100, "EUR")},
        {"money": Money(100_000_000_000, "EUR")},
        {"iban": "TR330006100519786457841326"},
        {"iban": "ES9121000418450200051333"},
        {"iban": ""},
        {"iban": SWITZERLAND},
        {"bic": "NOT A BIC"},
        {"name": " \n"},
        {"quoting": ""},
        {"quoting": "9" * 141},
        {"name": "日" * 70, "quoting": "9" * 135},
    ],
)
def test_there_is_no_code_when_it_could_not_be_paid_as_meant(changes: dict[str, object]) -> None:
    asked: dict[str, object] = {"money": Money(123450, "EUR"), "name": "Harbour", "iban": SPAIN, "quoting": "12"}
    assert epc_payload(**asked)  # type: ignore[arg-type]
    assert epc_payload(**asked | changes) is None  # type: ignore[arg-type]


def test_outside_the_economic_area_the_bic_is_needed() -> None:
    payload = epc_payload(amount("5"), name="Harbour", iban=SWITZERLAND, quoting="12", bic="POFICHBEXXX")
    assert payload is not None
    assert payload.split("\n")[4:7] == ["POFICHBEXXX", "Harbour", "CH9300762011623852957"]


def test_a_name_is_one_line_of_70_letters() -> None:
    payload = epc_payload(amount("5"), name="Harbour\r\nEUR9.99\0" + " é" * 60, iban=SPAIN, quoting="12")
    assert payload is not None
    lines = payload.split("\n")
    assert len(lines) == 11
    assert lines[5].startswith("Harbour EUR9.99 é é")
    assert len(lines[5]) <= 70


@given(st.text(max_size=90), st.integers(-5, 10**12), st.text(max_size=160), st.sampled_from([SPAIN, ROMANIA]))
def test_a_code_has_the_eleven_lines_of_the_guideline_at_most(name: str, minor: int, quoting: str, iban: str) -> None:
    payload = epc_payload(Money(minor, "EUR"), name=name, iban=iban, quoting=quoting)
    if payload is None:
        return
    lines = payload.split("\n")
    assert len(payload.encode()) <= 331
    assert lines[:5] == ["BCD", "002", "1", "SCT", ""]
    assert 1 <= len(lines[5]) <= 70
    assert lines[6] == ibans.compact(iban)
    assert to_minor(Decimal(lines[7].removeprefix("EUR")), "EUR") == minor
    assert len(lines) in (10, 11)
    assert (lines[9] == "") == (len(lines) == 11)
