"""The procedures of a creditor: the one in force, its versions, and the drafts people write; who switched on what."""

from __future__ import annotations

from datetime import date, datetime
from difflib import unified_diff

from django.db import transaction
from django.db.models import F, Max

from amable.core import procedure_text
from amable.core.procedure_check import examine, read
from amable.core.wording import Library
from amable.dunning import actions
from amable.dunning.models import ProcedureDraft, ProcedureVersion, Range, StoredProcedure
from amable.dunning.starters import shipped
from amable.evidence import log
from amable.evidence.log import Event
from amable.organisation.models import Creditor, Sending


class ChangedMeanwhileError(Exception):
    """Somebody else changed the draft since it was looked at."""


class UnfitError(Exception):
    """A procedure that cannot be switched on: it has problems, or messages of it would have no words."""


# --- questions -------------------------------------------------------------------------------------------------------


def text_in_force(creditor: Creditor) -> str:
    """The procedure in force; where messages are drafts in a folder, the one used last, else the starter."""
    sending = Sending.objects.filter(creditor=creditor).first()
    if sending is not None and sending.procedure:
        return text_of(creditor, sending.procedure)
    return actions.procedure_last_used(creditor) or shipped()


def text_of(creditor: Creditor, digest: str) -> str:
    """A text by its digest."""
    return StoredProcedure.objects.values_list("text", flat=True).get(creditor=creditor, digest=digest)


def versions(creditor: Creditor) -> list[ProcedureVersion]:
    """What was ever switched on, the newest first."""
    return list(ProcedureVersion.objects.filter(creditor=creditor).order_by("-number"))


def drafts(creditor: Creditor) -> list[ProcedureDraft]:
    """The drafts somebody works on, the latest changed first."""
    return list(ProcedureDraft.objects.filter(creditor=creditor, discarded_at=None).order_by("-changed_at", "-pk"))


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    """The difference of two texts, line by line with some lines around: `-` gone, `+` new, a space as before."""
    lines = unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return [("…" if line.startswith("@@") else line[0], line[1:]) for line in list(lines)[2:]]


# --- drafts ----------------------------------------------------------------------------------------------------------


def begin(creditor: Creditor, text: str, *, begun_from: str, now: datetime, by: str) -> ProcedureDraft:
    """Begin a draft from a text."""
    return ProcedureDraft.objects.create(
        creditor=creditor, text=procedure_text.tidy(text), begun_from=begun_from,
        made_at=now, made_by=by, changed_at=now, changed_by=by,
    )  # fmt: skip


@transaction.atomic
def rewrite(draft: ProcedureDraft, text: str, *, edition: int, now: datetime, by: str) -> None:
    """Put a text in the place of a draft's; raises ChangedMeanwhileError if that is another edition by now."""
    text = procedure_text.tidy(text)
    same = ProcedureDraft.objects.filter(creditor=draft.creditor_id, pk=draft.pk, edition=edition)
    changes = {"text": text, "before": F("text"), "edition": edition + 1, "changed_at": now, "changed_by": by}
    if not same.update(**changes):
        raise ChangedMeanwhileError
    draft.refresh_from_db()


def discard(draft: ProcedureDraft, *, now: datetime) -> None:
    """Put a draft aside; it can be taken back."""
    ProcedureDraft.objects.filter(creditor=draft.creditor_id, pk=draft.pk).update(discarded_at=now)


def restore(draft: ProcedureDraft) -> None:
    """Take a draft back that was put aside."""
    ProcedureDraft.objects.filter(creditor=draft.creditor_id, pk=draft.pk).update(discarded_at=None)


# --- switching on ----------------------------------------------------------------------------------------------------


@transaction.atomic
def switch_on(
    creditor: Creditor, text: str, wordings: Library, *, today: date, now: datetime, by: str, note: str = ""
) -> ProcedureVersion:
    """Put a procedure in force from the next plan on; what is proposed for today and not said yet is decided again.

    Raises UnfitError for one that cannot be used. `by` and `note` may name people and stand apart in the record.
    """
    examined = examine(text, wordings)
    if not examined.fit or examined.procedure is None:
        raise UnfitError
    sending = Sending.objects.select_for_update().get(creditor=creditor)
    before = text_in_force(creditor)
    _count_the_first(creditor, sending)
    version = make_version(creditor, text, examined.procedure.name, now=now, by=by, note=note)
    sending.procedure = version.digest
    if sending.planned_on == today:
        sending.planned_on = None  # what wakes the duties makes the plan of today again
        Range.objects.filter(creditor=creditor, day=today).delete()
    sending.save(update_fields=("procedure", "planned_on"))
    facts = {
        "procedure": version.digest,
        "before": log.digest(before.encode()),
        "version": version.number,
        "difference": [f"{sign}{line}" for sign, line in changed_lines(before, text) if sign in "+-"],
    }
    log.record(creditor, [Event("procedure.switched_on", today, facts, {"by": by, **({"note": note} if note else {})})])
    actions.look_at_all_by_new_rules(creditor, version.digest, today)
    return version


def make_version(
    creditor: Creditor, text: str, name: str, *, now: datetime | None, by: str, note: str = ""
) -> ProcedureVersion:
    """Count a text as the next version."""
    digest = actions.remember_procedure(creditor, text)
    known = ProcedureVersion.objects.filter(creditor=creditor)
    number = (known.aggregate(last=Max("number"))["last"] or 0) + 1
    return ProcedureVersion.objects.create(
        creditor=creditor, number=number, digest=digest, name=name, made_at=now, made_by=by, note=note
    )


def _count_the_first(creditor: Creditor, sending: Sending) -> None:
    """What was in force before versions were counted is the first one: there is something to go back to."""
    newest = ProcedureVersion.objects.filter(creditor=creditor).order_by("-number").first()
    if sending.procedure and (newest is None or newest.digest != sending.procedure):
        text = text_of(creditor, sending.procedure)
        found = read(text)
        make_version(creditor, text, found.name if found else "", now=None, by="")
