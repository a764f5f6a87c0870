"""The mailbox of a creditor at the desk: tried before it is kept, its password sealed and told to nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from amable.evidence import log
from amable.evidence.models import Entry
from amable.organisation import sealed
from amable.organisation.models import Sending
from amable.organisation.tenancy import acting_for
from amable.plugs.transport import Encryption
from amable.work import mailboxes
from tests.desk.desks import Desk
from tests.servers.certificates import Authority
from tests.servers.names import NameServer
from tests.servers.smtp import MailServer

PASSWORD = "S3kret-Passw0rt-42"


def seen(desk: Desk) -> str:
    page = desk.get("settings-mailbox", "owner").content.decode()
    return page.partition('name="seen" value="')[2].partition('"')[0]


def sending(desk: Desk) -> Sending:
    with acting_for(desk.creditor):
        return Sending.objects.select_related("creditor").get(creditor=desk.creditor)


def given(desk: Desk, server: MailServer, **more: str) -> dict[str, str]:
    way = {"provider": "own", "server": server.host, "port": str(server.port), "encryption": str(server.encryption)}
    return {"seen": seen(desk), **way, **more}


def trust(desk: Desk, authority: Authority) -> None:
    """Have the certificates of the test's servers trusted."""
    with acting_for(desk.creditor):
        Sending.objects.filter(creditor=desk.creditor).update(authority=str(authority.pem))


def keep(desk: Desk, data: dict[str, str]) -> Any:
    return desk.post("settings-mailbox", data, "owner")


@pytest.fixture
def private(authority: Authority) -> Any:
    """A server that wants STARTTLS and a login."""
    return MailServer(
        encryption=Encryption.STARTTLS, context=authority.context("localhost"), users={"cobros@turia.example": PASSWORD}
    )


def test_a_mailbox_that_works_is_kept_with_its_password_sealed(
    desk: Desk, private: MailServer, authority: Authority
) -> None:
    trust(desk, authority)
    with private as server:
        answer = keep(desk, given(desk, server, user="cobros@turia.example", password=PASSWORD))
        assert answer.status_code == 303
        (mail,) = server.messages
        assert mail.recipients == (desk.member("owner").user.email,)
    kept = sending(desk)
    assert mailboxes.is_sealed(kept)
    assert PASSWORD not in kept.password_from
    assert mailboxes.login(kept).password == PASSWORD
    with acting_for(desk.creditor):
        entry = Entry.objects.get(kind="settings.changed")
        assert "password_from" in json.loads(entry.body)["fields"]
        assert kept.password_from not in entry.body
        assert log.verify(desk.creditor)[0].rule == "unsealed"  # nothing else is wrong with it
    page = desk.get("settings-mailbox", "owner").content.decode()
    assert PASSWORD not in page
    assert kept.password_from not in page


def test_a_wrong_password_is_said_in_words_and_changes_nothing(
    desk: Desk, private: MailServer, authority: Authority
) -> None:
    trust(desk, authority)
    before = sending(desk).server
    with private as server:
        answer = keep(desk, given(desk, server, user="cobros@turia.example", password="not it"))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "did not accept the user and password" in page
        assert "not it" not in page
        assert server.messages == []
    assert sending(desk).server == before


def test_a_password_typed_for_a_try_that_failed_need_not_be_typed_again(
    desk: Desk, private: MailServer, authority: Authority
) -> None:
    trust(desk, authority)
    client = desk.client("owner")
    with private as server:
        wrong = given(desk, server, user="cobros@turia.example", password=PASSWORD) | {"port": "9"}
        assert client.post(desk.address("settings-mailbox"), wrong).status_code == 422
        assert PASSWORD not in json.dumps(dict(client.session.items()))
        right = wrong | {"port": str(server.port), "password": ""}
        assert client.post(desk.address("settings-mailbox"), right).status_code == 303


def test_a_kept_password_is_never_told_to_another_server(desk: Desk, private: MailServer, authority: Authority) -> None:
    trust(desk, authority)
    with private as server:
        assert keep(desk, given(desk, server, user="cobros@turia.example", password=PASSWORD)).status_code == 303
        again = given(desk, server, user="cobros@turia.example", password="")
        assert keep(desk, again).status_code == 303  # the same server: it need not be typed
        elsewhere = again | {"seen": seen(desk), "server": "127.0.0.1"}
        answer = keep(desk, elsewhere)
        assert answer.status_code == 422
        assert "Enter the password" in answer.content.decode()
        somebody = again | {"seen": seen(desk), "user": "eva@turia.example"}
        assert keep(desk, somebody).status_code == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"server": "smtp.invalid", "encryption": "starttls"}, "There is no mail server of this name"),
        ({"server": "https://smtp.example.com"}, "is not the name of a server"),
        ({"server": "smtp.example.com", "encryption": "none"}, "could be read on their way"),
        ({"server": ""}, "Enter the name of your mail server"),
        ({"provider": "gmail", "user": ""}, "Enter the email address of the mailbox"),
        ({"provider": "gmail", "user": "a@b.example"}, "Enter the password"),
        ({"testing": "on", "test_to": ""}, "Enter the address that everything goes to"),
    ],
)
def test_every_failure_says_what_to_do(desk: Desk, changes: dict[str, str], said: str) -> None:
    with MailServer() as server:
        answer = keep(desk, given(desk, server) | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_test_mode_is_kept_and_ended(desk: Desk) -> None:
    with MailServer() as server:
        assert keep(desk, given(desk, server, testing="on", test_to="me@turia.example")).status_code == 303
        assert sending(desk).test_to == "me@turia.example"
        assert keep(desk, given(desk, server, test_to="me@turia.example")).status_code == 303
        assert sending(desk).test_to == ""


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(desk: Desk) -> None:
    with MailServer() as server:
        typed = given(desk, server)
        with acting_for(desk.creditor):
            Sending.objects.filter(creditor=desk.creditor).update(server="smtp.other.example")
        answer = keep(desk, typed)
        assert answer.status_code == 409
        assert "smtp.other.example" in answer.content.decode()
        assert server.messages == []
    assert sending(desk).server == "smtp.other.example"


def test_the_check_shows_login_and_what_receivers_find_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"turia.example": ["v=spf1 include:_spf.example -all"], "_spf.example": ["v=spf1 -all"]}
    with MailServer() as server, NameServer(texts) as dns:
        monkeypatch.setattr("dns.resolver.resolve", dns.resolver.resolve)
        assert keep(desk, given(desk, server)).status_code == 303
        answer = desk.post("settings-mailbox-check", {"selector": "mail"}, "owner")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "lets us in" in page
    for word in ("SPF: turia.example says which servers", "DKIM: turia.example publishes no key named mail", "DMARC:"):
        assert word in page, word


def test_a_password_sealed_elsewhere_is_asked_for_anew(desk: Desk) -> None:
    before = settings.SECRET_KEY
    kept = sealed.seal(PASSWORD)
    try:
        settings.SECRET_KEY = "another installation's"
        with pytest.raises(mailboxes.SecretError) as refused:
            mailboxes.secret(f"sealed:{kept}")
        assert refused.value.rule == "secret_sealed"
        settings.SECRET_KEY_FALLBACKS = [before]
        assert mailboxes.secret(f"sealed:{kept}") == PASSWORD  # the earlier key is named beside the new one
    finally:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = before, []


def test_a_password_in_a_file_or_the_environment_is_read_from_there_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("SMTP", PASSWORD)
    assert mailboxes.secret(f"file:{tmp_path / 'secret'}") == mailboxes.secret("env:SMTP") == PASSWORD
