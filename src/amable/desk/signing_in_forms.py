"""The forms of signing in: allauth's, with our words."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn

from amable.desk.spoken import Spoken

_TWICE = {"password1": "desk.account.new_password", "password2": "desk.account.new_password_again"}
_HOW_LONG = {"password1": "desk.account.how_long"}
_CODE = {"code": "desk.account.code"}


class SignIn(Spoken, account.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Who, and their password."""

    labels: ClassVar = {"login": "desk.account.address", "password": "desk.account.password"}


class SayPassword(Spoken, account.ReauthenticateForm):  # type: ignore[misc]
    """Their password once more."""

    labels: ClassVar = {"password": "desk.account.password"}


class ChangePassword(Spoken, account.ChangePasswordForm):  # type: ignore[misc]
    """Another password, by the one there is."""

    labels: ClassVar = {"oldpassword": "desk.account.current_password", **_TWICE}
    hints = _HOW_LONG


class SetPassword(Spoken, account.SetPasswordForm):  # type: ignore[misc]
    """A first password."""

    labels = _TWICE
    hints = _HOW_LONG


class SayCode(Spoken, mfa.AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or one of those kept in a drawer."""

    labels = _CODE
    hints: ClassVar = {"code": "desk.account.code_hint"}


class SayCodeAgain(Spoken, mfa.ReauthenticateForm):  # type: ignore[misc]
    """The same, once more."""

    labels = _CODE
    hints: ClassVar = {"code": "desk.account.code_hint"}


class FirstCode(Spoken, ActivateTOTPForm):  # type: ignore[misc]
    """The code that proves that the app has the secret."""

    labels: ClassVar = {"code": "desk.account.first_code"}


class AddPasskey(Spoken, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey, which also lets them in by itself."""

    labels: ClassVar = {"name": "desk.account.passkey_called", "passwordless": "desk.account.passkey_alone"}
    hints: ClassVar = {"passwordless": "desk.account.passkey_alone_hint"}

    def __init__(self, *given: Any, **more: Any) -> None:
        more.setdefault("initial", {}).setdefault("passwordless", True)
        super().__init__(*given, **more)


class NamePasskey(Spoken, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """What they call it."""

    labels: ClassVar = {"name": "desk.account.passkey_called"}
