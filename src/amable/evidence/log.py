"""Writing the record, sealing it into a chain, and proving that nobody changed it.

Each entry's digest covers the digest before it, its kind, day and body. A personal value is covered by a salted digest
in the body, so that the value and its salt can be erased and the chain still verifies.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, Final, cast

from django.db import connection, transaction

from amable.evidence.models import Blob, Entry, Head, Personal
from amable.organisation import bulk
from amable.organisation.models import Creditor

_BATCH = 1000
_WRITTEN_AT = Entry._meta.get_field("written_at")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Event:
    """Something to remember: its kind, the facts as JSON values, and personal values kept apart."""

    kind: str
    day: date
    facts: Mapping[str, object]
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the chain and where; the sentence is `evidence.<rule>`."""

    rule: str
    place: str


@transaction.atomic(savepoint=False)
def record(creditor: Creditor, events: Sequence[Event]) -> None:
    """Insert entries, unchained; any worker may do so at any time."""
    stamp = _stamp()
    if not any(event.personal for event in events):
        rows = ((creditor.pk, event.kind, event.day, _body(event.facts, {}), stamp, "") for event in events)
        bulk.insert(Entry, ("creditor", "kind", "day", "body", "written_at", "digest"), rows)
        return
    ids = bulk.numbers(Entry, len(events))
    entries: list[bulk.Row] = []
    values: list[bulk.Row] = []
    for entry, event in zip(ids, events, strict=True):
        salted = {name: (value, secrets.token_hex(16)) for name, value in event.personal.items()}
        entries.append((entry, creditor.pk, event.kind, event.day, _body(event.facts, salted), stamp, ""))
        values += [(creditor.pk, entry, name, value, salt) for name, (value, salt) in salted.items()]
    bulk.insert(Entry, ("id", "creditor", "kind", "day", "body", "written_at", "digest"), entries)
    bulk.insert(Personal, ("creditor", "entry", "field", "value", "salt"), values)


# An entry without personal values, for a statement of one's own; filled by `plain`.
PLAIN: Final = "INSERT INTO evidence_entry (creditor_id, kind, day, body, written_at, digest)"


def plain(creditor: Creditor, event: Event) -> list[Any]:
    """The values of an unchained entry, in the order of `PLAIN`; its event holds nothing personal."""
    if event.personal:
        raise ValueError("what is personal is kept apart from its entry")
    stamp = connection.ops.adapt_datetimefield_value(_stamp())
    return [creditor.pk, event.kind, event.day, _body(event.facts, {}), stamp, ""]


def _stamp() -> datetime:
    """When an entry is written; a row of ours takes longer to make."""
    return cast("datetime", _WRITTEN_AT.pre_save(cast("Entry", SimpleNamespace()), add=True))


def record_run(
    creditor: Creditor,
    day: date,
    now: datetime | None,
    procedure: str,
    ledgers: Sequence[str],
    statements: Sequence[str],
) -> None:
    """Record what a run was given, by digest; the same run again adds nothing."""
    moment = now.isoformat() if now else ""
    facts = {"moment": moment, "procedure": procedure, "ledgers": list(ledgers), "statements": list(statements)}
    last = Entry.objects.filter(creditor=creditor, kind="run.done").order_by("-id").first()
    if last is None or last.day != day or last.body != _body(facts, {}):
        record(creditor, [Event("run.done", day, facts)])


def last_run(creditor: Creditor) -> dict[str, Any]:
    """What the last run was given, as `record_run` has it; empty when there was none."""
    last = Entry.objects.filter(creditor=creditor, kind="run.done").order_by("-id").first()
    found: dict[str, Any] = json.loads(last.body) if last else {}
    return found


def keep(creditor: Creditor, contents: Iterable[bytes]) -> None:
    """Keep exact bytes by their digest; the same bytes once."""
    rows = ((creditor.pk, digest(data), data) for data in contents)
    bulk.insert(Blob, ("creditor", "digest", "data"), rows, unless_known=True)


def digest(data: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return sha256(data).hexdigest()


def seal(creditor: Creditor) -> str:
    """Give every unchained entry its place and digest, oldest first, and return the head of the chain."""
    while Entry.objects.filter(creditor=creditor, seq=None).exists():
        with transaction.atomic():
            Head.objects.get_or_create(creditor=creditor)
            head = Head.objects.select_for_update().get(creditor=creditor)
            unchained = Entry.objects.filter(creditor=creditor, seq=None).order_by("id")[:_BATCH]
            sealed = []
            for pk, kind, day, body in unchained.values_list("pk", "kind", "day", "body"):
                head.seq += 1
                head.digest = _chained(head.digest, kind, day, body)
                sealed.append((head.seq, head.digest, creditor.pk, pk))
            bulk.update(Entry, ("seq", "digest"), sealed)
            head.save(update_fields=("seq", "digest"))
    return Head.objects.filter(creditor=creditor).values_list("digest", flat=True).first() or ""


def length(creditor: Creditor) -> int:
    """How many entries are sealed."""
    head = Head.objects.filter(creditor=creditor).first()
    return head.seq if head else 0


def verify(creditor: Creditor) -> list[Fault]:
    """Everything wrong with the chain: changed, removed, reordered or unsealed entries, values and bytes."""
    faults: list[Fault] = []
    head = Head.objects.filter(creditor=creditor).first() or Head(creditor=creditor)
    before, expected = "", 0
    for entry, personal in _entries(creditor):
        seq = entry.seq or 0
        expected += 1
        place = f"{seq} {entry.kind} {entry.day}"
        if seq > expected:
            faults.append(Fault("missing", f"{expected} – {seq - 1}"))
            expected = seq
        elif seq < 1:  # slipped in before the beginning
            faults.append(Fault("changed", place))
            expected = 0
            continue
        elif entry.digest != _chained(before, entry.kind, entry.day, entry.body):
            faults.append(Fault("changed", place))
        faults.extend(Fault("personal_changed", place) for _ in _forged(entry, personal))
        before = entry.digest
    if (expected, before) != (head.seq, head.digest):
        faults.append(Fault("cut_off", f"{expected} / {head.seq}"))
    unsealed = Entry.objects.filter(creditor=creditor, seq=None).count()
    if unsealed:
        faults.append(Fault("unsealed", str(unsealed)))
    faults.extend(_bytes_faults(creditor))
    return faults


def _entries(creditor: Creditor) -> Iterator[tuple[Entry, list[Personal]]]:
    chained = rest = Entry.objects.filter(creditor=creditor, seq__isnull=False).order_by("seq")
    while batch := list(rest[:_BATCH]):
        values: dict[int, list[Personal]] = {}
        for value in Personal.objects.filter(creditor=creditor, entry__in=batch):
            values.setdefault(value.entry_id, []).append(value)
        for entry in batch:
            yield entry, values.get(entry.pk, [])
        rest = chained.filter(seq__gt=batch[-1].seq)


def _forged(entry: Entry, personal: Iterable[Personal]) -> Iterator[str]:
    """The personal values that are not the ones the entry was written with."""
    digests = _fact(entry, "personal")
    for value in personal:
        if not isinstance(digests, dict) or digests.get(value.field) != _salted(value.value, value.salt):
            yield value.field


def _fact(entry: Entry, name: str) -> object:
    """A fact of an entry, None when its body is no longer what was written; the chain reports that."""
    try:
        body = json.loads(entry.body)
    except (ValueError, RecursionError):
        return None
    return body.get(name) if isinstance(body, dict) else None


def _bytes_faults(creditor: Creditor) -> Iterator[Fault]:
    """Bytes kept that are not what their digest says, that an entry names and are gone, or that no entry names.

    The last are what is left when the end of the record was cut off and its head put back.
    """
    kept: set[str] = set()
    named: set[str] = set()
    for name, data in Blob.objects.filter(creditor=creditor).values_list("digest", "data").iterator(chunk_size=100):
        kept.add(name)
        if digest(bytes(data)) != name:
            yield Fault("bytes_changed", name)
    for entry in Entry.objects.filter(creditor=creditor, kind="message.written").iterator():
        blob = _fact(entry, "blob")
        if not isinstance(blob, str):
            continue
        named.add(blob)
        if blob not in kept:
            yield Fault("bytes_missing", f"{entry.seq} {blob}")
    for name in sorted(kept - named):
        yield Fault("bytes_unnamed", name)


def _body(facts: Mapping[str, object], personal: Mapping[str, tuple[str, str]]) -> str:
    body = dict(facts)
    if personal:
        body["personal"] = {name: _salted(value, salt) for name, (value, salt) in personal.items()}
    return _encode(body)


def _salted(value: str, salt: str) -> str:
    return sha256(f"{salt}\n{value}".encode()).hexdigest()


def _chained(before: str, kind: str, day: date, body: str) -> str:
    return sha256(f"{before}\n{kind}\n{day.isoformat()}\n{body}".encode()).hexdigest()
