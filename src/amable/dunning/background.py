"""Gathers what whoever calls or meets a customer should know beside the dossier, a few queries for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from django.db.models import Min

from amable.core.money import Money
from amable.core.planning import Dossier, Planned
from amable.correspondence.briefs import Background, Spoken
from amable.correspondence.models import Message
from amable.dunning.dossier import Setting
from amable.ledger.models import Item, Payment
from amable.ledger.queries import CustomerRow

_NEWEST = 5  # messages and payments that a brief may show


class Backgrounds:
    """The background of each of some customers; nothing is asked of the database for anybody else."""

    def __init__(self, it: Setting, customers: Sequence[CustomerRow]) -> None:
        self.creditor = it.creditor
        self.spoken: dict[int, list[Spoken]] = defaultdict(list)
        self.payments: dict[int, list[tuple[date, Money]]] = defaultdict(list)
        self.since: dict[int, date | None] = {}
        if not customers:
            return
        ids = [customer.pk for customer in customers]
        said = Message.objects.filter(creditor=it.creditor, customer__in=ids, state="said", day__lt=it.today)
        spoken = said.filter(act__in=("email", "letter", "sms", "thanks", "confirm", "call", "meeting")).order_by(
            "-day", "-id"
        )
        for owner, day, step, subject in spoken.values_list("customer_id", "day", "step", "subject"):
            if owner is not None and len(self.spoken[owner]) < _NEWEST:
                self.spoken[owner].append(Spoken(day, step, subject))
        paid = Payment.objects.filter(creditor=it.creditor, customer__in=ids, reversed_on=None)
        newest = paid.order_by("-received_on", "-id").values_list("customer_id", "received_on", "amount", "currency")
        for payer, day, amount, currency in newest:
            if len(self.payments[payer]) < _NEWEST:
                self.payments[payer].append((day, Money(amount, currency)))
        items = Item.objects.filter(creditor=it.creditor, customer__in=ids).values("customer_id")
        self.since = dict(items.annotate(first=Min("issued_on")).values_list("customer_id", "first"))

    def of(self, customer: CustomerRow, dossier: Dossier, planned: Planned) -> Background:
        """What is known of one customer for one call or meeting."""
        asked = {line.item for line in planned.lines}
        oldest = min((item for item in dossier.items if item.id in asked), key=lambda item: (item.due, item.number))
        written = [told.day for told in oldest.told if told.wording and not told.failed]
        return Background(
            zone=dossier.zone,
            profile=dossier.profile,
            manager=customer.manager_name or self.creditor.sender_name,
            since=self.since.get(customer.pk),
            method=customer.payment_method,
            spoken=tuple(self.spoken[customer.pk]),
            payments=tuple(self.payments[customer.pk]),
            disputed=tuple(item.number for item in dossier.items if item.disputed),
            promised=tuple((i.number, i.promise.on) for i in dossier.items if i.promise and i.open > 0),
            written=len(written),
            written_on=max(written, default=None),
        )
