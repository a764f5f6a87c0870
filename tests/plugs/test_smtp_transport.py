"""Handing mails over by SMTP: what each answer means, and what no server can make us do or believe.

Names like M1 and C3 are rows of the list of faults: what the transport owes there.
"""

from __future__ import annotations

import os
import signal
import socket
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amable.adapters.channels.email import Email
from amable.adapters.transports.smtp import Patience, Smtp, SmtpConnection
from amable.core.languages import LANGUAGES, sentences
from amable.plugs.loading import transports
from amable.plugs.transport import (
    Accepted,
    Answer,
    Encryption,
    Envelope,
    GiveUp,
    Login,
    Receipt,
    TryLater,
    Unknown,
    Unreachable,
)
from tests.plugs.message import plain, with_invoice_and_code
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import Line, Scripted, close, deafness, drip, reset, silence, then
from tests.servers.smtp import MailServer, Received

SHORT = Patience(before_data=0.3, block=0.3, verdict=0.3, goodbye=0.3)
ANA, BEN, EVE = "ana@punctual.example", "ben@forgetful.example", "eve@gone.example"
REMINDER = Envelope("m-1", "accounts@harbour.example", (ANA,), b"Subject: Invoice 12\r\n\r\nDear Ana,\r\n")
TO_THREE = replace(REMINDER, recipients=(ANA, BEN, EVE))

# A server that announces nothing, so that each command waits for its answer.
ONE_BY_ONE = b"250 scripted.example\r\n"
BOTH_WAYS = pytest.mark.parametrize(
    "ehlo", [b"250-a.example\r\n250 PIPELINING\r\n", ONE_BY_ONE], ids=["at once", "one by one"]
)


def open_to(server: MailServer | Scripted, patience: Patience | None = None, **login: object) -> SmtpConnection:
    reached = Login(server.host, server.port, Encryption.NONE)
    return Smtp(*([patience] if patience else [])).connect(replace(reached, **login))


def offered(
    server: MailServer | Scripted, envelope: Envelope = REMINDER, patience: Patience | None = None, **login: object
) -> Receipt:
    connection = open_to(server, patience, **login)
    try:
        receipt = connection.deliver(envelope)
    finally:
        connection.close()
    if why := getattr(receipt, "why", ""):
        assert why in WHYS
    return receipt


# Taken


def test_smtp_is_a_transport_that_is_found_by_name() -> None:
    assert isinstance(transports()["smtp"], Smtp)


def test_a_reminder_arrives_byte_by_byte_with_its_envelope() -> None:
    with MailServer() as server:
        assert offered(server, TO_THREE) == Accepted("localhost", "250 2.0.0 Ok: queued as 1")
    (message,) = server.messages
    assert (message.sender, message.recipients, message.data) == (REMINDER.sender, (ANA, BEN, EVE), REMINDER.data)


@pytest.mark.parametrize("pipelining", [True, False], ids=["at once", "one by one"])
def test_many_reminders_go_over_one_connection(pipelining: bool) -> None:
    with MailServer(pipelining=pipelining) as server:
        connection = open_to(server)
        for number in range(20):
            assert isinstance(connection.deliver(replace(REMINDER, data=b"Subject: %d\r\n\r\n" % number)), Accepted)
        connection.close()
    assert [message.data for message in server.messages] == [b"Subject: %d\r\n\r\n" % number for number in range(20)]
    assert server.connections == 1
    assert server.commands == ["EHLO", *["MAIL", "RCPT", "DATA"] * 20, "QUIT"]


def test_the_envelope_is_one_write_where_the_server_allows_it() -> None:
    with Scripted() as server:
        assert isinstance(offered(server, TO_THREE), Accepted)
    _ehlo, envelope, message, _quit = server.chunks
    assert envelope.count(b"\r\n") == 5
    assert envelope.endswith(b"DATA\r\n")
    assert message == REMINDER.data + b".\r\n"


def test_where_it_is_not_allowed_each_command_waits_for_its_answer() -> None:
    with Scripted({"EHLO": ONE_BY_ONE}) as server:
        assert isinstance(offered(server, TO_THREE), Accepted)
    assert [chunk.split()[0].upper() for chunk in server.chunks] == [
        b"EHLO", b"MAIL", b"RCPT", b"RCPT", b"RCPT", b"DATA", b"SUBJECT:", b"QUIT",
    ]  # fmt: skip


def test_an_answer_of_many_lines_in_many_pieces_is_one_answer() -> None:
    long = b"".join(b"250-2.0.0 line %d\r\n" % number for number in range(40)) + b"250 2.0.0 Ok\r\n"
    with Scripted({"EHLO": b"250-a\r\n250-SIZE 1000\n250 HELP\r\n", "MAIL": b"250\r\n", ".": drip(long, 0)}) as server:
        receipt = offered(server)
    assert isinstance(receipt, Accepted)
    assert receipt.said.startswith("250 2.0.0 line 0 2.0.0 line 1")
    assert len(receipt.said) == 500


@given(st.lists(st.sampled_from(["", ".", "..", ".a", "a.", "Dear Ana,", "QUIT", " . "])).map("\r\n".join))
@example(".")
@example("\r\n.\r\n")
def test_no_line_of_a_message_ends_it_or_is_changed(text: str) -> None:
    data = text.encode("ascii")
    sent = data if data.endswith(b"\r\n") else data + b"\r\n"
    with Scripted() as server:
        assert isinstance(offered(server, replace(REMINDER, data=data)), Accepted)
    (wire,) = server.messages
    assert all(not line.startswith(b".") or line.startswith(b"..") for line in wire.split(b"\r\n"))
    assert (b"\r\n" + wire).replace(b"\r\n..", b"\r\n.")[2:] == sent


def test_a_large_message_arrives_whole() -> None:
    data = b"".join(b"%069d\r\n" % number for number in range(30_000))
    with Scripted() as server:
        assert isinstance(offered(server, replace(REMINDER, data=data)), Accepted)
    assert server.messages == [data]


# Encryption and login


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_login_goes_over_an_encrypted_connection(
    encryption: Encryption, mechanism: str, authority: Authority
) -> None:
    users = {"cobros@ibañez.example": "contraseña de Ñuñez"}
    with MailServer(
        encryption=encryption, context=authority.context(), users=users, mechanisms=frozenset({mechanism})
    ) as server:
        connection = Smtp().connect(server.login("cobros@ibañez.example", str(authority.pem)))
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] == [Accepted, Accepted]
        connection.close()
    assert (len(server.messages), server.connections) == (2, 1)


def test_a_login_by_cram_md5_shows_no_password() -> None:
    """The example of RFC 2195."""
    script: dict[str, Line | list[Line]] = {
        "EHLO": b"250-a\r\n250 AUTH CRAM-MD5 XFUN\r\n",
        "AUTH": b"334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n",
        "DGLTIGI5": b"235 Welcome\r\n",
    }
    with Scripted(script) as server:
        connection = open_to(server, user="tim", password="tanstaaftanstaaf")
        assert isinstance(connection.deliver(REMINDER), Accepted)
        connection.close()
    assert server.heard[0][2] == b"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"


def test_no_secret_is_told_however_late_it_is_repeated() -> None:
    repeated = b"x" * 490 + b"open sesame\r\n"
    with Scripted({"EHLO": b"250-a\r\n250 AUTH PLAIN\r\n", ".": repeated}) as server:
        receipt = offered(server, user="ana", password="open sesame")
    assert isinstance(receipt, Unknown)
    assert receipt.said == "x" * 490 + "***"


def test_a_wrong_password_is_tried_once_and_never_shown() -> None:
    answer = b"535 5.7.8 no, AUTH PLAIN " + b64encode(b"\0ana\0open sesame") + b" is open sesame\r\n"
    with Scripted({"EHLO": b"250-a\r\n250 AUTH LOGIN PLAIN CRAM-MD5\r\n", "AUTH": answer}) as server:
        receipt = offered(server, user="ana", password="open sesame")
    assert receipt == Unreachable("localhost", "login", "535 5.7.8 no, AUTH PLAIN *** is ***")
    assert [line.split()[0].upper() for line in server.heard[0]] == [b"EHLO", b"AUTH"]


def test_a_password_goes_in_the_clear_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "getpeername", lambda self: ("192.0.2.25", 25), raising=False)
    with Scripted({"EHLO": b"250-a\r\n250 AUTH PLAIN\r\n"}) as server:
        receipt = offered(server, user="ana", password="open sesame")
        assert receipt == Unreachable("localhost", "password_in_the_clear", "")
        assert server.chunks == []
        assert isinstance(offered(server), Accepted)  # without a login there is nothing to hide
        monkeypatch.undo()
        assert isinstance(offered(server, user="ana", password="open sesame"), Accepted)


@pytest.mark.parametrize(
    ("script", "why", "said"),
    [
        ({}, "no_encryption", ""),
        (
            {"EHLO": b"250 STARTTLS\r\n250 STARTTLS\r\n"},
            "no_encryption",
            "",
        ),
        (
            {"EHLO": b"250-a\r\n250 STARTTLS\r\n", "STARTTLS": b"454 4.7.0 TLS not available\r\n"},
            "no_encryption",
            "454 4.7.0 TLS not available",
        ),
        (
            {"EHLO": b"250-a\r\n250 STARTTLS\r\n", "STARTTLS": b"220 Go\r\n250 I know you already\r\n"},
            "encryption_failed",
            "STARTTLS",
        ),
        ({"EHLO": b"250-a\r\n250 STARTTLS\r\n", "STARTTLS": then(b"220 Go\r\n", close)}, None, None),
        ({"EHLO": b"250-a\r\n250 STARTTLS\r\n", "STARTTLS": b"220 Go\r\nNo TLS here, this is text\r\n"}, None, None),
    ],
    ids=["not offered", "offered before its time", "refused", "talks over it", "leaves", "no handshake"],
)
def test_m3_nothing_is_said_unencrypted_where_encryption_is_asked_for(
    script: dict[str, Line | list[Line]], why: str | None, said: str | None
) -> None:
    with Scripted(script) as server:
        connection = open_to(server, SHORT, encryption=Encryption.STARTTLS, user="ana", password="open sesame")
        receipt = connection.deliver(REMINDER)
    assert isinstance(receipt, Unreachable)
    if why is not None:
        assert (receipt.why, receipt.said) == (why, said)
    heard = b"".join(server.chunks)
    assert b"AUTH" not in heard
    assert b"MAIL" not in heard
    assert server.messages == []


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
@pytest.mark.parametrize(
    ("certificate", "trusted", "said"),
    [
        ({"expired": True}, True, "certificate has expired"),
        ({"name": "other.example"}, True, "Hostname mismatch, certificate is not valid for 'localhost'."),
        ({}, False, "unable to get local issuer certificate"),
    ],
    ids=["expired", "of another host", "of an unknown authority"],
)
def test_m3_no_message_goes_to_a_server_that_cannot_prove_who_it_is(
    encryption: Encryption, certificate: dict[str, object], trusted: bool, said: str, authority: Authority
) -> None:
    with MailServer(encryption=encryption, context=authority.context(**certificate)) as server:  # type: ignore[arg-type]
        receipt = Smtp().connect(server.login(authority=str(authority.pem) if trusted else "")).deliver(REMINDER)
    assert isinstance(receipt, Unreachable)
    assert receipt.why == "certificate"
    assert said in receipt.said
    assert server.messages == []


def test_m3_a_server_of_plain_text_is_not_spoken_to_where_tls_is_asked_for() -> None:
    with Scripted() as server:
        receipt = offered(server, encryption=Encryption.TLS)
    assert isinstance(receipt, Unreachable)
    assert receipt.why == "encryption_failed"


def test_m3_a_server_that_does_not_begin_the_handshake_is_not_waited_for() -> None:
    with Scripted({"greeting": silence}) as server:
        assert offered(server, patience=SHORT, encryption=Encryption.TLS) == Unreachable("localhost", "silent", "")


def test_an_authority_that_cannot_be_read_is_named() -> None:
    with MailServer() as server:
        receipt = offered(server, encryption=Encryption.TLS, authority="nowhere.pem")
    assert isinstance(receipt, Unreachable)
    assert receipt.why == "authority"


@pytest.mark.parametrize(
    ("script", "why", "said"),
    [
        ({"EHLO": b"250 a\r\n"}, "no_login", ""),
        ({"EHLO": b"250-a\r\n250 AUTH GSSAPI\r\n"}, "no_login", "GSSAPI"),
        ({"EHLO": b"250-a\r\n250 AUTH PLAIN\r\n", "AUTH": b"454 4.7.0 Later\r\n"}, "login", "454 4.7.0 Later"),
        ({"EHLO": b"250-a\r\n250 AUTH LOGIN\r\n", "AUTH": b"504 No\r\n"}, "login", "504 No"),
        ({"EHLO": b"250-a\r\n250 AUTH PLAIN\r\n", "AUTH": b"421 Busy\r\n"}, "turned_away", "421 Busy"),
        ({"EHLO": b"250-a\r\n250 AUTH CRAM-MD5\r\n", "AUTH": b"334 x\r\n"}, "no_login", "CRAM-MD5"),
    ],
)
def test_nobody_writes_as_somebody_the_server_does_not_let_in(
    script: dict[str, Line | list[Line]], why: str, said: str
) -> None:
    with Scripted(script) as server:
        assert offered(server, user="ana", password="open") == Unreachable("localhost", why, said)
    assert server.messages == []


# Not reached


@pytest.mark.parametrize(
    ("script", "why", "said"),
    [
        ({"greeting": b"554 No SMTP service here\r\n"}, "turned_away", "554 No SMTP service here"),
        ({"greeting": b"421 4.3.2 Busy\r\n"}, "turned_away", "421 4.3.2 Busy"),
        ({"greeting": b"SSH-2.0-OpenSSH_9.2\r\n"}, "garbled", "SSH-2.0-OpenSSH_9.2"),
        ({"greeting": b"\x00\xff\x1b[31m\r\n"}, "garbled", "� [31m"),
        ({"greeting": b"x" * 200_000}, "garbled", "x" * 500),
        ({"greeting": b"220-more\r\n" * 20_000}, "garbled", "220-more"),
        ({"greeting": close}, "lost", ""),
        ({"greeting": reset}, "lost", ""),
        ({"greeting": then(b"220 half an ans", close)}, "lost", ""),
        ({"greeting": silence}, "silent", ""),
        ({"greeting": drip(b"220-" + b"z" * 100 + b"\r\n220 at last\r\n")}, "silent", ""),
        ({"greeting": drip(b"220-a\r\n" * 20 + b"220 at last\r\n")}, "silent", ""),
        ({"EHLO": b"502 5.5.1 What?\r\n"}, "turned_away", "502 5.5.1 What?"),
        ({"EHLO": b"451 4.3.0 Later\r\n"}, "turned_away", "451 4.3.0 Later"),
        ({"EHLO": close}, "lost", ""),
        ({"EHLO": silence}, "silent", ""),
    ],
)
def test_m3_a_server_that_cannot_be_talked_to_is_unreachable(
    script: dict[str, Line | list[Line]], why: str, said: str
) -> None:
    with Scripted(script) as server:
        assert offered(server, patience=SHORT) == Unreachable("localhost", why, said)
    assert server.messages == []


def test_m3_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    receipt = Smtp().connect(Login("localhost", port, Encryption.NONE)).deliver(REMINDER)
    assert receipt == Unreachable("localhost", "no_connection", "Connection refused")


@pytest.mark.parametrize(("name", "port"), [("a" * 64 + ".example", 25), ("a\0b", 25), ("127.0.0.1", 70_000)])
def test_m3_what_is_no_server_is_unreachable(name: str, port: int) -> None:
    receipt = Smtp().connect(Login(name, port, Encryption.NONE)).deliver(REMINDER)
    assert isinstance(receipt, Unreachable)
    assert receipt.why in {"no_such_server", "no_connection"}


def test_m3_a_name_that_cannot_be_found_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    receipt = Smtp().connect(Login("smtp.harbour.example", 25, Encryption.NONE)).deliver(REMINDER)
    assert receipt == Unreachable("smtp.harbour.example", "no_such_server", "Name or service not known")


def test_a_server_of_which_one_address_is_dead_is_reached_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        dead = free.getsockname()
    with MailServer() as server:
        addresses = [dead, ("127.0.0.1", server.port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
        assert isinstance(offered(server), Accepted)


def test_an_address_that_never_answers_does_not_use_up_the_time_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, ExitStack() as waiting, MailServer() as server:
        for _ in range(4):  # whoever comes after these is not even refused
            early = waiting.enter_context(socket.socket())
            early.setblocking(False)
            early.connect_ex(deaf.getsockname())
        addresses = [deaf.getsockname(), ("127.0.0.1", server.port)]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
        assert isinstance(offered(server, patience=Patience(before_data=2)), Accepted)


def test_a_server_that_wants_a_login_first_costs_no_message() -> None:
    with Scripted({"MAIL": b"530 5.7.0 Authentication required\r\n", "DATA": b"503 No\r\n"}) as server:
        receipt = offered(server)
    assert receipt == Unreachable("localhost", "login_wanted", "530 5.7.0 Authentication required")
    with MailServer(users={"ana": "open"}) as house:
        assert offered(house) == receipt


# Not now, not ever


@BOTH_WAYS
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("code", ["450", "451", "452"])
def test_m1_an_answer_of_400_is_tried_later(place: str, code: str, ehlo: bytes) -> None:
    said = f"{code} 4.7.1 Greylisted"
    with Scripted({"EHLO": ehlo, place: f"{said}\r\n".encode()}) as server:
        receipt = offered(server)
    each = (Answer(ANA, int(code), "4.7.1 Greylisted"),) if place == "RCPT" else ()
    assert receipt == TryLater("localhost", said, each)
    assert any(server.messages) == (place == ".")


@BOTH_WAYS
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("code", ["550", "552", "553", "554"])
def test_m2_an_answer_of_500_is_final(place: str, code: str, ehlo: bytes) -> None:
    said = f"{code} 5.1.1 Unknown"
    script: dict[str, Line | list[Line]] = {"EHLO": ehlo, place: f"{said}\r\n".encode()}
    if place in {"MAIL", "RCPT"}:
        script["DATA"] = b"503 5.5.1 Nothing to send\r\n"
    with Scripted(script) as server:
        receipt = offered(server)
    if place == "MAIL" and code != "552":  # about the mailbox, not about this message
        assert receipt == Unreachable("localhost", "sender_refused", said)
        return
    each = (Answer(ANA, int(code), "5.1.1 Unknown"),) if place in {"RCPT", "."} else ()
    assert receipt == GiveUp("localhost", said, each)


@BOTH_WAYS
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA", "."])
def test_m1_a_server_that_closes_with_421_gets_the_message_again(place: str, ehlo: bytes) -> None:
    """The one that closes its connection each time is not asked for ever: only what was kept open is reopened."""
    with Scripted({"EHLO": ehlo, place: then(b"421 4.3.2 Shutting down\r\n", close)}) as server:
        assert offered(server) == TryLater("localhost", "421 4.3.2 Shutting down")
    assert len(server.heard) == 1


@BOTH_WAYS
def test_m1_the_next_try_offers_the_same_bytes_on_the_same_connection(ehlo: bytes) -> None:
    script: dict[str, Line | list[Line]] = {"EHLO": ehlo, "RCPT": [b"451 4.7.1 Greylisted\r\n", b"250 Ok\r\n"]}
    if ehlo != ONE_BY_ONE:
        script["DATA"] = [b"503 5.5.1 Nobody to send to\r\n", b"354 Go\r\n"]
    with Scripted(script) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] == [TryLater, Accepted]
        connection.close()
    assert server.messages == [REMINDER.data]
    assert len(server.heard) == 1
    assert server.heard[0].count(b"RSET") == 1


@BOTH_WAYS
def test_m4_of_three_recipients_each_has_its_own_answer(ehlo: bytes) -> None:
    answers: list[Line] = [b"250 Ok\r\n", b"550 5.1.1 Nobody\r\n", b"452 4.2.2 Full\r\n"]
    with Scripted({"EHLO": ehlo, "RCPT": answers}) as server:
        receipt = offered(server, TO_THREE)
    assert receipt == Accepted(
        "localhost", "250 2.0.0 Ok", (Answer(BEN, 550, "5.1.1 Nobody"), Answer(EVE, 452, "4.2.2 Full"))
    )
    assert len(server.messages) == 1


@pytest.mark.parametrize("pipelining", [True, False], ids=["at once", "one by one"])
def test_m4_a_real_server_takes_it_for_those_it_knows(pipelining: bool) -> None:
    with MailServer(pipelining=pipelining) as server:
        server.refuse[BEN] = "550 5.1.1 Nobody"
        receipt = offered(server, TO_THREE)
    assert receipt == Accepted("localhost", "250 2.0.0 Ok: queued as 1", (Answer(BEN, 550, "5.1.1 Nobody"),))
    assert server.messages[0].recipients == (ANA, EVE)


def test_m4_who_is_refused_is_told_even_when_the_message_has_to_wait() -> None:
    answers: list[Line] = [b"250 Ok\r\n", b"550 5.1.1 Nobody\r\n", b"250 Ok\r\n"]
    with Scripted({"RCPT": answers, ".": b"452 4.3.1 Disk full\r\n"}) as server:
        receipt = offered(server, TO_THREE)
    assert receipt == TryLater("localhost", "452 4.3.1 Disk full", (Answer(BEN, 550, "5.1.1 Nobody"),))


@BOTH_WAYS
def test_m4_one_that_may_be_welcome_later_is_reason_to_come_back(ehlo: bytes) -> None:
    answers: list[Line] = [b"550 5.1.1 Nobody\r\n", b"450 4.2.1 Later\r\n", b"550 5.1.1 Nobody\r\n"]
    with Scripted({"EHLO": ehlo, "RCPT": answers, "DATA": b"503 No\r\n"}) as server:
        receipt = offered(server, TO_THREE)
    nobody = "5.1.1 Nobody"
    each = (Answer(ANA, 550, nobody), Answer(BEN, 450, "4.2.1 Later"), Answer(EVE, 550, nobody))
    assert receipt == TryLater("localhost", "450 4.2.1 Later", each)


@pytest.mark.parametrize("pipelining", [True, False], ids=["at once", "one by one"])
def test_m4_all_refused_leaves_the_connection_good_for_the_next_message(pipelining: bool) -> None:
    with MailServer(pipelining=pipelining) as server:
        server.refuse = {ANA: "550 5.1.1 Nobody"}
        connection = open_to(server)
        assert isinstance(connection.deliver(REMINDER), GiveUp)
        assert isinstance(connection.deliver(replace(REMINDER, recipients=(BEN,))), Accepted)
        connection.close()
    assert [message.recipients for message in server.messages] == [(BEN,)]
    assert server.connections == 1


def test_a_data_allowed_for_nobody_is_ended_by_a_lone_dot() -> None:
    """RFC 2920, 3.1."""
    script: dict[str, Line | list[Line]] = {
        "RCPT": [b"550 5.1.1 Nobody\r\n", b"250 Ok\r\n"],
        ".": [b"554 5.5.1 No valid recipients\r\n", b"250 Ok\r\n"],
    }
    with Scripted(script) as server:
        connection = open_to(server)
        assert connection.deliver(REMINDER) == GiveUp(
            "localhost", "550 5.1.1 Nobody", (Answer(ANA, 550, "5.1.1 Nobody"),)
        )
        assert isinstance(connection.deliver(replace(REMINDER, recipients=(BEN,))), Accepted)
        connection.close()
    assert server.messages == [b"", REMINDER.data]
    assert len(server.heard) == 1


def test_a_data_allowed_without_a_sender_is_left() -> None:
    with Scripted({"MAIL": [b"550 5.7.1 Not you\r\n", b"250 Ok\r\n"]}) as server:
        connection = open_to(server)
        assert connection.deliver(REMINDER) == Unreachable("localhost", "sender_refused", "550 5.7.1 Not you")
        assert isinstance(connection.deliver(REMINDER), Accepted)
        connection.close()
    assert server.messages == [REMINDER.data]
    assert len(server.heard) == 2


# What can be known when a connection breaks


@BOTH_WAYS
@pytest.mark.parametrize("place", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (close, "lost"),
        (reset, "lost"),
        (then(b"25", close), "lost"),
        (silence, "silent"),
        (drip(b"250-" + b"z" * 100 + b"\r\n250 Ok\r\n"), "silent"),
        (b"hello?\r\n", "garbled"),
        (b"2500 Ok\r\n", "garbled"),
        (b"\r\n", "garbled"),
    ],
    ids=["closes", "resets", "half an answer", "silence", "drip", "talk", "no code", "empty"],
)
def test_before_the_message_was_sent_it_is_certain_that_it_was_not_taken(
    place: str, fault: Line, why: str, ehlo: bytes
) -> None:
    with Scripted({"EHLO": ehlo, place: fault}) as server:
        receipt = offered(server, patience=SHORT)
    assert isinstance(receipt, TryLater)
    assert receipt.why == why
    assert server.messages == []


@BOTH_WAYS
@pytest.mark.parametrize(
    ("place", "answer"), [("MAIL", b"354 Ok\r\n"), ("RCPT", b"100 Ok\r\n"), ("DATA", b"250 Ok\r\n")]
)
def test_an_answer_to_something_else_is_no_leave_to_go_on(place: str, answer: bytes, ehlo: bytes) -> None:
    with Scripted({"EHLO": ehlo, place: answer}) as server:
        receipt = offered(server)
    assert isinstance(receipt, TryLater)
    assert receipt.why == "garbled"
    assert all(message == b"" for message in server.messages)


def test_an_answer_that_comes_before_the_message_is_not_its_verdict() -> None:
    with Scripted({"DATA": b"354 Go\r\n250 2.0.0 Taken already\r\n"}) as server:
        assert offered(server) == TryLater("localhost", "", (), "garbled")
    assert server.messages == []


def test_a_message_of_which_the_end_never_left_was_not_taken() -> None:
    long = replace(REMINDER, data=b"0123456789\r\n" * 2_000_000)
    with Scripted({"DATA": then(b"354 Go\r\n", deafness)}) as server:
        receipt = offered(server, long, SHORT)
    assert receipt == TryLater("localhost", "", (), "silent")


def test_a_message_cut_off_by_the_server_was_not_taken() -> None:
    long = replace(REMINDER, data=b"0123456789\r\n" * 2_000_000)
    with Scripted({"DATA": then(b"354 Go\r\n", reset)}) as server:
        receipt = offered(server, long)
    assert receipt == TryLater("localhost", "", (), "lost")


@pytest.mark.parametrize("implicit", [True, False], ids=["TLS", "STARTTLS"])
def test_the_same_holds_over_an_encrypted_connection(implicit: bool, authority: Authority) -> None:
    long = replace(REMINDER, data=b"0123456789\r\n" * 2_000_000)
    encryption = Encryption.TLS if implicit else Encryption.STARTTLS
    for envelope, script, kind in (
        (long, {"DATA": then(b"354 Go\r\n", deafness)}, TryLater),
        (REMINDER, {".": silence}, Unknown),
        (REMINDER, {".": close}, Unknown),
        (REMINDER, {"DATA": close}, TryLater),
        (REMINDER, {}, Accepted),
    ):
        ehlo = b"250-a\r\n250-STARTTLS\r\n250 PIPELINING\r\n"
        with Scripted({"EHLO": ehlo, **script}, context=authority.context(), implicit=implicit) as server:
            patience = Patience(before_data=30, block=0.3, verdict=0.3, goodbye=0.3)
            connection = open_to(server, patience, encryption=encryption, authority=str(authority.pem))
            assert type(connection.deliver(envelope)) is kind
            connection.close()


@pytest.mark.parametrize(
    ("fault", "why", "said"),
    [
        (silence, "silent", ""),
        (close, "lost", ""),
        (reset, "lost", ""),
        (then(b"250 Ok", close), "lost", ""),
        (drip(b"250-" + b"z" * 100 + b"\r\n250 Ok\r\n"), "silent", ""),
        (b"queued, I think\r\n", "garbled", "queued, I think"),
        (b"354 Go on\r\n", "garbled", "354 Go on"),
        (b"250-one\r\nand now for something\r\n", "garbled", "and now for something"),
    ],
    ids=["silence", "closes", "resets", "half an answer", "drip", "talk", "354", "changes its mind"],
)
def test_c3_without_an_answer_to_the_dot_nobody_knows_and_nobody_sends_again(fault: Line, why: str, said: str) -> None:
    with Scripted({".": fault}) as server:
        connection = open_to(server, SHORT)
        assert connection.deliver(REMINDER) == Unknown("localhost", said, why)
        connection.close()
    assert server.messages == [REMINDER.data]
    assert len(server.heard) == 1


@pytest.mark.parametrize("no", [b"554 5.7.1 Not that\r\n", b"451 4.3.0 Not now\r\n"])
def test_after_a_refused_message_the_next_one_begins_anew(no: bytes) -> None:
    """A server that refuses a message before it has it all takes the rest for commands, and answers each."""
    with Scripted({".": [no, b"250 Ok\r\n"]}) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] in ([GiveUp, Accepted], [TryLater, Accepted])
        connection.close()
    assert len(server.heard) == 2


def test_c3_the_next_message_after_a_silence_goes_over_a_new_connection() -> None:
    with Scripted({".": [silence, b"250 Ok\r\n"]}) as server:
        connection = open_to(server, SHORT)
        second = replace(REMINDER, data=b"Subject: 2\r\n\r\n")
        assert [type(connection.deliver(each)) for each in (REMINDER, second)] == [Unknown, Accepted]
        connection.close()
    assert server.messages == [REMINDER.data, second.data]


def test_a_kept_connection_that_ended_meanwhile_is_opened_once_more() -> None:
    with MailServer() as server:
        connection = open_to(server)
        for _ in range(5):
            assert isinstance(connection.deliver(REMINDER), Accepted)
            server.drop_connections()
        connection.close()
    assert len(server.messages) == 5
    assert server.connections == 5


@BOTH_WAYS
@pytest.mark.parametrize(
    "end", [close, reset, then(b"421 4.4.2 Idle too long\r\n", close)], ids=["closes", "resets", "421"]
)
def test_a_kept_connection_is_opened_once_more_and_not_twice(end: Line, ehlo: bytes) -> None:
    with Scripted({"EHLO": ehlo, "MAIL": [b"250 Ok\r\n", end, end, b"250 Ok\r\n"]}) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(3)] == [Accepted, TryLater, Accepted]
        connection.close()
    assert len(server.heard) == 3
    assert len(server.messages) == 2


def test_a_kept_connection_that_says_goodbye_with_its_last_answer_is_opened_once_more() -> None:
    with Scripted({".": [b"250 Ok\r\n421 4.4.2 Goodbye\r\n", b"250 Ok\r\n"]}) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] == [Accepted, Accepted]
        connection.close()
    assert len(server.messages) == 2
    assert len(server.heard) == 2


def test_an_answer_too_many_is_not_heard_as_the_next_ones() -> None:
    with Scripted({".": [b"250 Ok\r\n250 Ok again\r\n", b"250 Ok\r\n"]}) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] == [Accepted, Accepted]
        connection.close()
    assert len(server.heard) == 2


def test_after_a_connection_was_answered_it_is_not_opened_again_for_the_same_message() -> None:
    with Scripted({"RCPT": [b"250 Ok\r\n", close]}) as server:
        connection = open_to(server)
        assert [type(connection.deliver(REMINDER)) for _ in range(2)] == [Accepted, TryLater]
        connection.close()
    assert len(server.heard) == 1


def test_closing_is_no_trouble_whatever_the_server_does() -> None:
    for fault in (b"500 No\r\n", close, reset, silence, drip(b"221-" + b"z" * 100 + b"\r\n221 Bye\r\n")):
        with Scripted({"QUIT": fault}) as server:
            connection = open_to(server, SHORT)
            assert isinstance(connection.deliver(REMINDER), Accepted)
            connection.close()
            connection.close()


# What is not offered


def test_a_message_larger_than_the_server_takes_is_not_offered() -> None:
    with MailServer(size=1000) as server:
        connection = open_to(server)
        fits, larger = b"x" * 998 + b"\r\n", b"x" * 999 + b"\r\n"
        assert isinstance(connection.deliver(replace(REMINDER, data=larger)), GiveUp)
        assert connection.deliver(replace(REMINDER, data=larger)) == GiveUp("localhost", "SIZE 1000", why="too_large")
        assert isinstance(connection.deliver(replace(REMINDER, data=fits)), Accepted)
        connection.close()
    assert [message.options for message in server.messages] == [("SIZE=1000",)]


@pytest.mark.parametrize("size", [b"", b" 0", b" lots", b" -1", b" " + b"9" * 400])
def test_a_size_that_says_nothing_limits_nothing(size: bytes) -> None:
    with Scripted({"EHLO": b"250-a\r\n250 SIZE%b\r\n" % size}) as server:
        assert isinstance(offered(server), Accepted)


@pytest.mark.parametrize(
    "data",
    [
        b"Subject: x\r\n\r\nhello\n.\r\nMAIL FROM:<eve@gone.example>\r\n",
        b"Subject: x\r\n\r\nhello\r.\r\n",
        b"Subject: x\n\nhello\n",
        b"Subject: x\r\n\r\nhello\r\n.\r",
        b"Subject: x\r\n\r\n\r\r\n",
        "Subject: ñ\r\n\r\n".encode(),
    ],
)
def test_a_line_end_that_could_smuggle_a_message_is_never_sent(data: bytes) -> None:
    with Scripted() as server:
        assert offered(server, replace(REMINDER, data=data)) == GiveUp("localhost", "", why="malformed")
    assert server.chunks == []


BAD_ADDRESSES = [
    "ana@a.example\r\nRCPT TO:<eve@gone.example>",
    "ana@a.example>\nDATA",
    "ana\r@a.example",
    "<ana@a.example>",
    "ana@a.example> SIZE=1",
    "ana ben@a.example",
    "ana",
    "@a.example",
    "ana@",
    "a@b@c.example",
    "",
    "ana@a\u2028.example",
    "\udcff@a.example",
    "ana@ñ\u200b\x00.example",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_what_is_no_address_is_never_said_to_a_server(address: str) -> None:
    with Scripted() as server:
        refused = (Answer(address, 501, "5.1.3"),)
        assert offered(server, replace(REMINDER, recipients=(address,))) == GiveUp(
            "localhost", "", refused, "recipient"
        )
        assert offered(server, replace(REMINDER, sender=address)) == GiveUp("localhost", "", (), "sender")
        assert server.chunks == []
        receipt = offered(server, replace(REMINDER, recipients=(address, ANA)))
    assert receipt == Accepted("localhost", "250 2.0.0 Ok", refused)
    assert [line for line in server.heard[0] if line.startswith(b"RCPT")] == [f"RCPT TO:<{ANA}>".encode()]


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_address_can_add_a_command(local: str, host: str) -> None:
    with Scripted() as server:
        offered(server, replace(REMINDER, recipients=(f"{local}@{host}", ANA)))
    words = [line.split()[0].upper() for line in server.heard[0]]
    assert words in (
        [b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT"],
        [b"EHLO", b"MAIL", b"RCPT", b"RCPT", b"DATA", b"QUIT"],
    )


def test_a_host_beyond_ascii_is_written_as_the_dns_knows_it() -> None:
    with MailServer() as server:
        assert isinstance(offered(server, replace(REMINDER, recipients=("info@panadería.example",))), Accepted)
    assert server.messages[0].recipients == ("info@xn--panadera-i2a.example",)


def test_a_name_beyond_ascii_is_asked_where_the_server_knows_such() -> None:
    with MailServer(international=True) as server:
        assert isinstance(offered(server, replace(REMINDER, recipients=("ștefan@a.example", ANA))), Accepted)
    (message,) = server.messages
    assert message.recipients == ("ștefan@a.example", ANA)
    assert "SMTPUTF8" in message.options


def test_a_name_beyond_ascii_is_refused_where_the_server_does_not() -> None:
    refused = (Answer("ștefan@a.example", 553, "5.6.7"),)
    with MailServer() as server:
        assert offered(server, replace(REMINDER, recipients=("ștefan@a.example",))) == GiveUp(
            "localhost", "", refused, "recipient_international"
        )
        assert offered(server, replace(REMINDER, sender="ștefan@a.example")) == GiveUp(
            "localhost", "", (), "sender_international"
        )
        receipt = offered(server, replace(REMINDER, recipients=("ștefan@a.example", ANA)))
    assert receipt == Accepted("localhost", "250 2.0.0 Ok: queued as 1", refused)
    assert server.messages[0].recipients == (ANA,)


# What is said


@given(st.binary(max_size=900))
@example(b"5.1.1\tno\x1b[2J\x00\xc2\x85\xe2\x80\xae")
def test_whatever_a_server_says_is_told_in_one_harmless_line(text: bytes) -> None:
    answer = b"554 " + text.replace(b"\n", b"") + b"\r\n"
    with Scripted({".": answer}) as server:
        receipt = offered(server)
    assert isinstance(receipt, GiveUp)
    assert receipt.said.startswith("554")
    assert receipt.said.isprintable()
    assert len(receipt.said) <= 500


WHYS = [
    "authority", "certificate", "encryption_failed", "garbled", "login", "login_wanted", "lost", "malformed",
    "no_connection", "no_encryption", "no_login", "no_such_server", "password_in_the_clear", "recipient",
    "recipient_international", "sender", "sender_international", "sender_refused", "silent", "too_large", "turned_away",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence_and_every_sentence_a_reason(language: str) -> None:
    written = {key.removeprefix("transport.") for key in sentences(language) if key.startswith("transport.")}
    assert written == set(WHYS)


# Into a real mailbox


def test_a_reminder_with_its_thread_and_files_is_read_in_a_real_mailbox(dovecot: Dovecot) -> None:
    draft = replace(with_invoice_and_code(), as_draft=False)
    recipients = tuple(address.email for address in draft.to)
    envelope = Envelope(draft.key, draft.sender.email, recipients, Email().compose(draft).data)
    with MailServer(relay=dovecot.take) as server:
        assert isinstance(offered(server, envelope), Accepted)
    for recipient in recipients:
        with dovecot.mailbox(recipient) as mailbox:
            (message,) = mailbox.fetch()
        assert message.subject == draft.subject
        assert message.text.replace("\r\n", "\n").strip() == draft.text
        assert message.headers["message-id"] == (draft.message_id,)
        assert message.headers["in-reply-to"] == (draft.references[-1],)
        assert message.headers["references"][0].split() == list(draft.references)
        assert message.headers["return-path"] == (f"<{draft.sender.email}>",)
        files = {attachment.filename: attachment.payload for attachment in message.attachments}
        assert files == {attachment.filename: attachment.data for attachment in draft.attachments}


def test_a_reminder_travels_encrypted_and_logged_in_to_a_real_mailbox(dovecot: Dovecot, authority: Authority) -> None:
    draft = plain()
    envelope = Envelope(draft.key, draft.sender.email, ("encrypted@punctual.example",), Email().compose(draft).data)
    with MailServer(
        encryption=Encryption.STARTTLS, context=authority.context(), users={"ana": "open"}, relay=dovecot.take
    ) as server:
        connection = Smtp().connect(server.login("ana", str(authority.pem)))
        assert isinstance(connection.deliver(envelope), Accepted)
        connection.close()
    with dovecot.mailbox("encrypted@punctual.example") as mailbox:
        (message,) = mailbox.fetch()
    assert message.subject == draft.subject


# Several at once, and interrupted


def test_connections_of_several_threads_do_not_get_in_each_others_way() -> None:
    def send(connection: SmtpConnection, first: int) -> list[Receipt]:
        numbers = range(first, first + 25)
        return [connection.deliver(replace(REMINDER, data=b"Subject: %d\r\n\r\n" % number)) for number in numbers]

    with MailServer(delay=0.001) as server, ThreadPoolExecutor(8) as threads:
        connections = [open_to(server) for _ in range(8)]
        receipts = list(threads.map(send, connections, range(0, 200, 25)))
        for connection in connections:
            connection.close()
    assert all(isinstance(receipt, Accepted) for each in receipts for receipt in each)
    assert sorted(message.data for message in server.messages) == sorted(
        b"Subject: %d\r\n\r\n" % number for number in range(200)
    )
    assert server.connections == 8


def test_after_an_interruption_nothing_is_said_on_the_same_connection(interruptible: None) -> None:
    def interrupt(received: Received) -> None:
        if b"first" in received.data:
            os.kill(os.getpid(), signal.SIGINT)

    with MailServer(relay=interrupt) as server:
        connection = open_to(server)
        with pytest.raises(KeyboardInterrupt):
            connection.deliver(replace(REMINDER, data=b"Subject: first\r\n\r\n"))
        assert isinstance(connection.deliver(replace(REMINDER, data=b"Subject: second\r\n\r\n")), Accepted)
        connection.close()
    assert server.connections == 2
    assert server.messages[-1].data == b"Subject: second\r\n\r\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also in a process that was started in the background of a script, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_message_that_the_mailbox_does_not_take_is_not_accepted() -> None:
    def full(received: Received) -> None:
        raise OSError("disk full")

    with MailServer(relay=full) as server:
        assert offered(server) == TryLater("localhost", "451 4.3.0 disk full")
    assert server.messages == []
