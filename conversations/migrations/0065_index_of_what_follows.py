"""Finding the conversation that goes on from a closed one."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0062_check_joined_conversations"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["workspace", "follows", "id"],
                name="conv_follows",
                condition=models.Q(("follows__isnull", False)),
            ),
        ),
    ]
