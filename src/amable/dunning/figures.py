"""What today's plan and the book it was made from come to, and whether that is odd beside the days before.

Everything is counted by the database; of items and customers only a sample is read, to tell what changed since the last
ordinary plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower

from amable.core.anomalies import LOOK_BACK, PAID_WITHIN, Figures, Oddity, odd
from amable.core.delivery import State
from amable.correspondence.models import Message
from amable.correspondence.outbox import TO_CUSTOMERS
from amable.dunning.models import PlanFigures
from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Contact, Item
from amable.organisation.bulk import these
from amable.organisation.models import Creditor, Sending

_SAMPLE: Final = 400  # of the open items, and of the settled ones; up to twice as many, as they lie
_REMEMBERED: Final = timedelta(days=60)  # for so long what was settled is looked at: it should not be open again
_LONG: Final = timedelta(days=7)  # who was due so long before the last plan should have been known by then


def examine(creditor: Creditor, today: date) -> list[Oddity]:
    """Say what is odd about the plan of today as it stands, and let it wait for a person if anything is.

    To be asked whenever the plan changed. It is compared with the ordinary plans of the days before, and with today's
    own if a person said that it is right.
    """
    mine = PlanFigures.objects.filter(creditor=creditor, day=today).first()
    ordinary = _ordinary(creditor, today)
    figures = _gather(creditor, today, ordinary[-1] if ordinary else None)
    oddities = list(odd(figures, [_read(row.figures) for row in ordinary]))
    told = json.dumps(oddities) if oddities else ""
    facts = {
        "figures": json.dumps(asdict(figures), default=date.isoformat),
        "sample": json.dumps(_sample(creditor, today)),
        "odd": told,
        "accepted_at": mine.accepted_at if mine and not oddities else None,
    }
    with transaction.atomic():  # what was counted took longer than others should wait
        PlanFigures.objects.update_or_create(creditor=creditor, day=today, defaults=facts)
        _forget_samples(creditor, [row.day for row in ordinary if row.day < today])
        Sending.objects.filter(creditor=creditor).update(anomaly=told)
        if oddities and (mine is None or mine.odd != told):
            log.record(creditor, [Event("plan.odd", today, {"oddities": [list(oddity) for oddity in oddities]})])
    return oddities


def _ordinary(creditor: Creditor, today: date) -> list[PlanFigures]:
    """The latest plans with nothing odd about them, the newest last, and those that a person said are right."""
    before = Q(odd="", day__lt=today) | Q(accepted_at__isnull=False, day__lte=today)
    newest = PlanFigures.objects.filter(before, creditor=creditor).order_by("-day")
    return list(reversed(newest[: 2 * LOOK_BACK]))


def _forget_samples(creditor: Creditor, ordinary: Sequence[date]) -> None:
    """Keep what the plan of today may still be compared with, should it change once more."""
    if ordinary:
        PlanFigures.objects.filter(creditor=creditor, day__lt=ordinary[-1]).exclude(sample="").update(sample="")


def _read(text: str) -> Figures:
    facts = json.loads(text)
    return Figures(**(facts | {"day": date.fromisoformat(facts["day"])}))


def _gather(creditor: Creditor, today: date, last: PlanFigures | None) -> Figures:
    """The figures of today's plan, compared with the last ordinary one."""
    figures = Figures(today, **_plan(creditor, today), **_book(creditor, today), **_addresses(creditor))
    if last is None:
        return figures
    return replace(figures, **_compared(creditor, json.loads(last.sample), last.day))


# --- the plan --------------------------------------------------------------------------------------------------------


def _plan(creditor: Creditor, today: date) -> dict[str, Any]:
    """The messages of the day, also those that have left already."""
    planned = Message.objects.filter(creditor=creditor, day=today, act__in=TO_CUSTOMERS, customer__isnull=False)
    planned = planned.exclude(state=State.WITHDRAWN).order_by()
    demands = planned.filter(demanded__gt=0).values_list("currency").annotate(n=Count("pk"), sum=Sum("demanded"))
    counted = list(demands)
    return {
        "messages": planned.count(),
        "messages_in": {currency: n for currency, n, _ in counted},
        "demanded": {currency: amount for currency, _, amount in counted},
    }


# --- the book --------------------------------------------------------------------------------------------------------


def _invoices(creditor: Creditor) -> QuerySet[Item]:
    return Item.objects.filter(creditor=creditor, open__gt=0).exclude(kind="credit_note").order_by()


def _owed(creditor: Creditor) -> QuerySet[Item]:
    """The open invoices in the latest ledger."""
    return _invoices(creditor).filter(missing_since=None)


def _book(creditor: Creditor, today: date) -> dict[str, Any]:
    shown = _owed(creditor)
    dated = Q(issued_on__isnull=False)
    counts = shown.aggregate(
        items=Count("pk"),
        owing=Count("customer", distinct=True),
        dated=Count("pk", filter=dated),
        misdated=Count("pk", filter=Q(due_on__lt=F("issued_on")) | Q(issued_on__gt=today)),
        due_on_issue=Count("pk", filter=Q(due_on=F("issued_on"))),
    )
    days = list(shown.filter(due_on__lt=today).values_list("due_on").annotate(n=Count("pk")))
    overdue = sum(n for _, n in days)
    credits_ = Item.objects.filter(creditor=creditor, kind="credit_note").exclude(open=0).order_by()
    settled = Item.objects.filter(creditor=creditor, open=0, total__gt=0)
    return counts | {
        "overdue": overdue,
        "overdue_days": round(sum((today - due).days * n for due, n in days) / (overdue or 1), 1),
        "twins": _twins(creditor),
        "credits": credits_.count(),
        "credits_lost": credits_.filter(Q(open__gt=0) | Q(missing_since__isnull=False)).count(),
        "paid": settled.filter(settled_in_run__gt=today - timedelta(days=PAID_WITHIN)).count(),
    }


def _twins(creditor: Creditor) -> int:
    """How many items in the ledger have an older one like them, be it in the ledger or no longer."""
    shown = Q(missing_since=None)
    alike = _invoices(creditor).values("customer", "currency", "total", "due_on", "issued_on")
    groups = alike.annotate(
        n=Count("pk"), in_ledger=Count("pk", filter=shown), first=Min("pk"), first_in_ledger=Min("pk", filter=shown)
    )
    originals = Count("first", filter=Q(first=F("first_in_ledger")))
    counts = groups.filter(n__gt=1).aggregate(all=Sum("in_ledger"), originals=originals)
    return (counts["all"] or 0) - (counts["originals"] or 0)


def _addresses(creditor: Creditor) -> dict[str, Any]:
    """How many of the customers owing share the commonest address, and how many are at one of the creditor's own."""
    owing = Exists(_owed(creditor).filter(customer=OuterRef("customer")))
    contacts = Contact.objects.filter(owing, creditor=creditor, role="billing").exclude(email="").order_by()
    spelled = contacts.annotate(address=Lower("email"))
    commonest = spelled.values_list("address").annotate(n=Count("pk")).order_by("-n").first()
    own = {creditor.email.lower(), creditor.sender_email.lower()} - {""}
    return {
        "one_address": commonest[1] if commonest else 0,
        "own_address": spelled.filter(address__in=own).count(),
    }


# --- what changed ----------------------------------------------------------------------------------------------------


class _Kept(NamedTuple):
    """An item as it was on the day of a plan."""

    pk: int
    customer: int
    due_on: str
    currency: str
    total: int
    open: int


def _sample(creditor: Creditor, today: date) -> dict[str, Any]:
    """What some of the items and their customers are like today. An address is kept as a short digest only."""
    settled = Item.objects.filter(creditor=creditor, open=0, total__gt=0, settled_on__gt=today - _REMEMBERED)
    kept = [*_some(_owed(creditor)), *_some(settled.exclude(kind="credit_note").order_by())]
    newest = Item.objects.filter(creditor=creditor).order_by("-pk").values_list("pk", flat=True).first()
    return {
        "items": kept,
        "addresses": _digests(creditor, {item.customer for item in kept}),
        "missing": _missing(creditor, newest or 0),
        "newest": newest or 0,
    }


def _missing(creditor: Creditor, newest: int) -> int:
    """How many of the items up to a number are no longer in the ledger."""
    return _invoices(creditor).filter(missing_since__isnull=False, pk__lte=newest).count()


def _some(items: QuerySet[Item]) -> list[_Kept]:
    """Every n-th of them by number, so that they are spread over the whole book."""
    stride = max(1, items.count() // _SAMPLE)
    return _as_kept(items.alias(place=F("pk") % stride).filter(place=0))


def _as_kept(items: QuerySet[Item]) -> list[_Kept]:
    rows = items.values_list("pk", "customer_id", "due_on", "currency", "total", "open")
    return [
        _Kept(pk, customer, due_on.isoformat(), currency, total, open_)
        for pk, customer, due_on, currency, total, open_ in rows
    ]


def _digests(creditor: Creditor, customers: Iterable[int]) -> dict[str, str]:
    billing = Contact.objects.filter(creditor=creditor, customer__in=these(list(customers)), role="billing")
    contacts = billing.exclude(email="")
    return {
        str(customer): blake2b(email.strip().lower().encode(), digest_size=6).hexdigest()
        for customer, email in contacts.values_list("customer_id", "email")
    }


def _compared(creditor: Creditor, before: Mapping[str, Any], since: date) -> dict[str, Any]:
    """What is otherwise today than when a sample was taken."""
    known = {item.pk: item for item in (_Kept(*row) for row in before["items"])}
    now = _as_kept(Item.objects.filter(creditor=creditor, pk__in=these(list(known))))
    pairs = [(known[item.pk], item) for item in now]
    addresses: dict[str, str] = before["addresses"]
    found = _digests(creditor, map(int, addresses))
    both = [(address, found[customer]) for customer, address in addresses.items() if customer in found]
    return {
        "known": len(pairs),
        "due_changed": _changed(pairs, "due_on"),
        "amount_changed": _changed(pairs, "total"),
        "currency_changed": _changed(pairs, "currency"),
        "known_paid": sum(then.open < then.total for then, _ in pairs),
        "reopened": sum(then.open < then.total and item.open > then.open for then, item in pairs),
        "known_customers": len(both),
        "address_changed": sum(then != address for then, address in both),
        "vanished": max(0, _missing(creditor, before["newest"]) - before["missing"]),
        "latecomers": _owed(creditor).filter(pk__gt=before["newest"], due_on__lt=since - _LONG).count(),
    }


def _changed(pairs: Sequence[tuple[_Kept, _Kept]], name: str) -> int:
    return sum(getattr(then, name) != getattr(item, name) for then, item in pairs)
