"""Notes about a customer: written, and written differently by who wrote them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from amable.evidence import log
from amable.evidence.log import Event
from amable.ledger.models import Customer, Note


@transaction.atomic
def write(customer: Customer, text: str, *, today: date, now: datetime, by: str) -> Note:
    """Note what a colleague should know."""
    text = text.replace("\r\n", "\n")
    made = Note.objects.create(
        creditor_id=customer.creditor_id, customer=customer, text=text, written_on=today, written_at=now, written_by=by
    )
    facts = {"customer": customer.pk, "note": made.pk}
    log.record(customer.creditor, [Event("note.written", today, facts, {"text": text, "by": by})])
    return made


@transaction.atomic
def change(note: Note, text: str, before: str, *, today: date, now: datetime, by: str) -> bool:
    """Write one's own note differently. False when it no longer says what its writer saw."""
    mine = Note.objects.filter(creditor=note.creditor_id, pk=note.pk, written_by=by, text=before)
    if not mine.update(text=text, changed_at=now):
        return False
    facts = {"customer": note.customer_id, "note": note.pk}
    log.record(note.customer.creditor, [Event("note.changed", today, facts, {"text": text, "by": by})])
    return True
