"""What wakes the workers of a PostgreSQL: jobs that are not doubled, threads that see one creditor, locks that end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, connections, transaction
from django_scopes import scopes_disabled

from amable.cli import main
from amable.correspondence.models import Message
from amable.dunning import actions
from amable.dunning.models import Range
from amable.dunning.starters import shipped
from amable.ledger.models import Customer
from amable.organisation.models import Creditor, Sending
from amable.organisation.tenancy import acting_for
from amable.work import duties, files
from amable.work.models import Job
from amable.work.waking import defer, wake
from tests.conftest import Home
from tests.contexts.books import row, take

NOW = datetime(2026, 3, 17, 8, 10, tzinfo=UTC)  # a Tuesday, ten past nine in Valencia
TODAY = date(2026, 3, 17)


def sends(creditor: Creditor, *customers: str, lanes: int = 1) -> Creditor:
    """The creditor sends by itself from now on, and these customers owe."""
    with acting_for(creditor):
        take(creditor, *(row(f"F-{who}", customer_id=who, customer_name=who) for who in customers), today=TODAY)
        Sending.objects.create(
            creditor=creditor,
            server="localhost",
            connections=lanes,
            undo_minutes=0,
            procedure=actions.remember_procedure(creditor, shipped()),
            trusted_at=NOW,
            plan_at=time(4),
        )
    return creditor


@pytest.fixture
def other(turia: Creditor) -> Creditor:
    facts = {"name": "Panadería", "language": "es", "country": "ES", "timezone": "Europe/Madrid", "sender_name": "L"}
    return Creditor.objects.create(ref="panaderia", sender_email="l@pan.example", **facts)


def jobs() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, (args->>'place')::int, status FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


def test_beside_a_file_nobody_is_woken(turia: Creditor) -> None:
    if connection.vendor == "sqlite":
        wake(turia)  # there is no queue it could be put into


@pytest.mark.postgres
def test_a_job_that_waits_already_is_not_doubled(turia: Creditor, other: Creditor) -> None:
    wake(turia)
    with transaction.atomic():
        wake(turia)
        wake(other)
    assert [name for name, _, _ in jobs()] == ["look_around", "look_around"]


@pytest.mark.postgres
def test_a_job_is_undone_with_the_rows_it_was_about(turia: Creditor) -> None:
    with transaction.atomic():
        wake(turia)
        transaction.set_rollback(True)
    assert jobs() == []


@pytest.fixture
def worker(turia: Creditor) -> Iterator[object]:
    from amable.work.distributed import Distributed

    yield Distributed(lambda: NOW, remember=lambda *_: None, handed_over=lambda creditor, day: None)
    connections.close_all()


@pytest.mark.postgres
def test_what_a_person_asks_for_wakes_a_worker_also_of_a_creditor_that_sends_nothing(turia: Creditor, worker) -> None:
    with acting_for(turia):
        given = SimpleUploadedFile("deudas.csv", b"Cliente;Factura;Vence;Saldo\nBar Sol;1;2026-03-31;1,50\n")
        file, _ = files.keep(turia, "deudas.csv", given, by="ana", now=NOW)
    assert [name for name, _, _ in jobs()] == ["look_around"]
    worker.look_around(turia.pk)
    assert [name for name, _, _ in jobs()] == ["look_around", "do_jobs"]
    worker.do_jobs(turia.pk)
    with acting_for(turia):
        assert Job.objects.get(file=file).outcome == "done"


@pytest.mark.postgres
def test_what_is_due_wakes_a_plan_and_a_lane_for_each_connection(turia: Creditor, other: Creditor, worker) -> None:
    sends(turia, "Ana", lanes=3)
    with acting_for(other):
        pass  # sends nothing by itself, so nothing wakes for it
    worker.look_around_for_all(0)
    assert [name for name, _, _ in jobs()] == ["plan"]
    worker.plan(turia.pk)
    assert [name for name, _, _ in jobs()] == ["plan", "look_at_range"]
    worker.look_at_range(turia.pk, 0)  # the only range: then the end of the plan is left
    worker.look_at_range(turia.pk, duties.END)
    with acting_for(turia):
        assert Sending.objects.get().planned_on == TODAY
        Message.objects.update(state="approved", due_at=NOW - timedelta(minutes=1))
    worker.look_around(turia.pk)
    lanes = [place for name, place, _ in jobs() if name == "send"]
    assert lanes == [0, 1, 2]


@pytest.mark.postgres
def test_a_thread_that_is_used_again_sees_only_the_other_creditors_rows(
    turia: Creditor, other: Creditor, worker
) -> None:
    with acting_for(turia):
        take(turia, row(customer_id="T-1", customer_name="Turia's"), today=TODAY)
    with acting_for(other):
        take(other, row(customer_id="P-1", customer_name="The bakery's"), today=TODAY)

    def seen(creditor: Creditor | None) -> tuple[int, list[str]]:
        """What raw SQL shows in this thread, with every scope of Django's switched off."""
        with scopes_disabled():
            if creditor is None:
                return threading.get_ident(), keys()
            with worker.at_work_for(creditor.pk):
                return threading.get_ident(), keys()

    def keys() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT key FROM ledger_customer")
            return [key for (key,) in cursor.fetchall()]

    def write_into_another() -> None:
        try:
            with worker.at_work_for(turia.pk), scopes_disabled():
                Customer.objects.create(creditor=other, key="X", keyed_by="id", name="X", language="es")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        looks = [pool.submit(seen, creditor).result() for creditor in (turia, other, None, turia)]
        with pytest.raises(DatabaseError, match="row-level security"):
            pool.submit(write_into_another).result()
        pool.submit(connections.close_all).result()
    assert len({thread for thread, _ in looks}) == 1
    assert [found for _, found in looks] == [["T-1"], ["P-1"], [], ["T-1"]]


@pytest.mark.postgres
def test_two_that_begin_the_plan_at_once_cut_it_once(turia: Creditor) -> None:
    sends(turia, "Ana", "Eva", "Ion")

    def begin() -> None:
        try:
            with acting_for(turia):
                duties.begin_plan(turia, TODAY)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(begin) for _ in range(4)]:
            done.result()
    with acting_for(turia):
        assert sorted(Range.objects.values_list("first", flat=True)) == [duties.END, 0]


@pytest.mark.postgres
def test_a_lane_is_used_by_one_at_a_time_and_free_again_when_its_worker_dies(turia: Creditor) -> None:
    from amable.work.distributed import _alone

    def another() -> bool:
        try:
            with _alone("amable send 1 0") as alone:
                return alone
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with _alone("amable send 1 0") as alone:
            assert alone
            assert not pool.submit(another).result()
        assert pool.submit(another).result()
        with _alone("amable send 1 0"):
            connection.close()  # as when its process is killed
            assert pool.submit(another).result()


@pytest.mark.postgres
def test_jobs_of_a_dead_worker_wait_again_and_are_dropped_when_they_do_already(turia: Creditor, worker) -> None:
    import asyncio

    defer("send", turia, 0)
    defer("send", turia, 1)
    with connection.cursor() as cursor:  # taken by a worker that is no more
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    defer("send", turia, 1)

    async def rescue() -> None:
        async with worker.queue.open_async():
            await worker.rescue(None, 0)

    asyncio.run(rescue())
    waiting = sorted((place, status) for _, place, status in jobs())
    assert waiting == [(0, "todo"), (1, "todo")]


@pytest.mark.postgres
def test_processes_that_start_at_once_migrate_once(home: Home, _postgres: str) -> None:  # noqa: PT019
    import psycopg

    with psycopg.connect(f"{_postgres}/postgres".replace("postgres://", "postgresql://"), autocommit=True) as admin:
        admin.execute('CREATE DATABASE "unmigrated"')
    opening = "from pathlib import Path; from amable.server.database import open_database; open_database(Path('.'))"
    surroundings = os.environ | {"DATABASE_URL": f"{_postgres}/unmigrated"}
    started = [
        subprocess.Popen([sys.executable, "-c", opening], cwd=home.folder, env=surroundings, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate()[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said


def test_a_worker_needs_a_postgresql(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert main(["worker", "--data", str(home.folder)]) == 2
    assert "DATABASE_URL" in capsys.readouterr().err


@pytest.mark.postgres
def test_no_job_at_once_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["worker", "--concurrency", "0", "--data", str(home.folder)]) == 2
    assert "from 1" in capsys.readouterr().err
