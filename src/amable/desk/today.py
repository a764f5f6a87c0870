"""Today: what leaves, what needs a person, what came in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from amable.desk.door import Here, show


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The day in words, then the work of it."""
    return show(request, here, "today.html")
