"""Who among the customers is probably the same, for a person to say so; and what was said of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, QuerySet, Sum

from amable.banking.intake import account
from amable.banking.models import BankLine, PayerAccount
from amable.core.duplicates import Pair, Profile, likely
from amable.ledger.models import Apart, Contact, Customer, Item, Merged, Note, Payment
from amable.organisation.bulk import these
from amable.organisation.models import Creditor


class Side(NamedTuple):
    """One of a pair as it is shown beside the other: who is written to, what they owe, and since when they are known.

    `owed` is by currency, in minor units; `items` counts the open ones, `settled` the others.
    """

    customer: Customer
    contact: Contact | None
    owed: Mapping[str, int]
    items: int
    settled: int
    newest: date | None
    payments: int
    notes: int


def pairs(creditor: Creditor) -> list[Pair]:
    """Every pair of customers who are probably one, the surest first. Reads the whole book, in four questions."""
    apart = set(Apart.objects.filter(creditor=creditor).values_list("one_id", "other_id"))
    return likely(_profiles(creditor), apart)


def _profiles(creditor: Creditor) -> list[Profile]:
    emails: dict[int, list[str]] = defaultdict(list)
    for customer, email in (
        Contact.objects.filter(creditor=creditor).exclude(email="").values_list("customer_id", "email")
    ):
        emails[customer].append(email)
    ibans: dict[int, set[str]] = defaultdict(set)
    for customer, iban in PayerAccount.objects.filter(creditor=creditor).values_list("customer_id", "iban"):
        ibans[customer].add(iban)
    booked = BankLine.objects.filter(creditor=creditor, state="booked", customer__isnull=False).exclude(iban="")
    for customer, iban in booked.order_by().values_list("customer_id", "iban").distinct():
        ibans[customer].add(account(iban))
    rows = Customer.objects.filter(creditor=creditor).order_by("pk")
    return [
        Profile(pk, name, tax_id, country, address, tuple(emails.get(pk, ())), tuple(sorted(ibans.get(pk, ()))))
        for pk, name, tax_id, country, address in rows.values_list("pk", "name", "tax_id", "country", "address")
    ]


def sides(creditor: Creditor, customers: Collection[int]) -> dict[int, Side]:
    """These customers as they are shown beside each other."""
    mine = these(customers)
    contacts = {
        one.customer_id: one for one in Contact.objects.filter(creditor=creditor, customer__in=mine, role="billing")
    }
    owed: dict[int, dict[str, int]] = defaultdict(dict)
    open_: dict[int, int] = defaultdict(int)
    settled: dict[int, int] = defaultdict(int)
    newest: dict[int, date] = {}
    items = Item.objects.filter(creditor=creditor, customer__in=mine).order_by()
    for row in items.values("customer_id", "currency").annotate(
        sum=Sum("open"), still_open=Count("pk", filter=~Q(open=0)), all_=Count("pk"), last=Max("due_on")
    ):
        number = row["customer_id"]
        if row["sum"]:
            owed[number][row["currency"]] = row["sum"]
        open_[number] += row["still_open"]
        settled[number] += row["all_"] - row["still_open"]
        newest[number] = max(newest.get(number, row["last"]), row["last"])
    payments = _counted(Payment.objects.filter(creditor=creditor, customer__in=mine))
    notes = _counted(Note.objects.filter(creditor=creditor, customer__in=mine))
    rows = Customer.objects.filter(creditor=creditor, pk__in=mine)
    return {
        one.pk: Side(
            one, contacts.get(one.pk), owed[one.pk], open_[one.pk], settled[one.pk], newest.get(one.pk),
            payments.get(one.pk, 0), notes.get(one.pk, 0),
        )
        for one in rows
    }  # fmt: skip


def _counted(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values("customer_id").annotate(n=Count("pk")).values_list("customer_id", "n"))


def merged(creditor: Creditor, most: int) -> Sequence[Merged]:
    """Who was merged into whom, the latest first."""
    return list(Merged.objects.filter(creditor=creditor).select_related("customer").order_by("-pk")[:most])


def told_apart(creditor: Creditor, most: int) -> Sequence[Apart]:
    """Of which two a person said that they are two, the latest first."""
    rows = Apart.objects.filter(creditor=creditor).select_related("one", "other")
    return list(rows.order_by("-said_at", "-pk")[:most])
