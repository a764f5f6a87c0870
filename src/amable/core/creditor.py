"""Who is owed and who signs: the creditor file, read into a value or refused with everything that is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from anyascii import anyascii
from babel import Locale
from babel.core import get_global
from stdnum import iban as iban_number

from amable.core.document import Entry, UnreadableError, parse
from amable.core.languages import LANGUAGES, say, spoken_in

DEFAULT_MINIMUM: Final = Decimal(5)


@dataclass(frozen=True, slots=True)
class Sender:
    """The person who signs. `signature` may have several lines."""

    name: str
    email: str
    phone: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Creditor:
    """The business that is owed, as its creditor file describes it.

    `country` is ISO 3166 alpha-2, `region` its subdivision without the country (`VC`), `iban` without spaces.
    `address` has one line a line. `closed_yearly` holds (month, day). `pay_link` may have the places `{invoice}`
    and `{reference}`. `minimum` is in major units: less than that, added up per customer, is not asked for.
    """

    name: str
    legal_name: str
    country: str
    language: str
    timezone: str
    sender: Sender
    address: str = ""
    tax_id: str = ""
    email: str = ""
    phone: str = ""
    iban: str = ""
    bic: str = ""
    region: str = ""
    closed_days: frozenset[date] = frozenset()
    closed_yearly: frozenset[tuple[int, int]] = frozenset()
    pay_link: str = ""
    minimum: Decimal = DEFAULT_MINIMUM

    @property
    def closed(self) -> list[str]:
        """The creditor's own closed days in words: `2026-08-03`, or yearly `12-24`."""
        return _closed(self.closed_days, self.closed_yearly)

    def closed_in(self, year: int) -> frozenset[date]:
        """The creditor's own closed days of a year, single and yearly ones together (29 February only when it is)."""
        dated = {day for day in self.closed_days if day.year == year}
        return frozenset(dated | {date(year, *at) for at in self.closed_yearly if _exists(year, *at)})


def _closed(days: Collection[date], yearly: Collection[tuple[int, int]]) -> list[str]:
    return sorted(day.isoformat() for day in days) + sorted(f"{month:02}-{day:02}" for month, day in yearly)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a creditor file; the sentence is `creditor.<rule>`."""

    rule: str
    line: int
    params: Mapping[str, object]


class CreditorError(ValueError):
    """A creditor file that cannot be used, with every problem found, in the order of its lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(f"{problem.line}: {problem.rule}" for problem in problems))
        self.problems = tuple(problems)


def read(text: str) -> Creditor:
    """The creditor of a YAML text; raises CreditorError with every problem, each with its line."""
    try:
        document = parse(text)
    except UnreadableError as error:
        raise CreditorError([Problem(error.rule, error.line, error.params)]) from error
    reading = _Reading()
    creditor = reading.creditor(document)
    if reading.problems or creditor is None:
        raise CreditorError(sorted(reading.problems, key=lambda problem: problem.line))
    return creditor


def of_fields(fields: Mapping[str, str | Sequence[str]]) -> Creditor:
    """The creditor of a form, whose fields have the names of the file's keys, those of the sender as `sender_name`.

    Raises CreditorError; the `line` of a problem is the place of its field, from 1.
    """
    entries = {
        name: Entry(value if isinstance(value, str) else tuple(Entry(one, line) for one in value), line)
        for line, (name, value) in enumerate(fields.items(), 1)
    }
    signs = {name: entry for name, entry in entries.items() if name.startswith(_SIGNS)}
    top = {name: entry for name, entry in entries.items() if name not in signs}
    if signs:
        first = min(entry.line for entry in signs.values())
        top["sender"] = Entry({name.removeprefix(_SIGNS): entry for name, entry in signs.items()}, first)
    reading = _Reading()
    creditor = reading.creditor(Entry(top, 1))
    if reading.problems or creditor is None:
        raise CreditorError(reading.problems)
    return creditor


_SIGNS: Final = "sender_"


def countries(language: str) -> list[tuple[str, str]]:
    """Every country with its name in a language, by name."""
    names = Locale(language).territories
    return sorted(((code, names.get(code, code)) for code in _territories()), key=lambda one: anyascii(one[1]).lower())


def zones() -> list[str]:
    """The time zones there are, by name."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACE))


_NO_PLACE: Final = ("Etc/", "SystemV/", "US/", "posix/", "right/")


class Place(NamedTuple):
    """Where a creditor works, by which clock, and its own closed days: `2026-08-03`, or yearly `12-24`."""

    country: str
    region: str
    timezone: str
    closed_days: list[str]


def read_place(country: str, region: str, timezone: str, closed: str) -> Place:
    """The part of a creditor file that makes its calendar, `closed` with a line for each day or stretch.

    Raises CreditorError with every problem, those of closed days with their line.
    """
    lines = [Entry(line, number) for number, line in enumerate(closed.splitlines(), 1) if line.strip()]
    top = {
        "country": Entry(country, 1),
        "region": Entry(region, 1),
        "timezone": Entry(timezone, 1),
        "closed_days": Entry(lines, 1),
    }
    reading = _Reading()
    code = reading.country(top, 1)
    area = reading.region(top, code)
    zone = reading.timezone(top, code, area, 1)
    days, yearly = reading.closed(top)
    if reading.problems:
        raise CreditorError(reading.problems)
    return Place(code, area, zone, _closed(days, yearly))


def in_stretches(closed: Sequence[str]) -> list[str]:
    """Closed days as a person writes them: `2026-08-03..2026-08-21` for days in a row."""
    dated = sorted(date.fromisoformat(day) for day in closed if len(day) == len("2026-08-03"))
    stretches: list[tuple[date, date]] = []
    for day in dated:
        if stretches and day - stretches[-1][1] == timedelta(days=1):
            stretches[-1] = (stretches[-1][0], day)
        else:
            stretches.append((day, day))
    written = [str(first) if first == last else f"{first}..{last}" for first, last in stretches]
    return written + sorted(day for day in closed if len(day) == len("12-24"))


def placeholder(language: str, country: str = "") -> Creditor:
    """A creditor for a run without a creditor file: every value says, in the language, what belongs in its place.

    There is no account number and no payment link, so that nobody can pay into nowhere; `country` may be empty.
    """

    def fill(what: str) -> str:
        return say(f"creditor.placeholder_{what}", language)

    return Creditor(
        name=fill("name"),
        legal_name=fill("name"),
        country=country,
        language=language,
        timezone=main_zone(country) or "UTC",
        sender=Sender(fill("sender"), fill("email"), fill("phone")),
        address=fill("address"),
        tax_id=fill("tax_id"),
        email=fill("email"),
        phone=fill("phone"),
    )


# --- countries and time zones --------------------------------------------------------------------------------------

# In CLDR's list of territories, but no country of ISO 3166.
_NO_COUNTRY: Final = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

# Countries with several zones of which one is where nearly all business is done. Where business is spread over
# zones (US, CA, MX, BR, RU, AU, ID …) there is no guess.
_MAIN_ZONE: Final = {
    "AR": "America/Argentina/Buenos_Aires",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "UA": "Europe/Kyiv",
}
_REGION_ZONE: Final = {
    **dict.fromkeys((("ES", "CN"), ("ES", "GC"), ("ES", "TF")), "Atlantic/Canary"),
    **dict.fromkeys((("ES", "CE"), ("ES", "ML")), "Africa/Ceuta"),
    ("PT", "20"): "Atlantic/Azores",
    ("PT", "30"): "Atlantic/Madeira",
}


def country_code(text: str) -> str | None:
    """The alpha-2 code of a country given by code (`ES`, `ESP`, `UK`) or by its name in one of the four languages."""
    letters = text.strip().upper()
    if letters in _territories():
        return letters
    if len(letters) in (2, 3) and len(aliases := get_global("territory_aliases").get(letters, ())) == 1:
        return str(aliases[0]) if aliases[0] in _territories() else None
    return _country_names().get(_folded(text))


def main_zone(country: str, region: str = "") -> str | None:
    """The time zone of a country's business, None where there is more than one."""
    if zone := _REGION_ZONE.get((country, region)) or _MAIN_ZONE.get(country):
        return zone
    zones = get_global("territory_zones").get(country, ())
    return str(zones[0]) if len(zones) == 1 else None


@lru_cache(maxsize=1)
def _territories() -> frozenset[str]:
    codes = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY)


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    """Folded name -> code in the four languages; a name that means two countries is left out."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        names = Locale(language).territories
        for code in _territories():
            if code in names:
                found.setdefault(_folded(names[code]), set()).add(code)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}


def _folded(text: str) -> str:
    return "".join(letter for letter in anyascii(text).lower() if letter.isalnum())


def _is_zone(name: str) -> bool:
    """Whether this names a zone of the tz database; `localtime` and other names of the machine do not count."""
    if name != "UTC" and "/" not in name:
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


# --- reading -------------------------------------------------------------------------------------------------------

_KEYS: Final = (
    "name", "legal_name", "address", "tax_id", "email", "phone", "iban", "bic", "language", "country", "region",
    "timezone", "closed_days", "pay_link", "sender", "minimum",
)  # fmt: skip
_SENDER_KEYS: Final = ("name", "email", "phone", "signature")
_EMAIL: Final = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\.]+(?:\.[^\s@<>()\[\],;:\"\\.]+)+")
_BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_REGION: Final = re.compile(r"[A-Z0-9]{1,3}")
_RANGE: Final = re.compile(r"\s*\.\.\s*|\s+to\s+")
_DAY: Final = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_MINIMUM: Final = re.compile(r"\d{1,9}(?:[.,]\d{1,2})?")
_LONGEST_CLOSED: Final = 366
_LEAP_YEAR: Final = 2000  # in which every yearly day exists
_URL: Final = re.compile(r"[^\s<>\"\\^`|{}]+")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_PLACES: Final = ("invoice", "reference")


class _Reading:
    """One pass over a document, collecting what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, rule: str, line: int, **params: object) -> None:
        self.problems.append(Problem(rule, line, params))

    def creditor(self, document: Entry) -> Creditor | None:
        top = self.mapping(document, _KEYS)
        if top is None:
            return None
        name = self.text(top, "name")
        if not name:
            self.wrong("name_missing", _line(top, "name", document.line))
        email = self.email(top)
        sender = self.sender(top, document.line, email)
        country = self.country(top, document.line)
        region = self.region(top, country)
        closed_days, closed_yearly = self.closed(top)
        return Creditor(
            name=name,
            legal_name=self.text(top, "legal_name") or name,
            country=country,
            language=self.language(top, country, document.line),
            timezone=self.timezone(top, country, region, document.line),
            sender=sender,
            address=self.lines(top, "address"),
            tax_id=self.text(top, "tax_id"),
            email=email or sender.email,
            phone=self.text(top, "phone"),
            iban=self.iban(top),
            bic=self.bic(top),
            region=region,
            closed_days=closed_days,
            closed_yearly=closed_yearly,
            pay_link=self.pay_link(top),
            minimum=self.minimum(top),
        )

    def sender(self, top: Mapping[str, Entry], line: int, email: str) -> Sender:
        """Who signs; without an address of their own, replies go to the creditor's."""
        entry = top.get("sender")
        fields: Mapping[str, Entry] = {}
        if entry is not None and entry.value != "":
            line = entry.line
            found = self.mapping(entry, _SENDER_KEYS)
            if found is None:
                return Sender("", "")
            fields = found
        name = self.text(fields, "name")
        if not name:
            self.wrong("sender_missing", _line(fields, "name", line))
        own = self.email(fields)
        if not own and not self.text(fields, "email") and not self.text(top, "email"):
            self.wrong("email_missing", _line(fields, "email", line))
        return Sender(name, own or email, self.text(fields, "phone"), self.lines(fields, "signature"))

    def email(self, fields: Mapping[str, Entry]) -> str:
        value = self.text(fields, "email")
        if value and not _EMAIL.fullmatch(value):
            self.wrong("email", fields["email"].line, value=value)
            return ""
        return value

    def country(self, top: Mapping[str, Entry], line: int) -> str:
        value = self.text(top, "country")
        if not value:
            self.wrong("country_missing", _line(top, "country", line))
            return ""
        code = country_code(value)
        if code is None:
            near = get_close_matches(_folded(value), _country_names(), 1, 0.75)
            code_near = _country_names()[near[0]] if near else ""
            self.wrong("country_near" if near else "country", top["country"].line, value=value, near=code_near)
        return code or ""

    def region(self, top: Mapping[str, Entry], country: str) -> str:
        value = self.text(top, "region").upper()
        prefix, dash, rest = value.partition("-")
        code = rest if dash else prefix
        if value and (not _REGION.fullmatch(code) or (dash and country and prefix != country)):
            self.wrong("region", top["region"].line, value=value, country=country or "ES")
            return ""
        return code

    def language(self, top: Mapping[str, Entry], country: str, line: int) -> str:
        value = self.text(top, "language").lower()
        if value:
            if value not in LANGUAGES:
                self.wrong("language", top["language"].line, value=value)
            return value
        spoken = spoken_in(country)
        if country and spoken is None:
            self.wrong("language_missing", _line(top, "country", line), country=country)
        return spoken or ""

    def timezone(self, top: Mapping[str, Entry], country: str, region: str, line: int) -> str:
        value = self.text(top, "timezone")
        if value:
            if not _is_zone(value):
                near = get_close_matches(value, zones(), 1, 0.75)
                self.wrong(
                    "timezone_near" if near else "timezone", top["timezone"].line, value=value, near="".join(near)
                )
            return value
        zone = main_zone(country, region)
        if country and zone is None:
            self.wrong("timezone_missing", _line(top, "country", line), country=country)
        return zone or ""

    def iban(self, top: Mapping[str, Entry]) -> str:
        value = self.text(top, "iban")
        if value and not (value.isascii() and iban_number.is_valid(value)):
            self.wrong("iban", top["iban"].line, value=value)
            return ""
        return str(iban_number.compact(value)) if value else ""

    def bic(self, top: Mapping[str, Entry]) -> str:
        value = self.text(top, "bic")
        code = value.replace(" ", "").upper()
        if value and not _BIC.fullmatch(code):
            self.wrong("bic", top["bic"].line, value=value)
        return code

    def closed(self, top: Mapping[str, Entry]) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
        days: set[date] = set()
        yearly: set[tuple[int, int]] = set()
        for entry in self.listed(top, "closed_days"):
            value = self.scalar(entry, "closed_days")
            if value:
                for found in self.stretch(value, entry.line):
                    if isinstance(found, date):
                        days.add(found)
                    else:
                        yearly.add(found)
        return frozenset(days), frozenset(yearly)

    def stretch(self, text: str, line: int) -> list[date] | list[tuple[int, int]]:
        """The days of `2026-08-03`, `2026-08-03 to 2026-08-21`, `2026-08-03..2026-08-21`, `12-24` or `12-24..01-06`."""
        ends = [_DAY.fullmatch(part) for part in _RANGE.split(text)]
        if len(ends) > 2 or None in ends or len({end[1] is None for end in ends if end}) != 1:
            self.wrong("closed_day", line, value=text)
            return []
        yearly = any(end[1] is None for end in ends if end)
        try:
            first, *later = [date(int(end[1] or _LEAP_YEAR), int(end[2]), int(end[3])) for end in ends if end]
        except ValueError:
            self.wrong("closed_day", line, value=text)
            return []
        last = later[0] if later else first
        if yearly and last < first:  # over New Year
            return [(day.month, day.day) for day in (*_days(first, date(_LEAP_YEAR, 12, 31)),
                                                     *_days(date(_LEAP_YEAR, 1, 1), last))]  # fmt: skip
        if last < first:
            self.wrong("closed_order", line, value=text)
            return []
        if (last - first).days >= _LONGEST_CLOSED:
            self.wrong("closed_long", line, value=text)
            return []
        return [(day.month, day.day) for day in _days(first, last)] if yearly else list(_days(first, last))

    def pay_link(self, top: Mapping[str, Entry]) -> str:
        value = self.text(top, "pay_link")
        if not value:
            return ""
        line = top["pay_link"].line
        try:
            url = urlsplit(value)
            well_formed = url.scheme == "https" and "." in (url.hostname or "") and not url.username
        except ValueError:
            well_formed = False
        bare = _PLACE.sub("", value)
        if not well_formed or not _URL.fullmatch(bare) or _PLACE.search(url.netloc):
            self.wrong("pay_link", line, value=value)
            return ""
        for place in _PLACE.findall(value):
            if place not in _PLACES:
                self.wrong("pay_link_place", line, place=place)
        return value

    def minimum(self, top: Mapping[str, Entry]) -> Decimal:
        value = self.text(top, "minimum")
        if not value:
            return DEFAULT_MINIMUM
        if not value.isascii() or not _MINIMUM.fullmatch(value):
            self.wrong("minimum", top["minimum"].line, value=value)
            return DEFAULT_MINIMUM
        return Decimal(value.replace(",", "."))

    # entries

    def mapping(self, entry: Entry, known: Sequence[str]) -> Mapping[str, Entry] | None:
        if not isinstance(entry.value, Mapping):
            self.wrong("not_a_mapping", entry.line, known=", ".join(known))
            return None
        for key, child in entry.value.items():
            if key not in known:
                near = get_close_matches(key.lower(), known, 1)
                self.wrong("unknown_key_near" if near else "unknown_key", child.line, key=key, near="".join(near))
        return entry.value

    def text(self, fields: Mapping[str, Entry], key: str) -> str:
        """A value on one line, empty when it is missing."""
        entry = fields.get(key)
        return "" if entry is None else self.scalar(entry, key)

    def scalar(self, entry: Entry, key: str) -> str:
        if not isinstance(entry.value, str):
            self.wrong_once("not_text", entry.line, key=key)
            return ""
        text = " ".join(entry.value.split())
        if any(unicodedata.category(letter) == "Cc" for letter in text):
            self.wrong_once("control", entry.line, key=key)
            return ""
        return text

    def listed(self, fields: Mapping[str, Entry], key: str) -> Sequence[Entry]:
        """The entries of a list; a single value is a list of one."""
        entry = fields.get(key)
        if entry is None:
            return ()
        if isinstance(entry.value, Mapping):
            self.wrong("not_a_list", entry.line, key=key)
            return ()
        return (entry,) if isinstance(entry.value, str) else entry.value

    def lines(self, fields: Mapping[str, Entry], key: str) -> str:
        """A block or a list as lines, without empty ones."""
        lines = [
            self.scalar(Entry(line, entry.line), key)
            for entry in self.listed(fields, key)
            for line in (entry.value.splitlines() if isinstance(entry.value, str) else [self.scalar(entry, key)])
        ]
        return "\n".join(line for line in lines if line)

    def wrong_once(self, rule: str, line: int, **params: object) -> None:
        problem = Problem(rule, line, params)
        if problem not in self.problems:  # a value can be asked for twice
            self.problems.append(problem)


def _line(fields: Mapping[str, Entry], key: str, otherwise: int) -> int:
    entry = fields.get(key)
    return otherwise if entry is None else entry.line


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=count) for count in range((last - first).days + 1))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
