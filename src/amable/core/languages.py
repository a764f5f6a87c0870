"""The four languages: which one a country speaks, how money and days look in it, and every sentence of ours.

Sentences live in `sentences/<language>/<area>.yaml`, keyed by the identifier of a rule. A sentence is text with
`{name}` places, or a mapping of CLDR plural categories (`one`, `few`, `many`, `other`) chosen by the parameter `n`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

import yaml
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal

from amable.core.money import Money, exponent

_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LANGUAGES: Final = ("en", "es", "ro", "fr")

# CLDR puts a space between a currency's letters and the figures (UTS 35, currencySpacing); Babel does not.
_TOUCHING: Final = re.compile(r"(?<=[A-Za-z])(?=[\d-])|(?<=\d)(?=[A-Za-z])")
_WRITTEN: Final = re.compile(r"(?P<before>\D*)1(?P<group>\D)234(?P=group)567(?:(?P<point>\D)0+)?(?P<after>\D*)")

_MONTH_IN_WORDS: Final = re.compile(r"[^\W\d_]{3}")

# The language business is written in, by ISO 3166 country. A country with none of ours is written to in the
# creditor's language.
_SPOKEN: Final = {
    **dict.fromkeys(("GB", "IE", "US", "CA", "AU", "NZ", "MT", "IN", "ZA", "SG", "HK"), "en"),
    **dict.fromkeys(
        (
            "ES", "AD", "MX", "AR", "CO", "CL", "PE", "EC", "UY", "PY", "BO", "VE", "CR", "PA", "GT", "HN", "SV",
            "NI", "DO", "CU", "PR", "GQ",
        ),
        "es",
    ),
    **dict.fromkeys(("RO", "MD"), "ro"),
    **dict.fromkeys(("FR", "MC", "LU", "BE", "SN", "CI", "MA", "TN", "DZ"), "fr"),
}  # fmt: skip

# The territory whose habits a language follows when the reader's country does not speak it.
_HOME: Final = {"en": "GB", "es": "ES", "ro": "RO", "fr": "FR"}


def spoken_in(country: str) -> str | None:
    """The language to write to somebody in this country (ISO 3166), None when it is none of ours."""
    return _SPOKEN.get(country)


@lru_cache(maxsize=64)
def locale(language: str, country: str = "") -> Locale:
    """The Babel locale of a reader; an unusual pair (Romanian in Spain) falls back on the language's own home."""
    territory = country if country and _SPOKEN.get(country) == language else _HOME[language]
    try:
        return Locale(language, territory)
    except UnknownLocaleError:
        return Locale(language, _HOME[language])


def show_money(money: Money, language: str, country: str = "") -> str:
    """`1.234,50 €`: the one way an amount is shown, in pages, mails and files for people."""
    shape = _shape(money.currency, language, country, negative=money.minor < 0)
    if shape is None:
        return _in_full(money, language, country)
    decimals = exponent(money.currency)
    whole, rest = divmod(abs(money.minor), 10**decimals)
    figures = f"{whole:,}".replace(",", shape.group)
    cents = f"{shape.point}{rest:0{decimals}}" if decimals else ""
    return f"{shape.before}{figures}{cents}{shape.after}"


class _Shape(NamedTuple):
    """What stands around and between the figures of an amount; `point` is empty where a currency has no decimals."""

    before: str
    group: str
    point: str
    after: str


@lru_cache(maxsize=512)
def _shape(currency: str, language: str, country: str, *, negative: bool) -> _Shape | None:
    """How Babel writes a currency for a reader, taken from an amount it wrote; None where figures go in other groups.

    Asked for each amount, it would read its pattern anew, and take a tenth of a millisecond.
    """
    sample = 1_234_567 * 10 ** exponent(currency)
    found = _WRITTEN.fullmatch(_in_full(Money(-sample if negative else sample, currency), language, country))
    return _Shape(**found.groupdict(default="")) if found else None


def _in_full(money: Money, language: str, country: str) -> str:
    text: str = format_currency(money.amount, money.currency, locale=locale(language, country))
    return _TOUCHING.sub("\u00a0", text)


@lru_cache(maxsize=4096)
def show_date(day: date, language: str, country: str = "") -> str:
    """`17 de marzo de 2026`: the one way a day is shown to people; never a form that can be read two ways."""
    text: str = format_date(day, "long", locale=locale(language, country))
    return text


@lru_cache(maxsize=4096)
def show_short_date(day: date, language: str, country: str = "") -> str:
    """`17 mar 2026`: a day in a table; the month stays a word."""
    text: str = format_date(day, "medium", locale=locale(language, country))
    return text if _MONTH_IN_WORDS.search(text) else show_date(day, language, country)


def show_month(month: date, language: str) -> str:
    """`marzo de 2026`: a month, by any day of it."""
    return str(format_skeleton("yMMMM", month, locale=locale(language)))


def show_month_alone(month: date, language: str) -> str:
    """`mar`: a month where there is little room and the year is plain."""
    return str(format_date(month, "LLL", locale=locale(language)))


def show_time(moment: datetime, language: str, country: str = "") -> str:
    """`9:05`: a time of day. The moment is aware, and in the reader's zone already."""
    text: str = format_time(moment, "short", locale=locale(language, country))
    return text


def show_amount(money: Money, language: str, country: str = "") -> str:
    """`1.234,50`: an amount in a column of one currency, which names it once."""
    decimals = exponent(money.currency)
    return str(
        format_decimal(money.amount, f"#,##0.{'0' * decimals}" if decimals else "#,##0", locale(language, country))
    )


def show_moment(moment: datetime, language: str, country: str = "") -> str:
    """`17 de marzo de 2026, 9:05`: a moment as people read it. It is aware, and in the reader's zone already."""
    return f"{show_date(moment.date(), language, country)}, {show_time(moment, language, country)}"


def show_number(number: int, language: str, country: str = "") -> str:
    """A count with the reader's grouping."""
    if 0 <= number < 1000:
        return str(number)  # nothing to group, and all our languages use these digits
    text: str = format_decimal(number, locale=locale(language, country))
    return text


def show_decimal(number: Decimal, language: str) -> str:
    """A figure with the language's decimal sign and no zeros too many: a percentage."""
    return str(format_decimal(number.normalize(), locale=locale(language)))


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, dict[str, str | Mapping[str, str]]]:
    catalogue: dict[str, dict[str, str | Mapping[str, str]]] = {}
    for language in LANGUAGES:
        sentences: dict[str, str | Mapping[str, str]] = {}
        for page in sorted(files("amable.core").joinpath("sentences", language).iterdir(), key=lambda p: p.name):
            if page.name.endswith(".yaml"):
                more = yaml.load(page.read_text("utf-8"), Loader=_Loader) or {}  # noqa: S506 - safe, and in C
                if twice := sentences.keys() & more.keys():
                    raise ValueError(f"{language}/{page.name}: said twice: {', '.join(sorted(twice))}")
                sentences |= more
        catalogue[language] = sentences
    return catalogue


def sentences(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """Every sentence of one language, by identifier (for the parity test and for documentation)."""
    return _catalogue()[language]


def say(key: str, language: str, /, **params: object) -> str:
    """The sentence of a rule in a language, its places filled.

    Money, days and moments among the parameters are shown in the language; `n` chooses the plural form. An unknown key
    is a defect of ours and raises KeyError.
    """
    sentence = _catalogue()[language][key]
    if not isinstance(sentence, str):
        n = params["n"]
        if not isinstance(n, int):
            raise TypeError(f"{key}: the plural needs a whole number, not {n!r}")
        form = _plural(language, n)
        sentence = sentence.get(form) or sentence["other"]
    shown = {name: _shown(value, language) for name, value in params.items()}
    for name, value in shown.items():
        if isinstance(value, str) and value.endswith(".") and f"{{{name}}}." in sentence:
            shown[name] = value[:-1]  # "Panadería Núñez, S.L." at the end of a sentence
    return sentence.format_map(shown)


@lru_cache(maxsize=2048)
def _plural(language: str, n: int) -> str:
    return str(locale(language).plural_form(n))


def _shown(value: object, language: str) -> object:
    if isinstance(value, Money):
        return show_money(value, language)
    if isinstance(value, datetime):
        return show_moment(value, language)
    if isinstance(value, date):
        return show_date(value, language)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return show_number(value, language)
    return value
