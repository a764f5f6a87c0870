"""The pages that say no: what happened, that nothing was lost or changed, and what to do."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is too old, or not ours."""
    return render(request, "desk/refused.html", {"rule": "forged"}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such page, or it is not theirs to see."""
    return render(request, "desk/refused.html", {"rule": "not_found"}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """A defect of ours; the log says more."""
    return render(request, "desk/refused.html", {"rule": "failed"}, status=500)


def too_many(request: HttpRequest) -> HttpResponse:
    """Somebody tries too fast."""
    response = render(request, "desk/refused.html", {"rule": "too_many"}, status=429)
    response.headers["Retry-After"] = "60"
    return response
