import django.db.models.deletion
from django.db import migrations, models

from amable.evidence.triggers import append_only
from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("body", models.TextField()),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                ("seq", models.BigIntegerField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.BigIntegerField(default=0)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "creditor",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Personal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=40)),
                ("value", models.TextField()),
                ("salt", models.CharField(max_length=32)),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
                ("entry", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="evidence.entry")),
            ],
        ),
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("data", models.BinaryField()),
                (
                    "creditor",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("creditor", "digest"), name="blob_once")],
            },
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(condition=models.Q(("seq", None)), fields=["creditor"], name="entry_unsealed"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("creditor", "seq"), name="entry_seq"),
        ),
        migrations.AddConstraint(
            model_name="personal",
            constraint=models.UniqueConstraint(fields=("creditor", "entry", "field"), name="personal_once"),
        ),
        append_only(),
        row_policies("evidence_entry", "evidence_personal", "evidence_blob", "evidence_head"),
    ]
