"""The first page of an installation: whoever has the link from its machine becomes the owner. Nobody signs up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Final

from allauth.account.utils import perform_login
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from amable.desk import steps
from amable.desk.spoken import Spoken
from amable.organisation import actions
from amable.organisation.models import User

_SALT: Final = "amable.desk.first"
_GOOD_FOR: Final = timedelta(days=2)


def link() -> str:
    """The path of that page. It is good for two days, and void once somebody has an account."""
    return reverse("desk:first", kwargs={"token": signing.dumps("owner", salt=_SALT)})


class You(Spoken, forms.Form):
    """Who they are, and how they come in."""

    area: ClassVar[str] = "you"

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), max_length=500)
    language = forms.ChoiceField(choices=settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        """A password that is long enough, and nothing that others would guess."""
        given = super().clean() or {}
        if password := given.get("password"):
            person = User(email=given.get("email", ""), name=given.get("name", ""))
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given


def page(request: HttpRequest, token: str) -> HttpResponse:
    """Make the owner, and let them in."""
    if not _is_good(token):
        return render(request, "desk/refused.html", {"rule": "first_spent"}, status=410)
    language = request.LANGUAGE_CODE or "en"
    if request.method != "POST":
        form = You(initial={"language": language})
        return render(request, "desk/start_you.html", {"form": form, "steps": steps.listed("you", None)})
    form = You(request.POST)
    if not form.is_valid():
        return render(request, "desk/start_you.html", {"form": form, "steps": steps.listed("you", None)}, status=422)
    user = actions.come_first(**form.cleaned_data)
    if user is None:
        return render(request, "desk/refused.html", {"rule": "first_spent"}, status=410)
    response: HttpResponse = perform_login(request, user, redirect_url=reverse("desk:home"))
    return response


def _is_good(token: str) -> bool:
    try:
        signing.loads(token, salt=_SALT, max_age=_GOOD_FOR)
    except signing.BadSignature:
        return False
    return not User.objects.exists()
