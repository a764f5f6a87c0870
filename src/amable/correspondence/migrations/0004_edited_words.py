import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0003_sending"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="EditedWords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.TextField()),
                ("texts", models.JSONField()),
                ("basis", models.CharField(max_length=64)),
                ("version", models.PositiveIntegerField(default=1)),
                ("edited_at", models.DateTimeField()),
                ("edited_by", models.TextField(blank=True)),
                ("outdated", models.BooleanField(default=False)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="correspondence.message"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "message"), name="words_once")],
            },
        ),
        row_policies("correspondence_editedwords"),
    ]
