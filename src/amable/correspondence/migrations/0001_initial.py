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
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("slot", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=32)),
                ("act", models.CharField(max_length=10)),
                ("step", models.CharField(max_length=60)),
                ("wording", models.CharField(blank=True, max_length=60)),
                ("language", models.CharField(max_length=2)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("demanded", models.BigIntegerField(default=0)),
                ("before_due", models.BooleanField(default=False)),
                ("state", models.CharField(default="proposed", max_length=10)),
                ("reason", models.TextField(blank=True)),
                ("rehearsal", models.BooleanField(default=False)),
                ("message_id", models.TextField(blank=True)),
                ("subject", models.TextField(blank=True)),
                ("leaves_at", models.DateTimeField(null=True)),
                ("path", models.CharField(max_length=200)),
                ("blob", models.CharField(max_length=64)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                (
                    "customer",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MessageItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("step", models.CharField(max_length=60)),
                ("cycle", models.PositiveSmallIntegerField()),
                ("occurrence", models.PositiveSmallIntegerField()),
                ("section", models.CharField(max_length=10)),
                ("amount", models.BigIntegerField()),
                ("withdrawn", models.BooleanField(default=False)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ledger.item")),
                (
                    "message",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="correspondence.message"),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["creditor", "day"], name="message_day"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["creditor", "customer", "day"], name="message_customer"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(fields=("creditor", "key"), name="message_key"),
        ),
        migrations.AddConstraint(
            model_name="messageitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn", False)),
                fields=("creditor", "item", "step", "cycle", "occurrence"),
                name="step_once",
            ),
        ),
        row_policies("correspondence_message", "correspondence_messageitem"),
    ]
