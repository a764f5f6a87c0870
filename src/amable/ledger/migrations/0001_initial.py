import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200)),
                ("keyed_by", models.CharField(max_length=6)),
                ("name", models.TextField()),
                ("tax_id", models.TextField(blank=True)),
                ("kind", models.CharField(blank=True, max_length=8)),
                ("language", models.CharField(max_length=2)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("region", models.CharField(blank=True, max_length=6)),
                ("timezone", models.CharField(blank=True, max_length=60)),
                ("segment", models.TextField(blank=True)),
                ("address", models.TextField(blank=True)),
                ("manager_name", models.TextField(blank=True)),
                ("manager_email", models.TextField(blank=True)),
                ("opt_out", models.CharField(blank=True, max_length=100)),
                ("pause_until", models.DateField(null=True)),
                ("payment_method", models.TextField(blank=True)),
                ("review_on", models.DateField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(default="billing", max_length=12)),
                ("name", models.TextField(blank=True)),
                ("email", models.TextField(blank=True)),
                ("phone", models.TextField(blank=True)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.customer")),
            ],
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=20)),
                ("number", models.CharField(max_length=200)),
                ("instalment", models.CharField(blank=True, max_length=200)),
                ("kind", models.CharField(max_length=12)),
                ("applies_to", models.TextField(blank=True)),
                ("po_number", models.TextField(blank=True)),
                ("description", models.TextField(blank=True)),
                ("issued_on", models.DateField(null=True)),
                ("due_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("total", models.BigIntegerField()),
                ("ledger_open", models.BigIntegerField()),
                ("allocated", models.BigIntegerField(default=0)),
                ("open", models.BigIntegerField()),
                ("settled_on", models.DateField(null=True)),
                ("settled_in_run", models.DateField(null=True)),
                ("settled_by", models.TextField(blank=True)),
                ("cycle", models.PositiveSmallIntegerField(default=1)),
                ("disputed", models.BooleanField(default=False)),
                ("promised_on", models.DateField(null=True)),
                ("delivered", models.BooleanField(null=True)),
                ("delivered_on", models.DateField(null=True)),
                ("direct_debit", models.BooleanField(default=False)),
                ("missing_since", models.DateField(null=True)),
                ("duplicate_of", models.CharField(blank=True, max_length=200)),
                ("pdf_path", models.TextField(blank=True)),
                ("first_seen_on", models.DateField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.customer")),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("external_id", models.CharField(max_length=64)),
                ("received_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                ("unapplied", models.BigIntegerField(default=0)),
                ("payer", models.TextField(blank=True)),
                ("account", models.TextField(blank=True)),
                ("in_run", models.DateField()),
                ("reversed_on", models.DateField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.customer")),
            ],
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField()),
                ("reversed", models.BooleanField(default=False)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
                ("payment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.payment")),
            ],
        ),
        migrations.CreateModel(
            name="Taken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=10)),
                ("digest", models.CharField(max_length=64)),
                ("day", models.DateField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["creditor", "review_on"], name="customer_review"),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(fields=("creditor", "key"), name="customer_key"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("creditor", "customer", "role"), name="contact_role"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("open", 0), _negated=True), fields=["creditor", "customer"], name="item_open"
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["creditor", "settled_in_run"], name="item_settled"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(
                fields=("creditor", "source", "customer", "number", "instalment"), name="item_identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ("invoice", "credit_note", "late_charge"))), name="item_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(fields=("creditor", "external_id"), name="payment_once"),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.UniqueConstraint(fields=("creditor", "payment", "item"), name="allocation_once"),
        ),
        migrations.AddConstraint(
            model_name="taken",
            constraint=models.UniqueConstraint(fields=("creditor", "kind", "digest", "day"), name="taken_once"),
        ),
        row_policies(
            "ledger_customer", "ledger_contact", "ledger_item", "ledger_payment", "ledger_allocation", "ledger_taken"
        ),
    ]
