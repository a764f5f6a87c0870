import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0002_one_index_each"),
        ("ledger", "0007_payments_by_people"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayerAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("iban", models.CharField(max_length=200)),
                ("said_by", models.TextField(blank=True)),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="bankline",
            name="line_state",
        ),
        migrations.AddField(
            model_name="bankline",
            name="before",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="bankline",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="bankline",
            name="decided_by",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["creditor", "state", "booked_on", "id"], name="line_state"),
        ),
        migrations.AddField(
            model_name="payeraccount",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="payeraccount",
            name="customer",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
        ),
        migrations.AddConstraint(
            model_name="payeraccount",
            constraint=models.UniqueConstraint(fields=("creditor", "iban"), name="payer_account_once"),
        ),
        row_policies("banking_payeraccount"),
    ]
