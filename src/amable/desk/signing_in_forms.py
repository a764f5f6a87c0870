"""The forms of signing in: allauth's, with our words, and without a text inside a field that vanishes as one types."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError

from amable.desk.spoken import here_and_now


class Spoken:
    """Labels, and what is missing, by the name of the field."""

    labels: ClassVar[dict[str, str]] = {}
    hints: ClassVar[dict[str, str]] = {}
    fields: dict[str, forms.Field]

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = here_and_now(self.labels[name]) if name in self.labels else ""
            field.help_text = here_and_now(self.hints[name]) if name in self.hints else ""
            field.error_messages["required"] = here_and_now("desk.account.wrong_empty")
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = here_and_now("desk.settings.wrong_address")

    def add_error(self, field: str | None, error: Any) -> None:
        """The one sentence allauth says by itself is ours too: that two passwords differ."""
        if field == "password2" and not isinstance(error, ValidationError):
            error = here_and_now("desk.account.wrong_twice")
        super().add_error(field, error)  # type: ignore[misc]  # a form's


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
