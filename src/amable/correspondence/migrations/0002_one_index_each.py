import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0001_initial"),
        ("ledger", "0002_review_keys"),
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="customer",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"
            ),
        ),
        migrations.AlterField(
            model_name="messageitem",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="messageitem",
            name="item",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.item"),
        ),
    ]
