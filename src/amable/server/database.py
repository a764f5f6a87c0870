"""Opens the database a door works on: the SQLite file of a folder, or what DATABASE_URL names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import django
import environ
from django.apps import apps
from django.conf import settings
from django.core.management import call_command

_SQLITE_OPTIONS = {
    # Without these three SQLite answers "database is locked" as soon as two want to write.
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def open_database(folder: Path, *, migrating: Callable[[], object] = lambda: None) -> None:
    """Use `folder/amable.sqlite3`, or DATABASE_URL where it is set, and bring its tables up to date.

    `migrating` is called before tables are changed, and may refuse by raising.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    url = os.environ.get("DATABASE_URL", "")
    config = _from_url(url) if url else sqlite(folder / "amable.sqlite3")
    if apps.ready:
        _reconnect(config)
    else:
        settings.DATABASES["default"] = config
        django.setup()
    if behind():
        migrating()
        call_command("migrate", verbosity=0, interactive=False)
        _tell_sqlite_the_size_of_things()


def _reconnect(config: dict[str, Any]) -> None:
    """Turn a process that already has a database to another one."""
    from django.db import connections  # noqa: PLC0415 - importing it earlier would read the settings

    connections.close_all()
    connections.settings["default"] = connections.configure_settings({"default": config})["default"]
    del connections["default"]


def behind() -> bool:
    """Whether any migration is missing; asking is quicker than letting `migrate` find out."""
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


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
                # Rows that are alike in the columns so far: a creditor's are all, a customer's a few.
                alike = _A_LARGE_BOOK if column == "creditor_id" else 10 if column.endswith("_id") else 1000
                rows.append(max(1, min(rows[-1], alike) - (len(rows) > 1)))
            cursor.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", [table, index, " ".join(map(str, rows))])
        cursor.execute("ANALYZE sqlite_schema")  # has them read again


_A_LARGE_BOOK = 1_000_000


def kept_in(folder: Path) -> bool:
    """Whether there is a database to open: the folder's own, or one that DATABASE_URL names."""
    return bool(os.environ.get("DATABASE_URL")) or (folder / "amable.sqlite3").is_file()


def _from_url(url: str) -> dict[str, Any]:
    """Django's description of a database address; a percent-encoded host is a socket's folder, as libpq reads it."""
    config: dict[str, Any] = environ.Env.db_url_config(url)
    return config | {"HOST": unquote(config.get("HOST", ""))}


def sqlite(path: Path) -> dict[str, Any]:
    """Django's description of a SQLite file of ours."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": _SQLITE_OPTIONS}


def close_database() -> None:
    """Close the connection, so that SQLite folds its log back into the one file."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
