"""The pages before a creditor is chosen: where to go, and the link that lets a person in once."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from allauth.account.utils import perform_login
from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from amable.desk.signing_in import has_second_factor
from amable.desk.spoken import Spoken
from amable.ledger.models import Item
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import May
from amable.organisation.tenancy import acting_for

LAST_AT: Final = "amable.creditor"  # where in a session stands whose desk was last open at one's own page


class _Links(PasswordResetTokenGenerator):
    """Signed, expiring (PASSWORD_RESET_TIMEOUT), and void once the person has come in or has another password."""

    key_salt = "amable.desk.entering"


_links: Final = _Links()


class _Welcomes(PasswordResetTokenGenerator):
    """The same, for choosing a password."""

    key_salt = "amable.desk.welcome"


_welcomes: Final = _Welcomes()


def link_for(user: User) -> str:
    """The path that lets this person in once, without a password."""
    return reverse("desk:enter", kwargs={"number": user.pk, "token": _links.make_token(user)})


def enter(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Let in whom the link is for. Following it changes nothing: programs that read mail do that too."""
    user = User.objects.filter(pk=number, is_active=True).first()
    if user is None or not _links.check_token(user, token):
        return render(request, "desk/refused.html", {"rule": "link_spent"}, status=410)
    if request.method == "POST":
        response: HttpResponse = perform_login(request, user, redirect_url=reverse("desk:home"))
        return response
    return render(request, "desk/enter.html", {"name": user.get_full_name()})


def welcome_for(user: User) -> str:
    """The path where this person chooses a password and comes in, once."""
    return reverse("desk:welcome", kwargs={"number": user.pk, "token": _welcomes.make_token(user)})


class Welcome(Spoken, forms.Form):
    """How colleagues know them, and the password they choose."""

    labels: ClassVar = {
        "name": "desk.account.name",
        "password1": "desk.account.new_password",
        "password2": "desk.account.new_password_again",
    }
    hints: ClassVar = {"name": "desk.account.name_hint", "password1": "desk.account.how_long"}

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password1 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    password2 = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def __init__(self, user: User, *given: Any, **more: Any) -> None:
        self.user = user
        super().__init__(*given, initial={"name": user.name}, **more)

    def clean_password1(self) -> str:
        """Neither short nor common nor like them."""
        chosen: str = self.cleaned_data["password1"]
        self.user.name = self.cleaned_data.get("name", "")
        validate_password(chosen, self.user)
        return chosen

    def clean(self) -> None:
        """Typed twice, since it cannot be read."""
        if self.cleaned_data.get("password1", "") != self.cleaned_data.get("password2", ""):
            self.add_error("password2", "")


def welcome(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Let somebody choose their password: who is new, or has forgotten it. Following the link changes nothing.

    An owner has seen this link. It is void for whoever works for another creditor too, whom it is not theirs to be.
    """
    user = User.objects.filter(pk=number, is_active=True).first()
    members = list(Member.objects.filter(user=number).select_related("creditor"))
    if user is None or len(members) != 1 or not _welcomes.check_token(user, token):
        return render(request, "desk/refused.html", {"rule": "link_spent"}, status=410)
    form = Welcome(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user.name = form.cleaned_data["name"]
        user.set_password(form.cleaned_data["password1"])
        user.save()
        response: HttpResponse = perform_login(request, user, redirect_url=reverse("desk:home"))
        return response
    return render(request, "desk/welcome.html", {"form": form, "member": members[0], "person": user})


def forgotten(request: HttpRequest) -> HttpResponse:
    """Who can help: nobody finds out here whom we know."""
    return render(request, "desk/forgotten.html")


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """One's own page, at the desk where it was last open."""
    user = cast("User", request.user)
    members = Member.objects.filter(user=user).select_related("creditor").order_by("creditor__name")
    last = request.session.get(LAST_AT)
    member = next((one for one in members if one.creditor.ref == last), members[0] if members else None)
    return redirect("desk:profile", creditor=member.creditor.ref) if member else redirect("desk:home")


@login_required
def second_factor(request: HttpRequest) -> HttpResponse:
    """What is asked of everybody at a desk, and the two ways to do it."""
    if has_second_factor(cast("User", request.user)):
        return redirect("desk:home")
    return render(request, "desk/second_factor.html")


def home(request: HttpRequest) -> HttpResponse:
    """Today, at the one creditor whose staff they are; or which of several."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    members = list(Member.objects.filter(user=request.user.pk).select_related("creditor").order_by("creditor__name"))
    owns_all = User.objects.filter(pk=request.user.pk, is_superuser=True).exists()
    if not members and owns_all:
        return redirect("desk:another")
    if len(members) == 1:
        begins = members[0].may(May.OWN) and _has_nothing(members[0].creditor)
        return redirect("desk:start" if begins else "desk:today", creditor=members[0].creditor.ref)
    return render(request, "desk/creditors.html", {"members": members, "owns_all": owns_all})


def _has_nothing(creditor: Creditor) -> bool:
    """Whether the guided start was left before there was anything to work on."""
    with acting_for(creditor):
        return "plan" not in creditor.passed and not Item.objects.filter(creditor=creditor).exists()
