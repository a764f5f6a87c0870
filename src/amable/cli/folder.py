"""The outbox folder: mails, tasks and digests of the day as files, a reason for every item, and what was withdrawn.

Everything is written beside its place and moved into it, so that a run killed at any moment leaves whole files, and the
next run of the same day leaves the folder as if it had never happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from amable.cli.tables import UNFINISHED, Figure, write, write_table
from amable.core.languages import say
from amable.core.money import from_minor
from amable.core.procedure import Procedure
from amable.core.reasons import reason
from amable.correspondence.models import Message
from amable.dunning.actions import Gate, gated
from amable.dunning.models import Look
from amable.dunning.verdicts import KeptVerdict, unpack
from amable.evidence.models import Blob
from amable.ledger.models import Item, Payment
from amable.organisation.models import Creditor
from amable.plugs.complaint import Complaint

WHY_COLUMNS: Final = (
    "customer_id", "customer", "invoice", "currency", "total", "open_amount", "due_date", "days_late", "outcome",
    "rule", "reason", "step", "message", "next_look",
)  # fmt: skip
REJECTED_COLUMNS: Final = ("file", "line", "field", "value", "reason", "advice")
_KINDS: Final = ("mail", "tasks", "staff")


def write_day(folder: Path, creditor: Creditor, today: date) -> None:
    """Bring the files of the day into line with what is kept: written, withdrawn, and earlier days moved aside."""
    for kind in (*_KINDS, "withdrawn"):
        place = folder / kind
        place.mkdir(mode=0o700, exist_ok=True)
        _clear_unfinished(place)
        _set_earlier_aside(folder, place, today)
    _clear_unfinished(folder)
    of_today = Message.objects.filter(creditor=creditor, day=today)
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


def write_why(folder: Path, creditor: Creditor, today: date, gate: Gate | None, procedure: Procedure) -> None:
    """One row for every item that was open before the run's files were booked."""
    paths = dict(Message.objects.filter(creditor=creditor, day=today).values_list("key", "path"))
    rows: list[tuple[object, ...]] = []
    for row in verdict_rows(creditor, today, gate, procedure):
        verdict, language = row.verdict, creditor.language
        rows.append(
            (
                row.customer_id,
                row.customer,
                row.number or say("wording.part.unapplied", language),
                row.currency,
                Figure(from_minor(row.total, row.currency)),
                Figure(from_minor(row.open, row.currency)),
                row.due_on.isoformat(),
                Figure((today - row.due_on).days),
                verdict.outcome.value,
                verdict.rule,
                reason(verdict.rule, verdict.params, language),
                verdict.step,
                paths.get(verdict.message, ""),
                verdict.next_look.isoformat() if verdict.next_look else "",
            )
        )
    write_table(folder / "why.csv", WHY_COLUMNS, rows)


class VerdictRow:
    """A verdict and the item it is about."""

    __slots__ = ("currency", "customer", "customer_id", "due_on", "number", "open", "total", "verdict")

    def __init__(self, look: Look, verdict: KeptVerdict, about: Item | Payment) -> None:
        self.customer_id = look.customer.key
        self.customer = look.customer.name
        self.verdict = verdict
        self.currency = about.currency
        if isinstance(about, Item):
            self.number = about.number + (f" / {about.instalment}" if about.instalment else "")
            self.total, self.open, self.due_on = about.total, about.open, about.due_on
        else:
            self.number, self.due_on = "", about.received_on
            self.total = self.open = -about.unapplied


def verdict_rows(creditor: Creditor, today: date, gate: Gate | None, procedure: Procedure) -> Iterator[VerdictRow]:
    """Every verdict of the day with its item, by customer and due date, the gates of the creditor laid over them."""
    looks = Look.objects.filter(creditor=creditor).exclude(verdicts="[]").order_by("customer__key")
    ids = list(looks.values_list("pk", flat=True))
    for start in range(0, len(ids), 500):
        batch = list(Look.objects.filter(pk__in=ids[start : start + 500]).select_related("customer"))
        verdicts = {look.pk: unpack(look.verdicts) for look in batch}
        numbers = [verdict.item for listed in verdicts.values() for verdict in listed]
        items: dict[int, Item | Payment] = dict(Item.objects.in_bulk([n for n in numbers if n > 0]))
        items |= {-payment.pk: payment for payment in Payment.objects.filter(pk__in=[-n for n in numbers if n < 0])}
        for look in sorted(batch, key=lambda look: look.customer.key):
            rows = [VerdictRow(look, gated(v, gate, today, procedure), items[v.item]) for v in verdicts[look.pk]]
            yield from sorted(rows, key=lambda row: (row.due_on, row.number, row.verdict.item))
