"""A mailbox file is understood whole, or refused with everything that is wrong with it."""

from __future__ import annotations

import pytest

from amable.core.languages import LANGUAGES, say
from amable.core.mailbox import Mailbox, MailboxError, read


def wrong(text: str) -> list[tuple[str, int]]:
    with pytest.raises(MailboxError) as error:
        read(text)
    for problem in error.value.problems:
        for language in LANGUAGES:
            assert say(f"mailbox.{problem.rule}", language, **problem.params)
    return [(problem.rule, problem.line) for problem in error.value.problems]


def test_a_server_is_enough() -> None:
    assert read("server: smtp.turia.example") == Mailbox("smtp.turia.example", 587)


def test_the_port_follows_the_encryption() -> None:
    assert read("server: smtp.turia.example\nencryption: tls").port == 465
    assert read("server: smtp.turia.example\nencryption: TLS\nport: 2465").port == 2465
    assert read("server: localhost\nencryption: none") == Mailbox("localhost", 25, "none")


def test_a_password_is_named_by_where_it_is_kept() -> None:
    kept = "server: s.example\nuser: cobros@turia.example\npassword: "
    assert read(kept + "env:SMTP_PASSWORD").password == "env:SMTP_PASSWORD"
    assert read(kept + "file:/run/secrets/smtp").password == "file:/run/secrets/smtp"
    assert wrong(kept + "hunter2") == [("password", 3)]
    assert wrong("server: s.example\nuser: cobros@turia.example") == [("no_password", 2)]


def test_a_secret_is_not_repeated() -> None:
    with pytest.raises(MailboxError) as error:
        read("server: s.example\nuser: u\npassword: hunter2")
    assert "hunter2" not in str(error.value)
    assert not any("hunter2" in str(problem.params) for problem in error.value.problems)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", [("no_server", 1)]),
        ("- a\n- b", [("not_a_mapping", 1)]),
        ("server: https://smtp.example", [("server", 1)]),
        ("server: s.example\nhost: other", [("unknown_key", 2)]),
        ("server: s.example\nport: 70000", [("number", 2)]),
        ("server: s.example\nport: 5٣", [("number", 2)]),
        ("server: s.example\nper_minute: 0", [("number", 2)]),
        ("server: s.example\nencryption: ssl", [("encryption", 2)]),
        ("server: smtp.turia.example\nencryption: none", [("none_elsewhere", 2)]),
        ("server: s.example\nconnections: 500\nport: x", [("number", 2), ("number", 3)]),
        ("server: [a, b]", [("not_a_mapping", 1), ("no_server", 1)]),
        ("server: 'a", [("syntax", 1)]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, rules: list[tuple[str, int]]) -> None:
    assert sorted(wrong(text)) == sorted(rules)
