"""Threads in the order of their moments: messages that were moved stand where they were written."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0060_joined_conversations"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(fields=["workspace", "conversation", "created_at", "id"], name="message_in_order"),
        ),
    ]
