"""The record: written by anyone, sealed in order, and every later touch found with its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from django.db import connection

from amable.evidence import log
from amable.evidence.log import Event, Fault
from amable.evidence.models import Blob, Entry, Head, Personal
from amable.organisation.models import Creditor

DAY = date(2026, 3, 17)
ENTRIES = 6
_TRIGGERS = {
    "sqlite": ("DROP TRIGGER entry_unchanged", "DROP TRIGGER entry_kept", "DROP TRIGGER blob_unchanged"),
    "postgresql": (
        "DROP TRIGGER entry_unchanged ON evidence_entry",
        "DROP TRIGGER entry_kept ON evidence_entry",
        "DROP TRIGGER blob_unchanged ON evidence_blob",
    ),
}


def events(count: int = ENTRIES, first: int = 1) -> list[Event]:
    """Entries of two days, each with a name that can be erased."""
    return [
        Event("payment.booked", DAY + timedelta(days=n % 2), {"n": n, "note": "ș"}, {"payer": f"Ana {n}"})
        for n in range(first, first + count)
    ]


@pytest.fixture
def creditor(acting: Creditor) -> Creditor:
    """With a sealed record of six entries, of which the last is of a message, in a database without its triggers."""
    log.record(acting, events(ENTRIES - 1))
    log.keep(acting, [b"a message"])
    log.record(
        acting, [Event("message.written", DAY, {"message": "k", "blob": log.digest(b"a message")}, {"to": "Ana"})]
    )
    log.seal(acting)
    assert log.verify(acting) == []
    run(*_TRIGGERS[connection.vendor])
    return acting


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def places(faults: Sequence[Fault], rule: str) -> list[str]:
    return [fault.place for fault in faults if fault.rule == rule]


def head(creditor: Creditor) -> tuple[int, str]:
    found = Head.objects.get(creditor=creditor)
    return found.seq, found.digest


# --- sealing ---------------------------------------------------------------------------------------------------------


def test_a_chain_over_several_batches_and_runs(acting: Creditor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_BATCH", 4)
    for start in (1, 8, 15):
        log.record(acting, events(7, start))
        log.seal(acting)
    assert list(Entry.objects.order_by("id").values_list("seq", flat=True)) == list(range(1, 22))
    assert log.verify(acting) == []


def test_sealing_again_changes_nothing(acting: Creditor) -> None:
    log.record(acting, events())
    sealed = log.seal(acting)
    before = list(Entry.objects.order_by("id").values())
    assert log.seal(acting) == sealed
    assert list(Entry.objects.order_by("id").values()) == before


def test_the_head_follows_from_what_was_recorded_alone(acting: Creditor) -> None:
    """Personal values are salted by chance, so entries without them are compared."""
    bare = [Event(event.kind, event.day, event.facts) for event in events()]
    log.record(acting, bare)
    whole = log.seal(acting)
    other = Creditor.objects.create(
        ref="other", name="Other", language="es", country="ES", timezone="Europe/Madrid", sender_name="L",
        sender_email="l@other.example",
    )  # fmt: skip
    from amable.organisation.tenancy import acting_for

    with acting_for(other):
        for event in bare:  # one by one, sealed one by one: the same chain
            log.record(other, [event])
            in_steps = log.seal(other)
    assert in_steps == whole
    assert log.verify(acting) == []


def test_the_head_tells_one_record_from_another(acting: Creditor) -> None:
    log.record(acting, events(2))
    first = log.seal(acting)
    log.record(acting, events(1, 3))
    assert log.seal(acting) != first


def test_an_empty_record_is_whole(acting: Creditor) -> None:
    assert log.seal(acting) == ""
    assert log.verify(acting) == []


def test_the_same_run_again_is_recorded_once(acting: Creditor) -> None:
    for _ in range(2):
        log.record_run(acting, DAY, None, "procedure", ["ledger"], ["bank"])
    log.record_run(acting, DAY, None, "procedure", ["ledger"], [])
    assert Entry.objects.count() == 2


def test_the_same_bytes_are_kept_once(acting: Creditor) -> None:
    log.keep(acting, [b"one", b"one", b"two"])
    log.keep(acting, [b"two"])
    assert sorted(bytes(blob.data) for blob in Blob.objects.all()) == [b"one", b"two"]


# --- tampering, at every entry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
@pytest.mark.parametrize(
    "change", ["body = body || ' '", "body = '[]'", "kind = 'x'", "day = '2020-02-29'", "digest = 'x'"]
)
def test_an_entry_that_was_changed_is_named(creditor: Creditor, seq: int, change: str) -> None:
    run(f"UPDATE evidence_entry SET {change} WHERE seq = {seq}")
    assert any(place.startswith(f"{seq} ") for place in places(log.verify(creditor), "changed"))


@pytest.mark.parametrize("body", ["", "null", "3", '{"personal": 3}', '{"personal": []}', '{"blob": []}', "[" * 10_000])
def test_a_body_of_any_shape_is_a_fault_and_no_crash(creditor: Creditor, body: str) -> None:
    Entry.objects.filter(seq=ENTRIES).update(body=body)
    assert any(place.startswith(f"{ENTRIES} ") for place in places(log.verify(creditor), "changed"))


@pytest.mark.parametrize("seq", range(1, ENTRIES))
def test_an_entry_that_was_deleted_is_missed(creditor: Creditor, seq: int) -> None:
    run(
        f"DELETE FROM evidence_personal WHERE entry_id IN (SELECT id FROM evidence_entry WHERE seq = {seq})",
        f"DELETE FROM evidence_entry WHERE seq = {seq}",
    )
    assert places(log.verify(creditor), "missing") == [f"{seq} – {seq}"]


def test_two_entries_deleted_together_are_missed_together(creditor: Creditor) -> None:
    run("DELETE FROM evidence_personal", "DELETE FROM evidence_entry WHERE seq IN (2, 3)")
    assert places(log.verify(creditor), "missing") == ["2 – 3"]


@pytest.mark.parametrize("seq", range(1, ENTRIES))
def test_a_gap_that_was_closed_is_found(creditor: Creditor, seq: int) -> None:
    run("DELETE FROM evidence_personal", f"DELETE FROM evidence_entry WHERE seq = {seq}")
    for later in range(seq + 1, ENTRIES + 1):
        run(f"UPDATE evidence_entry SET seq = {later - 1} WHERE seq = {later}")
    faults = log.verify(creditor)
    assert any(place.startswith(f"{seq} ") for place in places(faults, "changed"))
    assert places(faults, "cut_off") == [f"{ENTRIES - 1} / {ENTRIES}"]


@pytest.mark.parametrize("seq", range(1, ENTRIES))
@pytest.mark.parametrize("with_digests", [True, False])
def test_two_entries_that_changed_places_are_named(creditor: Creditor, seq: int, *, with_digests: bool) -> None:
    one, other = Entry.objects.filter(seq__in=(seq, seq + 1)).order_by("seq")
    run("DELETE FROM evidence_personal")
    if with_digests:
        run(
            f"UPDATE evidence_entry SET seq = 99 WHERE id = {one.pk}",
            f"UPDATE evidence_entry SET seq = {seq} WHERE id = {other.pk}",
            f"UPDATE evidence_entry SET seq = {seq + 1} WHERE id = {one.pk}",
        )
    else:
        for entry, like in ((one, other), (other, one)):
            Entry.objects.filter(pk=entry.pk).update(kind=like.kind, day=like.day, body=like.body)
    assert any(place.startswith(f"{seq} ") for place in places(log.verify(creditor), "changed"))


def test_an_entry_slipped_in_before_the_beginning_is_named(creditor: Creditor) -> None:
    Entry.objects.create(creditor=creditor, kind="forged", day=DAY, body="{}", seq=0, digest="x")
    assert places(log.verify(creditor), "changed") == [f"0 forged {DAY}"]


@pytest.mark.parametrize("last", range(ENTRIES))
def test_a_tail_that_was_cut_off_is_missed(creditor: Creditor, last: int) -> None:
    run("DELETE FROM evidence_personal", f"DELETE FROM evidence_entry WHERE seq > {last}")
    assert places(log.verify(creditor), "cut_off") == [f"{last} / {ENTRIES}"]


@pytest.mark.parametrize("last", range(ENTRIES))
def test_a_tail_that_was_cut_off_is_missed_also_when_the_head_was_put_back(creditor: Creditor, last: int) -> None:
    """The bytes of its messages are still there, and the head is not the one that was printed."""
    printed = head(creditor)
    entry = Entry.objects.filter(seq=last).first()
    run("DELETE FROM evidence_personal", f"DELETE FROM evidence_entry WHERE seq > {last}")
    Head.objects.update(seq=last, digest=entry.digest if entry else "")
    assert places(log.verify(creditor), "bytes_unnamed") == [log.digest(b"a message")]
    assert head(creditor) != printed


def test_a_head_that_was_removed_is_missed(creditor: Creditor) -> None:
    Head.objects.all().delete()
    assert places(log.verify(creditor), "cut_off") == [f"{ENTRIES} / 0"]


@pytest.mark.parametrize("seq", range(1, ENTRIES + 1))
@pytest.mark.parametrize("change", ["value = 'Eva'", "salt = 'x'", "field = 'other'"])
def test_a_personal_value_that_was_changed_is_named(creditor: Creditor, seq: int, change: str) -> None:
    run(f"UPDATE evidence_personal SET {change} WHERE entry_id IN (SELECT id FROM evidence_entry WHERE seq = {seq})")
    assert [place.partition(" ")[0] for place in places(log.verify(creditor), "personal_changed")] == [str(seq)]


def test_bytes_that_were_changed_are_named(creditor: Creditor) -> None:
    Blob.objects.update(data=b"another message")
    assert places(log.verify(creditor), "bytes_changed") == [log.digest(b"a message")]


def test_bytes_that_were_exchanged_are_missed(creditor: Creditor) -> None:
    Blob.objects.update(data=b"other", digest=log.digest(b"other"))
    faults = log.verify(creditor)
    assert places(faults, "bytes_missing") == [f"{ENTRIES} {log.digest(b'a message')}"]
    assert places(faults, "bytes_unnamed") == [log.digest(b"other")]


def test_bytes_that_were_deleted_are_missed(creditor: Creditor) -> None:
    Blob.objects.all().delete()
    assert log.verify(creditor) == [Fault("bytes_missing", f"{ENTRIES} {log.digest(b'a message')}")]


def test_what_was_never_sealed_is_said(creditor: Creditor) -> None:
    log.record(creditor, events(3))
    assert log.verify(creditor) == [Fault("unsealed", "3")]


# --- erasing ---------------------------------------------------------------------------------------------------------


def test_erasing_a_person_leaves_the_chain_whole(creditor: Creditor) -> None:
    before = head(creditor)
    Personal.objects.filter(entry__seq=2).delete()
    assert log.verify(creditor) == []
    assert head(creditor) == before
    assert "Ana" not in "".join(Entry.objects.values_list("body", flat=True))


def test_the_same_value_is_salted_anew_each_time(acting: Creditor) -> None:
    """Whoever has the record cannot try names until one fits, nor tell that two entries speak of one person."""
    log.record(acting, [Event("x", DAY, {}, {"payer": "Ana"}), Event("x", DAY, {}, {"payer": "Ana"})])
    assert len(set(Entry.objects.values_list("body", flat=True))) == 2
