"""What becomes of files that came by themselves: taken in where nothing is asked, else waiting for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from amable.ledger.models import Taken
from amable.organisation.models import Creditor
from amable.work import files
from amable.work.duties import today_of
from amable.work.files import Given
from amable.work.models import Arrival, File, Mail, as_kept

_MANY_MISSING: Final = 0.5  # of what was open: then a complete ledger may well be a part of one


class Outcome(StrEnum):
    """What was answered to a file."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


def arrive(
    creditor: Creditor,
    source: str,
    name: str,
    given: Given,
    *,
    digest: str,
    size: int,
    changed: int = 0,
    mail: Mail | None = None,
    waits: bool = False,
    now: datetime,
) -> Arrival:
    """Keep a file and note that it came; the same bytes again are not taken again. Called within a transaction."""
    facts = {"creditor": creditor, "source": source, "name": name, "size": size, "changed": changed, "mail": mail,
             "digest": digest, "came_at": now}  # fmt: skip
    if (before := _taken_before(creditor, digest)) is not None:
        rule, params = before
        return Arrival.objects.create(**facts, said=said("twice" + rule, **params))
    file, new = files.keep(creditor, name, given, by=source, now=now, waits=waits)
    if not new and files.state_of(file, files.latest(file)) in ("failed", "unusable", "stopped"):
        files.look_again(file, by=source, now=now)
    return Arrival.objects.create(**facts, file=file)


def said(rule: str, /, **params: object) -> str:
    """An answer as a row keeps it."""
    return json.dumps([rule, as_kept(params)])


def _taken_before(creditor: Creditor, digest: str) -> tuple[str, Mapping[str, object]] | None:
    """When and as what the very same bytes were taken in before: by a file of ours, or by a command."""
    same = File.objects.filter(creditor=creditor, digest=digest).exclude(taken_at=None)
    if (file := same.order_by("-taken_at").first()) is not None and file.taken_at is not None:
        return "", {"name": file.name, "day": today_of(creditor, file.taken_at)}
    by_command = Taken.objects.filter(creditor=creditor, digest=digest).order_by("-day").first()
    return ("_elsewhere", {"day": by_command.day}) if by_command is not None else None


def outcome(arrival: Arrival, now: datetime) -> Outcome | None:
    """What is to be answered to a file now, None while somebody is at work on it. Has it taken in where that may be."""
    if arrival.file is None:
        return Outcome.DONE if (why := arrival.why) and why[0].startswith("twice") else Outcome.FAILED
    file, job = arrival.file, files.latest(arrival.file)
    file.refresh_from_db()  # after its job, which writes into it before it ends
    state = files.state_of(file, job)
    if state == "working":
        return None
    if state == "taken":
        return Outcome.DONE
    if state in ("left", "unusable"):
        return Outcome.FAILED
    if state == "failed" and (job is None or job.why_failed[0] != "file_unclear"):
        return Outcome.FAILED
    if state == "ready" and (found := _itself(file)) is not None:
        files.take_in(file, whole=not (found["einvoices"] or found["additions"]), by=arrival.source, now=now)
        return None
    return Outcome.WAITING


def _itself(file: File) -> dict[str, Any] | None:
    """How a file was understood that may be taken in without a person, None when one must look.

    Nothing may be asked of it. E-invoices only add. Of a ledger a person must have said how one with its headings is
    read, and whether it is complete; one that lacks much of what was open is looked at again.
    """
    read = files.latest(file, of=files.LOOK, done=True)
    if file.waits or read is None or read.found["kind"] != "ledger" or "effect" not in read.found:
        return None
    found = read.found
    if found["einvoices"]:
        return found
    if found["remembered"] is None or not (found["readable"] or found["additions"]):
        return None
    missing, before = found["effect"]["items"].get("missing", 0), found["effect"]["open_before"]
    if not found["additions"] and missing > _MANY_MISSING * max(1, before):
        return None
    return found
