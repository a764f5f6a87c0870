"""Makes the record append-only in the database itself, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_SQLITE: Final = (
    """CREATE TRIGGER entry_unchanged BEFORE UPDATE ON evidence_entry
       WHEN OLD.seq IS NOT NULL OR OLD.body IS NOT NEW.body OR OLD.kind IS NOT NEW.kind OR OLD.day IS NOT NEW.day
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
    """CREATE TRIGGER entry_kept BEFORE DELETE ON evidence_entry
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
    """CREATE TRIGGER blob_unchanged BEFORE UPDATE ON evidence_blob
       BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END""",
)
_SQLITE_UNDO: Final = ("DROP TRIGGER entry_unchanged", "DROP TRIGGER entry_kept", "DROP TRIGGER blob_unchanged")
_POSTGRESQL: Final = (
    """CREATE FUNCTION evidence_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'the record is append-only'; END $$""",
    """CREATE TRIGGER entry_unchanged BEFORE UPDATE ON evidence_entry FOR EACH ROW
       WHEN (OLD.seq IS NOT NULL OR OLD.body IS DISTINCT FROM NEW.body OR OLD.kind IS DISTINCT FROM NEW.kind
             OR OLD.day IS DISTINCT FROM NEW.day)
       EXECUTE FUNCTION evidence_append_only()""",
    """CREATE TRIGGER entry_kept BEFORE DELETE ON evidence_entry FOR EACH ROW
       EXECUTE FUNCTION evidence_append_only()""",
    """CREATE TRIGGER entry_whole BEFORE TRUNCATE ON evidence_entry EXECUTE FUNCTION evidence_append_only()""",
    """CREATE TRIGGER blob_unchanged BEFORE UPDATE ON evidence_blob FOR EACH ROW
       EXECUTE FUNCTION evidence_append_only()""",
)
_POSTGRESQL_UNDO: Final = (
    "DROP TRIGGER entry_unchanged ON evidence_entry",
    "DROP TRIGGER entry_kept ON evidence_entry",
    "DROP TRIGGER entry_whole ON evidence_entry",
    "DROP TRIGGER blob_unchanged ON evidence_blob",
    "DROP FUNCTION evidence_append_only()",
)


def append_only() -> migrations.RunPython:
    """The migration step that sets the triggers."""

    def forward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
            schema_editor.execute(statement)

    def backward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        for statement in _POSTGRESQL_UNDO if schema_editor.connection.vendor == "postgresql" else _SQLITE_UNDO:
            schema_editor.execute(statement)

    return migrations.RunPython(forward, backward)


def again_on_sqlite() -> migrations.RunPython:
    """The step after one that altered a table: SQLite alters by making it anew, and leaves its triggers behind."""

    def forward(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor != "sqlite":
            return
        for statement in _SQLITE:
            schema_editor.execute(statement)

    return migrations.RunPython(forward, migrations.RunPython.noop)
