from django.db import connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from amable.core.finding import foldable, folded_number


def fold(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write down how each known customer and item is searched for: a few seconds for a hundred thousand of them."""
    creditors = apps.get_model("organisation", "Creditor").objects.values_list("pk", flat=True)
    for creditor in creditors:
        if connection.vendor == "postgresql":
            schema_editor.execute("SELECT set_config('amable.creditor', %s, true)", [str(creditor)])
        for name, written, how in (("Customer", "name", foldable), ("Item", "number", folded_number)):
            model = apps.get_model("ledger", name)
            rows = model._base_manager.filter(creditor=creditor).values_list("pk", written).iterator()
            folded = [model(pk=pk, folded=how(text)) for pk, text in rows]
            model._base_manager.bulk_update(folded, ("folded",), batch_size=200)
    if connection.vendor == "postgresql":
        schema_editor.execute("SELECT set_config('amable.creditor', '', true)")


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_what_a_person_knows"),
    ]

    operations = [
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
