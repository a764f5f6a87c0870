"""What a second factor is made from stands sealed in its row; without the key it is refused in words, never let in."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client

from amable.core.languages import say
from amable.organisation import second_factors
from amable.organisation.models import User
from amable.organisation.roles import Role
from tests.desk.desks import Desk

SECRET = "JBSWY3DPEHPK3PXP"
WORDS = "cuatro tornillos y medio"


@pytest.fixture
def lucia(desk: Desk) -> User:
    """An owner with a password, an app and recovery codes."""
    cache.clear()
    user = desk.member(Role.OWNER).user
    user.set_password(WORDS)
    user.save()
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def code() -> str:
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))  # noqa: TID251 - allauth reads it too


def asked_for_a_code(desk: Desk, user: User) -> Client:
    browser = desk.stranger()
    browser.post("/account/login/", {"login": user.email, "password": WORDS})
    return browser


def everything_kept() -> str:
    """All the database holds, as text."""
    found: list[Any] = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}")
            found += cursor.fetchall()
    return repr(found)


def test_the_database_holds_no_secret_in_the_clear(lucia: User) -> None:
    app, codes = Authenticator.objects.order_by("type").reverse()
    seed = second_factors.opened(codes.data["seed"])
    assert second_factors.opened(app.data["secret"]) == SECRET
    assert len(seed) == 80
    kept = everything_kept()
    for secret in (SECRET, seed, *codes.wrap().generate_codes()):
        assert secret not in kept


def test_codes_of_the_app_and_of_the_drawer_let_in(desk: Desk, lucia: User) -> None:
    drawer = RecoveryCodes.activate(lucia).generate_codes()
    for one in (code(), drawer[0]):
        answer = asked_for_a_code(desk, lucia).post("/account/2fa/authenticate/", {"code": one})
        assert answer.status_code == 302


def test_what_was_kept_in_the_clear_goes_on_and_is_sealed_when_work_begins(desk: Desk, lucia: User) -> None:
    Authenticator.objects.filter(type="totp").update(data={"secret": SECRET})
    answer = asked_for_a_code(desk, lucia).post("/account/2fa/authenticate/", {"code": code()})
    assert answer.status_code == 302
    assert second_factors.seal_earlier() == 1
    assert second_factors.seal_earlier() == 0
    assert SECRET not in everything_kept()
    cache.clear()  # the same code once more
    answer = asked_for_a_code(desk, lucia).post("/account/2fa/authenticate/", {"code": code()})
    assert answer.status_code == 302


def test_another_key_next_to_the_earlier_one_opens_them(desk: Desk, lucia: User, settings_of: Any) -> None:
    settings_of(SECRET_KEY="a new one", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY])
    assert second_factors.unreadable() == []
    answer = asked_for_a_code(desk, lucia).post("/account/2fa/authenticate/", {"code": code()})
    assert answer.status_code == 302


def test_without_their_key_nobody_is_let_in_and_it_is_said_why(desk: Desk, lucia: User, settings_of: Any) -> None:
    settings_of(SECRET_KEY="another installation's")
    assert second_factors.unreadable() == [lucia.email]
    browser = asked_for_a_code(desk, lucia)
    nothing = str(format_hotp_value(hotp_value("", int(time.time()) // 30)))  # noqa: TID251
    for one in (code(), nothing, "000000"):
        answer = browser.post("/account/2fa/authenticate/", {"code": one})
        assert answer.status_code == 409
        assert say("desk.refused_locked", "en") in answer.content.decode()
    assert browser.get(desk.address("today")).status_code == 302
