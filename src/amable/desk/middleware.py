"""What is asked of every request before a page sees it: a host we know, a size we take, a language we speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from amable.core.languages import LANGUAGES
from amable.desk.door import A_FORM, Route

Answer = Callable[[HttpRequest], HttpResponse]


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
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = most + 1
        if 0 <= length <= most:
            return None
        return render(request, "desk/refused.html", {"rule": "size", "most": most // 1024}, status=413)


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
