"""Finding the deliveries of a conversation, whatever became of them, and what was taken back."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently, RemoveIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0072_index_of_suggested_conversations"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["workspace", "conversation", "state", "id"], name="delivery_by_conversation"
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["settled_at", "id"],
                name="delivery_taken_back",
                condition=models.Q(("message", None), ("state", "cancelled")),
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_unsettled"),
    ]
