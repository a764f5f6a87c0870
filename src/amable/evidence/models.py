"""Entries of the record, the personal values beside them, and the exact bytes of what was written."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.organisation.models import Creditor


class Entry(models.Model):
    """One thing that happened. Inserted unchained by any worker; the sealer gives it its place and digest.

    `body` is canonical JSON. A personal value stands in `Personal` and only its salted digest in the body, so that
    erasing the value leaves the chain whole. Neither a sealed entry nor a body can be changed: triggers refuse it.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    kind = models.CharField(max_length=40)
    day = models.DateField()
    body = models.TextField()
    written_at = models.DateTimeField(auto_now_add=True)
    seq = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "seq"), name="entry_seq"),)
        indexes = (
            models.Index(fields=("creditor",), name="entry_unsealed", condition=models.Q(seq=None)),
            models.Index(fields=("creditor", "kind", "id"), name="entry_kind"),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Personal(models.Model):
    """A personal value of an entry, erasable with its salt."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT)
    field = models.CharField(max_length=40)
    value = models.TextField()
    salt = models.CharField(max_length=32)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "entry", "field"), name="personal_once"),)

    def __str__(self) -> str:
        return self.field


class Blob(models.Model):
    """Bytes that were written or sent, by their SHA-256."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    digest = models.CharField(max_length=64)
    data = models.BinaryField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "digest"), name="blob_once"),)

    def __str__(self) -> str:
        return self.digest


class Head(models.Model):
    """Where a creditor's chain ends, so that entries cut off its end are missed."""

    creditor = models.OneToOneField(Creditor, on_delete=models.PROTECT)
    seq = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"
