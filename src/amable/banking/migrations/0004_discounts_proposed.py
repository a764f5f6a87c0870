from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0003_decisions_of_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="let_off",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
