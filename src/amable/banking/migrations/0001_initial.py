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
            name="Statement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account", models.TextField(blank=True)),
                ("number", models.TextField(blank=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("opening", models.DecimalField(decimal_places=5, max_digits=20, null=True)),
                ("closing", models.DecimalField(decimal_places=5, max_digits=20, null=True)),
                ("closing_on", models.DateField(null=True)),
                ("file_digest", models.CharField(max_length=64)),
                ("place", models.PositiveIntegerField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BankLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fingerprint", models.CharField(max_length=64)),
                ("booked_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                ("kind", models.CharField(max_length=10)),
                ("name", models.TextField(blank=True)),
                ("iban", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
                ("reference", models.TextField(blank=True)),
                ("end_to_end", models.TextField(blank=True)),
                ("bank_reference", models.TextField(blank=True)),
                ("state", models.CharField(max_length=10)),
                ("reasons", models.TextField(blank=True)),
                ("in_run", models.DateField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                (
                    "customer",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
                ),
                (
                    "payment",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.payment"),
                ),
                ("statement", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="banking.statement")),
            ],
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
                ("line", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="banking.bankline")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "line", "item"), name="proposal_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("creditor", "file_digest", "place"), name="statement_once"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["creditor", "state"], name="line_state"),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.UniqueConstraint(fields=("creditor", "fingerprint"), name="line_once"),
        ),
        row_policies("banking_statement", "banking_bankline", "banking_proposal"),
    ]
