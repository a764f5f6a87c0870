import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_early_payment_and_promises"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=20)),
                ("value", models.TextField(blank=True)),
                ("ledger", models.TextField(blank=True)),
                ("written_at", models.DateTimeField()),
                ("written_by", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("written_on", models.DateField()),
                ("written_at", models.DateTimeField()),
                ("written_by", models.TextField()),
                ("changed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="item",
            name="item_open",
        ),
        migrations.AddField(
            model_name="customer",
            name="folded",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="item",
            name="folded",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("open", 0), _negated=True),
                fields=["creditor", "customer", "currency", "due_on", "open"],
                name="item_owed",
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("open", 0), _negated=True), fields=["creditor", "due_on", "id"], name="item_due"
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["creditor", "folded"], name="item_folded"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["creditor", "total"], name="item_total"),
        ),
        migrations.AddField(
            model_name="correction",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="customer",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
        ),
        migrations.AddField(
            model_name="note",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="customer",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(fields=("creditor", "customer", "field"), name="correction_once"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["creditor", "customer", "id"], name="note_customer"),
        ),
        row_policies("ledger_correction", "ledger_note"),
    ]
