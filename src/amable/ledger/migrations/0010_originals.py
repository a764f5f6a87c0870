import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0009_quick_at_a_large_book"),
        ("organisation", "0009_default_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Original",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("data", models.BinaryField()),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "digest"), name="original_once")],
            },
        ),
        row_policies("ledger_original"),
    ]
