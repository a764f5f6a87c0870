"""What was decided last about each customer, and the procedures it was decided by."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.correspondence.models import Message
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


class ProcedureVersion(models.Model):
    """A switching on of a procedure: the text by its digest, when and by whom, and what they said about it.

    Going back to an earlier text is a version of its own, so the numbers tell the whole story. `made_at` is null for
    what was in force before versions were counted.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    name = models.TextField()
    made_at = models.DateTimeField(null=True)
    made_by = models.TextField(blank=True)
    note = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "number"), name="procedure_version_once"),)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class ProcedureDraft(models.Model):
    """A procedure being written, right or wrong. `edition` grows with each change, so that nobody overwrites another's.

    `before` is the text before the last change, empty when that was taken back.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT)
    text = models.TextField()
    before = models.TextField(blank=True)
    edition = models.PositiveIntegerField(default=1)
    begun_from = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.TextField(blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.TextField(blank=True)
    discarded_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return f"{self.pk} {self.begun_from}"


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


class Hold(models.Model):
    """A stated reason not to write to a customer before a day, and who stated it."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    until = models.DateField()
    because = models.TextField()
    held_at = models.DateTimeField()
    held_by = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (
            models.Index(fields=("creditor", "customer"), name="hold_standing", condition=models.Q(ended_at=None)),
        )

    def __str__(self) -> str:
        return self.because


class Ask(models.Model):
    """A person wants a customer reminded on a day without waiting for the next step's own; it counts that day only."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    day = models.DateField()
    asked_at = models.DateTimeField()
    asked_by = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "customer", "day"), name="ask_once"),)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.day}"


class TaskOutcome(models.Model):
    """What a task came to, as the person said who did it (`dunning.outcomes`): a call, a check, a decision.

    It is asked again on `again_on`, None when it is done; `said_on` is a day named in it, of a payment. `phone` is the
    number that turned out to be right.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    message = models.ForeignKey(Message, on_delete=models.PROTECT, db_index=False)
    outcome = models.CharField(max_length=20)
    note = models.TextField(blank=True)
    said_on = models.DateField(null=True)
    phone = models.TextField(blank=True)
    again_on = models.DateField(null=True)
    told_at = models.DateTimeField()
    told_by = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (models.Index(fields=("creditor", "message", "told_at"), name="outcome_of_task"),)

    def __str__(self) -> str:
        return self.outcome


class Range(models.Model):
    """Customers of a day's plan, by number, that one worker looks at: `first` to `last`, `done_at` when it has.

    Whoever is at work on it holds it by `token` until `lease_until`; what it has looked at needs no second look, so
    another may begin it again.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    day = models.DateField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    lease_until = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)
    done_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "day", "first"), name="range_once"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.first} - {self.last}"


class PlanFigures(models.Model):
    """What a day's plan came to, so that an odd one is noticed (see `core.anomalies`), all of it as JSON.

    `sample` is what some of its items and customers were like, to compare the next plan with; only the latest ordinary
    plans keep theirs. `odd` is what was odd about it, empty when nothing was. It is ordinary then, and also once a
    person said that it is right (`accepted_at`).
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    day = models.DateField()
    figures = models.TextField()
    sample = models.TextField(blank=True)
    odd = models.TextField(blank=True)
    accepted_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "day"), name="figures_once"),)

    def __str__(self) -> str:
        return str(self.day)
