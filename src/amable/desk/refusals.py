"""The pages that say no: what happened, that nothing was lost or changed, and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old, or not ours."""
    return render(request, "desk/refused.html", {"rule": "forged"}, status=403)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Who they are, or what they can prove, does not go so far; an owner can help."""
    return render(request, "desk/refused.html", {"rule": "role"}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page, or it is not theirs to see."""
    return render(request, "desk/refused.html", {"rule": "not_found"}, status=404)


def illegible(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What was sent is not whole, too much in number, or nothing that could be kept."""
    return render(request, "desk/refused.html", {"rule": "illegible"}, status=400)


def not_so(request: HttpRequest, takes: str) -> HttpResponse:
    """The address is none of a page, or of one that takes no form."""
    response = render(request, "desk/refused.html", {"rule": "method"}, status=405)
    response.headers["Allow"] = takes
    return response


def locked(request: HttpRequest) -> HttpResponse:
    """What is needed was sealed by another key than this installation has."""
    return render(request, "desk/refused.html", {"rule": "locked"}, status=409)


def busy(request: HttpRequest) -> HttpResponse:
    """Somebody kept a SQLite file to write in for longer than we wait."""
    response = render(request, "desk/refused.html", {"rule": "busy"}, status=503)
    response.headers["Retry-After"] = "60"
    return response


def failed(request: HttpRequest) -> HttpResponse:
    """A defect of ours; the log says more."""
    return render(request, "desk/refused.html", {"rule": "failed"}, status=500)


def too_many(request: HttpRequest) -> HttpResponse:
    """Somebody tries too fast."""
    response = render(request, "desk/refused.html", {"rule": "too_many"}, status=429)
    response.headers["Retry-After"] = "60"
    return response
