"""Opens the database a door works on: the SQLite file of a folder, or what DATABASE_URL names."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import django
import environ
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

_SQLITE_OPTIONS = {
    # Without these SQLite answers "database is locked" as soon as two want to write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    # What is read is looked at where the system keeps the file in memory (up to a gigabyte of it), instead of being
    # copied into two megabytes of each connection's own, which a list of a large book goes through many times over.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=1073741824;",
}


def open_database(folder: Path, *, migrating: Callable[[], object] = lambda: None) -> None:
    """Use `folder/amable.sqlite3`, or DATABASE_URL where it is set, and bring its tables up to date.

    `migrating` is called before tables are changed, and may refuse by raising.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    config = named() or sqlite(folder / "amable.sqlite3")
    if apps.ready:
        connect(config)
    else:
        settings.DATABASES["default"] = config
        django.setup()
        gc.freeze()  # what is loaded by now stays: the collector need not go through it again and again
    bring_up_to_date(migrating=migrating)


def connect(config: dict[str, Any], *, alias: str = "default") -> None:
    """Turn a process that is already set up to another database, or give it a second one beside the first."""
    from django.db import connections  # noqa: PLC0415 - importing it earlier would read the settings

    connections.close_all()
    connections.settings[alias] = connections.configure_settings({"default": config})["default"]
    with suppress(AttributeError):  # no connection was made yet
        del connections[alias]


def bring_up_to_date(alias: str = "default", *, migrating: Callable[[], object] = lambda: None) -> None:
    """Migrate what is behind. Of several processes that start at once on PostgreSQL one does it, the others wait."""
    if not behind(alias):
        return
    migrating()
    with _one_at_a_time(alias):
        apps_behind = behind(alias)
        # All in one, or app by app where one is not meant for this database.
        for which in [(app,) for app in apps_behind] if apps.is_installed(_QUEUE) else [()] if apps_behind else []:
            call_command("migrate", *which, database=alias, verbosity=0, interactive=False)
    _tell_sqlite_the_size_of_things()


def behind(alias: str = "default") -> list[str]:
    """The apps with a migration missing, in their order; asking is quicker than letting `migrate` find out."""
    from django.db import connections  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    connection = connections[alias]
    executor = MigrationExecutor(connection)
    ends = executor.loader.graph.leaf_nodes()
    if connection.vendor != "postgresql":
        ends = [end for end in ends if end[0] != "procrastinate"]
    return list(dict.fromkeys(migration.app_label for migration, _ in executor.migration_plan(ends)))


_QUEUE = "procrastinate.contrib.django"  # keeps its tables in PostgreSQL only


@contextmanager
def _one_at_a_time(alias: str) -> Iterator[None]:
    """Wait for whoever else migrates this PostgreSQL database; on SQLite the lock on the folder did that."""
    from django.db import connections  # noqa: PLC0415

    if connections[alias].vendor != "postgresql":
        yield
        return
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


_MIGRATING = int.from_bytes(b"amable", "big")


def _tell_sqlite_the_size_of_things() -> None:
    """Write the statistics by which SQLite chooses an index, for a large book.

    Without any it believes that a creditor has ten rows in each table, and reads all of them where an index on the
    customer would do. ANALYZE would count today's rows; these hold before there are any. PostgreSQL counts by itself.
    """
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # makes the table of statistics
        cursor.execute("DELETE FROM sqlite_stat1")
        cursor.execute("SELECT tbl_name, name FROM sqlite_schema WHERE type = 'index'")
        for table, index in cursor.fetchall():
            cursor.execute("SELECT name FROM pragma_index_info(%s)", [index])
            rows = [_A_LARGE_BOOK]
            for (column,) in cursor.fetchall():
                # Rows that are alike in the columns so far: a creditor's and a currency's are all, a customer's a few.
                of_all = column in ("creditor_id", "currency")
                alike = _A_LARGE_BOOK if of_all else 10 if column.endswith("_id") else 1000
                rows.append(max(1, min(rows[-1], alike) - (len(rows) > 1)))
            cursor.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", [table, index, " ".join(map(str, rows))])
        cursor.execute("ANALYZE sqlite_schema")  # has them read again


_A_LARGE_BOOK = 1_000_000


def kept_in(folder: Path) -> bool:
    """Whether there is a database to open: the folder's own, or one that DATABASE_URL names."""
    return bool(os.environ.get("DATABASE_URL")) or (folder / "amable.sqlite3").is_file()


@contextmanager
def naming(url: str) -> Iterator[None]:
    """Work as if DATABASE_URL named this database, none when it is empty."""
    before = os.environ.pop("DATABASE_URL", None)
    try:
        if url:
            os.environ["DATABASE_URL"] = url
        yield
    finally:
        os.environ.pop("DATABASE_URL", None)
        if before is not None:
            os.environ["DATABASE_URL"] = before


def read_settings() -> None:
    """Read the settings now, as they are for the database that is named now."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    settings.INSTALLED_APPS  # noqa: B018 - the first look at them reads them


def named() -> dict[str, Any]:
    """Django's description of what DATABASE_URL names; empty where it is not set."""
    url = os.environ.get("DATABASE_URL", "")
    return from_url(url) if url else {}


def from_url(url: str) -> dict[str, Any]:
    """Django's description of a database address; a percent-encoded host is a socket's folder, as libpq reads it."""
    config: dict[str, Any] = environ.Env.db_url_config(url)
    return config | {"HOST": unquote(config.get("HOST", ""))}


def is_postgresql(config: dict[str, Any]) -> bool:
    """Whether a description is of a PostgreSQL database."""
    return str(config.get("ENGINE", "")).endswith("postgresql")


def can_postgresql() -> bool:
    """Whether what PostgreSQL needs is installed (the extra `scale`)."""
    return all(find_spec(name) for name in ("psycopg", "procrastinate"))


def sqlite(path: Path) -> dict[str, Any]:
    """Django's description of a SQLite file of ours."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": _SQLITE_OPTIONS}


def close_database() -> None:
    """Close the connection, so that SQLite folds its log back into the one file."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
