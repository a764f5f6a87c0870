import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_review_keys"),
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.AlterField(
            model_name="allocation",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="customer",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
        ),
        migrations.AlterField(
            model_name="customer",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="item",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="taken",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
    ]
