"""Briefs: a page for a call or a meeting; what is said aloud is in the customer's language."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from amable.core.languages import LANGUAGES, say
from amable.core.money import Money
from amable.core.payers import Profile
from amable.core.planning import Line, Planned, Section
from amable.core.procedure import Act
from amable.correspondence import briefs
from amable.correspondence.briefs import Background, Spoken
from amable.correspondence.composing import ItemFacts, Recipient
from amable.organisation.models import Creditor
from amable.plugs.channel import Piece, Sheet

TODAY = date(2026, 3, 27)
NAME = "Lemn | *Frumos*\n# SRL"


def item(number: str, open_: int, due: date = date(2026, 3, 3)) -> ItemFacts:
    return ItemFacts(number, "invoice", "Uși", date(2026, 1, 2), due, max(open_, 500_00), open_, "EUR")


FACTS = {1: item("F-1", 500_00), 2: item("F-2", 90_00, date(2026, 4, 30)), 3: item("A-9", -40_00)}
KNOWN = Background(
    ZoneInfo("Europe/Bucharest"),
    Profile(settled=3, median_late=12, observed=4, on_time=1, promises_kept=2, promises_broken=1),
    manager="Marta Gil",
    since=date(2024, 5, 6),
    method="transferencia",
    spoken=tuple(Spoken(date(2026, 3, 20 - n), "late_late", f"URGENT {n}") for n in range(7)),
    payments=((date(2026, 1, 9), Money(100_00, "EUR")),),
    disputed=("F-7",),
    promised=(("F-1", date(2026, 3, 20)),),
    written=2,
    written_on=date(2026, 3, 20),
)


def brief(
    language: str = "es", theirs: str = "ro", act: Act = Act.CALL, known: Background = KNOWN, **more: str
) -> Sheet:
    creditor = Creditor(
        name="Turia",
        language=language,
        country="ES",
        timezone="Europe/Madrid",
        sender_name="Lucía",
        sender_phone=more.get("sender_phone", "+34 960"),
    )
    recipient = Recipient(
        "C-1", NAME, more.get("contact", "Ioana"), ("i@lemn.example",), theirs, "RO", False, True, phone="+40 21"
    )
    planned = Planned(act, str(act), "", (Line(1, 500_00, Section.OVERDUE, str(act), 1),))
    return briefs.brief(creditor, recipient, FACTS, planned, known, TODAY)


def piece(sheet: Sheet, name: str) -> Piece:
    heading = say(f"brief.{name}", sheet.language)
    return next(piece for piece in sheet.pieces if piece.heading == heading)


def test_the_facts_are_in_the_creditors_language_and_the_words_in_the_customers() -> None:
    sheet = brief("es", "ro")
    who = dict(piece(sheet, "who").facts)
    assert who["Idioma"] == "rumano"
    assert who["Se le puede llamar"] == "09:00–20:00 donde está (Europe/Bucharest), 08:00–19:00 aquí"
    assert who["Relación"] == "habitual: 3 facturas pagadas"
    aloud = " ".join(piece(sheet, "aloud").lines)
    assert "Bună ziua, sunt Lucía" in aloud
    assert "500,00 EUR" in aloud.replace("\xa0", " ")
    assert "F-1" in aloud
    assert piece(sheet, "questions").lines[0].startswith("Factura a ajuns")
    assert any("salta el buzón" in line for line in piece(sheet, "to_hand").lines)
    assert piece(sheet, "outcome").boxes[:2] == ("Ha pagado durante la llamada", "Ha dado fecha de pago")
    assert len(piece(sheet, "reason").boxes) == 7


def test_everything_open_is_shown_with_credits_taken_off() -> None:
    owed = piece(brief("en"), "owed")
    assert [row[0] for row in owed.rows] == ["F-1", "F-2"]
    assert [row[2] for row in owed.rows] == ["24", "–"]
    assert dict(owed.facts) == {
        "Balance, credits taken off": "€550.00",
        "Overdue": "€500.00",
        "Oldest": "24 days late",
        "Credits": "-€40.00",
    }


def test_what_was_said_promised_contested_and_paid_is_there() -> None:
    sheet = brief("en")
    assert len(piece(sheet, "last_words").lines) == 5
    assert piece(sheet, "last_words").lines[0] == "20 March 2026 · urgent reminder · URGENT 0"
    agreed = piece(sheet, "agreed")
    assert dict(agreed.facts) == {"Promises kept": "2", "Promises broken": "1"}
    assert agreed.lines == ("F-1: payment promised for 20 March 2026", "F-7: the customer disagrees with it")
    assert dict(piece(sheet, "habits").facts) == {
        "Usually": "12 days late",
        "On time": "1 of 3",
        "Way of paying": "transferencia",
        "Last payments": "9 January 2026 · €100.00",
    }


def test_of_a_stranger_only_what_is_known_is_shown() -> None:
    sheet = brief("en", known=Background(ZoneInfo("Europe/Madrid"), Profile()), contact="", sender_phone="")
    assert dict(piece(sheet, "who").facts)["May be called"] == "09:00–20:00"
    assert piece(sheet, "last_words").lines == ("Nothing has been said yet.",)
    headings = [piece.heading for piece in sheet.pieces]
    assert say("brief.habits", "en") not in headings
    assert say("brief.agreed", "en") not in headings


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("act", [Act.CALL, Act.MEETING])
def test_as_markdown_a_name_writes_no_markup_and_nothing_is_left_open(language: str, act: Act) -> None:
    text = briefs.as_markdown(brief(language, language, act))
    assert text.count("\n# ") == 0
    assert "*Frumos*" not in text.replace("\\*", "")
    assert "{" not in text
    assert "\n\n\n" not in text
    assert text.count("- [ ] ") == 19
    assert len([line for line in text.splitlines() if line]) < 90
    assert (act is Act.CALL) == ("\n1. " in text)


def test_for_a_meeting_there_is_an_invitation_in_place_of_the_script() -> None:
    sheet = brief("en", "fr", Act.MEETING)
    assert sheet.title.startswith("Propose a meeting")
    assert any("visioconférence" in line for line in piece(sheet, "aloud").lines)
    assert not [piece for piece in sheet.pieces if piece.heading == say("brief.to_hand", "en")]
