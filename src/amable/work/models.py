"""Long work that a person asked for, and the files people gave at the desk until they are taken in or let go."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.db import models
from django_scopes import ScopedManager

from amable.core.money import Money
from amable.organisation.models import Creditor


class File(models.Model):
    """A ledger or bank file somebody gave, until when its bytes are kept, and what became of it.

    `kind` is `ledger` or `bank`, empty until somebody has looked inside. `lines` is the map that was answered for it
    (JSON, heading by column), `whole` whether it was taken as the complete ledger. `rows` counts what could be used,
    `rejected` what could not, `asks` the questions. `leads_to` is the page to go on to afterwards, empty for the list.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    name = models.TextField()
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    day = models.DateField()
    given_at = models.DateTimeField()
    given_by = models.TextField()
    kind = models.CharField(max_length=6, blank=True)
    lines = models.TextField(blank=True)
    whole = models.BooleanField(default=True)
    rows = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    asks = models.PositiveSmallIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)
    taken_by = models.TextField(blank=True)
    left_at = models.DateTimeField(null=True)
    leads_to = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (
            models.Index(fields=("creditor", "day", "id"), name="file_by_day"),
            models.Index(fields=("creditor", "digest"), name="file_by_digest"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def map_lines(self) -> dict[str, str]:
        """The map that was answered for it."""
        lines: dict[str, str] = json.loads(self.lines) if self.lines else {}
        return lines


class FilePart(models.Model):
    """Some of the bytes of a file, in their order: any worker on any machine can put them together."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    file = models.ForeignKey(File, on_delete=models.PROTECT, db_index=False)
    place = models.PositiveIntegerField()
    data = models.BinaryField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "file", "place"), name="file_part_once"),)

    def __str__(self) -> str:
        return f"{self.file_id}:{self.place}"


def told_again(value: Any) -> Any:
    """A parameter of a sentence as it was: sums and days are kept in a form of their own (see `work.files`)."""
    if isinstance(value, dict) and "minor" in value:
        return Money(value["minor"], value["currency"])
    if isinstance(value, dict) and "day" in value:
        return date.fromisoformat(value["day"])
    return value


class Rejection(models.Model):
    """A row or value of a file that could not be used; `params` as JSON. The sentences are `complaint.<rule>`."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    file = models.ForeignKey(File, on_delete=models.PROTECT, db_index=False)
    place = models.PositiveIntegerField()
    line = models.BigIntegerField(null=True)
    field = models.TextField(blank=True)
    value = models.TextField(blank=True)
    rule = models.TextField()
    params = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "file", "place"), name="rejection_once"),)

    def __str__(self) -> str:
        return f"{self.line}: {self.rule}"

    @property
    def facts(self) -> dict[str, Any]:
        """What its sentences need."""
        facts: dict[str, Any] = {name: told_again(value) for name, value in json.loads(self.params).items()}
        return facts


class HeadingMap(models.Model):
    """How a creditor's files with certain headings are to be read: the lines of a map as JSON, by their digest."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    headings = models.CharField(max_length=64)
    lines = models.TextField()
    said_by = models.TextField()
    said_at = models.DateTimeField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "headings"), name="heading_map_once"),)

    def __str__(self) -> str:
        return self.headings


class Job(models.Model):
    """Long work of a `kind` (see `jobs`) that a person asked for: what it was given, how far it is, what it came to.

    `given` and `result` are JSON. `outcome` is empty until it ended: `done`, `cancelled` or `failed` (`failure` says
    why: a rule with its parameters). `done` of `total` counts what `stage` goes over, `total` 0 where nobody knows.
    Whoever is at work on it holds it by `token` until `lease_until`. `settled` is set once it can no longer be stopped.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    kind = models.CharField(max_length=30)
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, db_index=False)
    given = models.TextField(default="{}")
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=9, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    stage = models.CharField(max_length=30, blank=True)
    settled = models.BooleanField(default=False)
    cancel_asked_at = models.DateTimeField(null=True)
    result = models.TextField(blank=True)
    failure = models.TextField(blank=True)
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (
            models.Index(fields=("creditor", "id"), name="job_unended", condition=models.Q(ended_at=None)),
            models.Index(fields=("creditor", "file", "id"), name="job_of_file"),
        )

    def __str__(self) -> str:
        return self.kind

    @property
    def facts(self) -> dict[str, Any]:
        """What it was given."""
        facts: dict[str, Any] = json.loads(self.given)
        return facts

    @property
    def found(self) -> dict[str, Any]:
        """What it came to, empty while it has not."""
        found: dict[str, Any] = json.loads(self.result) if self.result else {}
        return found

    @property
    def why_failed(self) -> tuple[str, dict[str, Any]]:
        """The rule and parameters of its failure."""
        rule, params = json.loads(self.failure) if self.failure else ("", {})
        return rule, params

    @property
    def stoppable(self) -> bool:
        """Whether it still makes sense to ask it to stop."""
        return not (self.ended_at or self.settled or self.cancel_asked_at)
