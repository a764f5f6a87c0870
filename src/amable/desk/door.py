"""The door of every page: who may enter, on whose behalf, at what moment, and how it is answered.

A page is a function of the request and of `Here`; it sees the rows of one creditor only. Its route says what it asks
for, and the door sees to it, so that no page can forget to ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme

from amable.core.languages import say
from amable.desk.signing_in import has_second_factor
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Member
from amable.organisation.roles import May, Role
from amable.organisation.tenancy import acting_for
from amable.work.house import HOUSE, House

A_FORM: Final = 256 * 1024  # bytes; a page that takes files says its own limit
_READING: Final = ("GET", "HEAD")


class Route(NamedTuple):
    """What a page asks for: who may, by which methods, and how much it takes."""

    name: str
    may: May
    methods: tuple[str, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Here:
    """On whose behalf a page works, for whom, at what moment and in which language."""

    creditor: Creditor
    member: Member
    now: datetime
    language: str

    @property
    def today(self) -> date:
        """The creditor's date."""
        return self.now.astimezone(self.zone).date()

    @property
    def zone(self) -> ZoneInfo:
        """The creditor's clock."""
        return ZoneInfo(self.creditor.timezone)

    @property
    def by(self) -> str:
        """Who does what is done here, for the record."""
        return self.member.user.email

    def may(self, what: May) -> bool:
        """Whether this member of staff may."""
        return self.member.may(what)

    @property
    def customers(self) -> QuerySet[Customer]:
        """The customers in sight: all of the creditor's, or an account manager's own."""
        mine = Customer.objects.filter(creditor=self.creditor)
        if self.member.role == Role.MANAGER:
            return mine.filter(manager_email__iexact=self.member.user.email)
        return mine

    @property
    def sees_all(self) -> bool:
        """Whether every customer is in sight."""
        return self.member.role != Role.MANAGER


Page = Callable[..., HttpResponse]


def at(address: str, page: Page, name: str, *, may: May = May.SEE) -> URLPattern:
    """The address of a page below a creditor's, for whom `may` to read."""
    return _route(address, page, Route(name, may, _READING, A_FORM))


def form(address: str, page: Page, name: str, *, may: May, limit: int = A_FORM) -> URLPattern:
    """The address of a page that is read, and takes what was filled in."""
    return _route(address, page, Route(name, may, (*_READING, "POST"), limit))


def act(address: str, page: Page, name: str, *, may: May, limit: int = A_FORM) -> URLPattern:
    """The address of an action: a button's."""
    return _route(address, page, Route(name, may, ("POST",), limit))


def _route(address: str, page: Page, route: Route) -> URLPattern:
    def answer(request: HttpRequest, creditor: str, **places: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        here = _here(request, creditor)
        if request.method not in route.methods:
            return HttpResponseNotAllowed(route.methods)
        if here.creditor.second_factor and not has_second_factor(here.member.user):
            return redirect("second_factor")
        if not here.may(route.may):
            return render(request, "desk/refused.html", {"here": here, "rule": "role"}, status=403)
        with acting_for(here.creditor):
            response = page(request, here, **places)
            response.setdefault("Cache-Control", "no-store")
            return response

    answer.route = route  # type: ignore[attr-defined]  # read by the size limit and by whoever lists the routes
    return path(f"<slug:creditor>/{address}", answer, name=route.name)


def _here(request: HttpRequest, ref: str) -> Here:
    """Whom the request acts for; another creditor's address is nobody's page."""
    members = Member.objects.select_related("creditor", "user")
    member = members.filter(user=cast("int", request.user.pk), creditor__ref=ref).first()
    if member is None:
        raise Http404
    house: House = request.META[HOUSE]
    return Here(member.creditor, member, house.clock(), member.user.language)


def show(request: HttpRequest, here: Here, template: str, status: int = 200, /, **facts: Any) -> HttpResponse:
    """A page of the desk."""
    return render(request, f"desk/{template}", {"here": here, **facts}, status=status)


def tell(
    request: HttpRequest, here: Here, key: str, /, *, level: int = messages.SUCCESS, undo: str = "", **params: object
) -> None:
    """Say on the next page what became of an action: `desk.<key>`. `undo` is the address that takes it back."""
    messages.add_message(request, level, say(f"desk.{key}", here.language, **params), extra_tags=undo)


def back(request: HttpRequest, here: Here, name: str, /, **places: Any) -> HttpResponse:
    """After an action: the page it was asked from (field `next`), else the one named."""
    wanted = request.POST.get("next", "")
    if not is_ours(wanted):
        wanted = to(here, name, **places)
    return HttpResponse(status=303, headers={"Location": iri_to_uri(wanted)})


def is_ours(address: str) -> bool:
    """Whether an address that came with a form is one of this site's."""
    mine = address.startswith("/") and address.isprintable()
    return mine and url_has_allowed_host_and_scheme(address, allowed_hosts=None)


def to(here: Here, name: str, /, **places: Any) -> str:
    """The address of a page of the same creditor."""
    return _address(name, here.creditor.ref, tuple(places.items()))


@lru_cache(maxsize=10_000)  # a page has hundreds, and each takes a while to find
def _address(name: str, creditor: str, places: tuple[tuple[str, Any], ...]) -> str:
    return reverse(f"desk:{name}", kwargs={"creditor": creditor, **dict(places)})


def moment_of(text: str) -> datetime | None:
    """A moment out of an address, None where none can be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
