"""Coming in: by password, code and link, in the reader's language; slowly for who guesses, never by a trick."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from amable.core.languages import LANGUAGES, say, sentences
from amable.desk.entering import link_for, welcome_for
from amable.evidence.models import Entry, Personal
from amable.organisation.models import Member, User
from amable.organisation.roles import Role
from amable.organisation.tenancy import acting_for
from tests.desk.desks import Desk, neighbour

SECRET = "JBSWY3DPEHPK3PXP"
WORDS = "cuatro tornillos y medio"
LOGIN = "/account/login/"


@pytest.fixture(autouse=True)
def _no_tries_yet(desk: Desk) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def lucia(desk: Desk, role: str = Role.OWNER, language: str = "en") -> User:
    """Somebody with a password."""
    user = desk.member(role).user
    user.language = language
    user.set_password(WORDS)
    user.save()
    return user


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))  # noqa: TID251 - allauth reads it too


def sign_in(
    desk: Desk, email: str, password: str, address: str = LOGIN, client: Client | None = None, **facts: str
) -> Any:
    return (client or desk.stranger()).post(address, {"login": email, "password": password}, **facts)


class _Texts(HTMLParser):
    """What a page says: between its tags, and where a tag says it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "svg", "pre", "code", "datalist")
        self.found += [
            value for name, value in attrs if name in ("aria-label", "title", "placeholder", "alt") and value
        ]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "svg", "pre", "code", "datalist")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent:
            self.found.append(re.sub(r"[ \n\t]+", " ", data).strip(" "))


def strange(page: bytes, language: str, data: set[str]) -> list[str]:
    """What a page says that is neither a sentence of ours in this language nor one of the names given."""
    texts = _Texts()
    texts.feed(page.decode())
    ours: list[str] = []
    for sentence in sentences(language).values():
        forms = [sentence] if isinstance(sentence, str) else list(sentence.values())
        ours += [
            re.sub(r"\\\{\w+\\\}", ".+", re.escape(form))
            for form in forms
            if re.search(r"\w", re.sub(r"\{\w+\}", "", form))
        ]
    known = re.compile("|".join(ours))
    said = {text.removesuffix(" · Amable") for text in texts.found}
    return sorted(text for text in said - data if re.search(r"[^\W\d_]{2}", text) and not known.fullmatch(text))


NAMES = {"Amable", "English", "Español", "Română", "Français", "Owner", "owner@x", "Key", "Enter", "Esc"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_speaks_the_readers_language_also_of_what_is_wrong(desk: Desk, language: str) -> None:
    user = lucia(desk, language=language)
    data = NAMES | {user.email, desk.creditor.name}
    walker = desk.stranger(HTTP_ACCEPT_LANGUAGE=language)

    def says(answer: Any, *expected: str) -> None:
        assert answer.status_code in (200, 404, 410, 429), answer.status_code
        assert strange(answer.content, language, data) == []
        for key in expected:
            assert say(key, language, n=10) in answer.content.decode().replace("&#x27;", "'"), key

    says(walker.get(LOGIN), "desk.sign_in")
    says(walker.post(LOGIN, {}), "desk.account.wrong_empty")
    says(sign_in(desk, "no address", "x", client=walker))
    says(sign_in(desk, user.email, "guessed", client=walker), "desk.account.wrong_pair")
    says(walker.get("/account/forgotten/"), "desk.account.forgotten_title")
    says(walker.get("/account/inactive/"), "desk.account.inactive")
    says(walker.get("/account/signup/"))
    fresh = desk.member(Role.MANAGER, language).user
    data |= {fresh.name, fresh.email}
    welcome = welcome_for(fresh)
    says(walker.get(welcome), "desk.account.welcome_go")
    says(
        walker.post(welcome, {"name": "Ana", "password1": "short", "password2": "other"}),
        "desk.account.wrong_short",
        "desk.account.wrong_twice",
    )
    says(
        walker.post(welcome, {"name": "Ana", "password1": "password1234", "password2": "password1234"}),
        "desk.account.wrong_common",
    )
    says(
        walker.post(welcome, {"name": "Turia Soler", "password1": "turia soler", "password2": "turia soler"}),
        "desk.account.wrong_alike",
    )
    says(walker.post(welcome, {}), "desk.account.wrong_empty")
    says(walker.get("/enter/1/not-a-token"))

    assert sign_in(desk, user.email, WORDS, client=walker).status_code == 302
    for address in (
        "logout/",
        "reauthenticate/",
        "password/change/",
        "2fa/totp/activate/",
        "2fa/passkeys/add/",
        "second-factor/",
    ):
        says(walker.get(f"/account/{address}", follow=True))
    says(walker.post("/account/reauthenticate/", {"password": "guessed"}), "desk.account.wrong_password")
    walker.post("/account/reauthenticate/", {"password": WORDS})
    for address in ("2fa/totp/activate/", "2fa/passkeys/add/"):
        says(walker.get(f"/account/{address}"))
    says(walker.post("/account/2fa/totp/activate/", {"code": "000000"}), "desk.account.wrong_code")
    wrong = {"oldpassword": "guessed", "password1": "a new long password", "password2": "another long password"}
    says(walker.post("/account/password/change/", wrong), "desk.account.wrong_current", "desk.account.wrong_twice")
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    passkey = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
    for address in ("2fa/recovery-codes/", "2fa/recovery-codes/generate/", "2fa/totp/deactivate/",
                    "2fa/reauthenticate/", f"2fa/passkeys/{passkey.pk}/remove/",
                    f"2fa/passkeys/{passkey.pk}/name/"):  # fmt: skip
        says(walker.get(f"/account/{address}"))
    passkey.delete()

    again = desk.stranger(HTTP_ACCEPT_LANGUAGE=language)
    says(again.post(LOGIN, {"login": user.email, "password": WORDS}, follow=True), "desk.account.second")
    says(again.post("/account/2fa/authenticate/", {"code": "000000"}), "desk.account.wrong_code")
    for _ in range(30):
        answer = again.post(LOGIN, {})
    says(answer, "desk.refused_too_many")
    assert answer.status_code == 429


def test_a_password_then_a_code_lets_in_and_is_remembered(desk: Desk) -> None:
    user = lucia(desk)
    TOTP.activate(user, SECRET)
    client = desk.stranger()
    assert sign_in(desk, user.email, WORDS, client=client).headers["Location"] == "/account/2fa/authenticate/"
    assert client.get(desk.address("today")).status_code == 302, "a password alone opens nothing"
    assert client.post("/account/2fa/authenticate/", {"code": code()}).headers["Location"] == "/"
    assert client.get(desk.address("today")).status_code == 200
    with acting_for(desk.creditor):
        entry = Entry.objects.get(kind="staff.signed_in")
        personal = dict(Personal.objects.filter(entry=entry).values_list("field", "value"))
    assert '"ways":["password","totp"]' in entry.body
    assert personal == {"by": user.email, "address": "127.0.0.1"}


def test_a_code_serves_once(desk: Desk) -> None:
    user = lucia(desk)
    TOTP.activate(user, SECRET)
    shown = code()
    for expected in (302, 200):
        client = desk.stranger()
        sign_in(desk, user.email, WORDS, client=client)
        assert client.post("/account/2fa/authenticate/", {"code": shown}).status_code == expected


def test_the_eleventh_try_within_a_minute_is_told_to_wait(desk: Desk) -> None:
    user = lucia(desk)
    for count in range(10):
        assert (
            say("desk.account.wrong_pair", "en") in sign_in(desk, f"guess{count}@turia.example", "x").content.decode()
        )
    # Also with the right password, and whatever the request says of where it comes from.
    for facts in ({}, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}):
        answer = sign_in(desk, user.email, WORDS, **facts)
        assert say("desk.account.wrong_often", "en") in answer.content.decode()
    assert sign_in(desk, user.email, WORDS, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_one_person_is_guessed_at_five_times_from_anywhere(desk: Desk) -> None:
    user = lucia(desk)
    for count in range(5):
        sign_in(desk, user.email, "x", REMOTE_ADDR=f"198.51.100.{count}")
    answer = sign_in(desk, user.email, WORDS, REMOTE_ADDR="198.51.100.99")
    assert say("desk.account.wrong_often", "en") in answer.content.decode()


def test_codes_are_not_guessed_either(desk: Desk) -> None:
    user = lucia(desk)
    TOTP.activate(user, SECRET)
    client = desk.stranger()
    sign_in(desk, user.email, WORDS, client=client)
    for _ in range(5):
        assert (
            say("desk.account.wrong_code", "en")
            in client.post("/account/2fa/authenticate/", {"code": "000000"}).content.decode()
        )
    answer = client.post("/account/2fa/authenticate/", {"code": code()})
    assert say("desk.account.wrong_often", "en") in answer.content.decode()


def test_behind_a_proxy_of_ours_tries_are_counted_by_whom_it_saw(desk: Desk, settings_of: Any) -> None:
    user = lucia(desk)
    settings_of(PROXIES=1)
    for count in range(10):
        sign_in(desk, f"guess{count}@turia.example", "x", HTTP_X_FORWARDED_FOR=f"192.0.2.{count}, 203.0.113.9")
    answer = sign_in(desk, user.email, WORDS, HTTP_X_FORWARDED_FOR="203.0.113.9")
    assert say("desk.account.wrong_often", "en") in answer.content.decode()
    assert sign_in(desk, user.email, WORDS, HTTP_X_FORWARDED_FOR="192.0.2.1, 203.0.113.10").status_code == 302


def test_nobody_learns_whom_we_know(desk: Desk) -> None:
    known, unknown = (sign_in(desk, email, "guessed") for email in (lucia(desk).email, "nobody@turia.example"))
    assert known.status_code == unknown.status_code
    assert _without_address(known) == _without_address(unknown)


def _without_address(answer: Any) -> str:
    return re.sub(
        r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|value="[^"]*@[^"]*"', "", answer.content.decode()
    )


def test_a_session_from_before_is_not_kept(desk: Desk) -> None:
    client = desk.stranger()
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    sign_in(desk, lucia(desk).email, WORDS, client=client)
    assert client.session.session_key != before
    assert desk.stranger(HTTP_COOKIE=f"sessionid={before}").get(desk.address("today")).status_code != 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_one_comes_back_to_us_only(desk: Desk, elsewhere: str) -> None:
    answer = desk.stranger().post(LOGIN, {"login": lucia(desk).email, "password": WORDS, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_one_comes_back_to_where_one_was(desk: Desk) -> None:
    wanted = desk.address("profile")
    answer = desk.stranger().post(LOGIN, {"login": lucia(desk).email, "password": WORDS, "next": wanted})
    assert answer.headers["Location"] == wanted


def test_what_we_do_not_have_is_not_there(desk: Desk) -> None:
    for address in (
        "signup/",
        "email/",
        "password/reset/",
        "confirm-email/",
        "login/code/",
        "social/login/error/",
        "google/login/",
    ):
        assert desk.client(Role.OWNER).get(f"/account/{address}").status_code == 404, address
        assert desk.stranger().post(f"/account/{address}").status_code == 404, address


def test_cookies_stay_on_https_where_the_desk_is(desk: Desk) -> None:
    asked = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY)"
    )
    facts = {
        **os.environ,
        "AMABLE_ADDRESS": "https://desk.turia.example",
        "DJANGO_SETTINGS_MODULE": "amable.server.settings",
    }
    said = subprocess.run([sys.executable, "-c", asked], env=facts, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "True", "True"]


def test_a_link_lets_choose_a_password_once(desk: Desk) -> None:
    user = desk.member(Role.CONTROLLER).user
    address, given = welcome_for(user), {"name": "Marta Gil", "password1": WORDS, "password2": WORDS}
    client = desk.stranger()
    assert client.get(address).status_code == 200
    assert client.post(address, given).status_code == 302
    assert client.get(desk.address("today")).status_code == 200
    for method in ("get", "post"):
        assert getattr(desk.stranger(), method)(address, given).status_code == 410
    assert sign_in(desk, user.email, WORDS).status_code == 302
    assert User.objects.get(pk=user.pk).name == "Marta Gil"


def test_a_link_expires(desk: Desk, settings_of: Any) -> None:
    address = welcome_for(desk.member(Role.CONTROLLER).user)
    settings_of(PASSWORD_RESET_TIMEOUT=-1)
    assert desk.stranger().get(address).status_code == 410


def test_a_link_is_void_for_whom_was_removed_and_for_who_works_elsewhere_too(desk: Desk) -> None:
    member = desk.member(Role.CONTROLLER)
    address = welcome_for(member.user)
    other = Member.objects.create(creditor=neighbour(desk.creditor).creditor, user=member.user, role=Role.OWNER)
    assert desk.stranger().get(address).status_code == 410
    other.delete()
    assert desk.stranger().get(address).status_code == 200
    member.delete()
    assert desk.stranger().get(address).status_code == 410


def test_a_link_and_a_second_factor_do_not_replace_each_other(desk: Desk) -> None:
    user = lucia(desk)
    TOTP.activate(user, SECRET)
    for link, given in (
        (link_for, {}),
        (welcome_for, {"name": "L", "password1": WORDS + "!", "password2": WORDS + "!"}),
    ):
        client = desk.stranger()
        assert client.post(link(user), given).headers["Location"] == "/account/2fa/authenticate/"
        assert client.get(desk.address("today")).status_code == 302


def test_another_password_signs_out_everywhere_else(desk: Desk) -> None:
    user = lucia(desk)
    here, there = desk.stranger(), desk.stranger()
    for client in (here, there):
        sign_in(desk, user.email, WORDS, client=client)
    given = {"oldpassword": WORDS, "password1": "cinco tornillos enteros", "password2": "cinco tornillos enteros"}
    assert here.post("/account/password/change/", given).status_code == 302
    assert here.get(desk.address("today")).status_code == 200
    assert there.get(desk.address("today")).status_code == 302


def test_one_sees_where_one_is_signed_in_and_ends_it(desk: Desk) -> None:
    user = lucia(desk)
    here, there, third = (
        desk.stranger(HTTP_USER_AGENT=f"Mozilla/5.0 (X11; Linux) {name}")
        for name in ("Chrome/1", "Firefox/1", "Safari/1")
    )
    for client in (here, there, third):
        sign_in(desk, user.email, WORDS, client=client)
        assert client.get(desk.address("today")).status_code == 200
    page = here.get(desk.address("profile")).content.decode()
    assert all(name in page for name in ("Chrome · Linux", "Firefox · Linux", "Safari · Linux"))
    theirs = UserSession.objects.get(session_key=there.session.session_key)
    here.post(desk.address("end_sessions"), {"session": theirs.pk})
    assert [client.get(desk.address("today")).status_code for client in (here, there, third)] == [200, 302, 200]
    here.post(desk.address("end_sessions"), {"session": "others"})
    assert [client.get(desk.address("today")).status_code for client in (here, third)] == [200, 302]


def test_nobody_ends_the_session_of_another(desk: Desk) -> None:
    mine, theirs = desk.client(Role.VIEWER), desk.client(Role.OWNER)
    assert theirs.get(desk.address("today")).status_code == 200
    session = UserSession.objects.get(session_key=theirs.session.session_key)
    mine.post(desk.address("end_sessions"), {"session": session.pk})
    assert theirs.get(desk.address("today")).status_code == 200


def test_one_chooses_name_language_and_look(desk: Desk) -> None:
    client = desk.client(Role.VIEWER)
    answer = client.post(
        desk.address("profile"), {"name": "Elena <b>Mas</b>", "language": "fr", "appearance": "dark"}, follow=True
    )
    page = answer.content.decode()
    assert 'data-appearance="dark"' in page
    assert 'lang="fr"' in page
    assert "Elena &lt;b&gt;Mas&lt;/b&gt;" in page
    client.post(desk.address("profile"), {"name": "Elena", "language": "fr", "appearance": "system"})
    assert "data-appearance" not in client.get(desk.address("profile")).content.decode()
