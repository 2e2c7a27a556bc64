"""The conversations in the Trash, what was put there last first."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0115_trash"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                condition=models.Q(("handler", "trash")),
                fields=["workspace", "-trashed_at", "-id"],
                name="conv_trash",
            ),
        ),
    ]
