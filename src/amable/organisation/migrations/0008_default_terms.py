from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisation", "0007_tries")]

    operations = [
        migrations.AddField("creditor", "terms", models.PositiveSmallIntegerField(null=True)),
    ]
