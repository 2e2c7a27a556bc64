"""The inbox's view of spam."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0036_mail_and_outbox"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                name="conv_spam",
                condition=models.Q(("handler", "nobody")),
            ),
        ),
    ]
