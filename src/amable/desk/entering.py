"""The pages before a creditor is chosen: where to go, and the link that lets a person in once."""

from __future__ import annotations

from typing import Final

from allauth.account.utils import perform_login
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from amable.ledger.models import Item
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import May
from amable.organisation.tenancy import acting_for


class _Links(PasswordResetTokenGenerator):
    """Signed, expiring (PASSWORD_RESET_TIMEOUT), and void once the person has come in or has another password."""

    key_salt = "amable.desk.entering"


_links: Final = _Links()


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
