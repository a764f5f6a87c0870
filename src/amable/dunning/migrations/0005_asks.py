import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("dunning", "0004_procedure_versions"),
        ("ledger", "0005_what_a_person_knows"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="Ask",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.TextField(blank=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "customer", "day"), name="ask_once")],
            },
        ),
        row_policies("dunning_ask"),
    ]
