"""Makes the table in which several processes count the tries to sign in; beside a file there is one process."""

from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_TABLE = "amable_cache"


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The table of Django's cache."""
    if schema_editor.connection.vendor == "postgresql":
        call_command("createcachetable", _TABLE, database=schema_editor.connection.alias, verbosity=0)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TABLE IF EXISTS {_TABLE}")


class Migration(migrations.Migration):
    dependencies = [("organisation", "0006_second_factor")]

    operations = [migrations.RunPython(make, drop)]
