"""The sheet beside the telephone: one page whatever it holds, and whom a call reaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from amable.core.languages import LANGUAGES, say
from amable.plugs.channel import Piece, Reach, Sheet, UnfitError
from amable.plugs.loading import calls
from tests.pages import claims, not_archivable, pages_text, tags

CALL = calls()["call"]


def items(count: int) -> Piece:
    return Piece(
        "Lo que está abierto",
        columns=("Documento", "Vencimiento", "Días", "Importe"),
        rows=tuple((f"F-{n}", "3 de marzo de 2026", "14", "1.234,50 €") for n in range(count)),
        figures=(2, 3),
    )


def sheet(rows: int = 3, lines: int = 2, language: str = "es") -> Sheet:
    return Sheet(
        "Llamar a Talleres Miró, S.L.",
        language,
        date(2026, 3, 17),
        (
            Piece("", facts=(("Contacto", "Ana Miró"), ("Teléfono", "+34 960 123 456"), ("Saldo", "4.938,00 €"))),
            items(rows),
            Piece("Qué decir", lines=tuple(f"Frase {n}: ¿llegó la factura?" for n in range(lines))),
            Piece("Resultado", boxes=("Promete pagar el ______", "No contesta", "Hay un desacuerdo", "Otro: ______")),
        ),
    )


@pytest.mark.parametrize(
    ("phone", "reached"), [("960 123 456", True), ("612 345 678", True), ("123", False), ("", False), ("Ana", False)]
)
def test_any_number_that_can_be_dialled_is_reached(phone: str, reached: bool) -> None:
    assert CALL.reaches(Reach(phone=phone, country="ES")) is reached


def test_a_sheet_shows_everything_on_one_page() -> None:
    parcel = CALL.print(sheet())
    assert parcel.ending == ".pdf"
    (text,) = pages_text(parcel.data)
    for said in (
        *("Llamar a Talleres Miró, S.L.", "17 de marzo de 2026", "Ana Miró", "+34 960 123 456", "4.938,00 €"),
        *("F-0", "F-2", "Frase 1: ¿llegó la factura?", "Promete pagar el ______", "No contesta"),
    ):
        assert said in text, said
    assert "más" not in text
    assert not_archivable(parcel.data) == []
    assert "<pdfuaid:part>1<" in claims(parcel.data)
    assert tags(parcel.data).count("H1") == 1
    assert tags(parcel.data).count("Table") == 1
    assert CALL.print(sheet()) == parcel


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_too_long_is_cut_and_says_how_many_are_left_out(language: str) -> None:
    (text,) = pages_text(CALL.print(sheet(rows=300, language=language)).data)
    shown = sum(line.startswith("F-") for line in text.splitlines())
    assert 20 < shown < 300
    assert say("sheet.more", language, n=300 - shown) in text
    assert "______" in text  # what is filled in by hand is never cut


@pytest.mark.parametrize(("rows", "lines"), [(0, 400), (200, 400), (40, 40), (1, 90)])
def test_a_sheet_is_one_page_whatever_is_long_in_it(rows: int, lines: int) -> None:
    (text,) = pages_text(CALL.print(sheet(rows=rows, lines=lines)).data)
    assert "______" in text


def test_endless_words_and_entries_stay_on_the_page() -> None:
    long = replace(sheet(), pieces=(Piece("x" * 900, facts=(("Nota", "palabra " * 400),)), *sheet().pieces))
    assert len(pages_text(CALL.print(long).data)) == 1


def test_a_sheet_with_nothing_is_a_title() -> None:
    (text,) = pages_text(CALL.print(Sheet("Llamar", "es", date(2026, 3, 17), ())).data)
    assert "Llamar" in text


def test_a_value_is_shown_as_it_is_or_refused_by_name() -> None:
    (text,) = pages_text(CALL.print(replace(sheet(), title="#panic() *x* $1$")).data)
    assert "#panic() *x* $1$" in text
    with pytest.raises(UnfitError) as refused:
        CALL.print(replace(sheet(), title="北京"))
    assert "北" in str(refused.value.params["signs"])
