from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0011_merged_customers"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="payment_reference",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="allocation",
            name="let_off",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
