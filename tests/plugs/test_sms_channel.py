"""Text messages byte by byte, and which numbers they reach."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from amable.adapters.channels.sms import NoMobileError
from amable.plugs.channel import Address, Draft, Reach, UnfitError
from amable.plugs.loading import channels

SMS = channels()["sms"]
LEAVES = datetime(2026, 3, 17, 8, 13, tzinfo=ZoneInfo("Europe/Bucharest"))


def draft(text: str, phone: str = "0722 123 456", country: str = "RO", name: str = "Ioana Țepeș") -> Draft:
    return Draft(
        key="0123456789abcdef",
        sender=Address("Lucía", "cobros@turia.example"),
        to=(Address(name, ""),),
        subject="",
        text=text,
        html="",
        language="ro",
        leaves_at=LEAVES,
        message_id="",
        phone=phone,
        country=country,
    )


@pytest.mark.parametrize(
    ("phone", "country", "reached"),
    [
        ("612 345 678", "ES", True),
        ("+34 612 34 56 78", "RO", True),
        ("0034612345678", "ES", True),
        ("960 123 456", "ES", False),  # a landline in Valencia
        ("900 123 456", "ES", False),  # a freephone number
        ("0722 123 456", "RO", True),
        ("0722123456", "ES", False),  # no number of Spain
        ("06 12 34 56 78", "FR", True),
        ("07400 123456", "GB", True),
        ("(202) 555-0123", "US", True),  # the United States do not tell them apart
        ("612 345 678 / 960 123 456", "ES", True),
        ("612 345 678", "", False),  # of which country?
        ("llamar por la tarde", "ES", False),
        ("", "ES", False),
        ("\x00=cmd|' /C calc'!A0", "ES", False),
    ],
)
def test_only_a_mobile_is_reached(phone: str, country: str, reached: bool) -> None:
    assert SMS.reaches(Reach(phone=phone, country=country)) is reached


def test_the_file_is_a_head_an_empty_line_and_the_exact_text() -> None:
    parcel = SMS.compose(draft("Ferma Turia: factura F-1 are termen la 3 martie. Tel. +34 960 000 001."))
    assert parcel.ending == ".txt"
    assert parcel.data.decode() == (
        "To: +40722123456\n"
        "Name: Ioana Țepeș\n"
        "Not-Before: 2026-03-17T08:13+02:00\n"
        "Not-After: 2026-03-17T21:00+02:00\n"
        "Segments: 1\n"
        "Alphabet: GSM-7 (70/160)\n"
        "\n"
        "Ferma Turia: factura F-1 are termen la 3 martie. Tel. +34 960 000 001."
    )


def test_a_name_stays_on_its_line() -> None:
    head = SMS.compose(draft("Hola", name="Ana\nTo: +34600000000\n\nx")).data.decode().partition("\n\n")[0]
    assert head.splitlines()[:2] == ["To: +40722123456", "Name: Ana To: +34600000000 x"]


def test_two_segments_leave_and_three_do_not() -> None:
    assert b"Segments: 2\nAlphabet: GSM-7 (306/306)" in SMS.compose(draft("a" * 306)).data
    with pytest.raises(UnfitError) as refused:
        SMS.compose(draft("a" * 307))
    assert (refused.value.rule, refused.value.params["n"]) == ("sms-segments", 3)


def test_a_landline_is_never_written_to() -> None:
    with pytest.raises(NoMobileError):
        SMS.compose(draft("Hola", phone="021 312 3456"))
