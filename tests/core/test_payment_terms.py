"""Payment terms in words: the day they mean, the discount they offer, and no day where they can mean two."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.payment_terms import Discount, due_after, read

ISSUED = date(2026, 3, 17)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("30 días", "2026-04-16"),
        ("Pago a 60 días fecha factura", "2026-05-16"),
        ("à 30 jours fin de mois", "2026-04-30"),
        ("45 jours fin de mois le 10", "2026-06-10"),
        ("fin de mois 30 jours", "2026-04-30"),
        ("30 days EOM", "2026-04-30"),
        ("Net 30", "2026-04-16"),
        ("Payment within 30 days", "2026-04-16"),
        ("within one month", "2026-04-17"),
        ("în termen de 30 de zile", "2026-04-16"),
        ("30 de zile de la emitere", "2026-04-16"),
        ("Plata se face în 15 zile calendaristice de la primirea facturii", "2026-04-01"),
        ("A 60 días f.f. fin de mes", "2026-05-31"),
        ("30 giorni data fattura fine mese", "2026-04-30"),
        ("Zahlbar innerhalb 30 Tagen netto bis 16.04.2026, 3% Skonto innerhalb 10 Tagen bis 27.03.2026", "2026-04-16"),
        ("Zahlbar innerhalb 30 Tagen netto bis 15.04.2026", "2026-04-15"),
        ("Zahlbar sofort rein netto", "2026-03-17"),
        ("al contado", "2026-03-17"),
        ("comptant à réception", "2026-03-17"),
        ("Vencimiento 17/04/2026", "2026-04-17"),
        ("payable by 2026-05-01", "2026-05-01"),
        ("2/10 net 30", "2026-04-16"),
        ("Betalingstermijn: 14 dagen netto", "2026-03-31"),
        ("Paiement à 30 jours. Pas d’escompte. Pénalités de retard : 3 fois le taux légal, 40 € après 10 jours",
         "2026-04-16"),
    ],
)  # fmt: skip
def test_words_that_mean_one_day(words: str, due: str) -> None:
    terms = read(words, ISSUED)
    assert terms.due == date.fromisoformat(due)
    assert terms.words in words
    assert not terms.unclear


@pytest.mark.parametrize(
    "words",
    [
        "30 / 60 / 90 días", "Pago a 30 y 60 días", "60 días, pagos los días 5 y 20", "10 working days",
        "50% prepaid, 50% within one month", "due 05/04/2026", "Zahlbar innerhalb 30 Tagen bis 12.08.2026",
        "payable at 14 days; 30 days for others", "10 días hábiles", "30 jours ouvrés",
    ],
)  # fmt: skip
def test_words_that_can_mean_two_days_give_none(words: str) -> None:
    terms = read(words, ISSUED)
    assert (terms.due, terms.unclear) == (None, True)


@pytest.mark.parametrize("words", ["", "Enligt avtal", "según contrato", "Vielen Dank", "Intereses de demora: 30 días"])
def test_words_without_a_day_give_none(words: str) -> None:
    assert read(words, ISSUED) == read("", ISSUED)


@pytest.mark.parametrize(
    ("words", "discounts"),
    [
        ("3% Skonto innerhalb 10 Tagen bis 27.03.2026", [("3", "2026-03-27")]),
        ("2 % discount if paid within 2 days", [("2", "2026-03-19")]),
        ("2% 10 net 30", [("2", "2026-03-27")]),
        ("#SKONTO#TAGE=14#PROZENT=2.25#\n#SKONTO#TAGE=28#PROZENT=1.00#",
         [("2.25", "2026-03-31"), ("1.00", "2026-04-14")]),
        ("Pas d'escompte à 10 jours de 2 %", []),
        ("2% descuento", []),
        ("3% Skonto bis 01.03.2026", []),
    ],
)  # fmt: skip
def test_discounts_for_paying_early(words: str, discounts: list[tuple[str, str]]) -> None:
    told = tuple(Discount(Decimal(percent), date.fromisoformat(until)) for percent, until in discounts)
    assert read(words, ISSUED).discounts == told


@pytest.mark.parametrize(
    ("words", "paid"),
    [
        ("Der Rechnungsbetrag wurde bereits beglichen.", True), ("Factura pagada", True), ("facture acquittée", True),
        ("achitat integral", True), ("Si no ha sido pagada, 30 días", False), ("if already paid, ignore", False),
        ("Zahlbar in 30 Tagen", False),
    ],
)  # fmt: skip
def test_words_that_say_it_was_paid(words: str, paid: bool) -> None:
    assert read(words, ISSUED).paid is paid


def test_other_texts_are_heard_only_where_they_speak_of_paying() -> None:
    assert read("", ISSUED, notes=["Garantie 30 Tage"]).due is None
    assert read("", ISSUED, notes=["Garantie", "Zahlbar innerhalb 14 Tagen"]).due == date(2026, 3, 31)
    assert read("30 days", ISSUED, notes=["payable in 60 days"]).due == date(2026, 4, 16)


@given(st.text(max_size=200), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_any_words_give_a_sound_answer(words: str, issued: date) -> None:
    terms = read(words, issued, notes=[words])
    assert not (terms.due and terms.unclear)
    assert all(0 < one.percent <= 50 and one.until >= issued for one in terms.discounts)


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 365))
def test_the_end_of_the_month_is_never_before_the_days_are_over(issued: date, days: int) -> None:
    assert due_after(issued, days, month_end=True) >= due_after(issued, days)
