"""What every registered channel keeps to, whoever wrote it."""

from __future__ import annotations

import os

import pytest

from amable.plugs import loading
from amable.plugs.channel import Channel, Reach
from tests.pages import pdf_text
from tests.plugs.message import CASES, SAMPLES

CHANNELS = loading.channels()


def test_ours_are_found_as_any_other_channel_would_be() -> None:
    assert set(CHANNELS) >= {"email", "letter", "sms"}
    assert "call" in loading.calls()


def test_a_contact_is_reached_by_every_way_it_has_something_for() -> None:
    assert loading.ways_to(Reach(phone="960 123 456", country="ES")) == {"call"}
    assert loading.ways_to(Reach(phone="612 345 678", country="ES")) == {"call", "sms"}
    assert loading.ways_to(Reach(email="a@b.example", address="Sol 1, 27001 Lugo")) == {"email", "letter"}


@pytest.fixture(params=CHANNELS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def channel(name: str) -> Channel:
    return CHANNELS[name]


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_contact_of_whom_nothing_is_known_is_not_reached(channel: Channel) -> None:
    assert not channel.reaches(Reach())


def test_a_contact_of_whom_all_is_known_is_reached(channel: Channel) -> None:
    known = Reach(email="jane@punctual.example", phone="+44 7400 123456", address="1 High Street\nLondon N1 1AA\nUK")
    assert channel.reaches(known)


def test_the_same_draft_gives_the_same_parcel(channel: Channel, case: str) -> None:
    assert channel.compose(CASES[case]()) == channel.compose(CASES[case]())


def test_another_message_is_another_parcel(channel: Channel) -> None:
    assert len({channel.compose(build()).data for build in CASES.values()}) == len(CASES)


def test_the_ending_is_one_a_file_can_have(channel: Channel, case: str) -> None:
    ending = channel.compose(CASES[case]()).ending
    assert ending[:1] == "."
    assert ending[1:].isalnum()


def test_the_parcel_is_the_golden_one(name: str, channel: Channel, case: str) -> None:
    """Remade by AMABLE_REMAKE=1, and then read as a diff; of a page its text, for nobody reads a diff of PDF."""
    parcel = channel.compose(CASES[case]())
    data, ending = (
        (pdf_text(parcel.data).encode(), ".pdf.txt") if parcel.ending == ".pdf" else (parcel.data, parcel.ending)
    )
    sample = SAMPLES / name / f"{case}{ending}"
    if os.environ.get("AMABLE_REMAKE"):
        sample.parent.mkdir(exist_ok=True)
        sample.write_bytes(data)
    assert data == sample.read_bytes()
