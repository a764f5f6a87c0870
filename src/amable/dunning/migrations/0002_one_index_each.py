import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dunning", "0001_initial"),
        ("ledger", "0002_review_keys"),
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.AlterField(
            model_name="look",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="look",
            name="customer",
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to="ledger.customer"),
        ),
        migrations.AlterField(
            model_name="storedprocedure",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
    ]
