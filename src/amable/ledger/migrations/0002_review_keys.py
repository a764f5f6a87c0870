from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("organisation", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="customer",
            name="customer_review",
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["creditor", "review_on", "id"], name="customer_review"),
        ),
    ]
