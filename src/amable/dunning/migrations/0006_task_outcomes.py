import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0004_edited_words"),
        ("dunning", "0005_asks"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="TaskOutcome",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("outcome", models.CharField(max_length=20)),
                ("note", models.TextField(blank=True)),
                ("said_on", models.DateField(null=True)),
                ("phone", models.TextField(blank=True)),
                ("again_on", models.DateField(null=True)),
                ("told_at", models.DateTimeField()),
                ("told_by", models.TextField()),
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
                "indexes": [models.Index(fields=["creditor", "message", "told_at"], name="outcome_of_task")],
            },
        ),
        row_policies("dunning_taskoutcome"),
    ]
