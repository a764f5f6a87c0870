"""Whose mail is read: what a person lists, and what a header really names."""

from __future__ import annotations

import pytest

from amable.core.senders import is_listed, listed, sender


def test_addresses_and_domains_are_told_from_mistakes() -> None:
    known, wrong = listed("Extractos@Banco.example, @asesoria.example\nbanco\n*@x.example extractos@banco.example")
    assert known == ["extractos@banco.example", "asesoria.example"]
    assert wrong == ["banco", "*@x.example"]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("Banco <extractos@banco.example>", "extractos@banco.example"),
        ('"extractos@banco.example" <evil@elsewhere.example>', "evil@elsewhere.example"),
        ("a@banco.example, b@banco.example", ""),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_a_header_names_one_sender_or_none(header: str, address: str) -> None:
    assert sender([header]) == address


def test_a_domain_is_that_domain_alone() -> None:
    assert is_listed("a@banco.example", ["banco.example"])
    assert not is_listed("a@not-banco.example", ["banco.example"])
    assert not is_listed("a@sub.banco.example", ["banco.example"])
    assert not is_listed("banco.example@elsewhere.example", ["banco.example"])
    assert not is_listed("", [""])
