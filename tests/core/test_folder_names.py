"""Names strangers choose: which files are left alone, and what a file is called where its name is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amable.core.folder_names import is_left_alone, numbered, plain


@pytest.mark.parametrize(
    "name",
    [".hidden", "~$ledger.xlsx", ".~lock.ledger.ods#", "ledger.csv.part", "LEDGER.TMP", "a.crdownload", "x.csv~"],
)
def test_what_is_unfinished_hidden_or_a_lock_is_left_alone(name: str) -> None:
    assert is_left_alone(name)


@pytest.mark.parametrize("name", ["ledger.csv", "extracto", "part.csv", "tmp", "factura 12.pdf"])
def test_other_files_are_not(name: str) -> None:
    assert not is_left_alone(name)


@given(st.text(max_size=400), st.integers(1, 10**5))
def test_any_name_becomes_one_that_a_folder_takes(name: str, n: int) -> None:
    kept = numbered(plain(name), n)
    assert kept.isprintable()
    assert "/" not in kept
    assert kept not in ("", ".", "..")
    assert len(f"{kept}.txt".encode()) <= 255


def test_the_second_of_a_name_keeps_its_ending() -> None:
    assert numbered("bank.xml", 1) == "bank.xml"
    assert numbered("bank.xml", 2) == "bank (2).xml"
    assert numbered("bank", 3) == "bank (3)"
    assert plain("a" * 300 + ".xlsx").endswith(".xlsx")
