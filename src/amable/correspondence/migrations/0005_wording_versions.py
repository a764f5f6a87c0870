import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0004_edited_words"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="WordingVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("language", models.CharField(max_length=2)),
                ("wording", models.CharField(max_length=200)),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(null=True)),
                ("made_by", models.TextField(blank=True)),
                ("note", models.TextField(blank=True)),
                (
                    "creditor",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("creditor", "language", "wording", "number"), name="wording_version_once"
                    )
                ],
            },
        ),
        row_policies("correspondence_wordingversion"),
    ]
