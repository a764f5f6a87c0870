from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="creditor",
            name="looked_by",
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
