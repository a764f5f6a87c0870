import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_how_it_is_searched_for"),
        ("organisation", "0004_staff"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="by",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="payment",
            name="means",
            field=models.CharField(blank=True, db_default="", max_length=10),
        ),
        migrations.AddField(
            model_name="payment",
            name="note",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="payment",
            name="part_of",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.payment"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["creditor", "received_on", "id"], name="payment_received"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("unapplied", 0), _negated=True),
                fields=["creditor", "customer"],
                name="payment_unapplied",
            ),
        ),
    ]
