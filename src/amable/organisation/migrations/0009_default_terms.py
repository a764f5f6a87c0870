from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisation", "0008_broke_off")]

    operations = [
        migrations.AddField("creditor", "terms", models.PositiveSmallIntegerField(null=True)),
    ]
