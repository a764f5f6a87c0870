import datetime

import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sending",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("server", models.TextField(blank=True)),
                ("port", models.PositiveIntegerField(default=587)),
                ("encryption", models.CharField(default="starttls", max_length=10)),
                ("user", models.TextField(blank=True)),
                ("password_from", models.TextField(blank=True)),
                ("authority", models.TextField(blank=True)),
                ("per_minute", models.PositiveIntegerField(default=30)),
                ("per_minute_and_domain", models.PositiveIntegerField(default=20)),
                ("connections", models.PositiveSmallIntegerField(default=1)),
                ("procedure", models.CharField(blank=True, max_length=64)),
                ("plan_at", models.TimeField(default=datetime.time(4, 0))),
                ("undo_minutes", models.PositiveIntegerField(default=10)),
                ("daily_cap", models.PositiveIntegerField(default=50)),
                ("test_to", models.TextField(blank=True)),
                ("heartbeat", models.TextField(blank=True)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stopped_by", models.TextField(blank=True)),
                ("stopped_because", models.TextField(blank=True)),
                ("trusted_at", models.DateTimeField(null=True)),
                ("instance", models.CharField(blank=True, max_length=64)),
                ("seen_at", models.DateTimeField(null=True)),
                ("resting_until", models.DateTimeField(null=True)),
                ("rests", models.PositiveSmallIntegerField(default=0)),
                ("resting_because", models.TextField(blank=True)),
                ("planned_on", models.DateField(null=True)),
                ("planned_at", models.DateTimeField(null=True)),
                ("anomaly", models.TextField(blank=True)),
                ("backed_up_at", models.DateTimeField(null=True)),
                (
                    "creditor",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        row_policies("organisation_sending"),
    ]
