"""Finding the replies that failed, or are held, in a workspace."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently, RemoveIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0080_indexes_of_deliveries"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["workspace", "-id"],
                name="delivery_unsent",
                condition=models.Q(
                    ("state", "failed"), models.Q(("held_at__isnull", False), ("state", "scheduled")), _connector="OR"
                ),
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_failed"),
    ]
