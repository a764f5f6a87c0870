"""The one search: customers, items, contacts, messages and notes that are what was typed, or contain it.

Names and numbers are asked of columns folded for it, amounts of an index; texts of the newest messages only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Case, IntegerField, Max, Q, QuerySet, Value, When

from amable.core.finding import Wanted, in_one_piece, minors, wanted
from amable.correspondence.models import Message
from amable.dunning.book import number_like
from amable.ledger.models import Contact, Customer, Item, Merged, Note
from amable.ledger.queries import currencies
from amable.organisation.models import Creditor

MOST: Final = 8  # of each kind
NEWEST: Final = 50_000  # messages whose subjects are read


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, of each kind no more than MOST; `want` is how it was read."""

    want: Wanted
    customers: Sequence[Customer] = ()
    items: Sequence[Item] = ()
    contacts: Sequence[Contact] = ()
    messages: Sequence[Message] = ()
    notes: Sequence[Note] = ()

    def __bool__(self) -> bool:
        return bool(self.customers or self.items or self.contacts or self.messages or self.notes)


def search(creditor: Creditor, sight: QuerySet[Customer] | None, typed: str) -> Found:
    """Search among the customers in sight (all when None)."""
    want = wanted(typed)
    if len(want.text) < 2:
        return Found(want)
    theirs = Q() if sight is None else Q(customer__in=sight.values("pk"))
    return Found(
        want,
        _customers(Customer.objects.filter(creditor=creditor) if sight is None else sight, want),
        _items(creditor, theirs, want),
        _contacts(creditor, theirs, want),
        _messages(creditor, theirs, want),
        _notes(creditor, theirs, want),
    )


def _customers(sight: QuerySet[Customer], want: Wanted) -> list[Customer]:
    """By the words of the name in any order, the number or the tax id; whose name or number begins so come first.

    Also by what was merged into them.
    """
    named = Q()
    for word in want.words:
        named &= Q(folded__contains=word)
    compact = want.text.replace(" ", "").replace(".", "").replace("-", "")
    numbered = Q(key__icontains=want.text) | Q(tax_id__icontains=want.text)
    if len(compact) > 3:
        numbered |= Q(tax_id__icontains=compact)
    as_merged = Q(key__icontains=want.text) | Q(tax_id__icontains=want.text) | Q(name__icontains=want.text)
    numbered |= Q(pk__in=Merged.objects.filter(as_merged).values("customer_id"))
    found = sight.filter((named if want.words else Q(pk=None)) | numbered)
    begins = f" {want.words[0]}" if want.words else want.text
    first = Case(
        When(key__iexact=want.text, then=Value(0)),
        When(folded__startswith=begins, then=Value(1)),
        When(folded__contains=begins, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return list(found.order_by(first, "folded", "pk")[:MOST])


def _items(creditor: Creditor, theirs: Q, want: Wanted) -> list[Item]:
    """By number however written, by purchase order, or by an amount that is its total or still open."""
    mine = Item.objects.filter(theirs, creditor=creditor)
    exact = list(_by_number(mine, want))[:MOST]
    of_amount = [pk for _, pk in sorted(_of_amounts(creditor, mine, want), reverse=True)]
    order = list(dict.fromkeys([*exact, *of_amount]))[:MOST]
    rows = Item.objects.filter(creditor=creditor).select_related("customer").in_bulk(order)
    return [rows[pk] for pk in order]


def _by_number(mine: QuerySet[Item], want: Wanted) -> Sequence[int]:
    if not want.number:
        piece = in_one_piece(want.text)
        found = mine.filter(folded__contains=piece).order_by("-due_on", "-pk")
        return list(found.values_list("pk", flat=True)[:MOST]) if len(piece) > 2 else []
    rank = Case(
        When(folded__startswith=f"{want.number} ", then=Value(0)),
        When(folded__contains=f"{want.number} ", then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = mine.filter(number_like(want.text)).order_by(rank, "-pk")
    return list(found.values_list("pk", flat=True)[:MOST])


def _of_amounts(creditor: Creditor, mine: QuerySet[Item], want: Wanted) -> Iterator[tuple[date, int]]:
    """Due day and number of items by what they come to, or by what of it is open; an index answers each."""
    for currency in currencies(creditor) if want.amounts else ():
        wanted_sums = {minor for amount in want.amounts if (minor := minors(amount, currency)) is not None}
        of_it = mine.filter(currency=currency)
        of_total = of_it.filter(total__in={sum_ * sign for sum_ in wanted_sums for sign in (1, -1)})
        for found in (of_total, of_it.filter(open__in=wanted_sums - {0}).exclude(open=0)):
            yield from found.order_by("-due_on", "-pk").values_list("due_on", "pk")[:MOST]


def _contacts(creditor: Creditor, theirs: Q, want: Wanted) -> list[Contact]:
    said = Q(email__icontains=want.text) | Q(name__icontains=want.text)
    figures = "".join(sign for sign in want.text if sign.isdigit())
    if len(figures) >= 6:
        said |= Q(phone__icontains=want.text) | Q(phone__contains=figures)
    found = Contact.objects.filter(theirs, said, creditor=creditor).select_related("customer")
    return list(found.order_by("name", "pk")[:MOST])


def _messages(creditor: Creditor, theirs: Q, want: Wanted) -> list[Message]:
    """By subject, among the newest; what is for our own people is not searched."""
    last = Message.objects.filter(creditor=creditor).aggregate(last=Max("pk"))["last"] or 0
    found = Message.objects.filter(theirs, creditor=creditor, pk__gt=last - NEWEST, subject__icontains=want.text)
    return list(found.exclude(customer=None).select_related("customer").order_by("-pk")[:MOST])


def _notes(creditor: Creditor, theirs: Q, want: Wanted) -> list[Note]:
    found = Note.objects.filter(theirs, creditor=creditor, text__icontains=want.text).select_related("customer")
    return list(found.order_by("-pk")[:MOST])
