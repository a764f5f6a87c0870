"""Takes what was read into the book, or says what that would change: the same for a command and for the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from amable.banking import intake as banking
from amable.banking.intake import TakenIn
from amable.dunning.dispatch import Clock
from amable.evidence import log
from amable.ledger import effects, originals
from amable.ledger.effects import Effect
from amable.ledger.intake import Sourced, note_taken
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint
from amable.work import duties
from amable.work.reading import NO_CURRENCY, Input
from amable.work.waking import wake

Progress = Callable[[int], object]


@dataclass(slots=True)
class Landed:
    """What taking files in came to: the ledger's effect and the money's, if there were such files."""

    effect: Effect | None = None
    money: TakenIn | None = None
    complaints: list[tuple[str, Complaint]] = field(default_factory=list)


def tried(creditor: Creditor, given: Input, today: date, *, progress: Progress = lambda n: None) -> Effect:
    """What taking the ledgers in would change, with everything that could not be used."""
    effect = effects.tried(
        creditor, _sourced(creditor, given), today, whole=given.whole, rejected=given.rejected, progress=progress
    )
    effect.complaints = given.complaints + effect.complaints
    return effect


def land(creditor: Creditor, given: Input, today: date, *, by: str = "", progress: Progress = lambda n: None) -> Landed:
    """Take ledgers, then statements in, and put that on record. `in_line` is what remains to be done."""
    landed = Landed(complaints=list(given.complaints))
    originals.keep(creditor, given.originals)
    if given.records:
        landed.effect = effects.taken(
            creditor, _sourced(creditor, given), given.digests, today,
            whole=given.whole, rejected=given.rejected, progress=progress,
        )  # fmt: skip
        landed.complaints += landed.effect.complaints
        note_taken(creditor, "einvoice", given.invoice_digests, today)
    money = banking.take_statements(creditor, given.statements, today)
    landed.complaints += [(given.bank_files[digest], complaint) for digest, complaint in money.complaints]
    landed.money = money if given.statements else None
    facts: dict[str, object] = {
        "ledgers": given.digests + given.invoice_digests,
        "statements": [digest for digest, _ in given.statements],
    }
    log.record(creditor, [log.Event("files.taken", today, facts | ({"by": by} if by else {}))])
    log.seal(creditor)
    return landed


def in_line(creditor: Creditor, clock: Clock, *, progress: Progress = lambda n: None) -> None:
    """Bring today's plan into line with what was taken in, and have what may leave by it looked at."""
    duties.look_again(creditor, clock, progress=progress)
    wake(creditor)


def _sourced(creditor: Creditor, given: Input) -> list[Sourced]:
    """The records with their files; without a currency of theirs or of the creditor's country none is guessed."""
    return [
        Sourced(file, record if record.currency or creditor.country else replace(record, currency=NO_CURRENCY))
        for file, record in given.records
    ]
