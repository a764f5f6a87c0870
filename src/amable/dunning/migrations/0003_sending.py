import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("dunning", "0002_one_index_each"),
        ("ledger", "0004_early_payment_and_promises"),
        ("organisation", "0003_sending"),
    ]

    operations = [
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateField()),
                ("because", models.TextField()),
                ("held_at", models.DateTimeField()),
                ("held_by", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["creditor", "customer"], name="hold_standing"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanFigures",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("figures", models.TextField()),
                ("sample", models.TextField(blank=True)),
                ("odd", models.TextField(blank=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "day"), name="figures_once")],
            },
        ),
        migrations.CreateModel(
            name="Range",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("token", models.CharField(blank=True, max_length=32)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "day", "first"), name="range_once")],
            },
        ),
        row_policies("dunning_hold", "dunning_range", "dunning_planfigures"),
    ]
