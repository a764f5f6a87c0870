"""Promises, disputes and payment plans as a person stated them, each with the items it is about.

They stand beside what the ledger says and no import touches them. Whether a promise or plan is kept is not stored: it
follows from what is open (`core.agreements`). `open_then` is what an item had open when the agreement was made.
"""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor


class Promise(models.Model):
    """So much by a day, said by somebody at the customer; until ended by a person or replaced by a newer one."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    on = models.DateField()
    said_by = models.TextField(blank=True)
    noted_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(amount__gt=0), name="promise_positive"),)
        indexes = (models.Index(fields=("creditor", "customer"), name="promise_customer"),)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.on}"


class PromiseItem(models.Model):
    """The part of a promise that is about one item."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    open_then = models.BigIntegerField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "promise", "item"), name="promise_item_once"),)

    def __str__(self) -> str:
        return f"{self.promise_id}:{self.item_id}"


class Dispute(models.Model):
    """What a customer contests and why. `outcome` is empty while open, else `upheld` or `rejected`.

    What was upheld rests until a person says at `credited_at` that the credit is booked: only then is the rest known.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    ground = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    opened_on = models.DateField()
    opened_at = models.DateTimeField()
    opened_by = models.TextField(blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    answer = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.TextField(blank=True)
    credited_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(outcome__in=("", "upheld", "rejected")), name="dispute_outcome"),
        )
        indexes = (models.Index(fields=("creditor", "customer"), name="dispute_customer"),)

    def __str__(self) -> str:
        return self.ground


class DisputeItem(models.Model):
    """An item a dispute is about: a part of it, or all that is open (no `amount`)."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    amount = models.BigIntegerField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "dispute", "item"), name="dispute_item_once"),)

    def __str__(self) -> str:
        return f"{self.dispute_id}:{self.item_id}"


class Plan(models.Model):
    """An agreed schedule that stands in place of the due dates of its items, until missed or ended by a person."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    currency = models.CharField(max_length=3)
    note = models.TextField(blank=True)
    made_on = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (models.Index(fields=("creditor", "customer"), name="plan_customer"),)

    def __str__(self) -> str:
        return f"{self.made_on} {self.currency}"


class PlanItem(models.Model):
    """An item in a plan."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    open_then = models.BigIntegerField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "plan", "item"), name="plan_item_once"),)

    def __str__(self) -> str:
        return f"{self.plan_id}:{self.item_id}"


class PlanInstalment(models.Model):
    """What a plan asks for by a day."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, db_index=False)
    due_on = models.DateField()
    amount = models.BigIntegerField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "plan", "due_on"), name="instalment_once"),)

    def __str__(self) -> str:
        return f"{self.due_on} {self.amount}"
