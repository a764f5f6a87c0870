"""Messages to customers, tasks and digests for people, and the items each of them speaks of."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor


class Message(models.Model):
    """One message, task or digest. It is the same one for creditor, customer, day and slot, however often decided.

    `state`: `proposed` (of today, replaced when decided again), `said` (accepted for delivery; in a folder run from the
    next as-of day on), `withdrawn` (with `reason`). A rehearsal is never said. `blob` is the digest of its exact bytes,
    `path` its place below the outbox folder.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, db_index=False)
    day = models.DateField()
    slot = models.CharField(max_length=80)
    key = models.CharField(max_length=32)
    act = models.CharField(max_length=10)
    step = models.CharField(max_length=60)
    wording = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=2)
    currency = models.CharField(max_length=3, blank=True)
    demanded = models.BigIntegerField(default=0)
    before_due = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default="proposed")
    reason = models.TextField(blank=True)
    rehearsal = models.BooleanField(default=False)
    message_id = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    leaves_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=200)
    blob = models.CharField(max_length=64)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "key"), name="message_key"),)
        indexes = (
            models.Index(fields=("creditor", "day"), name="message_day"),
            models.Index(fields=("creditor", "customer", "day"), name="message_customer"),
        )

    def __str__(self) -> str:
        return self.path


class MessageItem(models.Model):
    """A step carried out about an item: told, thanked for, or put to a person."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    message = models.ForeignKey(Message, on_delete=models.PROTECT)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, db_index=False)
    step = models.CharField(max_length=60)
    cycle = models.PositiveSmallIntegerField()
    occurrence = models.PositiveSmallIntegerField()
    section = models.CharField(max_length=10)
    amount = models.BigIntegerField()
    withdrawn = models.BooleanField(default=False)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("creditor", "item", "step", "cycle", "occurrence"),
                condition=models.Q(withdrawn=False),
                name="step_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.message_id}:{self.item_id}"
