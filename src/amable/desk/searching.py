"""The one search of the desk, open from every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from amable.core.finding import marked
from amable.desk.door import Here, show
from amable.desk.lists import Asked
from amable.dunning import finding


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """What was found, by kind."""
    typed = Asked(request).text("q")
    found = finding.search(here.creditor, None if here.sees_all else here.customers, typed)
    words = found.want.words
    facts = {
        "typed": typed,
        "found": found,
        "short": bool(typed) and len(found.want.text) < 2,
        "customers": [(customer, marked(customer.name, words)) for customer in found.customers],
        "most": finding.MOST,
    }
    return show(request, here, "search.html", **facts)
