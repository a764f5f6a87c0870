"""Who owes what, and what was received. Amounts are integer minor units of the row's currency."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager

from amable.organisation.models import Creditor


class Customer(models.Model):
    """Who owes. `key` is the ledger's own identifier, else the tax id, else the folded name (`keyed_by` says which).

    `folded` is the name for searching: small ASCII letters, see `core.finding`.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    key = models.CharField(max_length=200)
    keyed_by = models.CharField(max_length=6)
    name = models.TextField()
    folded = models.TextField(blank=True, db_default="")
    tax_id = models.TextField(blank=True)
    kind = models.CharField(max_length=8, blank=True)
    language = models.CharField(max_length=2)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=6, blank=True)
    timezone = models.CharField(max_length=60, blank=True)
    segment = models.TextField(blank=True)
    address = models.TextField(blank=True)
    manager_name = models.TextField(blank=True)
    manager_email = models.TextField(blank=True)
    opt_out = models.CharField(max_length=100, blank=True)
    pause_until = models.DateField(null=True)
    payment_method = models.TextField(blank=True)
    review_on = models.DateField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "key"), name="customer_key"),)
        indexes = (
            models.Index(fields=("creditor", "review_on", "id"), name="customer_review"),
            models.Index(fields=("creditor", "folded", "id"), name="customer_named"),
        )

    def __str__(self) -> str:
        return self.key


class Contact(models.Model):
    """A person or address at a customer."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    role = models.CharField(max_length=12, default="billing")
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "customer", "role"), name="contact_role"),)

    def __str__(self) -> str:
        return self.role


class Item(models.Model):
    """An invoice, credit note or late charge.

    `ledger_open` is what the latest ledger shows, `allocated` what bank lines were set against it; `open` is the
    total less the larger of the two credits, never their sum. `settled_in_run` is the as-of day of the run that
    settled it, `settled_by` the rule and parameters that say how. `payment_reference` is what the invoice asks the
    payer to quote. `promise_noted_on` is the day a promise became
    known, null when the item came with it. `pdf_path` is the path of its document, or names an `Original`. `folded`
    is the number for searching, see `core.finding`.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    source = models.CharField(max_length=20)
    number = models.CharField(max_length=200)
    folded = models.TextField(blank=True, db_default="")
    instalment = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=12)
    applies_to = models.TextField(blank=True)
    po_number = models.TextField(blank=True)
    payment_reference = models.TextField(blank=True, db_default="")
    description = models.TextField(blank=True)
    issued_on = models.DateField(null=True)
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    ledger_open = models.BigIntegerField()
    allocated = models.BigIntegerField(default=0)
    open = models.BigIntegerField()
    settled_on = models.DateField(null=True)
    settled_in_run = models.DateField(null=True)
    settled_by = models.TextField(blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    disputed = models.BooleanField(default=False)
    promised_on = models.DateField(null=True)
    promise_noted_on = models.DateField(null=True)
    discount_percent = models.DecimalField(max_digits=4, decimal_places=2, null=True)
    discount_until = models.DateField(null=True)
    delivered = models.BooleanField(null=True)
    delivered_on = models.DateField(null=True)
    direct_debit = models.BooleanField(default=False)
    missing_since = models.DateField(null=True)
    duplicate_of = models.CharField(max_length=200, blank=True)
    pdf_path = models.TextField(blank=True)
    first_seen_on = models.DateField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("creditor", "source", "customer", "number", "instalment"), name="item_identity"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=("invoice", "credit_note", "late_charge")), name="item_kind"
            ),
        )
        indexes = (
            # All that the lists and the figures of the day add up, so that they need not read the rows.
            models.Index(
                fields=("creditor", "customer", "currency", "due_on", "open", "promised_on"),
                name="item_owed",
                condition=~models.Q(open=0),
            ),
            # The same by day, for the ageing; also the order of the list of items.
            models.Index(
                fields=("creditor", "due_on", "currency", "open"), name="item_due_day", condition=~models.Q(open=0)
            ),
            models.Index(fields=("creditor", "folded"), name="item_folded"),
            models.Index(fields=("creditor", "total"), name="item_total"),
            models.Index(fields=("creditor", "settled_in_run"), name="item_settled"),
            models.Index(
                fields=("creditor", "promised_on", "currency", "open"),
                name="item_promised_sum",
                condition=models.Q(promised_on__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.number


class Payment(models.Model):
    """Money received from a customer. `unapplied` is the part without an item; `reversed_on` when it was sent back.

    A movement that several customers share is a payment of each: the others are `part_of` the first. `means` says how
    money came that did not come by the bank (`cash`, `card`, `cheque`, `other`); `by` who booked it, nobody where it
    was booked unasked.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=64)
    received_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    unapplied = models.BigIntegerField(default=0)
    payer = models.TextField(blank=True)
    account = models.TextField(blank=True)
    in_run = models.DateField()
    reversed_on = models.DateField(null=True)
    part_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    means = models.CharField(max_length=10, blank=True, db_default="")
    note = models.TextField(blank=True, db_default="")
    by = models.TextField(blank=True, db_default="")

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "external_id"), name="payment_once"),)
        indexes = (
            models.Index(fields=("creditor", "received_on", "id"), name="payment_received"),
            models.Index(fields=("creditor", "customer"), name="payment_unapplied", condition=~models.Q(unapplied=0)),
        )

    def __str__(self) -> str:
        return self.external_id


class Allocation(models.Model):
    """The part of a payment set against one item; negative for a credit note used up with it.

    `let_off` is the discount for early payment that went with it: it settles as money does.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT)
    item = models.ForeignKey(Item, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    let_off = models.BigIntegerField(default=0, db_default=0)
    reversed = models.BooleanField(default=False)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "payment", "item"), name="allocation_once"),)

    def __str__(self) -> str:
        return f"{self.payment_id}:{self.item_id}"

    @property
    def settles(self) -> int:
        """What the item is less open by."""
        return self.amount + self.let_off


class Correction(models.Model):
    """What a person wrote of a customer where the ledger says otherwise; it stands until they take the ledger's word.

    `field` is a column of the customer, or `contact.` and one of the billing contact. `ledger` is what the ledger says
    now, `value` what stands.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    field = models.CharField(max_length=20)
    value = models.TextField(blank=True)
    ledger = models.TextField(blank=True)
    written_at = models.DateTimeField()
    written_by = models.TextField(blank=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "customer", "field"), name="correction_once"),)

    def __str__(self) -> str:
        return self.field


class Note(models.Model):
    """What a colleague should know of a customer, by who wrote it; `changed_at` when they wrote it differently."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    text = models.TextField()
    written_on = models.DateField()
    written_at = models.DateTimeField()
    written_by = models.TextField()
    changed_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    class Meta:
        indexes = (models.Index(fields=("creditor", "customer", "id"), name="note_customer"),)

    def __str__(self) -> str:
        return self.text[:40]


class Merged(models.Model):
    """A customer whom a person said to be another: its key, name and tax id stand for that other one from now on.

    `was` is the number it had, `kept` how its rows stood, as JSON, so that it can be undone (`dunning.merging`).
    `came` is what a ledger said under its key since, as JSON: the numbers of the `items` that are new by it, and the
    `facts` of the other and of their `people` (by number) that it changed, each as it stood and as it stands.
    """

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    was = models.BigIntegerField()
    key = models.CharField(max_length=200)
    keyed_by = models.CharField(max_length=6)
    name = models.TextField()
    tax_id = models.TextField(blank=True)
    merged_on = models.DateField()
    merged_at = models.DateTimeField()
    merged_by = models.TextField()
    kept = models.TextField()
    came = models.TextField(default="{}")

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("creditor", "key"), name="merged_key"),
            models.UniqueConstraint(fields=("creditor", "was"), name="merged_once"),
        )
        indexes = (models.Index(fields=("creditor", "customer"), name="merged_customer"),)

    def __str__(self) -> str:
        return self.key


class Apart(models.Model):
    """Two customers who look alike, and of whom a person said that they are two; `one` has the smaller number."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    one = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="apart_after", db_index=False)
    other = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="apart_before", db_index=False)
    said_at = models.DateTimeField()
    said_by = models.TextField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("creditor", "one", "other"), name="apart_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("other")), name="apart_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.one_id} {self.other_id}"


class Original(models.Model):
    """The document of an invoice as it came with it, to be attached again, by its SHA-256; `Item.pdf_path` names it."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    digest = models.CharField(max_length=64)
    data = models.BinaryField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "digest"), name="original_once"),)

    def __str__(self) -> str:
        return self.digest


class Taken(models.Model):
    """A ledger or bank file taken in: what it was and when, so that freshness can be judged."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # keys begin with it
    kind = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    day = models.DateField()

    objects = ScopedManager(creditor="creditor")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "kind", "digest", "day"), name="taken_once"),)

    def __str__(self) -> str:
        return self.digest
