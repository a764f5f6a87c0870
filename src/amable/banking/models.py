"""Statements as the bank wrote them, each movement once, and the items a movement seems to pay."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.ledger.models import Customer, Item, Payment
from amable.organisation.models import Creditor


class Statement(models.Model):
    """One statement of one account."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    account = models.TextField(blank=True)
    number = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True)
    opening = models.DecimalField(max_digits=20, decimal_places=5, null=True)
    closing = models.DecimalField(max_digits=20, decimal_places=5, null=True)
    closing_on = models.DateField(null=True)
    file_digest = models.CharField(max_length=64)
    place = models.PositiveIntegerField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "file_digest", "place"), name="statement_once"),)

    def __str__(self) -> str:
        return f"{self.account} {self.number}"


class BankLine(models.Model):
    """One movement, by its fingerprint: the same movement in an overlapping statement is the same row.

    `state`: `booked` (allocated), `proposed` (probably a known customer's, a person is asked), `unknown` (nobody we
    know), `reversal` (sent back), `other` (not money from customers), `left` (a later ledger has had time to tell).
    `payment` is what was booked, or taken back: the first of several when several customers share the line.

    Who decided it and when, where a person did; `before` is what it was until then, as JSON, so that it can be undone.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT)
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    name = models.TextField(blank=True)
    iban = models.TextField(blank=True)
    text = models.TextField(blank=True)
    reference = models.TextField(blank=True)
    end_to_end = models.TextField(blank=True)
    bank_reference = models.TextField(blank=True)
    state = models.CharField(max_length=10)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True)
    reasons = models.TextField(blank=True)
    in_run = models.DateField()
    decided_by = models.TextField(blank=True, db_default="")
    decided_at = models.DateTimeField(null=True)
    before = models.TextField(blank=True, db_default="")

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "fingerprint"), name="line_once"),)
        indexes = (models.Index(fields=("creditor", "state", "booked_on", "id"), name="line_state"),)

    def __str__(self) -> str:
        return self.fingerprint


class Proposal(models.Model):
    """An item a line seems to pay, not booked until a person says so; `let_off` as in an allocation."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    line = models.ForeignKey(BankLine, on_delete=models.PROTECT)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    let_off = models.BigIntegerField(default=0, db_default=0)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "line", "item"), name="proposal_once"),)

    def __str__(self) -> str:
        return f"{self.line_id}:{self.item_id}"


class PayerAccount(models.Model):
    """An account that pays for a customer, as a person said; `iban` in capitals, without spaces."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    iban = models.CharField(max_length=200)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    said_by = models.TextField(blank=True)
    said_at = models.DateTimeField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "iban"), name="payer_account_once"),)

    def __str__(self) -> str:
        return self.iban
