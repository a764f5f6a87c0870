"""Who works at this desk: their roles, the links that let them in, and the second factor asked of everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar, Final, NamedTuple

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from amable.core.languages import LANGUAGES
from amable.desk.door import Here, back, show, tell, to
from amable.desk.entering import welcome_for
from amable.desk.lists import Asked, pager
from amable.desk.signing_in import has_second_factor
from amable.desk.spoken import Spoken, here_and_now
from amable.evidence import staff
from amable.evidence.staff import StaffError
from amable.ledger.models import Customer
from amable.organisation.models import Member
from amable.organisation.roles import Role

PAGE: Final = 50
_LINK: Final = "amable.link"  # in the session of the owner who asked for it, until it was shown
NAMES: Final = {"en": "English", "es": "Español", "ro": "Română", "fr": "Français"}


class Row(NamedTuple):
    """One of the staff, as the list shows them."""

    member: Member
    customers: int  # whose account manager they are
    second_factor: bool
    alone: bool  # works here only, so that an owner here may help them in


class Invitation(Spoken, forms.Form):
    """Whom to take on the staff, and what they may do."""

    labels: ClassVar = {"email": "desk.account.address", "role": "desk.staff.role", "language": "desk.account.language"}

    email = forms.EmailField(max_length=254)
    role = forms.ChoiceField()
    language = forms.ChoiceField(choices=[(one, NAMES[one]) for one in LANGUAGES])

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [(one.value, here_and_now(f"desk.staff.role_{one}")) for one in reversed(Role)]


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """Everybody, and who may do what; a link that was asked for is shown once."""
    if request.method == "POST":
        return _invite(request, here)
    return _show(request, here, Invitation(initial={"language": here.creditor.language, "role": Role.CONTROLLER}))


def _invite(request: HttpRequest, here: Here) -> HttpResponse:
    form = Invitation(request.POST)
    if not form.is_valid():
        return _show(request, here, form)
    given = form.cleaned_data
    try:
        member = staff.invite(
            here.creditor, given["email"], role=Role(given["role"]), language=given["language"],
            today=here.today, by=here.by,
        )  # fmt: skip
    except StaffError as error:
        form.add_error("email", here_and_now(f"desk.staff.refused_{error.rule}", **error.params))
        return _show(request, here, form)
    if member.user.last_login is None and staff.works_here_only(member):
        _keep_link(request, member)
    else:
        tell(request, here, "staff.joined", member=member.user.get_full_name())
    return redirect(to(here, "staff"))


def _show(request: HttpRequest, here: Here, form: Invitation) -> HttpResponse:
    asked = Asked(request)
    members = Member.objects.filter(creditor=here.creditor).select_related("user").order_by("user__name", "pk")
    start = (asked.page - 1) * PAGE
    rows = _rows(here, members[start : start + PAGE])
    return show(
        request,
        here,
        "staff.html",
        rows=rows,
        pager=pager(asked, asked.page, PAGE, len(rows), members.count()),
        form=form,
        link=request.session.pop(_LINK, None),
        roles=list(Role),
    )


def _rows(here: Here, members: Iterable[Member]) -> list[Row]:
    members = list(members)
    people = [member.user_id for member in members]
    managed = Customer.objects.filter(creditor=here.creditor).exclude(manager_email="")
    counts = Counter(managed.values_list(Lower("manager_email"), flat=True))
    proven = set(
        Authenticator.objects.filter(user__in=people)
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .values_list("user_id", flat=True)
    )
    elsewhere = set(
        Member.objects.filter(user__in=people).exclude(creditor=here.creditor).values_list("user_id", flat=True)
    )
    return [
        Row(one, counts[one.user.email.lower()], one.user_id in proven, one.user_id not in elsewhere) for one in members
    ]


def change_role(request: HttpRequest, here: Here, member: int) -> HttpResponse:
    """Let one of the staff do more or less."""
    one, to_be = _one(here, member), request.POST.get("role", "")
    if to_be not in list(Role):
        raise Http404
    return _done(request, here, "staff.role_changed", one, lambda: staff.change_role(
        one, to=Role(to_be), was=request.POST.get("was", ""), today=here.today, by=here.by
    ))  # fmt: skip


def remove(request: HttpRequest, here: Here, member: int) -> HttpResponse:
    """Let one of the staff go."""
    one = _one(here, member)
    return _done(
        request, here, "staff.removed", one, lambda: staff.remove(one, today=here.today, by=here.by)
    )  # fmt: skip


def help_in(request: HttpRequest, here: Here, member: int) -> HttpResponse:
    """Make a link by which one of the staff chooses a password: they are new, or have forgotten it."""
    one = _one(here, member)
    try:
        staff.help_in(one, today=here.today, by=here.by)
    except StaffError as error:
        _refuse(request, here, error)
    else:
        _keep_link(request, one)
    return redirect(to(here, "staff"))


def take_second_factor(request: HttpRequest, here: Here, member: int) -> HttpResponse:
    """Help one of the staff who lost their telephone."""
    one = _one(here, member)
    return _done(
        request, here, "staff.second_factor_taken", one,
        lambda: staff.take_second_factor(one, today=here.today, by=here.by),
    )  # fmt: skip


def ask_second_factor(request: HttpRequest, here: Here) -> HttpResponse:
    """Ask a second factor of everybody, which an owner without one would shut themselves out by."""
    asked = request.POST.get("asked") == "1"
    if asked and not has_second_factor(here.member.user):
        tell(request, here, "staff.refused_yours_first", level=messages.ERROR)
    else:
        staff.ask_second_factor(here.creditor, asked=asked, today=here.today, by=here.by)
        tell(request, here, "staff.asked" if asked else "staff.not_asked")
    return back(request, here, "staff")


def _one(here: Here, pk: int) -> Member:
    found = Member.objects.filter(creditor=here.creditor, pk=pk).select_related("creditor", "user").first()
    if found is None:
        raise Http404
    return found


def _done(request: HttpRequest, here: Here, key: str, member: Member, change: Callable[[], None]) -> HttpResponse:
    try:
        change()
    except StaffError as error:
        _refuse(request, here, error)
    else:
        tell(request, here, key, member=member.user.get_full_name())
    if member.pk == here.member.pk:  # perhaps they may not see this page any more
        return redirect("desk:home")
    return back(request, here, "staff")


def _refuse(request: HttpRequest, here: Here, error: StaffError) -> None:
    tell(request, here, f"staff.refused_{error.rule}", level=messages.ERROR, undo="", **error.params)


def _keep_link(request: HttpRequest, member: Member) -> None:
    address = request.build_absolute_uri(welcome_for(member.user))
    request.session[_LINK] = {"member": member.user.get_full_name(), "address": address}


def settings(request: HttpRequest, here: Here) -> HttpResponse:
    """The first of the pages of settings."""
    return redirect(to(here, "staff"))
