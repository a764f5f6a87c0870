"""Calendars of places and of creditors."""

from __future__ import annotations

import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from amable.organisation import calendars
from amable.organisation.models import Creditor
from tests.material import DATA, material

YEARS = (2024, 2027)
FOLDER = DATA / "calendar" / "holidays"

# Where the collected files list more than public holidays: days on which people work and may be written to.
MORE_THERE = {
    "AR_COMMON": "feasts of single faiths and communities, and bank holidays",
    "AT_COMMON": "days on which banks close, Good Friday and two half days among them",
    "BE_COMMON": "days on which banks close",
    "DE_BE": "school holidays",
    "DE_BY": "school holidays, and the Assumption, which is kept only in Catholic communes",
    "IE_COMMON": "Good Friday, which is no public holiday",
    "NL_COMMON": "Liberation Day outside its fifth years, which is for each employer to give",
    "PT_COMMON": "Carnival, Lisbon's Saint Anthony and days given to civil servants only",
    "US_COMMON": "observances such as Valentine's Day, and half days",
}
# Public holidays of ours that the files lack.
MORE_HERE = {
    "AR_COMMON": ["2026-11-09"],  # decreed for one year, after the files were collected
    "ES_CE": ["2024-04-10", "2025-03-31", "2026-03-20", "2027-03-09"],  # the end of Ramadan, by the moon
    "GB_COMMON": [  # a customer without a region is taken to be in England
        "2024-04-01", "2024-08-26", "2025-04-21", "2025-08-25", "2026-04-06", "2026-08-31", "2027-03-29", "2027-08-30",
    ],
}  # fmt: skip


def places() -> list[str]:
    """The places of the files; TARGET closing days are no place's calendar."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "FIN_XECB")


def test_there_are_files_to_compare() -> None:
    material("calendar", "holidays")
    assert len(places()) == 40


@pytest.mark.parametrize("place", places())
def test_our_public_holidays_are_those_of_the_collected_files(place: str) -> None:
    country, region = place.split("_")
    told = json.loads((FOLDER / f"{place}.json").read_text("utf-8"))
    theirs = {day for day in told if YEARS[0] <= int(day[:4]) <= YEARS[1]}
    calendar = calendars.public(country, "" if region == "COMMON" else region, *YEARS)
    ours = {day.isoformat() for day in calendar.holidays if YEARS[0] <= day.year <= YEARS[1]}
    assert sorted(ours - theirs) == MORE_HERE.get(place, [])
    assert bool(theirs - ours) is (place in MORE_THERE)
    assert len(ours) >= 4 * 7  # no country works all year


def test_a_region_has_its_own_holidays() -> None:
    san_jose = date(2026, 3, 19)
    assert not calendars.public("ES", "VC", 2026, 2026).works(san_jose)
    assert calendars.public("ES", "CT", 2026, 2026).works(san_jose)
    assert calendars.public("ES", "", 2026, 2026).works(san_jose)


def test_an_unknown_region_means_the_national_calendar() -> None:
    assert calendars.public("ES", "ZZZ", 2026, 2026) == calendars.public("ES", "", 2026, 2026)


def test_a_british_customer_without_a_region_is_in_england() -> None:
    england = calendars.public("GB", "", 2026, 2026)
    assert england.place == "GB-ENG"
    assert not england.works(date(2026, 4, 6))  # Easter Monday
    assert calendars.public("GB", "SCT", 2026, 2026).works(date(2026, 4, 6))


@pytest.mark.parametrize("country", ["", "XX"])
def test_an_unknown_country_has_weekends_only(country: str) -> None:
    calendar = calendars.public(country, "", 2026, 2026)
    assert calendar.works(date(2026, 1, 1))
    assert not calendar.works(date(2026, 1, 3))


def test_every_year_asked_for_has_its_holidays() -> None:
    calendar = calendars.public("RO", "", 2019, 2031)
    assert {day.year for day in calendar.holidays} == set(range(2019, 2032))


def test_closed_days_are_the_creditors_own() -> None:
    public = calendars.public("ES", "VC", 2026, 2028)
    ours = calendars.with_closed(public, ["2026-08-03", "12-24"], 2026, 2028)
    assert not ours.works(date(2026, 8, 3))
    assert ours.works(date(2027, 8, 3))
    assert [ours.works(date(year, 12, 24)) for year in (2026, 2027)] == [False, False]
    assert public.works(date(2026, 8, 3))
    assert not ours.works(date(2026, 3, 19))  # San José stays one


def test_a_yearly_29_february_is_closed_when_there_is_one() -> None:
    ours = calendars.with_closed(calendars.public("ES", "VC", 2026, 2028), ["02-29"], 2026, 2028)
    assert not ours.works(date(2028, 2, 29))
    assert ours.works(date(2027, 3, 1))


def test_a_creditor_who_never_closes_has_the_public_calendar() -> None:
    public = calendars.public("ES", "VC", 2026, 2026)
    assert calendars.with_closed(public, [], 2026, 2026) is public


def test_closed_days_of_the_creditor_file_survive_being_kept(turia: Creditor) -> None:
    from amable.core import creditor as core
    from amable.organisation.actions import install
    from tests.stories.world import CREDITOR

    install(core.read(CREDITOR + 'closed_days: ["2026-08-03", "12-24"]\n'), placeholder=False)
    kept = Creditor.objects.get()
    assert kept.pk == turia.pk
    ours = calendars.with_closed(calendars.public("ES", "VC", 2026, 2026), kept.closed_days, 2026, 2026)
    assert not ours.works(date(2026, 8, 3))
    assert not ours.works(date(2026, 12, 24))


@pytest.mark.parametrize(
    ("stated", "country", "region", "zone"),
    [
        ("America/Lima", "ES", "VC", "America/Lima"),
        ("", "ES", "CN", "Atlantic/Canary"),
        ("", "RO", "", "Europe/Bucharest"),
        ("", "US", "", "Europe/Madrid"),  # several zones: the creditor's
        ("", "", "", "Europe/Madrid"),
    ],
)
def test_the_zone_of_a_customer(stated: str, country: str, region: str, zone: str) -> None:
    assert calendars.zone(stated, country, region, "Europe/Madrid") == ZoneInfo(zone)
