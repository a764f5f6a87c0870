"""Who is one customer: a thousand spellings of seven hundred stay seven hundred, and nobody is merged unsurely."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import defaultdict
from itertools import product

import pytest

from amable.core.customer_keys import Keys, Known, Who, fold_tax_id, read_name

TRADES = ("Panadería", "Talleres", "Construcciones", "Distribuciones", "Ferretería", "Transportes", "Carpintería",
          "Óptica",
          "Librería", "Brutăria", "Boulangerie", "Établissements", "Garage", "Bakery")  # fmt: skip
NAMES = ("Núñez", "Miró", "Çelik", "García", "Peña", "Ștefănescu", "Țurcanu", "Lefèvre", "O'Brien", "Gómez", "Iriarte",
         "Solà",
         "Ibáñez", "Müller", "Vázquez", "Bălan", "Benoît", "Hughes", "Ortiz", "Quiñones")  # fmt: skip
PLACES = ("", " del Turia", " Norte", " Sud")
FORMS = {
    "sl": (", S.L.", " SL", " S.L", " s.l.", ", S. L.", " SLU", " Sociedad Limitada"),
    "sa": (", S.A.", " SA", " S.A", " S. A.", " Sociedad Anónima"),
    "srl": (" SRL", " S.R.L.", " srl", " S.R.L"),
    "sarl": (" SARL", " S.A.R.L.", " Sarl"),
    "ltd": (" Ltd", " Ltd.", " Limited", ", LTD"),
}
SHORT = {"Talleres": "Tall.", "Construcciones": "Constr.", "Distribuciones": "Distrib.", "Transportes": "Transp.",
         "Établissements": "Ets", "Gómez": "Gómez", "García": "Gcía."}  # fmt: skip


def customers(count: int) -> list[tuple[str, str, str]]:
    """Different companies: a trade, a name with a place, a legal form."""
    chance = random.Random(7)
    every = [(t, n + p, f) for t, n, p, f in product(TRADES, NAMES, PLACES, FORMS)]
    chance.shuffle(every)
    return every[:count]


def spelt(chance: random.Random, trade: str, name: str, form: str) -> str:
    """One of the ways in which people write this company."""
    words = [trade, *name.split(" ")]
    if chance.random() < 0.4:
        words = [SHORT.get(word, word) for word in words]
    if chance.random() < 0.25:  # the name first, as in an index
        words = [*words[1:], words[0]]
    text = " ".join(words) + chance.choice(FORMS[form])
    if form == "srl" and chance.random() < 0.3:
        text = f"S.C. {text}"
    for change in (_bare, str.upper, str.lower, _spaced, _unpointed):
        if chance.random() < 0.3:
            text = change(text)
    return text


def _bare(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


def _spaced(text: str) -> str:
    return "  " + text.replace(" ", "  ").replace("\u0020\u0020", " \u00a0")


def _unpointed(text: str) -> str:
    return re.sub(r"(?<=\w)[.,](?=\s|$)", "", text)


def test_a_thousand_spellings_of_seven_hundred_customers_are_seven_hundred() -> None:
    chance = random.Random(11)
    truth = customers(700)
    rows = [(company, spelt(chance, *company)) for company in truth]
    rows += [(company, spelt(chance, *company)) for company in chance.choices(truth, k=1_300)]
    assert len({text for _, text in rows}) > 1_000

    keys = Keys(Who("", "", text) for _, text in rows)

    of_key: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    of_company: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for company, text in rows:
        key = keys.key(Who("", "", text))[0]
        of_key[key].add(company)
        of_company[company].add(key)
    assert not [companies for companies in of_key.values() if len(companies) > 1], "two companies were merged"
    assert not [(company, found) for company, found in of_company.items() if len(found) > 1], "one was taken apart"
    assert len(of_key) == 700


def key(name: str, *others: str, number: str = "", tax_id: str = "") -> str:
    """The key of a name in a ledger that also speaks of others."""
    return Keys([Who(number, tax_id, name), *(Who("", "", other) for other in others)]).key(Who(number, tax_id, name))[
        0
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Talleres Pérez SL", "Talleres Pérez SA"),
        ("Garaje 1 SL", "Garaje 2 SL"),
        ("García SL", "García Hermanos SL"),
        ("Juan Pérez García", "Juan García Pérez"),
        ("García Pérez Juan", "Juan García Pérez"),
        ("Bar Sol", "Bar Sola"),
        ("Alfa SRL", "Alfa Plus SRL"),
        ("Müller GmbH", "Müller KG"),
        ("Ana Ruiz", "Ana Ruiz Ruiz"),
        ("日本商事", "中国商事"),
    ],
)
def test_who_may_be_another_is_kept_apart(one: str, other: str) -> None:
    keys = Keys([Who("", "", one), Who("", "", other)])
    assert keys.key(Who("", "", one)) != keys.key(Who("", "", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Panadería Núñez, S.L.", "NUNEZ PANADERIA SL"),
        ("Beltrán Ortiz, Ana", "Ana Beltrán Ortiz"),
        ("S.C. Alfa Prod S.R.L.", "ALFA PROD SRL"),
        ("Hnos. Gómez y Cía., S.A.", "Hermanos Gomez & Cia SA"),
        ("Ets. Lefèvre SARL", "ÉTABLISSEMENTS LEFÈVRE S.A.R.L."),
        ("Panadería Núñez", "Panadería Núñez, S.L."),
        ("Smith Bros Ltd", "SMITH BROTHERS LIMITED"),
    ],
)
def test_another_spelling_is_no_other_customer(one: str, other: str) -> None:
    keys = Keys([Who("", "", one), Who("", "", other)])
    assert keys.key(Who("", "", one)) == keys.key(Who("", "", other))


def test_a_name_without_its_form_is_nobodys_when_two_forms_exist() -> None:
    rows = [Who("", "", name) for name in ("Alfa SL", "Alfa SA", "Alfa")]
    keys = Keys(rows)
    assert len({keys.key(row) for row in rows}) == 3


def test_a_row_without_number_joins_the_one_customer_its_tax_id_or_name_means() -> None:
    rows = [Who("C1", "B46123454", "Alfa, S.L."), Who("", "ES B-46123454", "ALFA SL"), Who("", "", "Alfa sl")]
    keys = Keys(rows)
    assert {keys.key(row) for row in rows} == {("C1", "id")}


def test_a_name_that_two_numbers_bear_joins_neither() -> None:
    rows = [Who("C1", "", "Alfa SL"), Who("C2", "", "Alfa SL"), Who("", "", "Alfa SL")]
    assert Keys(rows).key(rows[2])[1] == "name"


def test_a_tax_id_is_known_with_and_without_its_prefix() -> None:
    assert fold_tax_id("ES-B46.123.454") == fold_tax_id("b46123454")
    assert fold_tax_id("RO 14399840") == fold_tax_id("14399840")
    assert fold_tax_id("HU14399840") != fold_tax_id("14399840")


def test_a_known_customer_keeps_the_key_it_has() -> None:
    known = [Known("nunez panaderia", "name", "", "Panadería Núñez, S.L.")]
    assert Keys([], known).key(Who("", "", "PANADERIA NUÑEZ SL")) == ("nunez panaderia", "name")
    assert (
        Keys([Who("", "", "Panadería Núñez SA")], known).key(Who("", "", "Panadería Núñez SA"))[0] != "nunez panaderia"
    )


@pytest.mark.parametrize("name", ["S.A.", "...", "", "'", ",", "日本", "x" * 5000])
def test_any_name_has_a_key_that_fits(name: str) -> None:
    assert len(key(name)) <= 200
    assert read_name(name).turned
