"""Proves that nothing of a creditor's record, nor of the procedures it names, was changed, removed or reordered."""

from __future__ import annotations

from amable.dunning.models import StoredProcedure
from amable.evidence import log
from amable.evidence.log import Fault
from amable.organisation.models import Creditor


def faults(creditor: Creditor) -> list[Fault]:
    """Everything that is wrong, with the place."""
    found = log.verify(creditor)
    for kept in StoredProcedure.objects.filter(creditor=creditor):
        if log.digest(kept.text.encode()) != kept.digest:
            found.append(Fault("procedure_changed", kept.digest))
    return found
