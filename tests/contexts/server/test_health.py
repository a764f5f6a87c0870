"""How a process at work says how it is: over HTTP, to whoever watches over it."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from queue import SimpleQueue
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from amable.correspondence.models import Message
from amable.dunning import actions, brakes
from amable.dunning.starters import shipped
from amable.organisation.models import Creditor, Sending
from amable.server.wsgi import listening
from amable.work.embedded import Embedded
from amable.work.house import House
from amable.work.watching import _STATEMENT
from tests.conftest import Home

NOW = datetime(2026, 3, 17, 9, 10, tzinfo=UTC)
TODAY = date(2026, 3, 17)


class HangingClock:
    """A clock that can be made to hang, and with it whoever asks it: a stopped scheduler looks like that."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.hangs = False
        self.waiting: set[str] = set()  # names of threads

    def __call__(self) -> datetime:
        with self.condition:
            self.waiting.add(threading.current_thread().name)
            self.condition.notify_all()
            self.condition.wait_for(lambda: not self.hangs)
            self.waiting.discard(threading.current_thread().name)
        return NOW

    def hang(self, work: Embedded) -> None:
        """Make it hang, until every duty waits for it."""
        with self.condition:
            self.hangs = True
        work.wake()
        with self.condition:
            duties = {f"{duty} {creditor}" for creditor, duty in work.beats}
            assert self.condition.wait_for(lambda: duties <= self.waiting, timeout=60)

    def go_on(self) -> None:
        with self.condition:
            self.hangs = False
            self.condition.notify_all()


@pytest.fixture
def sends(acting: Creditor) -> Sending:
    """The creditor sends: a mailbox, a procedure, a plan that a person trusted and that is made for today."""
    return Sending.objects.create(
        creditor=acting,
        server="localhost",
        procedure=actions.remember_procedure(acting, shipped()),
        trusted_at=NOW,
        planned_on=TODAY,
        planned_at=NOW,
    )


@contextmanager
def asked(house: House) -> Iterator[Any]:
    """Somebody who asks a process by HTTP: the status and the body of an answer."""
    settings.SECRET_KEY = "a key of these tests"
    with listening(house, "127.0.0.1", 0) as address:

        def get(path: str, method: str = "GET") -> tuple[int, str]:
            http = HTTPConnection(urlsplit(address).netloc, timeout=60)
            http.request(method, path)
            answer = http.getresponse()
            body = answer.read().decode()
            http.close()
            return answer.status, body

        yield get


def quiet() -> House:
    return House(lambda: NOW, list)


def reasons(answer: tuple[int, str]) -> tuple[int, list[dict[str, str]]]:
    return answer[0], json.loads(answer[1])["reasons"]


def waiting(creditor: Creditor, minutes: int, **facts: Any) -> Message:
    """A message approved that was to leave so many minutes ago."""
    due = NOW - timedelta(minutes=minutes)
    given = {
        "slot": "reminder", "key": f"k{minutes}", "act": "email", "step": "early_late", "language": "es",
        "channel": "email", "state": "approved", "path": "mail/one.eml", "due_at": due,
        "until_at": NOW + timedelta(hours=5),
    }  # fmt: skip
    return Message.objects.create(creditor=creditor, day=TODAY, **(given | facts))


def test_a_scheduler_that_stops_turns_it_red_within_two_intervals_and_green_again_when_it_goes_on(
    sends: Sending,
) -> None:
    """Twenty of twenty, each at another time between two beats."""
    clock, tick = HangingClock(), [1000.0]
    work = Embedded(clock, remember=lambda *_: None, handed_over=lambda *_: None, ticking=lambda: tick[0])
    by_chance = random.Random(20)
    work.start()
    try:
        with asked(House(lambda: NOW, work.silent)) as get:
            for _ in range(20):
                clock.hang(work)
                silent_since = min(work.beats.values())
                tick[0] = silent_since + by_chance.uniform(1, 119)
                assert reasons(get("/readyz")) == (200, [])
                tick[0] = silent_since + 120
                status, found = reasons(get("/readyz"))
                assert status == 503
                assert {"rule": "duty_silent", "creditor": sends.creditor.ref, "duty": "plans"} in found
                clock.go_on()
                beats = dict(work.beats)
                while work.beats.keys() and any(work.beats[name] == beats[name] for name in beats):
                    work.wake()
                assert reasons(get("/readyz")) == (200, [])
    finally:
        clock.go_on()
        work.stop()


def test_the_process_is_alive_also_when_it_is_not_ready(sends: Sending) -> None:
    waiting(sends.creditor, 20)
    with asked(quiet()) as get:
        assert get("/healthz") == (200, '{"alive": true}')
        assert get("/readyz")[0] == 503
        assert get("/readyz", "POST")[0] == 405
        assert get("/elsewhere")[0] == 404


def test_what_is_due_may_wait_a_quarter_of_an_hour_and_what_its_mailbox_took_for_the_others(sends: Sending) -> None:
    waiting(sends.creditor, 14)
    with asked(quiet()) as get:
        assert reasons(get("/readyz")) == (200, [])
        waiting(sends.creditor, 16)
        assert reasons(get("/readyz")) == (503, [{"rule": "due_too_long", "creditor": sends.creditor.ref}])
        Sending.objects.update(per_minute=1)
        for number in range(2):  # two left, a minute each
            waiting(sends.creditor, 500 + number, state="accepted", customer=customer(sends.creditor, number))
        assert reasons(get("/readyz")) == (200, [])


def customer(creditor: Creditor, number: int) -> Any:
    from amable.ledger.models import Customer

    return Customer.objects.create(creditor=creditor, key=f"C-{number}", name="Talleres Miró, S.L.")


def test_what_a_person_keeps_back_is_nothing_wrong_with_the_process(sends: Sending) -> None:
    waiting(sends.creditor, 300)
    brakes.stop(sends.creditor, TODAY, NOW, by="ana", because="")
    with asked(quiet()) as get:
        assert reasons(get("/readyz")) == (200, [])
        assert f'amable_stopped{{creditor="{sends.creditor.ref}"}} 1.0' in get("/metrics")[1].splitlines()


def test_a_mailbox_that_cannot_be_reached_is(sends: Sending) -> None:
    waiting(sends.creditor, 16)
    brakes.rest(sends, NOW, "421 busy")
    with asked(quiet()) as get:
        assert reasons(get("/readyz"))[0] == 503
        assert f'amable_mailbox_rests{{creditor="{sends.creditor.ref}"}} 1.0' in get("/metrics")[1].splitlines()


def test_tables_that_are_behind_are_told(sends: Sending) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations WHERE app = 'dunning')"
        )
    with asked(quiet()) as get:
        assert reasons(get("/readyz")) == (503, [{"rule": "migrations_missing"}])


def test_a_database_that_cannot_be_read_is_told(sends: Sending, database: Home) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE correspondence_message RENAME TO elsewhere")
    else:
        connection.close()
        for file in database.folder.glob("amable.sqlite3*"):
            file.write_bytes(b"no database at all" * 100)
    with asked(quiet()) as get:
        assert reasons(get("/readyz")) == (503, [{"rule": "database_unusable"}])
        assert get("/healthz")[0] == 200


def test_the_figures_are_measured(sends: Sending) -> None:
    waiting(sends.creditor, 10)
    waiting(sends.creditor, -30)  # in half an hour
    waiting(sends.creditor, 700, until_at=NOW - timedelta(hours=1))  # its hours are over
    waiting(sends.creditor, 1, state="unknown")
    waiting(sends.creditor, 2, state="handed_over", lease_until=NOW - timedelta(minutes=1))
    waiting(sends.creditor, 3, state="claimed", lease_until=NOW + timedelta(minutes=1))
    waiting(sends.creditor, -5, state="refused")
    Sending.objects.update(backed_up_at=NOW - timedelta(days=1))
    with asked(quiet()) as get:
        status, text = get("/metrics")
    mine = f'creditor="{sends.creditor.ref}"'
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert status == 200
    wanted = {
        "oldest_due_seconds": 600, "due_messages": 1, "approved_messages": 2, "refused_messages": 1,
        "unknown_messages": 1, "leases_expired": 1, "mailbox_rests": 0, "late": 0, "stopped": 0,
        "last_plan_timestamp_seconds": NOW.timestamp(), "last_backup_timestamp_seconds": NOW.timestamp() - 86400,
    }  # fmt: skip
    assert {name: float(values[f"amable_{name}{{{mine}}}"]) for name in wanted} == wanted
    assert float(values[f'amable_queue_messages{{{mine},mailbox="localhost"}}']) == 3
    assert float(values[f'amable_messages_today{{{mine},state="approved"}}']) == 3
    assert "amable_duties_silent" in values
    assert not [name for name in values if "bank_until" in name]  # no bank file yet: no figure, and no nought


def test_the_figures_are_found_by_indexes(sends: Sending) -> None:
    """They are asked for every few seconds, of a table that keeps every message ever sent."""
    on_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if on_postgres:  # which else reads a small table whole
            cursor.execute("SET enable_seqscan = off")
        places = {"creditor": 1, "day": "2026-03-17", "now": "2026-03-17 08:00:00+00" if on_postgres else "2026-03-17"}
        cursor.execute(f"EXPLAIN {'' if on_postgres else 'QUERY PLAN'} {_STATEMENT}", places)
        steps = [str(row[-1]) for row in cursor.fetchall()]
    assert [step for step in steps if "message_asking" in step]
    assert not [step for step in steps if "SCAN correspondence_message" in step or "Seq Scan on corr" in step]


def test_nobody_else_can_have_the_address(sends: Sending) -> None:
    with listening(quiet(), "127.0.0.1", 0) as address:
        second = listening(quiet(), "127.0.0.1", urlsplit(address).port or 0)
        with pytest.raises(OSError, match="in use"):
            second.__enter__()


@contextmanager
def staying(house: House) -> Iterator[tuple[tuple[str, int], Callable[[], threading.Thread]]]:
    """A process that answers until it is told to leave: its address, and how to tell it."""
    told = threading.Event()
    began: SimpleQueue[str] = SimpleQueue()

    def answer() -> None:
        with listening(house, "127.0.0.1", 0) as address:
            began.put(address)
            told.wait()

    def leave() -> threading.Thread:
        told.set()
        return answering

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        yield ("127.0.0.1", urlsplit(began.get()).port or 0), leave
    finally:
        leave().join()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HT"], ids=["nothing", "half a question"])
def test_leaving_waits_for_nobody_who_has_not_asked(sends: Sending, said: bytes) -> None:
    """Sixty clients that say no more: the patience with each, four at a time, would come to minutes."""
    with staying(quiet()) as (there, leave), ExitStack() as clients:
        for _ in range(60):
            clients.enter_context(socket.create_connection(there)).sendall(said)
        leaving = leave()
        leaving.join(timeout=60)
        assert not leaving.is_alive()


def test_who_has_asked_is_answered_while_leaving(sends: Sending) -> None:
    clock = HangingClock()
    with staying(House(clock, list)) as (there, leave):
        clock.hangs = True
        try:
            with socket.create_connection(there) as client, client.makefile("rb") as answer:
                client.sendall(b"GET /metrics HTTP/1.0\r\nHost: amable\r\n\r\n")
                with clock.condition:
                    assert clock.condition.wait_for(lambda: clock.waiting, timeout=60)
                leave()
                with suppress(ConnectionError):
                    while True:  # until nobody is let in any more
                        socket.create_connection(there).close()
                        sleep(0.01)
                clock.go_on()
                said = answer.read()
        finally:
            clock.go_on()
    assert b" 200 OK" in said
    assert b"amable_due_messages" in said
