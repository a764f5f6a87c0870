"""The business that is owed and the people who work for it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A member of staff. Ours from the first migration, so that it can grow."""


class Creditor(models.Model):
    """A business that is owed. `minimum` is in major units of whatever currency it is compared with.

    `last_run_on` is the as-of day of the newest run begun, `last_written_on` that of the newest whose files are all
    in place. `looked_by` is the digest of the rules by which its customers were looked at last.
    """

    ref = models.CharField(max_length=32, unique=True)
    name = models.TextField()
    legal_name = models.TextField(blank=True)
    address = models.TextField(blank=True)
    tax_id = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    language = models.CharField(max_length=2)
    country = models.CharField(max_length=2)
    region = models.CharField(max_length=6, blank=True)
    timezone = models.CharField(max_length=60)
    closed_days = models.JSONField(default=list)
    pay_link = models.TextField(blank=True)
    sender_name = models.TextField()
    sender_email = models.TextField()
    sender_phone = models.TextField(blank=True)
    sender_signature = models.TextField(blank=True)
    minimum = models.DecimalField(max_digits=12, decimal_places=3, default=5)
    placeholder = models.BooleanField(default=False)
    last_run_on = models.DateField(null=True)
    last_run_at = models.DateTimeField(null=True)
    last_written_on = models.DateField(null=True)
    looked_by = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.name
