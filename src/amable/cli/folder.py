"""The outbox folder: messages, tasks and digests of the day as files, a reason for every item, what was withdrawn.

Everything is written beside its place and moved into it, so that a run killed at any moment leaves whole files, and the
next run of the same day leaves the folder as if it had never happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from django.db.models import QuerySet

from amable.cli import letters
from amable.cli.tables import UNFINISHED, write, write_table
from amable.core.cells import Figure
from amable.core.languages import say
from amable.core.money import from_minor
from amable.core.planning import Outcome
from amable.core.procedure import Procedure
from amable.core.reasons import reason
from amable.correspondence.models import Message
from amable.dunning.actions import Gate, gated
from amable.dunning.models import Look
from amable.dunning.verdicts import KeptVerdict, unpack
from amable.evidence.models import Blob
from amable.ledger.models import Item, Payment
from amable.organisation.bulk import batched, these
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint

WHY_COLUMNS: Final = (
    "customer_id", "customer", "invoice", "currency", "total", "open_amount", "due_date", "days_late", "outcome",
    "rule", "reason", "step", "message", "next_look",
)  # fmt: skip
REJECTED_COLUMNS: Final = ("file", "line", "field", "value", "reason", "advice")
KINDS: Final = ("mail", "letters", "sms", "tasks", "staff")
_ALWAYS: Final = frozenset({"mail", "tasks", "staff"})  # the others once a message went that way


def write_day(folder: Path, creditor: Creditor, today: date) -> None:
    """Bring the files of the day into line with what is kept: written, withdrawn, and earlier days moved aside."""
    of_today = Message.objects.filter(creditor=creditor, day=today)
    kinds = [kind for kind in KINDS if kind in _ALWAYS or (folder / kind).exists() or _any(of_today, kind)]
    letters.set_earlier_aside(folder, today)
    for kind in (*kinds, "withdrawn"):
        place = folder / kind
        place.mkdir(mode=0o700, exist_ok=True)
        _clear_unfinished(place)
        _set_earlier_aside(folder, place, today)
    _clear_unfinished(folder)
    for path, data in _contents(creditor, of_today.filter(state="proposed")):
        write(folder / path, data)
        for stale in _withdrawn_as(folder, path):
            stale.unlink(missing_ok=True)
    withdrawn = list(of_today.filter(state="withdrawn").order_by("pk"))
    reasons = {message.path: _why_withdrawn(message, creditor.language) for message in withdrawn}
    for path, data in _contents(creditor, of_today.filter(state="withdrawn")):
        (folder / path).unlink(missing_ok=True)
        kept, why = _withdrawn_as(folder, path)
        write(kept, data)
        write(why, reasons[path].encode())
    if "letters" in kinds:
        letters.write_print_run(folder / "letters", creditor, today)


def write_letters(folder: Path, creditor: Creditor, today: date) -> None:
    """Write what was handed over to be printed today, and the print run of it; nothing where there was never any."""
    handed_over = Message.objects.filter(creditor=creditor, day=today, state="accepted", path__startswith="letters/")
    if not (folder / "letters").exists() and not handed_over.exists():
        return
    letters.set_earlier_aside(folder, today)
    (folder / "letters").mkdir(mode=0o700, parents=True, exist_ok=True)
    _set_earlier_aside(folder, folder / "letters", today)
    for path, data in _contents(creditor, handed_over):
        write(folder / path, data)
    letters.write_print_run(folder / "letters", creditor, today)


def _any(of_today: QuerySet[Message], kind: str) -> bool:
    return of_today.filter(path__startswith=f"{kind}/").exists()


def _contents(creditor: Creditor, messages: Iterable[Message]) -> Iterator[tuple[str, bytes]]:
    """The path and bytes of each message, read in batches."""
    listed = sorted((message.path, message.blob) for message in messages)
    for start in range(0, len(listed), 200):
        batch = listed[start : start + 200]
        blobs = Blob.objects.filter(creditor=creditor, digest__in=[digest for _, digest in batch])
        data = {digest: bytes(content) for digest, content in blobs.values_list("digest", "data")}
        yield from ((path, data[digest]) for path, digest in batch)


def _withdrawn_as(folder: Path, path: str) -> tuple[Path, Path]:
    """Where a withdrawn message is kept, and the reason beside it."""
    kept = folder / "withdrawn" / Path(path).name
    return kept, kept.with_name(f"{kept.name}.why.txt")


def _why_withdrawn(message: Message, language: str) -> str:
    verdicts = unpack(message.reason) if message.reason else []
    if any(verdict.outcome is Outcome.SENT for verdict in verdicts):
        return f"{say('withdrawn.other_way', language)}\n"
    sentences = dict.fromkeys(reason(verdict.rule, verdict.params, language) for verdict in verdicts)
    return "".join(f"{sentence}\n" for sentence in sentences) or f"{say('withdrawn.gone', language)}\n"


def _set_earlier_aside(folder: Path, place: Path, today: date) -> None:
    """Files of earlier days move to `earlier/`: what lies in `mail/` is exactly what should leave today."""
    aside = folder / "earlier" / place.name
    for file in sorted(place.iterdir()):
        try:
            day = date.fromisoformat(file.name[:10])
        except ValueError:
            continue
        if day < today:
            aside.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.replace(aside / file.name)


def _clear_unfinished(place: Path) -> None:
    for file in place.glob(f"{UNFINISHED}*"):
        file.unlink(missing_ok=True)


def write_rejected(folder: Path, complaints: Sequence[tuple[str, Complaint]], language: str) -> None:
    """Every input row that could not be used, why, and what to do."""
    rows = [
        (
            file,
            Figure(complaint.line or ""),
            complaint.field,
            complaint.value,
            say(f"complaint.{complaint.rule}", language, **complaint.params),
            say(f"advice.{complaint.rule}", language, **complaint.params),
        )
        for file, complaint in complaints
    ]
    write_table(folder / "rejected.csv", REJECTED_COLUMNS, rows)


def write_why(folder: Path, creditor: Creditor, today: date, rows: Iterable[VerdictRow]) -> None:
    """One row for every item that was open before the run's files were booked, written as it is read."""
    paths = dict(Message.objects.filter(creditor=creditor, day=today).values_list("key", "path"))
    language = creditor.language
    cash = say("wording.part.unapplied", language)
    write_table(
        folder / "why.csv",
        WHY_COLUMNS,
        (
            (
                row.customer_id,
                row.customer,
                row.number or cash,
                row.currency,
                Figure(from_minor(row.total, row.currency)),
                Figure(from_minor(row.open, row.currency)),
                row.due_on.isoformat(),
                Figure((today - row.due_on).days),
                row.verdict.outcome.value,
                row.verdict.rule,
                reason(row.verdict.rule, row.verdict.params, language),
                row.verdict.step,
                paths.get(row.verdict.message, ""),
                row.verdict.next_look.isoformat() if row.verdict.next_look else "",
            )
            for row in rows
        ),
    )


class VerdictRow(NamedTuple):
    """A verdict and the item it is about; unapplied cash has no number."""

    customer_id: str
    customer: str
    verdict: KeptVerdict
    number: str
    currency: str
    total: int
    open: int
    due_on: date


def verdict_rows(creditor: Creditor, today: date, gate: Gate | None, procedure: Procedure) -> Iterator[VerdictRow]:
    """Every verdict that stands with its item, by customer and due date, the gates of the creditor laid over them."""
    looks = Look.objects.filter(creditor=creditor).exclude(verdicts="[]").order_by("customer__key")
    for ids in batched(looks.values_list("pk", flat=True), 500):
        batch = Look.objects.filter(creditor=creditor, pk__in=these(ids)).order_by("customer__key")
        told = [
            (key, name, unpack(v)) for key, name, v in batch.values_list("customer__key", "customer__name", "verdicts")
        ]
        about = _about(creditor, [verdict.item for _, _, verdicts in told for verdict in verdicts])
        for key, name, verdicts in told:
            rows = [VerdictRow(key, name, gated(v, gate, today, procedure), *about[v.item]) for v in verdicts]
            yield from sorted(rows, key=lambda row: (row.due_on, row.number, row.verdict.item))


def _about(creditor: Creditor, numbers: Sequence[int]) -> dict[int, tuple[str, str, int, int, date]]:
    """Number, currency, total, open amount and due date of items; payments stand under their numbers below zero."""
    items = Item.objects.filter(creditor=creditor, pk__in=these([n for n in numbers if n > 0]))
    facts = items.values_list("pk", "number", "instalment", "currency", "total", "open", "due_on")
    found = {
        pk: (f"{number} / {part}" if part else number, currency, total, left, due)
        for pk, number, part, currency, total, left, due in facts
    }
    cash = Payment.objects.filter(creditor=creditor, pk__in=these([-n for n in numbers if n < 0]))
    for pk, currency, left, day in cash.values_list("pk", "currency", "unapplied", "received_on"):
        found[-pk] = ("", currency, -left, -left, day)
    return found
