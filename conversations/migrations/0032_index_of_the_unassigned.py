"""The queue that nobody has taken is answered by an index in its own order."""

from django.db import migrations, models
from django.db.models import Q

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0031_drop_the_indexes_before"),
    ]

    operations = [
        AddIndexConcurrently(
            "conversation",
            models.Index(
                fields=["workspace", "status", "waiting_since", "id"],
                name="conv_unassigned_queue",
                condition=Q(assignee=None),
            ),
        ),
    ]
