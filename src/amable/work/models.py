"""Long work that a person asked for, and the files people gave at the desk, or that came by themselves, until they are
taken in or let go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    A file that `waits` is taken in by a person only, also where others of its kind are taken in at once.
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
    waits = models.BooleanField(default=False)

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


def as_kept(params: Mapping[str, object]) -> dict[str, Any]:
    """The parameters of a sentence as JSON keeps them; sums and days can be told again."""
    return {name: _as_kept(value) for name, value in params.items()}


def _as_kept(value: object) -> object:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def told_again(value: Any) -> Any:
    """A parameter of a sentence as it was: sums and days are kept in a form of their own."""
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
        return _rule(self.failure) or ("", {})

    @property
    def stoppable(self) -> bool:
        """Whether it still makes sense to ask it to stop."""
        return not (self.ended_at or self.settled or self.cancel_asked_at)


class Watch(models.Model):
    """How the looking goes at a place files come from by themselves: a `folder` or a `mailbox`.

    `next_at` is when it is looked at next; whoever looks holds it by `token` until `lease_until`. `seen` is what a look
    leaves for the next (JSON). `fault` says why the last look could not be made (a rule with its parameters, JSON;
    empty when it could), `faults` how many such looks there were in a row, `failing_since` when the first was.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    source = models.CharField(max_length=7)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)
    looked_at = models.DateTimeField(null=True)
    seen = models.TextField(blank=True)
    faults = models.PositiveSmallIntegerField(default=0)
    fault = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "source"), name="watch_once"),)

    def __str__(self) -> str:
        return self.source

    @property
    def why(self) -> tuple[str, dict[str, Any]] | None:
        """The rule and parameters of what keeps it from being looked at, None when nothing does."""
        return _rule(self.fault)


class Inbox(models.Model):
    """The mailbox whose attachments are taken, read by IMAP; without a row none is.

    `password_from` is as in `Sending`. `folder` is the one looked into, `senders` the addresses and domains (a line
    each) whose mail is read, from the day `since` on where the folder is INBOX. `by_itself` lets their files in as
    those of the watched folder; otherwise each waits for a person.
    """

    creditor = models.OneToOneField(Creditor, on_delete=models.PROTECT)
    server = models.TextField()
    port = models.PositiveIntegerField(default=993)
    encryption = models.CharField(max_length=10, default="tls")
    user = models.TextField()
    password_from = models.TextField()
    folder = models.TextField(default="INBOX")
    senders = models.TextField()
    by_itself = models.BooleanField(default=False)
    since = models.DateField()

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return self.user


class Mail(models.Model):
    """A message that was looked at for its attachments: by its place in the mailbox, and by its own Message-ID.

    `box` names server, user and folder. `fault` is why it could not be read (as in `Watch`), `outcome` what became of
    its files together, as in `Arrival`; `moved_to` the folder it lies in since, empty while it is where it was.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    box = models.TextField()
    validity = models.BigIntegerField()
    uid = models.BigIntegerField()
    message_id = models.TextField(blank=True)
    sender = models.TextField()
    subject = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()
    fault = models.TextField(blank=True)
    outcome = models.CharField(max_length=7, blank=True)
    moved_to = models.TextField(blank=True)
    put_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "box", "validity", "uid"), name="mail_once"),)
        indexes = (models.Index(fields=("creditor", "box", "message_id"), name="mail_by_message_id"),)

    def __str__(self) -> str:
        return self.subject

    @property
    def why(self) -> tuple[str, dict[str, Any]] | None:
        """The rule and parameters of why it could not be read, None when it could."""
        return _rule(self.fault)


class Arrival(models.Model):
    """A file that came by itself, what was answered, and where it lies since.

    `name`, `size` and `changed` (nanoseconds since 1970) are those of the file as it was found, `digest` is empty when
    nobody could read it. `file` is the one kept of it, if any. `outcome` is empty while it is at work, then `waiting`
    for a person, `done` or `failed`; `said` is a rule with its parameters where no file says why. `place` is where it
    lies below the watched folder, empty for where it was found, `moves_to` where it is just being put; `put_at` is when
    its answer was given for good.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    source = models.CharField(max_length=7)
    mail = models.ForeignKey(Mail, on_delete=models.PROTECT, null=True, db_index=False)
    name = models.TextField()
    size = models.BigIntegerField()
    changed = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, db_index=False)
    came_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, blank=True)
    said = models.TextField(blank=True)
    place = models.TextField(blank=True)
    moves_to = models.TextField(blank=True)
    put_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (
            models.Index(fields=("creditor", "digest"), name="arrival_by_digest"),
            models.Index(fields=("creditor", "file"), name="arrival_by_file"),
            models.Index(fields=("creditor", "source"), name="arrival_unput", condition=models.Q(put_at=None)),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def why(self) -> tuple[str, dict[str, Any]] | None:
        """The rule and parameters of the answer, where no file says it."""
        if (rule := _rule(self.said)) is None:
            return None
        return rule[0], {name: told_again(value) for name, value in rule[1].items()}


def _rule(written: str) -> tuple[str, dict[str, Any]] | None:
    """A rule and its parameters as they were written down, None when nothing was."""
    if not written:
        return None
    rule, params = json.loads(written)
    return rule, params
