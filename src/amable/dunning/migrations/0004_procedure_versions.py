import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("dunning", "0003_sending"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProcedureDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField()),
                ("before", models.TextField(blank=True)),
                ("edition", models.PositiveIntegerField(default=1)),
                ("begun_from", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.TextField(blank=True)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.TextField(blank=True)),
                ("discarded_at", models.DateTimeField(null=True)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProcedureVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("name", models.TextField()),
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
                "constraints": [models.UniqueConstraint(fields=("creditor", "number"), name="procedure_version_once")],
            },
        ),
        row_policies("dunning_proceduredraft", "dunning_procedureversion"),
    ]
