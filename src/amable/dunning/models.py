"""What was decided last about each customer, and the procedures it was decided by."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.ledger.models import Customer
from amable.organisation.models import Creditor


class StoredProcedure(models.Model):
    """The text of a procedure as it was used, by its digest."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    digest = models.CharField(max_length=64)
    text = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "digest"), name="procedure_once"),)

    def __str__(self) -> str:
        return self.digest


class Look(models.Model):
    """The current verdicts of a customer, packed in one row; history is in the evidence."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    day = models.DateField()
    verdicts = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "customer"), name="look_once"),)

    def __str__(self) -> str:
        return str(self.customer_id)
