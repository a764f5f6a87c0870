"""What changes a creditor."""

from __future__ import annotations

from hashlib import sha256

from amable.core import creditor as core
from amable.organisation.models import Creditor


def install(described: core.Creditor, *, placeholder: bool) -> Creditor:
    """The one creditor of this installation, as its file describes it now."""
    creditor = Creditor.objects.first() or Creditor(ref=sha256(described.name.encode()).hexdigest()[:12])
    creditor.name = described.name
    creditor.legal_name = described.legal_name
    creditor.address = described.address
    creditor.tax_id = described.tax_id
    creditor.email = described.email
    creditor.phone = described.phone
    creditor.iban = described.iban
    creditor.bic = described.bic
    creditor.language = described.language
    creditor.country = described.country
    creditor.region = described.region
    creditor.timezone = described.timezone
    creditor.closed_days = described.closed
    creditor.pay_link = described.pay_link
    creditor.sender_name = described.sender.name
    creditor.sender_email = described.sender.email
    creditor.sender_phone = described.sender.phone
    creditor.sender_signature = described.sender.signature
    creditor.minimum = described.minimum
    creditor.placeholder = placeholder
    creditor.save()
    return creditor
