import django.db.models.deletion
from django.db import migrations, models

from amable.evidence.triggers import again_on_sqlite


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0001_initial"),
        ("organisation", "0002_looked_by"),
    ]

    operations = [
        migrations.AlterField(
            model_name="blob",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="entry",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AlterField(
            model_name="personal",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        again_on_sqlite(),
    ]
