"""Builds calendars, frozen values, from the public holidays of a country and region and a creditor's closed days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from amable.core.creditor import main_zone
from amable.core.days import SATURDAY_SUNDAY, Calendar

# Public holidays differ within the United Kingdom; a customer without a region is taken to be in England.
_WITHOUT_REGION = {"GB": "ENG"}
_NAMED = {"en": "en_US"}  # what holidays calls a language


@lru_cache(maxsize=512)
def public(country: str, region: str, first: int, last: int, language: str = "") -> Calendar:
    """The working days of a country and region in the years `first` to `last`, holidays named in a language.

    An unknown region means the national calendar, an unknown country weekends only.
    """
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        return Calendar(country)
    region = region or _WITHOUT_REGION.get(country, "")
    subdivision = region if region in supported[country] else None
    found = holidays.country_holidays(
        country, subdiv=subdivision, years=range(first, last + 1), language=_NAMED.get(language, language) or None
    )
    place = f"{country}-{subdivision}" if subdivision else country
    return Calendar(place, dict(found.items()), frozenset(getattr(found, "weekend", SATURDAY_SUNDAY)))


def with_closed(calendar: Calendar, closed: Iterable[str], first: int, last: int) -> Calendar:
    """The creditor's calendar: public holidays and its own closed days, `2026-08-03` or yearly `12-24`."""
    own: dict[date, str] = {}
    for day in closed:
        if len(day) == len("12-24"):
            for year in range(first, last + 1):
                own |= _day(f"{year}-{day}")
        else:
            own |= _day(day)
    return Calendar(calendar.place, own | dict(calendar.holidays), calendar.weekend) if own else calendar


def _day(text: str) -> dict[date, str]:
    try:
        return {date.fromisoformat(text): ""}
    except ValueError:  # 29 February in a common year
        return {}


@lru_cache(maxsize=512)
def zone(timezone: str, country: str, region: str, otherwise: str) -> ZoneInfo:
    """The zone of a customer: stated, else the main zone of the region, else the creditor's."""
    return ZoneInfo(timezone or main_zone(country, region) or otherwise)
