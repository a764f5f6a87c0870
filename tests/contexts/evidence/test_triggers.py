"""The database itself refuses to change the record."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from amable.evidence import log
from amable.evidence.log import Event
from amable.evidence.models import Blob, Entry
from amable.organisation.models import Creditor

DAY = date(2026, 3, 17)


@pytest.fixture
def sealed(acting: Creditor) -> Creditor:
    """A record of two sealed entries and one that is not, with bytes."""
    log.keep(acting, [b"a message"])
    log.record(acting, [Event("first", DAY, {"n": 1}), Event("second", DAY, {"n": 2})])
    log.seal(acting)
    log.record(acting, [Event("third", DAY, {"n": 3})])
    return acting


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("change", ["body = '{}'", "kind = 'other'", "day = '2026-01-01'", "seq = 9", "digest = 'x'"])
def test_a_sealed_entry_cannot_be_changed(sealed: Creditor, change: str) -> None:
    refused(f"UPDATE evidence_entry SET {change} WHERE seq = 1")


@pytest.mark.parametrize("change", ["body = '{}'", "kind = 'other'", "day = '2026-01-01'"])
def test_an_entry_cannot_be_changed_before_it_is_sealed(sealed: Creditor, change: str) -> None:
    refused(f"UPDATE evidence_entry SET {change} WHERE seq IS NULL")


@pytest.mark.parametrize("which", ["seq = 1", "seq IS NULL"])
def test_no_entry_can_be_deleted(sealed: Creditor, which: str) -> None:
    refused(f"DELETE FROM evidence_entry WHERE {which}")


def test_bytes_cannot_be_changed(sealed: Creditor) -> None:
    refused("UPDATE evidence_blob SET data = data")
    assert bytes(Blob.objects.get().data) == b"a message"


def test_sealing_is_still_allowed(sealed: Creditor) -> None:
    log.seal(sealed)
    assert list(Entry.objects.order_by("seq").values_list("kind", flat=True)) == ["first", "second", "third"]


@pytest.mark.postgres
def test_the_record_cannot_be_emptied_at_once(sealed: Creditor) -> None:
    refused("TRUNCATE evidence_entry CASCADE")
