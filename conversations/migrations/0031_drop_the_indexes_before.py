"""Each write of a conversation keeps fewer indexes: these have others in their place, and no query asks by a conversation's tags."""

from django.db import migrations

from accounts.index_migrations import RemoveIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0030_indexes_of_lists"),
    ]

    operations = [
        RemoveIndexConcurrently("conversation", name)
        for name in ("conv_activity", "conv_created", "conv_snoozed", "conv_closed_news", "conv_by_tag")
    ]
