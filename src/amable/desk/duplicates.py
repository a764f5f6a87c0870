"""Customers who are probably one: side by side, to be made one or said to be two; and each of it undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.contrib.messages import ERROR, INFO
from django.http import Http404, HttpRequest, HttpResponse

from amable.core.duplicates import Pair, RefusedError, Rule
from amable.core.languages import say, show_money, show_short_date
from amable.core.money import Money
from amable.desk.changing import look_at
from amable.desk.customer import found
from amable.desk.door import Here, back, show, tell, to
from amable.desk.lists import Asked, pager
from amable.desk.remembering import remembered
from amable.dunning import duplicates, merging
from amable.dunning.duplicates import Side
from amable.ledger.models import Apart, Customer, Merged

_ROWS: Final = 20
_LATELY: Final = 30  # merged ones, and pairs said to be two
_TOLD: Final = 5  # reasons why it cannot be undone


class Row(NamedTuple):
    """A line of the comparison: a fact of both, and whether it speaks against their being one."""

    fact: str
    one: str
    other: str
    differs: bool


class Shown(NamedTuple):
    """A pair as the page shows it."""

    one: Customer
    other: Customer
    reasons: Sequence[str]
    rows: Sequence[Row]


def page(request: HttpRequest, here: Here) -> HttpResponse:
    """The pairs, the surest first; who was merged lately; and who was said to be two."""
    asked = Asked(request)
    found_ = remembered(here, "duplicates", lambda: duplicates.pairs(here.creditor))
    current = min(asked.page, max(1, -(-len(found_) // _ROWS)))
    start = (current - 1) * _ROWS
    listed = found_[start : start + _ROWS]
    sides = duplicates.sides(here.creditor, {number for pair in listed for number in pair[:2]})
    pairs = [_shown(pair, sides, here.language) for pair in listed if sides.keys() >= set(pair[:2])]
    facts = {
        "pairs": pairs,
        "count": len(found_),
        "pager": pager(asked, current, _ROWS, len(listed), len(found_)),
        "merged": duplicates.merged(here.creditor, _LATELY),
        "apart": duplicates.told_apart(here.creditor, _LATELY),
    }
    return show(request, here, "duplicates.html", **facts)


def _shown(pair: Pair, sides: dict[int, Side], language: str) -> Shown:
    one, other = sides[pair.one], sides[pair.other]
    reasons = [
        say(f"desk.duplicates.why.{rule}", language, value=_value(rule, value, one)) for rule, value in pair.reasons
    ]
    rows = []
    for fact in _FACTS:
        first, second = _fact(fact, one, language), _fact(fact, other, language)
        if first or second:
            differs = fact in _TELLING and bool(first and second) and first != second
            rows.append(Row(say(f"desk.duplicates.fact.{fact}", language), first, second, differs))
    return Shown(one.customer, other.customer, reasons, rows)


_FACTS: Final = (
    "key", "tax_id", "address", "contact", "email", "phone", "owed", "items", "newest", "payments", "notes",
    "manager",
)  # fmt: skip
_TELLING: Final = frozenset({"tax_id", "address", "contact", "email", "phone", "manager"})


def _value(rule: Rule, value: str, side: Side) -> str:
    """What both have, as one of them writes it."""
    return value.title() if rule is Rule.TOWN else side.customer.tax_id if rule is Rule.TAX_ID else value


def _fact(name: str, side: Side, language: str) -> str:
    it, contact = side.customer, side.contact
    if name in ("key", "tax_id", "address"):
        return str(getattr(it, name))
    if name in ("contact", "email", "phone"):
        return getattr(contact, "name" if name == "contact" else name) if contact else ""
    if name == "owed":
        sums = (show_money(Money(minor, currency), language) for currency, minor in sorted(side.owed.items()))
        return ", ".join(sums) or "–"
    if name == "items":
        return say("desk.duplicates.items", language, n=side.items, settled=side.settled)
    if name == "newest":
        return show_short_date(side.newest, language) if side.newest else ""
    if name == "manager":
        return it.manager_name or it.manager_email
    count = side.payments if name == "payments" else side.notes
    return str(count) if count else ""


def merge(request: HttpRequest, here: Here) -> HttpResponse:
    """Say that two are the same customer: one stays, the other becomes a part of it."""
    stays, goes = (_theirs(request, here, name) for name in ("stays", "goes"))
    try:
        done = merging.merge(stays, goes, today=here.today, now=here.now, by=here.by)
    except RefusedError as refused:
        _say_no(request, here, refused.rule, refused.params)
        return back(request, here, "duplicates")
    look_at(here, [stays.pk])
    undo = to(here, "duplicates_undo", merged=done.pk)
    tell(request, here, "duplicates.merged", undo=undo, name=done.name, into=stays.name)
    return back(request, here, "duplicates")


def undo(request: HttpRequest, here: Here, merged: int) -> HttpResponse:
    """Make two customers of them again, or say what stands in the way."""
    it = Merged.objects.filter(creditor=here.creditor, pk=merged).select_related("creditor", "customer").first()
    if it is None:
        raise Http404
    try:
        again = merging.undo(it, today=here.today, by=here.by)
    except RefusedError as refused:
        reasons = merging.obstacles(it) or [merging.Obstacle(refused.rule, refused.params)]
        for rule, params in reasons[:_TOLD]:
            _say_no(request, here, rule, params)
        return back(request, here, "duplicates")
    look_at(here, [it.customer_id, again.pk])
    tell(request, here, "duplicates.parted", name=again.name, other=it.customer.name)
    return back(request, here, "duplicates")


def two(request: HttpRequest, here: Here) -> HttpResponse:
    """Say that two who look alike are two."""
    one, other = (_theirs(request, here, name) for name in ("one", "other"))
    try:
        merging.tell_apart(one, other, today=here.today, now=here.now, by=here.by)
    except RefusedError as refused:
        _say_no(request, here, refused.rule, refused.params)
        return back(request, here, "duplicates")
    said = Apart.objects.get(creditor=here.creditor, one=min(one.pk, other.pk), other=max(one.pk, other.pk))
    undo = to(here, "duplicates_again", apart=said.pk)
    tell(request, here, "duplicates.two_kept", undo=undo, one=one.name, other=other.name)
    return back(request, here, "duplicates")


def again(request: HttpRequest, here: Here, apart: int) -> HttpResponse:
    """Ask about two customers again."""
    it = Apart.objects.filter(creditor=here.creditor, pk=apart).select_related("creditor", "one", "other").first()
    if it is None:
        raise Http404
    merging.ask_again(it, today=here.today, by=here.by)
    tell(request, here, "duplicates.asked_again", level=INFO, one=it.one.name, other=it.other.name)
    return back(request, here, "duplicates")


def _say_no(request: HttpRequest, here: Here, rule: str, params: Mapping[str, Any]) -> None:
    tell(request, here, f"duplicates.refused.{rule}", level=ERROR, **params)


def _theirs(request: HttpRequest, here: Here, name: str) -> Customer:
    """The customer a form names; none where it names nobody here."""
    number = request.POST.get(name, "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Http404
    return found(here, int(number))
