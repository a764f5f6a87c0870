"""Files people give at the desk: kept until they are taken in or let go, looked into, and taken in, as jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, Protocol

from django.db import transaction

from amable.core import document
from amable.core.ledger_map import IGNORE
from amable.evidence import log
from amable.ledger.effects import Effect
from amable.ledger.models import Customer, Taken
from amable.organisation.bulk import insert
from amable.organisation.models import Creditor
from amable.plugs.bank import Statement
from amable.plugs.complaint import Complaint
from amable.plugs.invoices import ItemRecord, Understood
from amable.work import invoicing, jobs, reading, taking
from amable.work.duties import today_of
from amable.work.jobs import Cancelled, Progress, kind
from amable.work.models import File, FilePart, HeadingMap, Job, Rejection, as_kept
from amable.work.reading import Input

LOOK: Final = "file"
TAKE: Final = "take"
BY_ITSELF: Final = ("folder", "mailbox")  # who gave and took a file in where no person did
KEPT: Final = timedelta(days=7)  # for how long the bytes of a file wait that nobody takes in
SETTINGS: Final = ("dates", "decimal", "currency", "terms", "sheet", "ledger")

_PART: Final = 256 * 1024  # bytes
_NOTICES: Final = 200
_LISTED: Final = 20  # names that are spelt in several ways, or alike
_SHOWN_ITEMS: Final = 5
_LONGEST_NAME: Final = 200


class Given(Protocol):
    """A file as a request brings it: read twice, so that no more than a part is in memory."""

    def chunks(self) -> Iterable[bytes]:
        """Its bytes in their order, from the beginning each time."""
        ...


# --- keeping ---------------------------------------------------------------------------------------------------------


def keep(
    creditor: Creditor, name: str, given: Given, *, by: str, now: datetime, leads_to: str = "", waits: bool = False
) -> tuple[File, bool]:
    """Keep a file and have it looked into; False with the one there is when the very same waits already.

    One that `waits` is taken in by a person only, also where it is a bank statement.
    """
    digest, size = sha256(), 0
    for chunk in given.chunks():
        digest.update(chunk)
        size += len(chunk)
    with transaction.atomic():
        Creditor.objects.select_for_update().get(pk=creditor.pk)  # two may drop the same at once
        _let_old_ones_go(creditor, now)
        waiting = File.objects.filter(creditor=creditor, digest=digest.hexdigest(), taken_at=None, left_at=None).first()
        if waiting is not None:
            waiting.leads_to = leads_to or waiting.leads_to
            waiting.save(update_fields=("leads_to",))
            return waiting, False
        file = File.objects.create(
            creditor=creditor,
            name=_keepable(name)[:_LONGEST_NAME],
            size=size,
            digest=digest.hexdigest(),
            day=today_of(creditor, now),
            given_at=now,
            given_by=by,
            leads_to=leads_to,
            waits=waits,
        )
        parts = ((creditor.pk, file.pk, place, part) for place, part in enumerate(_parts(given.chunks())))
        for place_and_part in parts:
            insert(FilePart, ("creditor", "file", "place", "data"), [place_and_part])
        jobs.ask(creditor, LOOK, {}, by=by, now=now, file=file)
    return file, True


def _parts(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """The same bytes in parts of one size."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        while len(rest) >= _PART:
            yield rest[:_PART]
            rest = rest[_PART:]
    if rest:
        yield rest


def _let_old_ones_go(creditor: Creditor, now: datetime) -> None:
    for file in File.objects.filter(creditor=creditor, taken_at=None, left_at=None, given_at__lt=now - KEPT):
        let_go(file, now=now)


def let_go(file: File, *, now: datetime) -> None:
    """Do not take a file in after all: what is at work on it stops, and its bytes are gone."""
    with transaction.atomic():
        for job in Job.objects.filter(creditor=file.creditor_id, file=file, ended_at=None):
            jobs.cancel(job, now=now)
        File.objects.filter(pk=file.pk, creditor=file.creditor_id, taken_at=None).update(left_at=now)
        FilePart.objects.filter(creditor=file.creditor_id, file=file, file__taken_at=None).delete()


def _bytes(file: File) -> bytes:
    parts = FilePart.objects.filter(creditor=file.creditor_id, file=file).order_by("place")
    return b"".join(bytes(part) for part in parts.values_list("data", flat=True).iterator(chunk_size=20))


# --- what a person says of it ----------------------------------------------------------------------------------------


def say_how(file: File, lines: Mapping[str, str], *, by: str, now: datetime) -> Job:
    """Have a ledger read again by these lines of a map."""
    with transaction.atomic():
        File.objects.filter(pk=file.pk, creditor=file.creditor_id).update(lines=json.dumps(lines))
        return jobs.ask(file.creditor, LOOK, {}, by=by, now=now, file=file)


def look_again(file: File, *, by: str, now: datetime) -> Job:
    """Have a file looked into once more, as it was said."""
    return jobs.ask(file.creditor, LOOK, {}, by=by, now=now, file=file)


def take_in(file: File, *, whole: bool, by: str, now: datetime) -> Job:
    """Have a ledger taken in, as the complete one or as additions."""
    return jobs.ask(file.creditor, TAKE, {"whole": whole}, by=by, now=now, file=file)


# --- questions -------------------------------------------------------------------------------------------------------


def latest(file: File, *, of: str = "", done: bool = False) -> Job | None:
    """The newest job of a file, of some kind, or the newest that was done."""
    found = Job.objects.filter(creditor=file.creditor_id, file=file).order_by("-pk")
    if of:
        found = found.filter(kind=of)
    if done:
        found = found.filter(outcome="done")
    return found.first()


def taken_before(file: File) -> date | None:
    """The day on which a file with the very same bytes was taken in, if any."""
    same = Taken.objects.filter(creditor=file.creditor_id, digest=file.digest).order_by("-day")
    return same.values_list("day", flat=True).first()


def newest_jobs(listed: Sequence[File]) -> dict[int, Job]:
    """The newest job of each of some files, without what it came to."""
    found = Job.objects.filter(file__in=listed).order_by("pk").defer("result", "given")
    return {job.file_id: job for job in found if job.file_id is not None}


def state_of(file: File, job: Job | None) -> str:
    """`taken`, `left`, `working`, `failed`, `stopped`; of a file that was read `asks`, `unusable` or `ready`.

    `job` is its newest.
    """
    if job is not None and job.ended_at is None and file.left_at is None:
        return "working"
    if file.taken_at is not None:
        return "taken"
    if file.left_at is not None:
        return "left"
    if job is None or job.outcome == "failed":
        return "failed"
    if job.outcome == "cancelled":
        return "stopped"
    return "asks" if file.asks else "ready" if file.rows else "unusable"


# --- looking into it -------------------------------------------------------------------------------------------------


@kind(LOOK, alone=True)
def look_inside(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
    """What a file is. A ledger is compared with the book and waits for a person; bank statements are taken in."""
    if (file := _of(job)).taken_at is not None:  # statements of a job whose worker died at the plan
        taking.in_line(creditor, progress.clock)
        return {"kind": file.kind, "rows": file.rows}
    progress(0, 0, "opening")
    data = _bytes(file)
    progress(0, 0, "reading")
    given = _read(file, data, file.map_lines, progress)
    if _only_bank(given):
        if file.waits:
            return _hold_statements(creditor, file, given)
        return _take_statements(creditor, file, given, progress, by=job.asked_by)
    return _compare(creditor, file, data, given, progress)


def _only_bank(given: Input) -> bool:
    """Whether there is nothing to ask or to compare: money is matched when it is taken in."""
    return bool(given.bank_files) and not given.records and not given.questions


def _compare(creditor: Creditor, file: File, data: bytes, given: Input, progress: Progress) -> dict[str, Any]:
    """How a ledger or e-invoices were understood, what is asked, and what taking them in would change."""
    lines = file.map_lines
    found: dict[str, Any] = {"kind": "ledger", "remembered": None}
    if not lines and (told := _told_before(creditor, given)) is not None:
        lines = json.loads(told.lines)
        if lines:
            given = _read(file, data, lines, progress)
            File.objects.filter(pk=file.pk, creditor=creditor).update(lines=told.lines)
        found["remembered"] = {"by": told.said_by, "on": told.said_at.date().isoformat()}
    found |= {
        "readable": given.whole,
        "einvoices": not given.ledgers,
        "notices": _notices(given),
        "additions": lines.get("ledger") == "additions",
        "understood": [_understood(one) for _, one in given.understood],
        "settings": _settings(given) | {name: lines[name] for name in SETTINGS if name in lines},
        "questions": [_question(asked) for _, asked in given.questions],
        "rows": len(given.records),
        "no_currency": sum(1 for _, record in given.records if not record.currency),
        "items": [_item(record) for _, record in given.records[:_SHOWN_ITEMS]],
    }
    complaints = given.complaints
    if given.records and not given.questions:
        effect = _tried(creditor, given, progress)
        complaints = effect.complaints
        found["effect"] = _effect(effect)
    progress.settle()
    _reject(file, complaints, notices=not given.records)
    File.objects.filter(pk=file.pk, creditor=creditor).update(
        kind="ledger", rows=len(given.records), asks=len(given.questions)
    )
    return found


def _tried(creditor: Creditor, given: Input, progress: Progress) -> Effect:
    done, total = 0, len(given.records)

    def on(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total, "comparing")

    progress(0, total, "comparing")
    return taking.tried(creditor, given, today_of(creditor, progress.clock()), progress=on)


def _read(file: File, data: bytes, lines: dict[str, str], progress: Progress) -> Input:
    """What a ledger says, complete unless something of it could not be read.

    Where neither the file nor its map say when invoices fall due, the creditor's own terms do.
    """
    given = Input()
    own = {} if file.creditor.terms is None else {"terms": f"{file.creditor.terms} days"}
    reading.read(file.name, data, own | lines, (), given, progress=progress)
    invoicing.make_items(file.creditor, given)
    return given


def _told_before(creditor: Creditor, given: Input) -> HeadingMap | None:
    """How a file with the same headings was read before."""
    if not given.ledgers:
        return None
    return HeadingMap.objects.filter(creditor=creditor, headings=_fingerprint(given)).first()


def _fingerprint(given: Input) -> str:
    """What is the same for all ledgers with the headings of the first one; our own headings are explained to nobody."""
    headings = given.understood[0][1].headings if given.understood else ()
    folded = sorted(" ".join(heading.casefold().split()) for heading in headings if heading)
    return log.digest("\n".join(folded).encode())


def _of(job: Job) -> File:
    """The file of a job, as it is now."""
    assert job.file_id is not None, "jobs of this kind are about a file"
    file = File.objects.select_related("creditor").get(creditor=job.creditor_id, pk=job.file_id)
    if file.left_at is not None:
        raise jobs.FailedError("file_gone")
    return file


# --- taking it in ----------------------------------------------------------------------------------------------------


@kind(TAKE, alone=True)
def take(creditor: Creditor, job: Job, progress: Progress) -> dict[str, Any]:
    """Take a ledger in. Stopped half-way, its rows so far stay; taking it in again does the rest."""
    if (file := _of(job)).taken_at is not None:  # its worker died at the plan
        taking.in_line(creditor, progress.clock)
        return {"kind": file.kind, "rows": file.rows, "whole": file.whole}
    progress(0, 0, "opening")
    given = _read(file, _bytes(file), file.map_lines, progress)
    if _only_bank(given):
        return _take_statements(creditor, file, given, progress, by=job.asked_by)
    if given.questions or not given.records:
        raise jobs.FailedError("file_unclear")
    given.whole = given.whole and bool(job.facts.get("whole"))
    today = today_of(creditor, progress.clock())
    done, total = 0, len(given.records)

    def on(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total, "taking")

    try:
        progress(0, total, "taking")
        landed = taking.land(creditor, given, today, by=job.asked_by, progress=on)
    except Cancelled:
        facts = {"ledgers": given.digests, "statements": [], "by": job.asked_by, "rows": done}
        log.record(creditor, [log.Event("files.stopped", today, facts)])
        log.seal(creditor)
        raise
    assert landed.effect is not None, "there are records"
    _reject(file, landed.complaints)
    _close(creditor, file, given, progress, by=job.asked_by, rows=len(given.records))
    return {
        "kind": "ledger",
        "effect": _effect(landed.effect),
        "rows": len(given.records),
        "whole": given.whole,
        "notices": _notices(given),
    }


def _take_statements(creditor: Creditor, file: File, given: Input, progress: Progress, *, by: str) -> dict[str, Any]:
    """Take bank statements in: sure matches are booked, the rest waits for a person."""
    statements = [statement for _, of_file in given.statements for statement in of_file]
    found: dict[str, Any] = {"kind": "bank", "statements": [_statement(one) for one in statements]}
    if not statements:
        _reject(file, given.complaints)
        File.objects.filter(pk=file.pk, creditor=creditor).update(kind="bank")
        return found
    progress(0, 0, "matching")
    landed = taking.land(creditor, given, today_of(creditor, progress.clock()), by=by)
    _reject(file, landed.complaints)
    money = landed.money
    assert money is not None, "there are statements"
    File.objects.filter(pk=file.pk, creditor=creditor).update(kind="bank")
    _close(creditor, file, given, progress, by=by, rows=money.lines + money.known_already)
    names = ("lines", "known_already", "booked", "proposed", "unknown", "reversed")
    return found | {name: getattr(money, name) for name in names}


def _hold_statements(creditor: Creditor, file: File, given: Input) -> dict[str, Any]:
    """What bank statements say, for a person to see before any of it is matched."""
    statements = [statement for _, of_file in given.statements for statement in of_file]
    _reject(file, given.complaints)
    rows = sum(len(one.lines) for one in statements)
    File.objects.filter(pk=file.pk, creditor=creditor).update(kind="bank", rows=rows)
    sums: dict[str, list[Decimal]] = {}
    for line in (line for one in statements for line in one.lines):
        sums.setdefault(line.currency, [Decimal(), Decimal()])[line.amount < 0] += line.amount
    return {
        "kind": "bank",
        "statements": [_statement(one) for one in statements],
        "rows": rows,
        "questions": [],
        "sums": {currency: [_figure(sum_) for sum_ in both] for currency, both in sums.items()},
    }


def _close(creditor: Creditor, file: File, given: Input, progress: Progress, *, by: str, rows: int) -> None:
    """Remember what became of the file and how it was read, then bring today's plan into line."""
    now = progress.clock()
    with transaction.atomic():
        File.objects.filter(pk=file.pk, creditor=creditor).update(
            taken_at=now, taken_by=by, rows=rows, whole=given.whole
        )
        FilePart.objects.filter(creditor=creditor, file=file).delete()
        _remember(creditor, given, by=by, now=now)
    progress.settled()
    done, total = 0, Customer.objects.filter(creditor=creditor, review_on__lte=today_of(creditor, now)).count()

    def on(count: int) -> None:
        nonlocal done
        done += count
        progress(done, max(done, total), "planning")

    progress(0, total, "planning")
    taking.in_line(creditor, progress.clock, progress=on)


def _remember(creditor: Creditor, given: Input, *, by: str, now: datetime) -> None:
    """Read the next file with the same headings in the same way. The name of a sheet is that file's own."""
    if not given.ledgers or by in BY_ITSELF:
        return
    lines: dict[str, str] = {}
    for _, understood in given.understood[:1]:
        lines = {name: said for name, said in _lines(understood.map_lines).items() if name != "sheet"}
    if not given.whole:
        lines["ledger"] = "additions"
    HeadingMap.objects.update_or_create(
        creditor=creditor,
        headings=_fingerprint(given),
        defaults={"lines": json.dumps(lines), "said_by": by, "said_at": now},
    )


def _reject(file: File, said: Sequence[tuple[str, Complaint]], *, notices: bool = False) -> None:
    """List what of a file could not be used, instead of what was listed before; `notices` too where that is all."""
    complaints = [
        one if name == file.name else replace(one, field=name)
        for name, one in said
        if not one.answers and (notices or not one.notice)
    ]
    with transaction.atomic():
        Rejection.objects.filter(creditor=file.creditor_id, file=file).delete()
        insert(
            Rejection,
            ("creditor", "file", "place", "line", "field", "value", "rule", "params"),
            (
                (
                    file.creditor_id, file.pk, place, one.line, one.field, _keepable(one.value), one.rule,
                    json.dumps(as_kept(one.params)),
                )
                for place, one in enumerate(complaints)
            ),
        )  # fmt: skip
        File.objects.filter(pk=file.pk, creditor=file.creditor_id).update(rejected=len(complaints))


def _notices(given: Input) -> list[dict[str, Any]]:
    """What a person should know though nothing is wrong."""
    return [{"rule": one.rule, "params": as_kept(one.params)} for _, one in given.notices[:_NOTICES]]


def _keepable(text: str) -> str:
    """The text without the signs that a database cannot keep."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


# --- what was found, as JSON -----------------------------------------------------------------------------------------


def _lines(written: Sequence[str]) -> dict[str, str]:
    """The lines of a map, by heading or setting."""
    entries = document.parse("\n".join(written)).value
    assert isinstance(entries, Mapping), "a map is lines"
    return {name: str(entry.value) for name, entry in entries.items()}


def _settings(given: Input) -> dict[str, str]:
    """What the reader decided beside the headings: `dates`, `decimal` and the like."""
    for _, understood in given.understood[:1]:
        lines = _lines(understood.map_lines) if understood.map_lines else {}
        return {name: lines[name] for name in SETTINGS if name in lines and name not in understood.headings}
    return {}


def _understood(one: Understood) -> dict[str, Any]:
    columns = {column.heading: column for column in one.columns if column.heading}
    return {
        "sheet": one.sheet,
        "headings": [
            {
                "heading": heading,
                "column": columns[heading].column if heading in columns else IGNORE,
                "why": columns[heading].why if heading in columns else "",
                "cells": [row[place] if place < len(row) else "" for row in one.first_rows],
            }
            for place, heading in enumerate(one.headings)
            if heading
        ],
        "grouped": any(column.why == "group" for column in one.columns),
        "left_out": dict(one.left_out),
    }


def _question(asked: Complaint) -> dict[str, Any]:
    return {
        "rule": asked.rule,
        "params": as_kept(asked.params),
        "answers": [_lines([answer]) for answer in asked.answers],
    }


def _item(record: ItemRecord) -> dict[str, Any]:
    return {
        "customer": record.customer_name or record.customer_id,
        "number": record.invoice_number,
        "due": record.due_date.isoformat() if record.due_date else None,
        "issued": record.issue_date.isoformat() if record.issue_date else None,
        "terms": record.terms_days,
        "total": _figure(record.total),
        "open": _figure(record.open_amount),
        "currency": record.currency,
    }


def _figure(amount: Decimal) -> str:
    return format(amount, "f")


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "items": dict(effect.items),
        "sums": {currency: dict(sums) for currency, sums in effect.sums.items()},
        "open_before": effect.open_before,
        "customers": effect.customers,
        "new_customers": effect.new_customers,
        "spellings": [list(names[:6]) for names in effect.spellings[:_LISTED]],
        "spellings_count": len(effect.spellings),
        "alike": [list(pair) for pair in effect.alike[:_LISTED]],
        "alike_count": len(effect.alike),
    }


def _statement(one: Statement) -> dict[str, Any]:
    return {"account": one.account, "until": one.closing_on.isoformat() if one.closing_on else None}
