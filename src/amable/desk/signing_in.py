"""How people come to have an account, how they prove who they are, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, ClassVar, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from amable.desk.spoken import here_and_now, sentence
from amable.evidence import staff
from amable.organisation import second_factors
from amable.organisation.models import User
from amable.work.house import HOUSE, House

_SECOND: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# What is said on the next page, by the template allauth would have said it with; of the rest we say nothing.
_TOLD: Final[Mapping[str, str]] = {
    "account/messages/password_changed.txt": "desk.account.password_changed",
    "account/messages/password_set.txt": "desk.account.password_changed",
    "mfa/messages/totp_activated.txt": "desk.account.totp_on",
    "mfa/messages/totp_deactivated.txt": "desk.account.totp_off",
    "mfa/messages/recovery_codes_generated.txt": "desk.account.codes_made",
    "mfa/messages/webauthn_added.txt": "desk.account.passkey_added",
    "mfa/messages/webauthn_removed.txt": "desk.account.passkey_removed",
}
_WAYS: Final[Mapping[str, str]] = {
    "account_reauthenticate": "desk.account.by_password",
    "mfa_reauthenticate": "desk.account.by_code",
    "mfa_reauthenticate_webauthn": "desk.account.by_passkey",
}
_WRONG: Final = {
    "account_inactive": sentence("desk.account.wrong_inactive"),
    "email_password_mismatch": sentence("desk.account.wrong_pair"),
    "enter_current_password": sentence("desk.account.wrong_current"),
    "incorrect_code": sentence("desk.account.wrong_code"),
    "incorrect_password": sentence("desk.account.wrong_password"),
    "too_many_login_attempts": sentence("desk.account.wrong_often"),
    "rate_limited": sentence("desk.account.wrong_often"),
    "cannot_generate_recovery_codes": sentence("desk.account.wrong_no_second"),
}


class ByInvitation(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves; what is said is ours, and a sign-in is remembered."""

    error_messages: ClassVar = {**DefaultAccountAdapter.error_messages, **_WRONG}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address of who asks: as the first of our own proxies saw it, else of who is connected."""
        passed = [address.strip() for address in request.headers.get("X-Forwarded-For", "").split(",")]
        seen = passed[-settings.PROXIES] if 0 < settings.PROXIES <= len(passed) else request.META.get("REMOTE_ADDR", "")
        try:
            return str(ip_address(seen))
        except ValueError:  # a socket file has no address
            return "0.0.0.0"  # noqa: S104 - said, not listened on

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *_: Any, **given: Any
    ) -> None:
        """Say on the next page what was done."""
        told = given.get("message") or ""
        if key := _TOLD.get(message_template or ""):
            told = here_and_now(key)
        if told:
            messages.add_message(request, level, told)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to prove once more who one is, in our words."""
        ways = {reverse(name): key for name, key in _WAYS.items()}
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**way, "description": here_and_now(ways[way["url"]])} for way in found]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Where one came from."""
        return reverse("mfa_index")

    def post_login(self, request: HttpRequest, user: User, **facts: Any) -> HttpResponse:
        """Let them in, and remember it at each creditor whose staff they are."""
        house: House = request.META[HOUSE]
        ways = [way.get("type") or way["method"] for way in request.session.get("account_authentication_methods", [])]
        staff.signed_in(user, house.clock(), by_way_of=ways or ["link"], address=self.get_client_ip(request))
        response: HttpResponse = super().post_login(request, user, **facts)
        return response


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What is said of codes and passkeys is ours, and so is the key that their secrets are sealed with."""

    error_messages: ClassVar = {**DefaultMFAAdapter.error_messages, **_WRONG}

    def encrypt(self, text: str) -> str:
        """A secret as its row keeps it."""
        return second_factors.kept(text)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret. Raises `sealed.UnreadableError`, which `middleware.legible` answers."""
        return second_factors.opened(encrypted_text)

    def generate_authenticator_name(self, user: User, type: str) -> str:  # noqa: A002 - allauth's name
        """What a passkey is called until its owner calls it something else."""
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return here_and_now("desk.account.passkey_name", n=count + 1)


def has_second_factor(user: User) -> bool:
    """Whether they prove who they are by something they have."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=_SECOND).exists())
