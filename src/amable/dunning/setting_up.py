"""What a person decides about a creditor and how its messages leave: each change is on the record, no secret is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.db import models, transaction

from amable.core import creditor as core
from amable.core.procedure import read
from amable.dunning import actions, procedures
from amable.evidence import log
from amable.evidence.log import Event
from amable.organisation.actions import values
from amable.organisation.models import Creditor, Sending


def begin(
    creditor: Creditor,
    text: str,
    today: date,
    now: datetime,
    *,
    instance: str,
    by: str = "",
    written: Callable[[str], bool] = lambda path: False,
) -> Sending:
    """Let a creditor's messages leave by themselves from here, by the procedure of this text; nothing leaves yet.

    `written` says which drafts of earlier runs were written: they count as said.
    """
    actions.take_over(creditor, today, written=written)
    rules = read(text)
    digest = procedures.make_version(creditor, text, rules.name, now=now, by=by).digest
    return Sending.objects.create(creditor=creditor, procedure=digest, instance=instance, seen_at=now)


def describe(creditor: Creditor, described: core.Creditor, *, today: date, by: str) -> list[str]:
    """Keep the creditor as it is described now. The names of what changed."""
    return _change(creditor, values(described), today=today, by=by)


def use_mailbox(sending: Sending, facts: Mapping[str, object], *, today: date, by: str) -> list[str]:
    """Send through another mailbox, or the same by another way. The names of what changed."""
    rested = {"resting_until": None, "rests": 0, "resting_because": ""}
    return _change(sending, facts, today=today, by=by, beside=rested)


def _change(
    row: Creditor | Sending,
    facts: Mapping[str, object],
    *,
    today: date,
    by: str,
    beside: Mapping[str, object] | None = None,
) -> list[str]:
    """Change what differs in a row, and record by name what that was; `beside` is what goes with it."""
    model: type[models.Model] = type(row)
    with transaction.atomic():
        kept = model._base_manager.select_for_update().get(pk=row.pk)
        changed = sorted(name for name, value in facts.items() if getattr(kept, name) != value)
        if not changed:
            return []
        for name, value in {**facts, **(beside or {})}.items():
            setattr(row, name, value)
        row.save(update_fields=(*facts, *(beside or {})))
        creditor = row if isinstance(row, Creditor) else row.creditor
        log.record(creditor, [Event("settings.changed", today, {"fields": changed}, {"by": by})])
    return changed
