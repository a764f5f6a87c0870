import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0005_what_a_person_knows"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ground", models.CharField(max_length=20)),
                ("note", models.TextField(blank=True)),
                ("opened_on", models.DateField()),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.TextField(blank=True)),
                ("outcome", models.CharField(blank=True, max_length=10)),
                ("answer", models.TextField(blank=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("resolved_by", models.TextField(blank=True)),
                ("credited_at", models.DateTimeField(null=True)),
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
        ),
        migrations.CreateModel(
            name="DisputeItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="agreements.dispute"
                    ),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
            ],
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("note", models.TextField(blank=True)),
                ("made_on", models.DateField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(blank=True)),
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
        ),
        migrations.CreateModel(
            name="PlanInstalment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_on", models.DateField()),
                ("amount", models.BigIntegerField()),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="agreements.plan"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlanItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("open_then", models.BigIntegerField()),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
                (
                    "plan",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="agreements.plan"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Promise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.BigIntegerField()),
                ("on", models.DateField()),
                ("said_by", models.TextField(blank=True)),
                ("noted_on", models.DateField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.TextField(blank=True)),
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
        ),
        migrations.CreateModel(
            name="PromiseItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField()),
                ("open_then", models.BigIntegerField()),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
                (
                    "promise",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="agreements.promise"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["creditor", "customer"], name="dispute_customer"),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ("", "upheld", "rejected"))), name="dispute_outcome"
            ),
        ),
        migrations.AddConstraint(
            model_name="disputeitem",
            constraint=models.UniqueConstraint(fields=("creditor", "dispute", "item"), name="dispute_item_once"),
        ),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(fields=["creditor", "customer"], name="plan_customer"),
        ),
        migrations.AddConstraint(
            model_name="planinstalment",
            constraint=models.UniqueConstraint(fields=("creditor", "plan", "due_on"), name="instalment_once"),
        ),
        migrations.AddConstraint(
            model_name="planitem",
            constraint=models.UniqueConstraint(fields=("creditor", "plan", "item"), name="plan_item_once"),
        ),
        migrations.AddIndex(
            model_name="promise",
            index=models.Index(fields=["creditor", "customer"], name="promise_customer"),
        ),
        migrations.AddConstraint(
            model_name="promise",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="promise_positive"),
        ),
        migrations.AddConstraint(
            model_name="promiseitem",
            constraint=models.UniqueConstraint(fields=("creditor", "promise", "item"), name="promise_item_once"),
        ),
        row_policies(
            "agreements_promise",
            "agreements_promiseitem",
            "agreements_dispute",
            "agreements_disputeitem",
            "agreements_plan",
            "agreements_planitem",
            "agreements_planinstalment",
        ),
    ]
