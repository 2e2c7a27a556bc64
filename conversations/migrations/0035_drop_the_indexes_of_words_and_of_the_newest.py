"""Others are in the place of these two, also for the version before."""

from django.db import migrations

from accounts.index_migrations import RemoveIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0034_indexes_searches_walk_along"),
    ]

    operations = [
        RemoveIndexConcurrently("message", "message_words"),
        RemoveIndexConcurrently("conversation", "conv_newest"),
    ]
