import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0001_initial"),
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bankline",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="proposal",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="statement",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
    ]
