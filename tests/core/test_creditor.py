"""The creditor file: what it may say, what is filled in, and every refusal in words."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from amable.core.creditor import CreditorError, country_code, main_zone, placeholder, read
from amable.core.languages import LANGUAGES, say, sentences

SHORTEST = """
name: Forn Nou
email: hola@fornnou.example
country: ES
sender:
  name: Marta Ferrer
"""

FULL = """
name: Forn Nou
legal_name: Forn Nou, S.L.
address: |
  Carrer Major, 1
  46001 València
tax_id: 01234567
email: hola@fornnou.example
phone: +34 960 000 001
iban: ES91 2100 0418 4502 0005 1332
bic: bsch es mm
language: ES
country: España
region: es-vc
closed_days:
  - 2026-08-03 to 2026-08-21
  - 2026-03-18
  - 12-24
pay_link: https://pagos.fornnou.example/{invoice}?ref={reference}
sender:
  name: Marta Ferrer
  email: cobros@fornnou.example
  phone: "+34 960 000 002"
  signature:
    - Marta Ferrer
    - Administración
minimum: 7,50
"""


def refusals(text: str) -> list[tuple[int, str]]:
    with pytest.raises(CreditorError) as refused:
        read(text)
    return [(problem.line, problem.rule) for problem in refused.value.problems]


def with_line(line: str) -> str:
    return SHORTEST + line + "\n"


def test_the_shortest_file_takes_language_and_zone_from_the_country() -> None:
    creditor = read(SHORTEST)
    assert (creditor.language, creditor.timezone, creditor.legal_name) == ("es", "Europe/Madrid", "Forn Nou")
    assert creditor.sender.email == "hola@fornnou.example"
    assert creditor.minimum == Decimal(5)
    assert creditor.closed_in(2026) == frozenset()


def test_a_full_file_keeps_what_was_written() -> None:
    creditor = read(FULL)
    assert creditor.address == "Carrer Major, 1\n46001 València"
    assert creditor.tax_id == "01234567"
    assert (creditor.iban, creditor.bic) == ("ES9121000418450200051332", "BSCHESMM")
    assert (creditor.country, creditor.region, creditor.language) == ("ES", "VC", "es")
    assert creditor.sender.signature == "Marta Ferrer\nAdministración"
    assert creditor.email == "hola@fornnou.example"
    assert creditor.minimum == Decimal("7.50")


def test_closed_days_are_single_days_ranges_and_yearly_days() -> None:
    creditor = read(FULL)
    assert len(creditor.closed_in(2026)) == 19 + 1 + 1
    assert {date(2026, 3, 18), date(2026, 8, 3), date(2026, 8, 21), date(2026, 12, 24)} <= creditor.closed_in(2026)
    assert creditor.closed_in(2027) == {date(2027, 12, 24)}


def test_yearly_closing_may_run_over_new_year_and_over_a_leap_day() -> None:
    creditor = read(with_line("closed_days: [12-30..01-02, 02-29]"))
    assert creditor.closed_in(2027) == {date(2027, 12, 30), date(2027, 12, 31), date(2027, 1, 1), date(2027, 1, 2)}
    assert date(2028, 2, 29) in creditor.closed_in(2028)


def test_every_problem_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = "nam: Forn\nemail: nobody\niban: ES00 1234\ncountry: Atlantis\nminimum: 1.000\n"
    assert refusals(text) == [
        (1, "unknown_key_near"),
        (1, "name_missing"),
        (1, "sender_missing"),
        (2, "email"),
        (3, "iban"),
        (4, "country"),
        (5, "minimum"),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("iban: ES91 2100 0418 4502 0005 1333", "iban"),
        ("bic: 12345678", "bic"),
        ("language: de", "language"),
        ("region: FR-IDF", "region"),
        ("region: Valencia", "region"),
        ("timezone: Europe/Madird", "timezone_near"),
        ("timezone: localtime", "timezone"),
        ("timezone: ../../etc/passwd", "timezone"),
        ("closed_days: 03/08/2026", "closed_day"),
        ("closed_days: [2026-02-30]", "closed_day"),
        ("closed_days: [2026-08-03..12-24]", "closed_day"),
        ("closed_days: [2026-08-21..2026-08-03]", "closed_order"),
        ("closed_days: [2026-08-03..2062-08-21]", "closed_long"),
        ("closed_days: {from: 2026-08-03}", "not_a_list"),
        ("pay_link: http://pay.example/x", "pay_link"),
        ("pay_link: https://{invoice}.pay.example/", "pay_link"),
        ("pay_link: https://user@pay.example/", "pay_link"),
        ("pay_link: https://pay.example/{{invoice}}", "pay_link"),
        ("pay_link: https://pay.example/{amount}", "pay_link_place"),
        ("pay_link: https://pay.example/{invoice!r}", "pay_link_place"),
        ("minimum: -5", "minimum"),
        ("minimum: 5 EUR", "minimum"),
        ("minimum: ٥", "minimum"),
        ("phone: [1, 2]", "not_text"),
        (r'legal_name: "Forn\0Nou"', "control"),
        ("logo: picture.png", "unknown_key"),
        ("adress: Carrer Major, 1", "unknown_key_near"),
        ("name: Again", "key"),
        ("tax_id: 'open", "syntax"),
        ("address: &a [*a]", "nested"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused(line: str, rule: str) -> None:
    assert [found for _, found in refusals(with_line(line))] == [rule]


def test_a_header_cannot_be_smuggled_in() -> None:
    assert read(with_line(r'legal_name: "Forn\r\nBcc: all@example.com"')).legal_name == "Forn Bcc: all@example.com"
    assert refusals(SHORTEST.replace("hola@fornnou.example", r'"a@b.example\r\nBcc: c@d.example"'))[0][1] == "email"


@pytest.mark.parametrize("text", ["", "- a list", "just text", "name:\nsender:\n"])
def test_a_file_that_says_nothing_is_refused_without_an_exception_of_another_kind(text: str) -> None:
    assert refusals(text)


@pytest.mark.parametrize(
    ("country", "rules"),
    [
        ("US", ["timezone_missing"]),
        ("MX", ["timezone_missing"]),
        ("DE", ["language_missing"]),
        ("Espagna", ["country_near"]),
    ],
)
def test_what_the_country_does_not_settle_is_asked(country: str, rules: list[str]) -> None:
    assert [rule for _, rule in refusals(SHORTEST.replace("ES", country))] == rules


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ES", "ES"), ("esp", "ES"), ("UK", "GB"), ("GBR", "GB"), ("España", "ES"), ("ESPANA", "ES"), ("Spain", "ES"),
        ("Spania", "ES"), ("Espagne", "ES"), ("Regatul Unit", "GB"), ("Royaume-Uni", "GB"), ("no", "NO"),
        ("Islas Canarias", None), ("XX", None), ("EU", None), ("", None), ("Atlantis", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_and_by_name_in_the_four_languages(written: str, code: str | None) -> None:
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("country", "region", "zone"),
    [
        ("ES", "VC", "Europe/Madrid"), ("ES", "CN", "Atlantic/Canary"), ("RO", "", "Europe/Bucharest"),
        ("FR", "", "Europe/Paris"), ("GB", "", "Europe/London"), ("PT", "20", "Atlantic/Azores"), ("US", "", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_main_zone_is_known_where_there_is_one(country: str, region: str, zone: str | None) -> None:
    assert main_zone(country, region) == zone


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_placeholder_shows_what_belongs_where_and_can_be_paid_nowhere(language: str) -> None:
    creditor = placeholder(language, "RO")
    for value in (creditor.name, creditor.sender.name, creditor.address, creditor.tax_id, creditor.phone):
        assert re.fullmatch(r"\[.+\]", value)
    assert creditor.sender.email.endswith(".example")
    assert (creditor.iban, creditor.pay_link, creditor.timezone) == ("", "", "Europe/Bucharest")


def test_the_placeholder_needs_no_country() -> None:
    assert placeholder("en").timezone == "UTC"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_sentence(language: str) -> None:
    broken = [
        "a: b\na: c", "'", "&a [*a]", "- x", "nam: x\nlogo: y\nphone: [1]\nclosed_days: {a: b}\nbic: 1\nregion: ????",
        FULL.replace("España", "US"), FULL.replace("España", "Espagna").replace("2026-08-21", "2026-08-01"),
        SHORTEST.replace("ES", "DE"), with_line("closed_days: [x, 2026-01-01..2030-01-01]"),
        with_line("pay_link: https://pay.example/{amount}"), with_line("pay_link: x"),
        with_line("timezone: Europe/Madird"),
        with_line("timezone: x"), with_line("language: de"), with_line("minimum: x"), with_line("iban: x"),
        with_line("terms: soon"),
        with_line(r'bic: "\0"'), "email: x\ncountry: x", "name: x",
    ]  # fmt: skip
    said = set()
    for text in broken:
        with pytest.raises(CreditorError) as refused:
            read(text)
        for problem in refused.value.problems:
            assert say(f"creditor.{problem.rule}", language, **problem.params)
            said.add(f"creditor.{problem.rule}")
    written = {key for key in sentences(language) if key.startswith("creditor.") and ".placeholder_" not in key}
    assert said == written


def test_the_four_languages_have_the_same_sentences_and_places() -> None:
    def places(language: str) -> dict[str, list[str]]:
        own = {key: text for key, text in sentences(language).items() if key.startswith("creditor.")}
        return {key: sorted(set(re.findall(r"\{+\w+\}+", str(text)))) for key, text in own.items()}

    assert places("en") == places("es") == places("ro") == places("fr")


KEYS = ("name", "address", "email", "iban", "country", "region", "timezone", "closed_days", "pay_link", "minimum", "x")


@given(st.text() | st.dictionaries(st.sampled_from(KEYS), st.text() | st.lists(st.text())).map(yaml.safe_dump))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        creditor = read(text)
    except CreditorError:
        return
    assert creditor.name
    assert creditor.sender.email
