"""The forms of signing in: allauth's, with our words."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from allauth.account import forms as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

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


class _Answer(forms.JSONField):
    """What a passkey answered. Django takes a number of five thousand digits for a fault of ours."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):
            found = None
        if value and not isinstance(found, dict):
            raise _incorrect()
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """An answer holds once; it is not shown again."""
        return InvalidJSONInput("")


def _incorrect() -> ValidationError:
    """What is said of a code or an answer that is not right."""
    refusal: ValidationError = get_adapter().validation_error("incorrect_code")
    return refusal


# What allauth lets through of an answer that only looks like one.
_NOT_AN_ANSWER: Final = (ValueError, LookupError, AttributeError, OverflowError)


class _SayPasskey(forms.Form):
    """An answer of a passkey that is there."""

    def clean_credential(self) -> Any:
        """Hold it against the passkeys we know."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _NOT_AN_ANSWER:
            raise _incorrect() from None


class EnterByPasskey(_SayPasskey, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """Instead of address and password."""

    credential = _Answer(widget=forms.HiddenInput)


class SayPasskey(_SayPasskey, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """Instead of a code."""

    credential = _Answer(widget=forms.HiddenInput)


class SayPasskeyAgain(_SayPasskey, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The same, once more."""

    credential = _Answer(widget=forms.HiddenInput)


class AddPasskey(Spoken, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey, which also lets them in by itself."""

    labels: ClassVar = {"name": "desk.account.passkey_called", "passwordless": "desk.account.passkey_alone"}
    hints: ClassVar = {"passwordless": "desk.account.passkey_alone_hint"}

    credential = _Answer(widget=forms.HiddenInput)

    def __init__(self, *given: Any, **more: Any) -> None:
        more.setdefault("initial", {}).setdefault("passwordless", True)
        super().__init__(*given, **more)

    def clean(self) -> Any:
        """Hold it against what was asked of the browser."""
        try:
            return super().clean()
        except _NOT_AN_ANSWER:
            raise _incorrect() from None


class NamePasskey(Spoken, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """What they call it."""

    labels: ClassVar = {"name": "desk.account.passkey_called"}
