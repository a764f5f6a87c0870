from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_one_index_each"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="discount_percent",
            field=models.DecimalField(decimal_places=2, max_digits=4, null=True),
        ),
        migrations.AddField(
            model_name="item",
            name="discount_until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="item",
            name="promise_noted_on",
            field=models.DateField(null=True),
        ),
    ]
