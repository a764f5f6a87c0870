"""Days as people write them: ISO, spreadsheet numbers, month names, and figures whose order only the file can tell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

YEARS: Final = range(1980, 2200)

_LONGEST: Final = 64
_CLOCK: Final = (
    r"(?:[T ] *(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?)(?P<zone> ?Z|[+-]\d\d:?\d\d)?)?"
)
_ISO: Final = re.compile(rf"(?P<year>\d{{4}})([-/.]?)(?P<month>\d\d?)\2(?P<day>\d\d?){_CLOCK}")
_FIGURES: Final = re.compile(rf"(?P<first>\d\d?)([-/.])(?P<second>\d\d?)\2(?P<year>\d{{4}}|\d\d){_CLOCK}")
_SERIAL: Final = re.compile(r"([3-5]\d{4}|60000)(?:\.0+)?")
_DAY_NAMED: Final = re.compile(
    r"(?P<day>\d\d?)(?:st|nd|rd|th|er|o)?[ ./-]+(?:de )?(?P<name>[a-z]{3,10})"
    r"[ ./-]+(?:de |del )?(?P<year>\d{4}|\d\d)"
)
_NAME_FIRST: Final = re.compile(r"(?P<name>[a-z]{3,10})\.? +(?P<day>\d\d?)(?:st|nd|rd|th)?,? +(?P<year>\d{4})")
_DAY_ZERO: Final = date(1899, 12, 30)  # of spreadsheets, which count a 29 February 1900 that never was
_MIDNIGHT: Final = re.compile(r"[0:.,]+|12:00(?::00)? ?[Aa]\.?[Mm]\.?")

_MONTHS: Final[Mapping[str, int]] = {
    name: month
    for month, names in enumerate(
        (
            "jan january ene enero ian ianuarie janv janvier",
            "feb february febrero februarie febr fev fevr fevrier",
            "mar march marzo martie mart mars",
            "apr april abr abril aprilie avr avril",
            "may mayo mai",
            "jun june junio iun iunie juin",
            "jul july julio iul iulie juil juillet",
            "aug august ago agosto aout",
            "sep sept september septiembre set setiembre septembrie septembre",
            "oct october octubre octombrie octobre",
            "nov november noviembre noi noiem noiembrie novembre",
            "dec december dic diciembre decembrie decembre",
        ),
        1,
    )
    for name in names.split()
}


class Written(NamedTuple):
    """One day before the order of day and month is settled; None where the calendar has no such day.

    `vote` is the order these figures prove ("day" or "month" first), "?" when either could be meant, "" when the cell
    reads only one way.
    """

    day_first: date | None
    month_first: date | None
    vote: str


class Verdict(NamedTuple):
    """Which comes first in this file, "" while nothing decides; and whether its dates contradict it often."""

    first: str
    mixed: bool


def parse(text: str) -> Written | None:
    """The day in a cell; None when it is no date in any reading."""
    if len(text) > _LONGEST:
        return None
    if found := _SERIAL.fullmatch(text):
        return _sure(_DAY_ZERO + timedelta(days=int(found[1])))
    if found := _ISO.fullmatch(text):
        if len(found["month"] + found["day"]) < 4 and not found[2]:
            return None
        return _sure(_day(found["year"], found["month"], found["day"])) if _keeps_day(found) else None
    if found := _FIGURES.fullmatch(text):
        if not _keeps_day(found):
            return None
        if found[2] == "." and (day := _day(found["year"], found["second"], found["first"])):
            return _sure(day)  # nobody writes the month first with dots (CLDR 47 knows no such place)
        return _ordered(found["first"], found["second"], found["year"])
    named = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    named = named.casefold()
    if (found := _DAY_NAMED.fullmatch(named) or _NAME_FIRST.fullmatch(named)) and found["name"] in _MONTHS:
        return _sure(_day(found["year"], _MONTHS[found["name"]], found["day"]))
    return None


def settle(votes: Mapping[str, int]) -> Verdict:
    """The order the greater part of the deciding dates prove. It is mixed when more than one in ten prove the other."""
    day, month = votes.get("day", 0), votes.get("month", 0)
    if day == month:
        return Verdict("", day > 0)
    return Verdict("day" if day > month else "month", min(day, month) * 10 > day + month)


def _keeps_day(found: re.Match[str]) -> bool:
    """Whether the time beside it leaves the day as it stands: with a zone only midnight does."""
    return not found["zone"] or bool(_MIDNIGHT.fullmatch(found["clock"]))


def _ordered(first: str, second: str, year: str) -> Written:
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if day_first == month_first:  # the same day in either order, or none in both
        return Written(day_first, month_first, "")
    if day_first and month_first:
        return Written(day_first, month_first, "?")
    return Written(day_first, month_first, "day" if day_first else "month")


def _sure(day: date | None) -> Written:
    return Written(day, day, "")


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
