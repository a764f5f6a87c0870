import django.db.models.deletion
from django.db import migrations, models

from amable.organisation.tenancy import row_policies


class Migration(migrations.Migration):
    dependencies = [
        ("correspondence", "0002_one_index_each"),
        ("ledger", "0004_early_payment_and_promises"),
        ("organisation", "0003_sending"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bucket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("domain", models.CharField(blank=True, max_length=253)),
                ("full_on", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ClosedAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=320)),
                ("closed_at", models.DateTimeField()),
                ("because", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="DeliveryEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("recipient", models.CharField(blank=True, max_length=320)),
                ("at", models.DateTimeField()),
                ("origin", models.CharField(max_length=200)),
                ("said", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="StoredWording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                ("text", models.TextField()),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="answer",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="message",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="approved_by",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="message",
            name="channel",
            field=models.CharField(blank=True, db_default="", max_length=10),
        ),
        migrations.AddField(
            model_name="message",
            name="domain",
            field=models.CharField(blank=True, db_default="", max_length=253),
        ),
        migrations.AddField(
            model_name="message",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="lease_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="offered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="refused",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="message",
            name="server",
            field=models.TextField(blank=True, db_default=""),
        ),
        migrations.AddField(
            model_name="message",
            name="settled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="token",
            field=models.CharField(blank=True, db_default="", max_length=32),
        ),
        migrations.AddField(
            model_name="message",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="until_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(default="proposed", max_length=12),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ("approved", "refused"))),
                fields=["creditor", "channel", "due_at", "id"],
                name="message_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ("claimed", "handed_over"))),
                fields=["creditor", "lease_until"],
                name="message_in_hand",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ("proposed", "unknown", "rejected", "bounced"))),
                fields=["creditor", "state"],
                name="message_asking",
            ),
        ),
        migrations.AddField(
            model_name="bucket",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="closedaddress",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="deliveryevent",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddField(
            model_name="deliveryevent",
            name="message",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="correspondence.message"),
        ),
        migrations.AddField(
            model_name="storedwording",
            name="creditor",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="organisation.creditor"
            ),
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=models.UniqueConstraint(fields=("creditor", "domain"), name="bucket_once"),
        ),
        migrations.AddConstraint(
            model_name="closedaddress",
            constraint=models.UniqueConstraint(fields=("creditor", "address"), name="address_closed_once"),
        ),
        migrations.AddConstraint(
            model_name="deliveryevent",
            constraint=models.UniqueConstraint(fields=("creditor", "origin"), name="event_once"),
        ),
        migrations.AddConstraint(
            model_name="storedwording",
            constraint=models.UniqueConstraint(fields=("creditor", "name"), name="wording_once"),
        ),
        row_policies(
            "correspondence_bucket",
            "correspondence_closedaddress",
            "correspondence_deliveryevent",
            "correspondence_storedwording",
        ),
    ]
