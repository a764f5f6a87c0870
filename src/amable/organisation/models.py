"""The business that is owed and the people who work for it."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django_scopes import ScopedManager

from amable.core.languages import LANGUAGES
from amable.organisation.roles import GRANTED, May, Role


class _People(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **facts: Any) -> User:
        """A person who signs in by an address; without a password, by a link or a passkey only."""
        user = self.model(email=self.normalize_email(email), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """A person who signs in, in the language they read; what they may do is said for each creditor (`Member`)."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, default="en", choices=[(one, one) for one in LANGUAGES])

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[_People] = _People()  # type: ignore[assignment]

    def get_full_name(self) -> str:
        """How colleagues know them."""
        return self.name or self.email

    get_short_name = get_full_name


class Creditor(models.Model):
    """A business that is owed. `minimum` is in major units of whatever currency it is compared with.

    `terms` are the days its customers have to pay where an invoice does not say; none where nobody said.

    `last_run_on` is the as-of day of the newest run begun, `last_written_on` that of the newest whose files are all
    in place. `looked_by` is the digest of the rules by which its customers were looked at last. `passed` are the steps
    of the guided start that somebody confirmed or skipped. With `second_factor` nobody of its staff comes in by a
    password alone. `watched_folder` is a folder of this machine whose files are taken in by themselves, empty for none.
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
    terms = models.PositiveSmallIntegerField(null=True)
    placeholder = models.BooleanField(default=False)
    last_run_on = models.DateField(null=True)
    last_run_at = models.DateTimeField(null=True)
    last_written_on = models.DateField(null=True)
    looked_by = models.CharField(max_length=64, blank=True)
    passed = models.JSONField(default=list)
    second_factor = models.BooleanField(default=False)
    watched_folder = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person on the staff of a creditor. Asked for before anybody acts for one, so it is not scoped."""

    creditor = models.ForeignKey(Creditor, on_delete=models.PROTECT, db_index=False)  # the key begins with it
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    role = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Role])

    class Meta:
        constraints = (models.UniqueConstraint(fields=("creditor", "user"), name="member_once"),)

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"

    def may(self, what: May) -> bool:
        """Whether their role lets them."""
        return what in GRANTED[Role(self.role)]


class Sending(models.Model):
    """How the messages of a creditor leave by themselves, and what keeps them from it. Without a row none does.

    The mailbox is `server` to `connections`; `password_from` says where its password is kept (`env:NAME` or
    `file:PATH`) or has it sealed (`sealed:…`), never as it is. `procedure` is the digest of the one in force. `test_to`
    is where everything goes in test mode.

    Nothing leaves while `stopped_at` is set, before somebody approved a plan (`trusted_at`), or while `instance` is not
    where this database is opened (it was copied or restored). `seen_at` is the newest moment of any work,
    `resting_until` when a mailbox that could not be reached is tried again after `rests` failures, `planned_on` the day
    of the newest plan, `broke_off_at` when today's plan broke off and is still to be made, `anomaly` what was odd about
    it (JSON; empty when nothing was, or once a person approved it).
    """

    creditor = models.OneToOneField(Creditor, on_delete=models.PROTECT)
    server = models.TextField(blank=True)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=10, default="starttls")
    user = models.TextField(blank=True)
    password_from = models.TextField(blank=True)
    authority = models.TextField(blank=True)
    per_minute = models.PositiveIntegerField(default=30)
    per_minute_and_domain = models.PositiveIntegerField(default=20)
    connections = models.PositiveSmallIntegerField(default=1)
    procedure = models.CharField(max_length=64, blank=True)
    plan_at = models.TimeField(default=time(4))
    undo_minutes = models.PositiveIntegerField(default=10)
    daily_cap = models.PositiveIntegerField(default=50)
    test_to = models.TextField(blank=True)
    heartbeat = models.TextField(blank=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.TextField(blank=True)
    stopped_because = models.TextField(blank=True)
    trusted_at = models.DateTimeField(null=True)
    instance = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(null=True)
    resting_until = models.DateTimeField(null=True)
    rests = models.PositiveSmallIntegerField(default=0)
    resting_because = models.TextField(blank=True)
    planned_on = models.DateField(null=True)
    planned_at = models.DateTimeField(null=True)
    broke_off_at = models.DateTimeField(null=True)
    anomaly = models.TextField(blank=True)
    backed_up_at = models.DateTimeField(null=True)

    objects = ScopedManager(creditor="creditor")

    def __str__(self) -> str:
        return self.server
