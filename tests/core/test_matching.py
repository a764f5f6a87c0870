"""What a payment seems to settle: sure by number, proposed by name, and never more than was received."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amable.core.invoice_numbers import capitals
from amable.core.languages import LANGUAGES, say, sentences
from amable.core.matching import (
    Index,
    Match,
    OpenItem,
    PastPayment,
    PastPayments,
    Payer,
    Received,
    Share,
    _named,
    _pays,
    _settle,
    fold_name,
    fold_number,
    has_legal_form,
    match,
    match_return,
)

KEYS = count(100)
PANADERIA, ALFA, MARTIN = 1, 2, 3
PAYERS = (
    Payer(PANADERIA, ("Panadería Núñez, S.L.",), ("ES9121000418450200051332",), "B12345674"),
    Payer(ALFA, ("SC Alfa Construct SRL",), ("RO49AAAA1B31007593840000",)),
    Payer(MARTIN, ("Établissements Martin et Fils SARL",), ("FR7630006000011234567890189",)),
)


def item(
    number: str, amount: int = 12_100, customer: int = PANADERIA, *, key: int = 0, due: int = 0, currency: str = "EUR",
    order: str = "", reference: str = "", early: tuple[str, date] | None = None,
) -> OpenItem:  # fmt: skip
    percent, until = (Decimal(early[0]), early[1]) if early else (None, None)
    return OpenItem(
        key or next(KEYS), customer, number, currency, amount, date(2026, 3, 1) + timedelta(due), amount, order,
        reference, percent, until,
    )  # fmt: skip


def index(*items: OpenItem, payers: Iterable[Payer] = PAYERS) -> Index:
    return Index(items, payers)


def best(received: Received, known: Index) -> Match:
    return match(received, known)[0]


def rules(found: Match) -> list[str]:
    return [reason.rule for reason in found.reasons]


def numbers(found: Match, known: Index) -> dict[str, int]:
    return {known.items[share.item].number: share.amount for share in found.shares}


# The number in the text, as people write it


@pytest.mark.parametrize(
    "text",
    [
        "F-2026/0012",
        "f-2026/0012",
        "F 2026 0012",
        "F20260012",
        "F2026-0012",
        "F.2026.12",
        "F - 2026 - 12",
        "Pago fra. F-2026/0012 gracias",
        "PAGO FACTURA F 2026/12",
        "Fra:F-2026/0012",
        "(F-2026/0012)",
        "factura nº F-2026/0012.",
        "Plata factura F2026-0012 din 01.03.2026",
        "c/v fact. nr. F-2026/0012",
        "Règlement facture N° F-2026/0012",
        "virement FACTURE F 2026 / 0012 merci",
        "Payment of invoice no. F-2026/0012, thank you",
        "inv F–2026–0012",
        "F-2026/\n0012",
        "F-2026/00 12",
        "F-2026/0012-PANADERIA",
        "/ROC/F-2026/0012//",
        "Ｆ－２０２６／００１２",
    ],
)
def test_an_invoice_number_is_found_however_it_is_written(text: str) -> None:
    known = index(item("F-2026/0012"), item("F-2026/0013", 5_000), item("F-2025/0012", 700))
    found = best(Received(12_100, "EUR", "Somebody Else", "", text), known)
    assert numbers(found, known) == {"F-2026/0012": 12_100}
    assert found.sure
    assert found.unapplied == 0
    assert rules(found)[:2] == ["number", "exact"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("2026/0012", "F 2026/0012"),
        ("2026/0012", "fra.2026/0012"),
        ("2026/0012", "INV-2026-0012"),
        ("2026/0012", "Factura nr 2026 12"),
        ("20260012", "factura 2026 0012"),
        ("ALF 000123", "contravaloare factura seria ALF nr... ALF 123"),
        ("ALF 000123", "FF ALF000123"),
        ("FA0045-B", "facture FA 45 B"),
        ("2026-12", "facturas 2026-11, 2026-12 y 2026-13"),
        ("2026-12", "2026-11,2026-12"),
    ],
)
def test_numbers_of_many_shapes_are_found(number: str, text: str) -> None:
    known = index(item(number))
    found = best(Received(12_100, "EUR", text=text), known)
    assert numbers(found, known) == {number: 12_100}
    assert found.sure


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("12", "2026/0012"),
        ("12", "F-2026/0012"),
        ("0012", "F-2026/0012"),
        ("2026", "F-2026/0012"),
        ("2026/1", "2026/12"),
        ("2026/12", "2026/12/3"),
        ("2026/12", "2026/12A"),
        ("2026/12", "A-2026/12"),
        ("2026/12", "ABONO-2026/12"),
        ("F-2026/1", "F-2026/12"),
        ("F-2026/12", "XF-2026/12"),
        ("1234", "1.234,50 EUR"),
        ("3/2026", "15/3/2026"),
        ("12", "12 panes"),
        ("101", "transferencia 101"),
        ("2100", "ES91 2100 0418 4502 0005 1332"),
        ("0754", "RF18 5390 0754 7034"),
        ("B-2026/12", "A-2026/12"),
    ],
)
def test_a_number_is_not_found_inside_another(number: str, text: str) -> None:
    other_series = item("A-1999/1", 1, MARTIN)
    assert match(Received(12_100, "EUR", text=text), index(item(number), other_series, payers=())) == ()


@pytest.mark.parametrize(
    "text", ["factura 12", "fra.12", "Fra nº12", "invoice 12", "inv. 12", "nr 12", "no. 0012", "12"]
)
def test_a_short_number_counts_beside_its_word_and_books_only_the_exact_amount(text: str) -> None:
    known = index(item("12"))
    exact = best(Received(12_100, "EUR", text=text), known)
    assert exact.sure
    assert "faint_number" in rules(exact)
    assert not best(Received(12_000, "EUR", text=text), known).sure
    assert not best(Received(12_100, "EUR", "Taller Vecino SL", text=text), known).sure


def test_a_number_without_its_series_is_found_but_needs_more() -> None:
    known = index(item("F-2026/0012"))
    assert best(Received(12_100, "EUR", "Panaderia Nunez", text="pago 2026/0012"), known).sure
    assert not best(Received(12_100, "EUR", "Taller Vecino", text="pago 2026/0012"), known).sure
    assert not best(Received(100, "EUR", "Panaderia Nunez", text="pago 2026/0012"), known).sure


# References


def test_an_rf_reference_names_the_invoice_in_its_body() -> None:
    known = index(item("F-2026/0012"))
    reference = _rf("F20260012")
    in_groups = " ".join(reference[place : place + 4] for place in range(0, len(reference), 4))
    for received in (
        Received(12_100, "EUR", reference=reference),
        Received(12_100, "EUR", text=f"/ROC/{reference}"),
        Received(12_100, "EUR", text=f"pago {in_groups.lower()} muchas gracias"),
    ):
        found = best(received, known)
        assert (rules(found), found.sure) == (["reference", "exact"], True)


def _rf(body: str) -> str:
    digits = int("".join(str(int(sign, 36)) for sign in body + "RF00"))
    return f"RF{98 - digits % 97:02d}{body}"


def test_an_rf_reference_with_a_wrong_check_digit_names_nothing() -> None:
    reference = _rf("F20260012")
    broken = reference[:2] + ("11" if reference[2:4] != "11" else "12") + reference[4:]
    assert match(Received(12_100, "EUR", reference=broken), index(item("F-2026/0012"))) == ()


def test_a_structured_reference_may_be_the_number_itself() -> None:
    found = best(Received(5_000, "EUR", reference="2026/0012"), index(item("2026/0012")))
    assert (rules(found), found.sure, found.shares[0].amount) == (["reference", "part"], True, 5_000)


def test_the_payers_own_identifier_may_be_the_number() -> None:
    assert best(Received(12_100, "EUR", end_to_end="F2026-0012"), index(item("F-2026/0012"))).sure
    assert match(Received(12_100, "EUR", end_to_end="12"), index(item("12"))) == ()


# As the country of the invoice writes it, bare and as people copy it.
ASKED_FOR = {
    "Belgian": ("+++090/9337/55493+++", ("090933755493", "090/9337/55493", "***090/9337/55493***")),
    "Finnish": ("1234 56782", ("123456782", "00000000000123456782", "viite 1234 56782")),
    "Finnish in RF clothes": ("123456782", (_rf("123456782"), f"ref {_rf('123456782')}")),
    "Norwegian": ("1234567890128", ("KID 1234567890128", "00001234567890128")),
    "Swedish": ("8800000012347", ("OCR 8800000012347",)),
    "Swiss": ("21 00000 00003 13947 14300 09017", ("210000000003139471430009017", "21 00000 00003 13947 14300 09017")),
    "Slovenian": ("SI12 1234567890120", ("SI121234567890120", "sklic SI12 1234567890120")),
    "Croatian": ("HR01 7271-234-1", ("HR0172712341", "HR01 7271-234-1")),
    "its own RF": ("RF18 5390 0754 7034", ("RF18539007547034", "rf18 5390 0754 7034")),
    "any at all": ("771-0001234-88", ("771000123488", "ref. 771 0001234 88")),
}


@pytest.mark.parametrize("country", ASKED_FOR)
def test_the_reference_an_invoice_asks_for_names_it(country: str) -> None:
    asked, quoted = ASKED_FOR[country]
    known = index(item("F-2026/0012", reference=asked), item("F-2026/0013", 500, reference="4711-88"), item("1234"))
    for written in (asked, *quoted):
        bare = "".join(sign for sign in written if sign.isalnum())
        for received in (Received(12_100, "EUR", text=f"pago {written}"), Received(12_100, "EUR", reference=bare)):
            if received.reference and not bare.upper().startswith(("RF", "HR", "SI")) and not bare.isdigit():
                continue  # a word before it stands only in a text
            found = best(received, known)
            assert numbers(found, known) == {"F-2026/0012": 12_100}, received
            assert (rules(found), found.sure) == (["reference", "exact"], True)


def test_a_structured_reference_of_nobody_names_nothing_and_doubts_what_the_account_says() -> None:
    known = index(item("F-2026/0012", reference="+++090/9337/55493+++"), item("9337", 500))
    for text in ("+++010/8068/17183+++", "RF18 5390 0754 7034"):
        found = best(Received(12_100, "EUR", "", "ES9121000418450200051332", text), known)
        assert (rules(found), found.sure) == (["iban", "one_amount", "unknown_number"], False)


def test_a_reference_that_many_items_share_pays_the_one_of_the_amount() -> None:
    known = index(item("F-1", 10_000, reference="KD-88001"), item("F-2", 12_100, reference="KD-88001", due=9))
    found = best(Received(12_100, "EUR", reference="KD88001"), known)
    assert (numbers(found, known), found.sure) == ({"F-2": 12_100}, True)
    assert not best(Received(3_000, "EUR", reference="KD88001"), known).sure


# Runs of invoices, and texts the bank cut off


@pytest.mark.parametrize(
    "text",
    [
        "facturas F-101 a F-105",
        "fras. F-101 a 105",
        "F-101/105",
        "F-101 - F-105",
        "de la F 101 a la F 105",
        "facturile F-101 pana la F-105",
        "factures F-101 à 105",
        "invoices F-101 to F-105",
        "F101-05",
    ],
)
def test_a_run_of_invoices_is_those_of_the_customer_when_they_are_what_was_paid(text: str) -> None:
    mine = [item(f"F-{n}", 1_000 * n, due=n) for n in (101, 102, 104, 105)]
    known = index(*mine, item("F-103", 77_000, ALFA), item("F-106", 5_000))
    found = best(Received(412_000, "EUR", "Panaderia Nunez", text=text), known)
    assert (sorted(numbers(found, known)), found.sure) == (["F-101", "F-102", "F-104", "F-105"], True)
    assert not best(Received(411_000, "EUR", "Panaderia Nunez", text=text), known).sure


def test_two_invoices_with_a_hyphen_between_are_two_when_two_were_paid() -> None:
    known = index(item("F-101", 1_000), item("F-102", 2_000), item("F-103", 3_000))
    found = best(Received(4_000, "EUR", text="F-101 - F-103"), known)
    assert (sorted(numbers(found, known)), found.sure) == (["F-101", "F-103"], True)


def test_a_number_cut_off_by_the_bank_is_told_by_payer_and_amount() -> None:
    known = index(item("F-2026/0012"), item("F-2026/0019", 9_900), item("F-2026/0018", 12_100, ALFA))
    text = "PAGO DE SU FACTURA NUMERO F-2026/001"
    found = best(Received(12_100, "EUR", "PANADERIA NUNEZ", text=text), known)
    assert (numbers(found, known), found.sure, rules(found)) == (
        {"F-2026/0012": 12_100}, True, ["cut_number", "exact"],
    )  # fmt: skip
    assert not any(found.sure for found in match(Received(12_100, "EUR", "Taller Vecino", text=text), known))
    assert not any(found.sure for found in match(Received(12_100, "EUR", "PANADERIA NUNEZ", text=text[:-4]), known))


def test_a_list_cut_off_by_the_bank_is_completed_by_the_amount() -> None:
    known = index(item("F-2026/0012", 10_000), item("F-2026/0015", 2_345, due=1), item("F-2026/0016", 777, due=2))
    text = "PAGO FACTURAS F-2026/0012, F-2026/0"
    assert len(text) == 35
    found = best(Received(12_345, "EUR", "PANADERIA NUNEZ", text=text), known)
    assert (sorted(numbers(found, known)), found.sure) == (["F-2026/0012", "F-2026/0015"], True)
    lost = best(Received(13_122, "EUR", "PANADERIA NUNEZ", text="PAGO DE LAS FACTURA F-2026/0012,  F"), known)
    assert (sorted(numbers(lost, known)), lost.sure) == (["F-2026/0012", "F-2026/0015", "F-2026/0016"], False)
    two = "FACTURAS F-2026/0012 Y F-2026/0015,"
    assert best(Received(13_122, "EUR", "PANADERIA NUNEZ", text=two), known).sure


def test_more_than_is_named_is_asked_about_when_other_items_explain_it() -> None:
    known = index(item("F-2026/0012", 10_000), item("F-2026/0015", 2_345))
    found = best(Received(12_345, "EUR", "PANADERIA NUNEZ", text="pago F-2026/0012 gracias"), known)
    assert (sorted(numbers(found, known)), found.sure) == (["F-2026/0012", "F-2026/0015"], False)
    assert "rest_exact" in rules(found)


@pytest.mark.parametrize("text", ["fra 12", "FACT 012", "factura 25/12", "12"])
def test_the_last_digits_count_for_a_payer_who_owes_exactly_this(text: str) -> None:
    known = index(item("F-2025/0012"), item("F-2025/0013"), item("F-2025/0112"))
    found = best(Received(12_100, "EUR", "Panaderia Nunez SL", text=text), known)
    assert (numbers(found, known), found.sure) == ({"F-2025/0012": 12_100}, True)
    assert not any(found.sure for found in match(Received(12_100, "EUR", "Taller Vecino", text=text), known))


def test_the_last_digits_do_not_count_where_the_text_names_another_item_in_full() -> None:
    known = index(item("F-2026/0012", 10_000), item("F-2025/0012", 25_000))
    line = Received(25_000, "EUR", "Panaderia Nunez SL", text="pago F-2026/0012")
    proposed = match(line, known)
    assert not any(found.sure for found in proposed)
    assert {number for found in proposed for number in numbers(found, known)} == {"F-2026/0012", "F-2025/0012"}
    assert best(line._replace(text="pago fra 12"), known).sure


# Amounts


def test_the_discount_for_early_payment_is_let_off_when_the_money_came_in_time() -> None:
    known = index(item("F-2026/0012", early=("2", date(2026, 3, 10))), item("F-2026/0013", 500))
    received = Received(11_858, "EUR", "Panaderia Nunez", text="F-2026/0012", booked_on=date(2026, 3, 10))
    found = best(received, known)
    assert (found.shares[0][1:], found.unapplied, found.sure) == ((11_858, 242), 0, True)
    assert rules(found) == ["number", "discount"]
    late = best(received._replace(booked_on=date(2026, 3, 11)), known)
    assert (late.shares[0][1:], rules(late)) == ((11_858, 0), ["number", "fee"])
    unnamed = best(received._replace(text=""), known)
    assert (unnamed.shares[0][1:], unnamed.sure, rules(unnamed)) == ((11_858, 242), False, ["name", "discount"])
    known.book(found)
    assert (known.open[found.shares[0].item], known.owed(PANADERIA, "EUR")) == (0, 500)


@pytest.mark.parametrize(("short", "rule"), [(1_500, "fee"), (5_000, "fee"), (5_001, "part"), (60_000, "part")])
def test_what_a_bank_kept_on_the_way_stays_open_and_is_said(short: int, rule: str) -> None:
    known = index(item("F-2026/0012", 121_000))
    found = best(Received(121_000 - short, "EUR", "Panaderia Nunez", text="F-2026/0012"), known)
    assert (rules(found), found.sure) == (["number", rule], True)
    assert known.open[found.shares[0].item] - found.shares[0].amount == short


@pytest.mark.parametrize(("paid_on", "more", "rule"), [(20, 500, "interest"), (20, 4_000, "over"), (-5, 500, "over")])
def test_a_little_more_than_an_overdue_invoice_is_like_interest(paid_on: int, more: int, rule: str) -> None:
    known = index(item("F-2026/0012"))
    day = date(2026, 3, 1) + timedelta(paid_on)
    found = best(Received(12_100 + more, "EUR", "Panaderia Nunez", text="F-2026/0012", booked_on=day), known)
    assert (rules(found), found.unapplied, found.sure) == (["number", rule], more, True)


def test_a_number_of_somebody_else_is_doubted_when_the_payer_owes_the_same() -> None:
    known = index(item("F-2026/0012"), item("F-2026/0021", customer=ALFA))
    readings = match(Received(12_100, "EUR", "Panaderia Nunez", text="F-2026/0021"), known)
    assert not any(found.sure for found in readings)
    assert {tuple(numbers(found, known)) for found in readings} == {("F-2026/0021",), ("F-2026/0012",)}
    assert "whose_else" in rules(next(found for found in readings if found.customer == ALFA))


def test_a_settled_number_is_no_reason_to_book_another_item_of_the_amount() -> None:
    known = index(item("ALF 000124"), item("2026/0777", 500))
    received = Received(12_100, "EUR", "", "ES9121000418450200051332")
    for text in ("ALF 000123", "alf123", "2026/0001"):
        assert not any(found.sure for found in match(received._replace(text=text), known)), text
    assert best(received._replace(text="transferencia 3344"), known).sure


def test_one_payment_for_several_invoices() -> None:
    known = index(item("F-1001", 10_000), item("F-1002", 20_000, due=1), item("F-1003", 30_000, due=2))
    found = best(Received(60_000, "EUR", text="facturas F-1001, 1002 y F 1003"), known)
    assert numbers(found, known) == {"F-1001": 10_000, "F-1002": 20_000, "F-1003": 30_000}
    assert found.sure


def test_a_part_payment_settles_the_oldest_due_first() -> None:
    known = index(item("F-2026/1", 10_000, due=9), item("F-2026/2", 20_000, due=1))
    found = best(Received(25_000, "EUR", "Panadería Núñez", text="F-2026/1 F-2026/2"), known)
    assert numbers(found, known) == {"F-2026/2": 20_000, "F-2026/1": 5_000}
    assert found.sure
    assert [str(reason.params.get("rest")) for reason in found.reasons if reason.rule == "part"] == [
        "Money(minor=5000, currency='EUR')"
    ]


def test_an_overpayment_stays_with_the_customer() -> None:
    known = index(item("F-2026/0012"))
    found = best(Received(15_000, "EUR", "PANADERIA NUNEZ", text="F-2026/0012"), known)
    assert (found.customer, found.unapplied, found.sure) == (PANADERIA, 2_900, True)
    assert "over" in rules(found)


@pytest.mark.parametrize(("amount", "sure"), [(12_100, True), (12_000, False), (13_000, False)])
def test_a_payer_of_another_name_books_only_the_exact_amount(amount: int, sure: bool) -> None:
    found = best(Received(amount, "EUR", "Gestoría Pérez", text="F-2026/0012"), index(item("F-2026/0012")))
    assert found.sure is sure
    assert "other_name" in rules(found)


def test_an_instalment_is_told_by_its_amount() -> None:
    first, second = item("F-2026/9", 5_000, key=1), item("F-2026/9", 7_000, key=2, due=30)
    known = index(first, second)
    assert best(Received(7_000, "EUR", text="F-2026/9"), known).shares == (Share(2, 7_000),)
    assert best(Received(12_000, "EUR", text="F-2026/9"), known).shares == (Share(1, 5_000), Share(2, 7_000))
    assert best(Received(3_000, "EUR", text="F-2026/9"), known).shares == (Share(1, 3_000),)


def test_two_instalments_of_one_amount_are_for_a_person() -> None:
    known = index(item("F-2026/9", 5_000, key=1), item("F-2026/9", 5_000, key=2, due=30))
    found = best(Received(5_000, "EUR", text="F-2026/9"), known)
    assert (found.shares, found.sure) == ((Share(1, 5_000),), False)


def test_a_credit_note_that_is_named_is_taken_off() -> None:
    known = index(item("F-2026/1", 10_000), item("R-2026/3", -2_500))
    exact = best(Received(7_500, "EUR", text="F-2026/1 menos abono R-2026/3"), known)
    assert (numbers(exact, known), exact.sure) == ({"F-2026/1": 10_000, "R-2026/3": -2_500}, True)
    part = best(Received(5_000, "EUR", text="F-2026/1 R-2026/3"), known)
    assert numbers(part, known) == {"R-2026/3": -2_500, "F-2026/1": 7_500}
    assert sum(share.amount for share in part.shares) == 5_000


def test_a_credit_note_that_is_not_named_explains_an_exact_difference() -> None:
    known = index(item("F-2026/1", 10_000), item("R-2026/3", -2_500), item("R-2026/4", -400))
    found = best(Received(7_500, "EUR", text="F-2026/1"), known)
    assert (numbers(found, known), found.sure) == ({"F-2026/1": 10_000, "R-2026/3": -2_500}, True)
    assert "credit" in rules(found)
    other = best(Received(7_000, "EUR", text="F-2026/1"), known)
    assert numbers(other, known) == {"F-2026/1": 7_000}


def test_two_credit_notes_that_explain_the_same_are_for_a_person() -> None:
    known = index(item("F-2026/1", 10_000), item("R-2026/3", -2_500), item("R-2026/4", -2_500))
    found = best(Received(7_500, "EUR", text="F-2026/1"), known)
    assert not found.sure
    assert "one_of_several" in rules(found)


def test_a_credit_note_of_another_customer_explains_nothing() -> None:
    known = index(item("F-2026/1", 10_000), item("R-2026/3", -2_500, ALFA))
    assert numbers(best(Received(7_500, "EUR", text="F-2026/1"), known), known) == {"F-2026/1": 7_500}


def test_another_currency_is_for_a_person() -> None:
    found = best(Received(12_100, "EUR", text="F-2026/0012"), index(item("F-2026/0012", currency="RON")))
    assert (found.customer, found.shares, found.unapplied, found.sure) == (PANADERIA, (), 12_100, False)
    assert "other_currency" in rules(found)


# Whose number


def test_a_number_two_customers_have_is_told_by_the_payer() -> None:
    known = index(item("2026/12", customer=PANADERIA), item("2026/12", customer=ALFA))
    assert not any(found.sure for found in match(Received(12_100, "EUR", text="factura 2026/12"), known))
    assert {found.customer for found in match(Received(12_100, "EUR", text="factura 2026/12"), known)} == {
        PANADERIA,
        ALFA,
    }
    found = best(Received(12_100, "EUR", "Alfa Construct S.R.L.", text="factura 2026/12"), known)
    assert (found.customer, found.sure) == (ALFA, True)


def test_the_items_of_two_customers_paid_at_once_are_a_proposal() -> None:
    known = index(item("F-2026/1", 10_000), item("F-2026/2", 5_000, ALFA))
    found = best(Received(15_000, "EUR", "Gestoría", text="F-2026/1 y F-2026/2"), known)
    assert (found.customer, found.sure, found.unapplied) == (None, False, 0)
    assert len(found.shares) == 2


def test_digits_that_happen_to_be_somebody_elses_number_do_not_disturb() -> None:
    known = index(item("F-2026/0012"), item("4711", customer=ALFA))
    found = best(Received(12_100, "EUR", text="F-2026/0012 pedido 4711"), known)
    assert (found.customer, found.sure) == (PANADERIA, True)


# The payer, when no number says anything


@pytest.mark.parametrize(
    "name",
    [
        "PANADERIA NUNEZ SL",
        "Nuñez Panaderia",
        "Panadería Núñez Sociedad Limitada",
        "PANADERIA NUNES S L",
        "Panaderia Nunez S.L.U.",
    ],
)
def test_amount_and_name_are_proposed_and_never_booked(name: str) -> None:
    known = index(item("F-2026/0012"), item("F-2026/0013", 500))
    found = best(Received(12_100, "EUR", name, text="transferencia"), known)
    assert (numbers(found, known), found.sure) == ({"F-2026/0012": 12_100}, False)
    assert rules(found) == ["name", "one_amount"]


def test_a_name_cut_off_by_the_bank_is_known() -> None:
    known = index(item("F-1", customer=MARTIN))
    assert best(Received(12_100, "EUR", "ETABLISSEMENTS MARTIN ET FI"), known).customer == MARTIN


@pytest.mark.parametrize("name", ["Talleres Gómez SL", "Pan", "SL", "", "???", "Martin"])
def test_a_name_that_is_not_like_any_says_nothing(name: str) -> None:
    assert match(Received(12_100, "EUR", name), index(item("F-2026/0012"))) == ()


def test_a_known_account_books_the_only_item_of_that_amount() -> None:
    received = Received(12_100, "EUR", "Núria N.", "ES91 2100 0418 4502 0005 1332", "transferencia")
    one = best(received, index(item("F-2026/0012"), item("F-2026/0013", 12_000)))
    assert (rules(one), one.sure) == (["iban", "one_amount"], True)
    known = index(item("F-2026/0012"), item("F-2026/0013", due=-1))
    two = match(received, known)
    assert [(list(numbers(found, known)), rules(found), found.sure) for found in two] == [
        (["F-2026/0013"], ["iban", "same_amounts"], False),
        (["F-2026/0012"], ["iban", "same_amounts"], False),
    ]


def test_an_account_of_two_customers_books_nothing() -> None:
    payers = (*PAYERS, Payer(9, ("Horno Núñez",), ("ES9121000418450200051332",)))
    known = index(item("F-2026/0012"), item("F-2026/0099", 100, 9), payers=payers)
    assert not any(found.sure for found in match(Received(12_100, "EUR", "", "ES9121000418450200051332"), known))


def test_a_known_account_books_nothing_while_the_text_means_an_unknown_invoice() -> None:
    received = Received(12_100, "EUR", "", "ES9121000418450200051332", "pago factura 2026/0777")
    found = best(received, index(item("F-2026/0012")))
    assert (found.sure, rules(found)) == (False, ["iban", "one_amount", "unknown_number"])


def test_all_that_a_customer_owes_is_proposed() -> None:
    known = index(item("F-1", 10_000), item("F-2", 5_000), item("R-1", -1_000))
    found = best(Received(14_000, "EUR", "Panaderia Nunez"), known)
    assert (sum(share.amount for share in found.shares), found.sure) == (14_000, False)
    assert rules(found) == ["name", "whole_balance"]


def test_all_that_is_owed_from_a_known_account_is_booked() -> None:
    known = index(item("F-1", 10_000), item("F-2", 5_000))
    found = best(Received(15_000, "EUR", "", "ES9121000418450200051332"), known)
    assert (rules(found), found.sure) == (["iban", "whole_balance"], True)


@pytest.mark.parametrize(
    ("received", "sure"),
    [
        (Received(7_020, "EUR", "", "ES9121000418450200051332"), True),
        (Received(7_020, "EUR", "Panaderia Nunez"), False),
        (Received(6_000, "EUR", "", "ES9121000418450200051332"), False),  # round amounts add up in many ways
    ],
)
def test_items_that_make_the_amount_are_told_of_a_known_account(received: Received, sure: bool) -> None:
    rest = received.amount - 5_017
    known = index(item("F-1", 10_000), item("F-2", 5_017, due=1), item("F-3", rest, due=2), item("F-4", 900, due=3))
    found = match(received, known)
    assert [(sorted(numbers(one, known)), one.sure, rules(one)[1]) for one in found] == [
        (["F-2", "F-3"], sure, "sum_of")
    ]


@pytest.mark.parametrize(
    "received",
    [
        Received(999, "EUR", "Panaderia Nunez"),
        Received(999, "EUR", "", "ES9121000418450200051332"),
        Received(999, "EUR", "", "", "NIF ES-B12345674"),
        Received(12_100, "RON", "Panaderia Nunez"),
    ],
)
def test_money_that_fits_nothing_is_probably_this_customers(received: Received) -> None:
    found = best(received, index(item("F-2026/0012")))
    assert found == Match(PANADERIA, (), received.amount, False, found.reasons)
    assert rules(found)[-1] == "no_item"


@pytest.mark.parametrize(
    ("amount", "name", "sure"),
    [(12_100, "Panaderia Nunez", True), (12_100, "Taller Vecino", False), (12_000, "Panaderia Nunez", False)],
)
def test_the_customers_order_number_books_what_its_payer_owes_to_the_cent(amount: int, name: str, sure: bool) -> None:
    known = index(item("F-2026/0012", order="PO-88-1234"), item("F-2026/0013", 500))
    found = best(Received(amount, "EUR", name, text="su pedido PO 88 1234"), known)
    assert (rules(found)[0], found.sure) == ("order", sure)


def test_money_out_matches_no_item() -> None:
    assert match(Received(-12_100, "EUR", text="F-2026/0012"), index(item("F-2026/0012"))) == ()
    assert match(Received(0, "EUR", text="F-2026/0012"), index(item("F-2026/0012"))) == ()


# Booking


def test_the_same_payment_again_proposes_nothing_that_is_paid() -> None:
    known = index(item("F-2026/0012"))
    received = Received(12_100, "EUR", "Panaderia Nunez", "ES9121000418450200051332", "F-2026/0012")
    known.book(best(received, known))
    again = match(received, known)
    assert [(found.shares, found.unapplied, found.sure) for found in again] == [((), 12_100, False)]
    assert "already_paid" in rules(again[0])


def test_a_part_payment_is_remembered() -> None:
    known = index(item("F-2026/0012"))
    known.book(best(Received(2_100, "EUR", text="F-2026/0012"), known))
    rest = best(Received(10_000, "EUR", "", "ES9121000418450200051332"), known)
    assert (rest.sure, known.owed(PANADERIA, "EUR")) == (True, 10_000)


# Properties

AMOUNTS = st.integers(1, 300).map(lambda units: units * 100)
BOOKS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(["F-2026/", "2026-", "A", ""]),
        st.integers(1, 30),
        st.one_of(AMOUNTS, AMOUNTS.map(lambda amount: -amount)),
        st.sampled_from(["EUR", "RON"]),
    ),
    max_size=12,
).map(
    lambda rows: [
        OpenItem(key, customer, f"{series}{number:04d}", currency, amount, date(2026, 3, 1) + timedelta(number), amount)
        for key, (customer, series, number, amount, currency) in enumerate(rows)
    ]
)
TEXTS = st.lists(
    st.one_of(
        st.builds(
            "{}{}".format,
            st.sampled_from(["F-2026/", "2026-", "A", "fra ", ""]),
            st.integers(1, 30).map("{:04d}".format),
        ),
        st.sampled_from(["factura", "y", ",", "RF18 5390 0754 7034", "ES9121000418450200051332", "gracias", "/", "-"]),
    ),
    max_size=6,
).map(" ".join)
LINES = st.builds(
    Received,
    amount=st.one_of(AMOUNTS, st.integers(-10_000, 100_000)),
    currency=st.sampled_from(["EUR", "RON"]),
    name=st.sampled_from(["", "Panaderia Nunez", "Alfa Construct", "Somebody"]),
    iban=st.sampled_from(["", *(payer.ibans[0] for payer in PAYERS)]),
    text=st.one_of(TEXTS, st.text(max_size=40)),
    reference=st.sampled_from(["", "2026-0001", "F20260002"]),
)


@given(BOOKS, st.lists(LINES, max_size=6))
def test_a_match_never_gives_away_more_than_the_line_or_than_is_open(
    items: list[OpenItem], received: list[Received]
) -> None:
    known = Index(items, PAYERS)
    for line in received:
        readings = match(line, known)
        for found in readings:
            assert sum(share.amount for share in found.shares) + found.unapplied == line.amount
            assert found.unapplied >= 0
            assert len({share.item for share in found.shares}) == len(found.shares)
            for share in found.shares:
                still_open = known.open[share.item]
                assert 0 < share.amount <= still_open if still_open > 0 else share.amount == still_open < 0
                assert 0 <= share.let_off <= max(still_open - share.amount, 0)
                assert known.items[share.item].currency == line.currency
                assert found.customer in (None, known.items[share.item].customer)
            for reason in found.reasons:
                assert all(say(f"match.{reason.rule}", language, **reason.params) for language in LANGUAGES)
        assert sum(found.sure for found in readings) <= 1
        if readings and readings[0].sure:
            assert len(readings) == 1
            known.book(readings[0])
    for number, still_open in known.open.items():
        assert 0 <= still_open <= known.items[number].open or known.items[number].open <= still_open <= 0


@given(BOOKS, LINES)
def test_without_number_reference_or_known_account_nothing_is_sure(items: list[OpenItem], line: Received) -> None:
    line = line._replace(iban="", text="transferencia", reference="")
    assert not any(found.sure for found in match(line, Index(items, PAYERS)))


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_searched(text: str, number: str, name: str) -> None:
    known = Index([item(number or "-", order=text)], [Payer(PANADERIA, (name, ""), (text,), number)])
    for found in match(Received(12_100, "EUR", name, text, text, text, text), known):
        assert sum(share.amount for share in found.shares) + found.unapplied == 12_100


# Numbers that begin, end and go on like one another.
LIKE_NUMBERS = (
    "F-2026/0112", "F-2026/0112-B", "F-2026/0113", "2026-000112", "2026-000112-7", "F 2026-000112",
    "7-2026-000112", "B",
)  # fmt: skip


@st.composite
def books_and_payments(draw: st.DrawFn) -> tuple[Index, Received]:
    """A book of numbers alike, and a payment that quotes some of them, often for exactly what is open on them."""
    numbers = draw(st.lists(st.sampled_from(LIKE_NUMBERS), min_size=1, max_size=5))
    owner = st.sampled_from([PANADERIA, PANADERIA, ALFA])
    items = [item(number, 100 * key, draw(owner), key=key, due=-key) for key, number in enumerate(numbers, 1)]
    quoted = draw(st.lists(st.sampled_from(items), min_size=1, max_size=3))
    others = draw(st.lists(st.sampled_from(["factura", "F", "7", "B", "y", "gracias."]), max_size=2))
    words = draw(st.permutations([*(one.number for one in quoted), *others]))
    amount = draw(st.sampled_from([sum(one.open for one in set(quoted)), 12_100]))
    return Index(items, PAYERS), Received(amount, "EUR", "Panaderia Nunez", text=" ".join(words))


@settings(max_examples=300)
@given(books_and_payments())
def test_a_text_read_word_for_word_says_what_a_scan_of_it_says(given_: tuple[Index, Received]) -> None:
    known, line = given_
    written = capitals(line.text)
    if quick := known.numbers._word_for_word(written):
        assert known.numbers._scan(written) == (quick, "")


@settings(max_examples=300)
@given(books_and_payments())
def test_a_plain_payment_is_read_as_one_that_is_weighed(given_: tuple[Index, Received]) -> None:
    known, line = given_
    found, _ = _named(line, known)
    if found and (plain := _pays(line, found, known)):
        assert plain.match.customer is not None
        assert _settle(line, plain.match.customer, found, known, alone=True) == plain


# Returns

NUNEZ = "Panadería Núñez SL", "ES9121000418450200051332"
PAST = (
    PastPayment(1, PANADERIA, 12_100, "EUR", date(2026, 2, 1), *NUNEZ, "F20260012", "E-1"),
    PastPayment(2, PANADERIA, 12_100, "EUR", date(2026, 3, 1), *NUNEZ, "", "E-2"),
    PastPayment(3, ALFA, 5_000, "EUR", date(2026, 3, 1), "SC Alfa Construct SRL", "RO49AAAA1B31007593840000"),
)


@pytest.mark.parametrize(
    ("received", "rule", "payments", "sure"),
    [
        (Received(-12_100, "EUR", end_to_end="E-1"), "return_end_to_end", [1], True),
        (Received(-12_100, "EUR", reference="F2026/0012"), None, [], False),
        (Received(-12_100, "EUR", reference="f 20260012"), "return_reference", [1], True),
        (Received(-5_000, "EUR", iban="RO49 AAAA 1B31 0075 9384 0000"), "return_iban", [3], True),
        (Received(-12_100, "EUR", iban="ES9121000418450200051332"), "return_iban", [2, 1], False),
        (Received(-5_000, "EUR", "Alfa Construct"), "return_name", [3], False),
        (Received(-2_000, "EUR", end_to_end="E-2"), "return_end_to_end", [2], False),
        (Received(-13_000, "EUR", end_to_end="E-2"), None, [], False),
        (Received(-12_100, "RON", end_to_end="E-1"), None, [], False),
        (Received(12_100, "EUR", end_to_end="E-1"), None, [], False),
    ],
)
def test_a_return_finds_the_payment_it_takes_back(
    received: Received, rule: str | None, payments: list[int], sure: bool
) -> None:
    found = match_return(received, PastPayments(PAST))
    assert [each.payment for each in found] == payments
    for each in found:
        assert (each.reasons[0].rule, each.sure, each.amount) == (rule, sure, -received.amount)
        for reason in each.reasons:
            assert all(say(f"match.{reason.rule}", language, **reason.params) for language in LANGUAGES)


def test_a_payment_comes_back_only_once() -> None:
    past = PastPayments(PAST)
    received = Received(-12_100, "EUR", end_to_end="E-1")
    past.book(match_return(received, past)[0])
    assert match_return(received, past) == ()


# Folding


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Panadería Núñez, S.L.", "NUNEZ PANADERIA SL"),
        ("S.C. Țăran și Fiii S.R.L.", "TARAN & FIII SRL"),
        ("Müller & Söhne GmbH & Co. KG", "Muller und Sohne"),
        ("Société Martin S.A.R.L.", "MARTIN SOCIETE"),
        ("Smith and Sons Ltd.", "SMITH & SONS LIMITED"),
        ("Rossi S.p.A.", "ROSSI SPA"),
        ("García Pérez, Sociedad Anónima", "Perez Garcia S. A."),
        ("J. M. García", "JM GARCIA"),
    ],
)
def test_names_of_one_customer_fold_to_the_same(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_a_name_that_is_only_a_form_keeps_it() -> None:
    assert fold_name("S.A.") == "sa"
    assert fold_name("") == fold_name("...") == ""


@pytest.mark.parametrize(
    "name",
    ["Panadería Núñez, S.L.", "SC Alfa SRL", "Martin SARL", "Smith Limited", "Müller GmbH", "Popescu Ion P.F.A."],
)
def test_a_legal_form_is_seen(name: str) -> None:
    assert has_legal_form(name)


@pytest.mark.parametrize("name", ["María García", "Ion Popescu", "Jean-Pierre Martin", "John Smith and Mary Smith", ""])
def test_a_person_has_no_legal_form(name: str) -> None:
    assert not has_legal_form(name)


@pytest.mark.parametrize("written", ["F-2026/0012", "f 2026 12", "F2026-012", "F.2026.0012", " F/2026/12 "])
def test_numbers_that_differ_in_writing_only_fold_to_the_same(written: str) -> None:
    assert fold_number(written) == "F-2026-12"


@pytest.mark.parametrize(("one", "other"), [("1/12", "11/2"), ("2026/1", "2026/10"), ("A-1", "B-1"), ("---", "///")])
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert fold_number(one) != fold_number(other)


# Sentences


def places(language: str) -> dict[str, set[str]]:
    """The places of every sentence of this area, of every plural form."""
    return {
        f"{key}.{form}": set(re.findall(r"{(\w+)}", text))
        for key, sentence in sentences(language).items()
        if key.startswith(("match.", "complaint.bank_", "advice.bank_"))
        for form, text in ({"one": sentence, "other": sentence} if isinstance(sentence, str) else sentence).items()
        if form != "few"
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_sentence_with_the_same_places_in_every_language(language: str) -> None:
    assert places(language) == places("en")
