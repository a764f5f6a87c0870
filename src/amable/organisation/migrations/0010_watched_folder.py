from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisation", "0009_default_terms")]

    operations = [
        migrations.AddField(
            "creditor", "watched_folder", models.TextField(blank=True, default=""), preserve_default=False
        ),
    ]
