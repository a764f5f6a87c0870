"""One's own page: name, language and look, and the ways one signs in."""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core.languages import LANGUAGES
from amable.desk.door import Here, show, tell, to
from amable.desk.entering import LAST_AT
from amable.desk.spoken import Spoken, here_and_now
from amable.desk.staff import NAMES

_LOOKS: Final = ("system", "light", "dark")
_A_YEAR: Final = 365 * 24 * 3600


class Profile(Spoken, forms.Form):
    """How colleagues know them, what they read, and how it looks."""

    labels: ClassVar = {
        "name": "desk.account.name",
        "language": "desk.account.language",
        "appearance": "desk.account.appearance",
    }

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(choices=[(one, NAMES[one]) for one in LANGUAGES])
    appearance = forms.ChoiceField(choices=[(one, one) for one in _LOOKS])

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)
        appearance = self.fields["appearance"]
        assert isinstance(appearance, forms.ChoiceField)
        appearance.choices = [(one, here_and_now(f"desk.account.appearance_{one}")) for one in _LOOKS]


class Session(NamedTuple):
    """A place where they are signed in."""

    row: UserSession
    browser: str
    current: bool


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """Everything of one's own; names and looks are changed here."""
    user = here.member.user
    request.session[LAST_AT] = here.creditor.ref
    look = request.COOKIES.get("appearance", "system")
    form = Profile(
        request.POST if request.method == "POST" else None,
        initial={"name": user.name, "language": user.language, "appearance": look},
    )
    if request.method == "POST" and form.is_valid():
        return _save(request, here, form)
    factors = list(Authenticator.objects.filter(user_id=user.pk).order_by("created_at"))
    codes = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    return show(
        request, here, "profile.html", form=form, sessions=_sessions(request, here),
        totp=next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
        passkeys=[one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        codes=len(codes.wrap().get_unused_codes()) if codes else None,
    )  # fmt: skip


def _save(request: HttpRequest, here: Here, form: Profile) -> HttpResponse:
    user, given = here.member.user, form.cleaned_data
    user.name, user.language = given["name"], given["language"]
    user.save(update_fields=("name", "language"))
    request.session.modified = True
    tell(request, Here(here.creditor, here.member, here.now, user.language), "account.saved")
    response = redirect(to(here, "profile"))
    if given["appearance"] == "system":
        response.delete_cookie("appearance")
    else:
        response.set_cookie(
            "appearance", given["appearance"], max_age=_A_YEAR, samesite="Lax", httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )  # fmt: skip
    return response


def end_sessions(request: HttpRequest, here: Here) -> HttpResponse:
    """Sign out elsewhere: at one place, or everywhere but here."""
    mine = UserSession.objects.filter(user=here.member.user).exclude(session_key=request.session.session_key)
    wanted = request.POST.get("session", "")
    ended = [one for one in mine if wanted in ("others", str(one.pk))]
    for session in ended:
        session.end()
    if ended:
        tell(request, here, "account.sessions_ended", n=len(ended))
    return redirect(to(here, "profile"))


def _sessions(request: HttpRequest, here: Here) -> list[Session]:
    found = UserSession.objects.purge_and_list(here.member.user)
    current = request.session.session_key
    listed = [Session(one, _browser(one.user_agent), one.session_key == current) for one in found]
    return sorted(listed, key=lambda one: (not one.current, -one.row.last_seen_at.timestamp()))


# What browsers and machines say of themselves; the first that is found, as the later ones are said by others too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_MACHINES: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def _browser(agent: str) -> str:
    """`Firefox · Windows`, as far as it says so."""
    named = (next((name for sign, name in signs if sign in agent), "") for signs in (_BROWSERS, _MACHINES))
    return " · ".join(filter(None, named)) or agent[:60] or "?"
