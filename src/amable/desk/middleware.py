"""What is asked of every request before a page sees it: a host and a size we take, signs a row can keep, a language.

Whoever asks wrongly gets a page of ours that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from amable.core.languages import LANGUAGES
from amable.desk import refusals
from amable.desk.door import A_FORM, Route
from amable.organisation import sealed
from amable.work.house import HOUSE, House

Answer = Callable[[HttpRequest], HttpResponse]

_A_WHILE: Final = timedelta(minutes=5)


def known_host(get_response: Answer) -> Answer:
    """Refuse a request for a host that is not ours: another site's name may point here."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost, answered with 400
        return get_response(request)

    return answer


class limited(MiddlewareMixin):  # noqa: N801 - named as its neighbours are
    """Refuse a body larger than the page takes, before anything of it is read."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        route: Route | None = getattr(view, "route", None)
        most = route.limit if route else A_FORM
        if most > A_FORM and not request.user.is_authenticated:
            most = A_FORM  # nobody we do not know fills our disk
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = most + 1
        if 0 <= length <= most:
            return None
        return render(request, "desk/refused.html", {"rule": "size", "most": most // 1024}, status=413)


class legible(MiddlewareMixin):  # noqa: N801
    """Refuse what no row could keep: a null byte, or a body in another encoding than the one our pages ask for.

    A browser sends neither. PostgreSQL keeps no null byte, and some encodings read as halves of signs.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Before anything of the body is read."""
        encoding = (request.content_params or {}).get("charset", "utf-8")
        return None if encoding.lower() in ("utf-8", "utf8", "") else refusals.illegible(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Once it is known that the body is none too large, and from a form of ours."""
        if "\0" in request.path:
            raise Http404
        return refusals.illegible(request) if any("\0" in text for text in _texts(request)) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A secret that another key has sealed, as when a backup came back without its key; or no turn to write."""
        if isinstance(exception, sealed.UnreadableError):
            return refusals.locked(request)
        return refusals.busy(request) if _is_taken(exception) else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Say in words that an address does not take this."""
        if response.status_code != 405 or response.content:
            return response
        return refusals.not_so(request, response.headers.get("Allow", ""))


def _texts(request: HttpRequest) -> Iterator[str]:
    for given in (request.GET, request.POST):
        for name, values in given.lists():
            yield name
            yield from values


def in_their_language(get_response: Answer) -> Answer:
    """Speak the language a person chose, else the first of ours that their browser asks for."""

    def answer(request: HttpRequest) -> HttpResponse:
        user = request.user
        chosen = getattr(user, "language", "") or translation.get_language_from_request(request)[:2]
        with translation.override(chosen if chosen in LANGUAGES else "en"):
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response

    return answer


def seen(get_response: Answer) -> Answer:
    """Note every few minutes where a person was last seen, for the list of places where they are signed in.

    Reading a page writes nothing else: it must answer also while a ledger is taken in, when one writer keeps a SQLite
    file to itself. Then it is noted another time.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.session_key:
            house: House = request.META[HOUSE]
            now, place = house.clock(), UserSession.objects.filter(session_key=request.session.session_key)
            last = place.values_list("last_seen_at", flat=True).first()
            if last is None or abs(now - last) > _A_WHILE:
                with _unless_one_must_wait(), transaction.atomic():
                    UserSession.objects.create_from_request(request)
                    place.update(last_seen_at=now)
        return get_response(request)

    return answer


def _is_taken(error: Exception) -> bool:
    """Whether another writer keeps the SQLite file."""
    return isinstance(error, OperationalError) and "database is locked" in str(error)


@contextmanager
def _unless_one_must_wait() -> Iterator[None]:
    """Leave out what is written in here where SQLite would have us wait for another writer."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        waits = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        except OperationalError as error:
            if not _is_taken(error):
                raise
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {waits}")
