"""Finding the visitors of a widget, the latest first."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0091_live_chat"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="chatsession",
            index=models.Index(fields=["workspace", "widget", "-last_seen_at", "-id"], name="chat_session_by_widget"),
        ),
    ]
