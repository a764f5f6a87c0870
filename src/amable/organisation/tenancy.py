"""Whose data may be seen: every query is scoped to one creditor, in Python and, on PostgreSQL, by row policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django_scopes import scope

from amable.organisation.models import Creditor


@contextmanager
def acting_for(creditor: Creditor) -> Iterator[None]:
    """Work on this creditor's rows only. Whoever asks for another's gets nothing, whatever the query says."""
    before = _tell_database(str(creditor.pk))
    try:
        with scope(creditor=creditor):
            yield
    finally:
        _tell_database(before)


def _tell_database(creditor: str) -> str:
    """Name the creditor to the row policies; who it was before."""
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('amable.creditor', true), '')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('amable.creditor', %s, false)", [creditor])
    return str(before)


def row_policies(*tables: str) -> migrations.RunPython:
    """A migration step that hides another creditor's rows of these tables on PostgreSQL, even from the table's owner.

    A superuser passes policies by: the app must connect as a plain role.
    """

    def forward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        for table in tables:
            schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            schema_editor.execute(
                f"CREATE POLICY one_creditor ON {table} USING "
                "(creditor_id = NULLIF(current_setting('amable.creditor', true), '')::bigint)"
            )

    def backward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        for table in tables:
            schema_editor.execute(f"DROP POLICY one_creditor ON {table}")
            schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    return migrations.RunPython(forward, backward)
