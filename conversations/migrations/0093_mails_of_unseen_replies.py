"""Mails with all replies of a chat that its customer has not seen."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0092_chat_sessions_by_widget"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="after",
            field=models.BigIntegerField(null=True),
        ),
    ]
