import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0001_initial"),
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("verdicts", models.TextField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.customer")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "customer"), name="look_once")],
            },
        ),
        migrations.CreateModel(
            name="StoredProcedure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("text", models.TextField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "digest"), name="procedure_once")],
            },
        ),
        row_policies("dunning_storedprocedure", "dunning_look"),
    ]
