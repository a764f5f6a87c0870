import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0010_originals"),
        ("organisation", "0009_default_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="Merged",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("was", models.BigIntegerField()),
                ("key", models.CharField(max_length=200)),
                ("keyed_by", models.CharField(max_length=6)),
                ("name", models.TextField()),
                ("tax_id", models.TextField(blank=True)),
                ("merged_on", models.DateField()),
                ("merged_at", models.DateTimeField()),
                ("merged_by", models.TextField()),
                ("kept", models.TextField()),
                ("came", models.TextField(default="{}")),
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
                "indexes": [models.Index(fields=["creditor", "customer"], name="merged_customer")],
                "constraints": [
                    models.UniqueConstraint(fields=("creditor", "key"), name="merged_key"),
                    models.UniqueConstraint(fields=("creditor", "was"), name="merged_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Apart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("said_at", models.DateTimeField()),
                ("said_by", models.TextField()),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                (
                    "one",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="apart_after",
                        to="ledger.customer",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="apart_before",
                        to="ledger.customer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("creditor", "one", "other"), name="apart_once"),
                    models.CheckConstraint(condition=models.Q(("one__lt", models.F("other"))), name="apart_in_order"),
                ],
            },
        ),
        row_policies("ledger_merged", "ledger_apart"),
    ]
