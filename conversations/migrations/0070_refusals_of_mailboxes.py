"""What the webhook and the door of a mailbox did not take."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0066_forms_and_callbacks"),
    ]

    operations = [
        migrations.AddField(
            model_name="mailbox",
            name="refusals",
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False),
        ),
    ]
