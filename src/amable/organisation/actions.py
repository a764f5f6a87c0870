"""What changes a creditor, and who comes first to an installation."""

from __future__ import annotations

from hashlib import sha256
from itertools import count

from django.db import connection, transaction

from amable.core import creditor as core
from amable.organisation.models import Creditor, Member, User
from amable.organisation.roles import Role


def install(described: core.Creditor, *, placeholder: bool, known: Creditor | None = None) -> Creditor:
    """The creditor as it is described now: the one that is `known`, else the only one there is, else a new one."""
    if known is None and Creditor.objects.count() == 1:
        known = Creditor.objects.get()
    creditor = known or Creditor(ref=_free_ref(described.name))
    for name, value in (values(described) | {"placeholder": placeholder}).items():
        setattr(creditor, name, value)
    creditor.save()
    return creditor


def add(described: core.Creditor, *, owner: User) -> Creditor:
    """One more creditor of this installation, with its owner."""
    with transaction.atomic():
        creditor = Creditor.objects.create(ref=_free_ref(described.name), **values(described))
        Member.objects.create(creditor=creditor, user=owner, role=Role.OWNER)
    return creditor


def values(described: core.Creditor) -> dict[str, object]:
    """What is described, by the names of our columns."""
    sender = described.sender
    return {
        "name": described.name, "legal_name": described.legal_name, "address": described.address,
        "tax_id": described.tax_id, "email": described.email, "phone": described.phone,
        "iban": described.iban, "bic": described.bic, "language": described.language,
        "country": described.country, "region": described.region, "timezone": described.timezone,
        "closed_days": described.closed, "pay_link": described.pay_link, "minimum": described.minimum,
        "terms": described.terms,
        "sender_name": sender.name, "sender_email": sender.email, "sender_phone": sender.phone,
        "sender_signature": sender.signature,
    }  # fmt: skip


def _free_ref(name: str) -> str:
    """What names a creditor in addresses: of its name, and of a number where another has that name."""
    refs = (sha256(f"{name}{number or ''}".encode()).hexdigest()[:12] for number in count())
    return next(ref for ref in refs if not Creditor.objects.filter(ref=ref).exists())


def come_first(*, name: str, email: str, password: str, language: str) -> User | None:
    """Make the first person of an installation: they own it and every creditor there is. None when somebody is there.

    Of two who come at the same time one is the first.
    """
    with transaction.atomic():
        _alone_with_people()
        if User.objects.exists():
            return None
        user = User.objects.create_user(email, password, name=name, language=language, is_superuser=True)
        Member.objects.bulk_create(
            Member(creditor=creditor, user=user, role=Role.OWNER) for creditor in Creditor.objects.order_by("pk")
        )
    return user


def _alone_with_people() -> None:
    """Let nobody else add a person until the transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {User._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
