"""How an installation gets its owner: by a link from its machine, once; nobody signs up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from amable.desk import first
from amable.organisation.actions import add, come_first
from amable.organisation.models import Creditor, Member, Sending, User
from amable.organisation.tenancy import acting_for
from amable.server import keys
from amable.work.house import HOUSE, House
from tests.conftest import Home
from tests.contexts.office import NOON

PASSWORD = "cuatro gatos verdes"
YOU = {"name": "Lucía Soler", "email": "lucia@turia.example", "password": PASSWORD, "language": "es"}
COMPANY = {
    "name": "Ferretería del Turia", "country": "ES", "language": "es", "minimum": "5",
    "sender_name": "Lucía Soler", "sender_email": "cobros@turia.example",
}  # fmt: skip


def browser() -> Client:
    return Client(SERVER_NAME="localhost", **{HOUSE: House(lambda: NOON, list, "here")})


@pytest.fixture
def installed(database: Home) -> Home:
    keys.use_key_of(database.folder)
    return database


def test_whoever_has_the_link_becomes_the_owner_and_goes_on_to_the_company(installed: Home) -> None:
    client = browser()
    answer = client.post(first.link(), YOU, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("desk:another")
    user = User.objects.get()
    assert (user.name, user.language, user.check_password(PASSWORD)) == ("Lucía Soler", "es", True)
    answer = client.post(reverse("desk:another"), COMPANY)
    creditor = Creditor.objects.get()
    assert answer.headers["Location"] == reverse("desk:start", kwargs={"creditor": creditor.ref})
    assert Member.objects.get().role == "owner"
    with acting_for(creditor):
        assert Sending.objects.get().instance == "here"


def test_a_creditor_that_was_set_up_by_command_is_the_owners_too(installed: Home, turia: Creditor) -> None:
    browser().post(first.link(), YOU)
    assert Member.objects.get().creditor == turia


def test_the_link_is_void_once_somebody_has_an_account(installed: Home) -> None:
    link = first.link()
    assert browser().get(link).status_code == 200
    assert come_first(name="Ana", email="ana@turia.example", password=PASSWORD, language="es") is not None
    assert browser().get(link).status_code == 410
    assert browser().post(link, YOU).status_code == 410
    assert User.objects.count() == 1


def test_of_two_who_come_at_once_one_is_the_first(installed: Home) -> None:
    assert come_first(name="Ana", email="ana@turia.example", password=PASSWORD, language="es") is not None
    assert come_first(name="Eva", email="eva@turia.example", password=PASSWORD, language="es") is None


def test_a_link_expires_and_cannot_be_made_up(installed: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    link = first.link()
    forged = reverse("desk:first", kwargs={"token": signing.dumps("owner", key="somebody else's", salt=first._SALT)})
    assert browser().get(forged).status_code == 410
    assert browser().get(link).status_code == 200
    monkeypatch.setattr(first, "_GOOD_FOR", timedelta(seconds=-1))
    assert browser().get(link).status_code == 410


@pytest.mark.parametrize("password", ["k7#x", "lucia@turia.example", "1234567890"])
def test_a_password_others_would_guess_is_refused_in_words(installed: Home, password: str) -> None:
    answer = browser().post(first.link(), YOU | {"password": password})
    assert answer.status_code == 422
    assert User.objects.count() == 0
    assert 'class="wrong"' in answer.content.decode()


def test_another_creditor_is_for_whoever_owns_the_installation(installed: Home, turia: Creditor) -> None:
    owner = come_first(name="Ana", email="ana@turia.example", password=PASSWORD, language="es")
    assert owner is not None
    client = browser()
    assert client.get(reverse("desk:another")).headers["Location"] == "/account/login/"
    client.force_login(owner)
    assert client.post(reverse("desk:another"), COMPANY | {"name": "Segunda"}).status_code == 302
    assert set(Member.objects.values_list("creditor__name", flat=True)) == {turia.name, "Segunda"}
    hired = User.objects.create_user("eva@turia.example", PASSWORD)
    Member.objects.create(creditor=turia, user=hired, role="owner")
    client.force_login(hired)
    assert client.get(reverse("desk:another")).status_code == 403
    assert client.post(reverse("desk:another"), COMPANY | {"name": "Tercera"}).status_code == 403


def test_two_creditors_of_one_name_are_two(installed: Home, turia: Creditor) -> None:
    from amable.core import creditor as core
    from tests.stories.world import CREDITOR

    owner = User.objects.create_user("ana@turia.example", PASSWORD)
    again = add(core.read(CREDITOR), owner=owner)
    assert again.name == turia.name
    assert again.ref != turia.ref
