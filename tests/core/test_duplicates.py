"""Who is probably the same customer, and who only looks like it."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from amable.core.duplicates import Profile, Rule, _candidates, _read, differing_tax_ids, likely

GOMEZ = "Talleres Gómez, S.L."
SEGORBE = "Calle Colón, 50, 12400 Segorbe"
VALENCIA = "Calle de la Paz 1, 46003 València"


def why(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What makes these two likely the same, surest first; nothing when they are not listed."""
    pairs = likely([Profile(1, **one), Profile(2, **other)])
    assert all((pair.one, pair.other) == (1, 2) for pair in pairs)
    return [reason.rule.value for pair in pairs for reason in pair.reasons]


def named(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, **facts}


@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (named(GOMEZ, tax_id="B46000001"), named("T. Gomez", tax_id="ES-B46000001"), ["tax_id"]),
        (named(GOMEZ), named("TALLERES GOMEZ SL"), ["same_name"]),
        (named(GOMEZ), named("Talleres Gómez"), ["same_name"]),
        (named(GOMEZ, tax_id="B46000001"), named("Talleres Gomez SLU"), ["same_name"]),
        (named(GOMEZ, address=SEGORBE), named("Tall. Gómez S.L.", address=SEGORBE), ["same_name", "town"]),
        (named("Construciones Pérez, S.L."), named("Construcciones Pérez SL"), ["like_name"]),
        (named("Hermanos Martín SL", address=SEGORBE), named("Hermanos Martines SL", address=SEGORBE), []),
        (named("Hermanos Martínez SL", address=SEGORBE), named("Hermanos Martines SL", address=SEGORBE),
         ["like_name", "town"]),
        (named("Ana Gonzales Ruiz", address=SEGORBE), named("Ana González Ruiz", address=SEGORBE),
         ["like_name", "town"]),
        (named("Ana González Ruiz", address=SEGORBE), named("González Ruiz, Ana", address=SEGORBE),
         ["same_name", "town"]),
        (named("Talleres Gómez", emails=("admin@gomez.example",)),
         named("Talleres Gómez e Hijos, S.L.", emails=("ana@x.example, ADMIN@gomez.example",)), ["email"]),
        (named("Bodegas Requena SL", ibans=("ES1",)), named("Bodegas Requena", ibans=("ES1", "ES2")),
         ["iban", "same_name"]),
    ],
)  # fmt: skip
def test_who_is_probably_one(one: dict[str, Any], other: dict[str, Any], reasons: list[str]) -> None:
    assert why(one, other) == reasons == why(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # both tax ids are given and differ: a group, two branches, father and son
        (named(GOMEZ, tax_id="B46000001", address=SEGORBE, emails=("a@gomez.example",), ibans=("ES1",)),
         named(GOMEZ, tax_id="B46000002", address=SEGORBE, emails=("a@gomez.example",), ibans=("ES1",))),
        (named("Juan García Pérez", tax_id="24333444A", address=SEGORBE),
         named("Juan García Pérez", tax_id="24333445G", address=SEGORBE)),
        # a number, a direction or a word tells them apart
        (named("Garaje 1 SL", address=SEGORBE), named("Garaje 2 SL", address=SEGORBE)),
        (named("Comunidad Calle Mayor 3", address=SEGORBE), named("Comunidad Calle Mayor 5", address=SEGORBE)),
        (named("Ibérica Norte SL", emails=("a@iberica.example",)),
         named("Ibérica Sur SL", emails=("a@iberica.example",))),
        (named("Iberica SL", emails=("a@iberica.example",)),
         named("Iberica Holding SL", emails=("a@iberica.example",))),
        (named("Comedor Escolar", ibans=("ES1",)), named("Comedor Escolar 2", ibans=("ES1",))),
        # one letter makes another family, another person
        (named("Hermanos Marín SL", address=SEGORBE), named("Hermanos Martín SL", address=SEGORBE)),
        (named("Marina López Ruiz", address=SEGORBE), named("Martina López Ruiz", address=SEGORBE)),
        (named("Francisco Gil Soler", address=SEGORBE), named("Francisca Gil Soler", address=SEGORBE)),
        (named("Juan García Pérez", address=SEGORBE), named("Juan Pérez García", address=SEGORBE)),
        # persons of one name are many; companies of one name in two towns may be branches
        (named("María García"), named("María García")),
        (named(GOMEZ, address=SEGORBE), named(GOMEZ, address=VALENCIA)),
        # two forms are two companies; two countries too
        (named("Alfa SL"), named("Alfa SA")),
        (named("Alfa Construct SRL", country="RO"), named("Alfa Construct SRL", country="IT")),
        # an address or account says nothing of people of other names, nor of everybody's provider
        (named("Bodegas Requena", emails=("g@gestoria.example",)), named("Horno Ana", emails=("g@gestoria.example",))),
        (named("Bar Pepe", emails=("pepe@gmail.com",)), named("Bar Pepe e Hijos", emails=("pepe@gmail.com",))),
        (named("Bodegas Requena", tax_id="00000000"), named("Horno Ana", tax_id="00000000")),
    ],
)  # fmt: skip
def test_who_only_looks_like_it(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert why(one, other) == [] == why(other, one)


def test_what_many_share_says_nothing() -> None:
    """A tax id that a ledger writes where it knows none, an address that an accountant reads for all of them."""
    crowd = [Profile(n, f"Cliente {chr(64 + n)}lfa", "X1234567X", emails=("a@b.example",)) for n in range(1, 9)]
    assert likely(crowd) == []
    assert [pair.reasons[0].rule for pair in likely(crowd[:2])] == [Rule.TAX_ID]


def test_the_surest_come_first_and_who_is_known_to_be_two_is_left_out() -> None:
    profiles = [
        Profile(7, "Construciones Pérez, S.L."),
        Profile(3, "Construcciones Pérez SL"),
        Profile(5, GOMEZ, "B46000001"),
        Profile(9, GOMEZ, "B46000001"),
        Profile(8, "Horno Ana SL"),
        Profile(2, "Horno Ana"),
    ]
    assert [pair[:2] for pair in likely(profiles)] == [(5, 9), (2, 8), (3, 7)]
    assert [pair[:2] for pair in likely(profiles, {(2, 8)})] == [(5, 9), (3, 7)]


def test_a_tax_id_of_a_kind_is_needed_to_differ() -> None:
    assert differing_tax_ids("B46000001", "ESB46000002")
    assert not differing_tax_ids("B-46000001", "ES B46000001")
    assert not differing_tax_ids("B46000001", "")
    assert not differing_tax_ids("B46000001", "N/A")


def test_a_large_book_is_not_compared_with_itself() -> None:
    """Each of five thousand is compared with a few that share something with it."""
    trades, families = ("Talleres", "Bodegas", "Hornos", "Muebles", "Viveros"), _families(1000)
    crowd = [Profile(n, f"{trades[n % 5]} {families[n // 5]}, S.L.", f"B{n:08}") for n in range(5000)]
    assert sum(1 for _ in _candidates([_read(one) for one in crowd])) < 20 * len(crowd)
    assert likely(crowd) == []


def _families(count: int) -> list[str]:
    """Made-up family names, many of them alike but for a letter."""
    sounds = ("bar", "cor", "del", "fer", "gal", "her", "lon", "mar", "nav", "per", "sal")
    found = ["".join(three).capitalize() for three in combinations(sounds * 2, 3)]
    return list(dict.fromkeys(found))[:count]
