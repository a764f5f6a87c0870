"""Opens the database a door works on: the SQLite file of a folder, or what DATABASE_URL names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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


def open_database(folder: Path) -> None:
    """Use `folder/amable.sqlite3`, or DATABASE_URL where it is set, and bring its tables up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amable.server.settings")
    url = os.environ.get("DATABASE_URL", "")
    config: dict[str, Any] = environ.Env.db_url_config(url) if url else sqlite(folder / "amable.sqlite3")
    if not apps.ready:
        settings.DATABASES["default"] = config
        django.setup()
    else:
        from django.db import connections  # noqa: PLC0415 - importing it earlier would read the settings

        connections["default"].close()
        connections["default"].settings_dict.update(config)
    call_command("migrate", verbosity=0, interactive=False)


def sqlite(path: Path) -> dict[str, Any]:
    """Django's description of a SQLite file of ours."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": _SQLITE_OPTIONS}


def close_database() -> None:
    """Close the connection, so that SQLite folds its log back into the one file."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
