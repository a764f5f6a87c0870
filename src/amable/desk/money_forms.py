"""Reads what is typed about money: days, amounts, the shares of items; and finds whose it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from amable.core.allocating import room
from amable.core.languages import say
from amable.core.typed_amounts import read_amount
from amable.desk.door import Here
from amable.ledger.models import Customer, Item
from amable.ledger.queries import named

_FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """An item money may be set against, with what was typed beside it."""

    item: Item
    typed: str
    wrong: str

    @property
    def room(self) -> int:
        """How much money still fits on it."""
        return room(self.item.total, self.item.allocated)


def typed_shares(
    request: HttpRequest, here: Here, currency: str
) -> tuple[dict[int, str], dict[int, int], dict[int, str]]:
    """What was typed beside each item (fields `share-<number>`), what it means, and what is wrong with it."""
    typed: dict[int, str] = {}
    shares: dict[int, int] = {}
    wrong: dict[int, str] = {}
    for name, text in request.POST.items():
        item = number(name.removeprefix("share-")) if name.startswith("share-") else None
        if item is None or not isinstance(text, str) or not text.strip():
            continue
        typed[item] = text
        minor = read_amount(text, currency, here.language)
        if minor is None:
            wrong[item] = say("desk.money.not_an_amount", here.language, typed=text[:40])
        else:
            shares[item] = minor
    return typed, shares, wrong


def ours(here: Here, shares: Mapping[int, int]) -> dict[int, int]:
    """The shares, if every item is in sight: another creditor's is no item at all."""
    there = Item.objects.filter(creditor=here.creditor, customer__in=here.customers, pk__in=list(shares)).count()
    if there != len(shares):
        raise Http404
    return dict(shares)


def number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def customers_like(here: Here, text: str) -> list[Customer]:
    """A few customers whose name or key has these words."""
    return list(here.customers.filter(pk__in=named(here.customers, text, _FEW)).order_by("name", "pk"))


def pages(asked: Mapping[str, str], listed: Any) -> dict[str, str]:
    """The addresses of the page before and the page after, where there are."""
    found = {}
    if listed.has_previous():
        found["before"] = query(asked, page=str(listed.previous_page_number()))
    if listed.has_next():
        found["after"] = query(asked, page=str(listed.next_page_number()))
    return found


def query(asked: Mapping[str, str], **changes: str) -> str:
    return "?" + urlencode({name: value for name, value in ({**asked} | changes).items() if value})


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
