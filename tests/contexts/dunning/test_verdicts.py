"""Verdicts packed into a row and unpacked again are the same."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from amable.core.money import Money
from amable.core.planning import Outcome
from amable.dunning.verdicts import KeptVerdict, gist, pack, plain, unpack

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_DAYS = st.dates(date(1980, 1, 1), date(2199, 12, 31))
_PARAMS = st.dictionaries(
    _TEXTS,
    st.one_of(
        _TEXTS,
        st.integers(-(10**15), 10**15),
        st.booleans(),
        _DAYS,
        st.builds(Money, st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "RON", "JPY"])),
    ),
    max_size=4,
)
_VERDICTS = st.lists(
    st.builds(
        KeptVerdict,
        st.integers(-(2**62), 2**62),
        st.sampled_from(list(Outcome)),
        _TEXTS,
        _PARAMS,
        _TEXTS,
        st.none() | _DAYS,
        _TEXTS,
    ),
    max_size=5,
)


@given(_VERDICTS)
def test_what_is_packed_comes_back(verdicts: list[KeptVerdict]) -> None:
    back = unpack(pack(verdicts))
    assert back == verdicts
    assert [type(one.outcome) for one in back] == [Outcome] * len(verdicts)
    assert pack(back) == pack(verdicts)


def test_nothing_packs_as_nothing() -> None:
    assert pack([]) == "[]"
    assert unpack("[]") == []


def test_a_look_differs_by_what_it_says_and_not_by_the_day_of_the_next() -> None:
    one = KeptVerdict(1, Outcome.HELD, "hold.disputed", {}, "", date(2026, 3, 24), "")
    assert gist([one]) == gist([one._replace(next_look=date(2026, 3, 25))])
    for other in ({"item": 2}, {"outcome": Outcome.TASK}, {"rule": "grace"}, {"step": "call"}):
        assert gist([one]) != gist([one._replace(**other)])  # type: ignore[arg-type]


def test_parameters_as_plain_values() -> None:
    told = {"amount": Money(5, "EUR"), "day": date(2026, 3, 17), "n": 2, "name": "Ana"}
    assert plain(told) == {"amount": [5, "EUR"], "day": {"day": "2026-03-17"}, "n": 2, "name": "Ana"}
