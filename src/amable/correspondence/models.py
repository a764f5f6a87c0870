"""Messages to customers, tasks and digests for people, and the items each of them speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Final

from django.db import models
from django_scopes import ScopedManager

from amable.ledger.models import Customer, Item
from amable.organisation.models import Creditor

# What did not get there, or nobody knows, or not yet.
AMISS: Final = frozenset({"unknown", "rejected", "bounced", "complained", "refused", "delayed"})


def in_states(states: Iterable[str]) -> models.Q:
    """Whether a message is in one of these states, in words that an index of such messages alone is chosen for.

    SQLite sees that `state = ?` is one of an index's states, but does not look into a list: asked with `state__in` it
    reads all messages there ever were.
    """
    return reduce(or_, (models.Q(state=str(state)) for state in sorted(states)))


class Message(models.Model):
    """One message, task or digest. It is the same one for creditor, customer, day and slot, however often decided.

    `state` is one of `core.delivery`; a message of today is replaced when decided again, as long as nobody was told.
    A withdrawn one has its `reason`. A rehearsal is never said. `blob` is the digest of its exact bytes, empty until it
    is composed; `path` is its place below the folder.

    What leaves by itself goes by `channel`, a task or digest as mail to one of the creditor's own people. It wants
    attention at `due_at`, and leaves on its day up to `until_at`; what is for our own people has no such end. Whoever
    is at work on it holds it by `token` until `lease_until`. It was first offered at `offered_at`. `answer` is what the
    server said last, `refused` the recipients it did not want (JSON: address, code, what was said).
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
    channel = models.CharField(max_length=10, blank=True, db_default="")
    domain = models.CharField(max_length=253, blank=True, db_default="")
    state = models.CharField(max_length=12, default="proposed")
    reason = models.TextField(blank=True)
    rehearsal = models.BooleanField(default=False)
    message_id = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    leaves_at = models.DateTimeField(null=True)
    path = models.CharField(max_length=200)
    blob = models.CharField(max_length=64)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(blank=True, db_default="")
    due_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True, db_default="")
    tries = models.PositiveSmallIntegerField(db_default=0)
    offered_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    server = models.TextField(blank=True, db_default="")
    answer = models.TextField(blank=True, db_default="")
    refused = models.TextField(blank=True, db_default="")

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "key"), name="message_key"),)
        indexes = (
            models.Index(fields=("creditor", "day", "act"), name="message_day"),
            models.Index(fields=("creditor", "customer", "day"), name="message_customer"),
            models.Index(
                fields=("creditor", "channel", "due_at", "id"),
                name="message_waiting",
                condition=in_states(("approved", "refused")),
            ),
            models.Index(
                fields=("creditor", "lease_until"),
                name="message_in_hand",
                condition=in_states(("claimed", "handed_over")),
            ),
            models.Index(
                fields=("creditor", "state"), name="message_asking", condition=in_states(AMISS | {"proposed"})
            ),
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


class EditedWords(models.Model):
    """The words a person gave a message before it left: subject and stretches of prose (see `core.rewording`).

    `version` counts the changes, so that nobody overwrites what another has written meanwhile. They are used for the
    message they were written for (`basis`) and for no other; `outdated` says that it turned out to be another by now,
    or, without `texts`, that ours were preferred again.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    message = models.ForeignKey(Message, on_delete=models.PROTECT, db_index=False)
    subject = models.TextField()
    texts = models.JSONField()
    basis = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    edited_at = models.DateTimeField()
    edited_by = models.TextField(blank=True)
    outdated = models.BooleanField(default=False)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "message"), name="words_once"),)

    def __str__(self) -> str:
        return self.subject


class Bucket(models.Model):
    """How much may leave now, by mailbox (no `domain`) and by the domain of the recipient (see `core.rates`)."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    domain = models.CharField(max_length=253, blank=True)
    full_on = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "domain"), name="bucket_once"),)

    def __str__(self) -> str:
        return self.domain


class ClosedAddress(models.Model):
    """An address nothing is sent to any more, since when and what its server said."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    address = models.CharField(max_length=320)
    closed_at = models.DateTimeField()
    because = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "address"), name="address_closed_once"),)

    def __str__(self) -> str:
        return self.address


class DeliveryEvent(models.Model):
    """What was heard of a message after it left; `origin` is what the source calls it, so that it counts once."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    message = models.ForeignKey(Message, on_delete=models.PROTECT)
    kind = models.CharField(max_length=12)
    recipient = models.CharField(max_length=320, blank=True)
    at = models.DateTimeField()
    origin = models.CharField(max_length=200)
    said = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "origin"), name="event_once"),)

    def __str__(self) -> str:
        return self.origin


class StoredWording(models.Model):
    """A wording of the creditor's own that is in force, as the file had it; `name` is where the file lay."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    name = models.CharField(max_length=200)
    text = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "name"), name="wording_once"),)

    def __str__(self) -> str:
        return self.name


class WordingVersion(models.Model):
    """A wording as it was put in force; an empty text says that the creditor's own was taken away.

    `made_at` is None for what was in force before versions were counted.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    language = models.CharField(max_length=2)
    wording = models.CharField(max_length=200)
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    made_at = models.DateTimeField(null=True)
    made_by = models.TextField(blank=True)
    note = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("creditor", "language", "wording", "number"), name="wording_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.language}/{self.wording} {self.number}"
