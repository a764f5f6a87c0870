"""Changes the settings of a creditor: what was seen is what is changed, and the record says which and by whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final

from django.db import transaction

from amable.core.seals import changed_since
from amable.evidence import log
from amable.evidence.log import Event
from amable.evidence.models import Entry, Personal
from amable.organisation.models import Creditor, Sending

# Addresses that may carry a secret: the record says that they changed, not from what to what.
_UNSAID: Final = frozenset({"heartbeat", "test_to"})
_KIND: Final = "settings.changed"


class MeanwhileError(Exception):
    """Somebody else, `by`, changed the same settings since they were read."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


def values(rows: Sequence[Creditor | Sending], names: Collection[str]) -> dict[str, object]:
    """The settings of these names that the rows have."""
    return {field.name: getattr(row, field.name) for row in rows for field in row._meta.fields if field.name in names}


def change(
    creditor: Creditor,
    rows: Sequence[Creditor | Sending],
    new: Mapping[str, object],
    *,
    seen: str,
    today: date,
    by: str,
) -> list[str]:
    """Bring settings to their new values; the names of those that differ. Raises MeanwhileError.

    `seen` is the seal of what the writer saw of these settings.
    """
    with transaction.atomic():
        fresh = [type(row)._default_manager.select_for_update().get(pk=row.pk) for row in rows]
        before = values(fresh, new)
        if changed_since(seen, before):
            raise MeanwhileError(_last_by(creditor))
        changed = [name for name in before if before[name] != new[name]]
        for row in fresh:
            its = [field.name for field in row._meta.fields if field.name in changed]
            for name in its:
                setattr(row, name, new[name])
            if its:
                row.save(update_fields=its)
        if changed:
            log.record(creditor, [Event(_KIND, today, _facts(changed, before, new), {"by": by})])
    return changed


def _facts(changed: Sequence[str], before: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    said = [name for name in changed if name not in _UNSAID]
    return {
        "fields": list(changed),
        "from": {name: _plain(before[name]) for name in said},
        "to": {name: _plain(new[name]) for name in said},
    }


def _plain(value: object) -> object:
    return value if isinstance(value, int | list) else str(value)


def _last_by(creditor: Creditor) -> str:
    """Who changed settings last, as far as it was done at the desk."""
    last = Entry.objects.filter(creditor=creditor, kind=_KIND).order_by("-id").first()
    named = Personal.objects.filter(creditor=creditor, entry=last, field="by").first() if last else None
    return named.value if named else "?"
