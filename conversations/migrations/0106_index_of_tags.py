"""The index by which filters and `tag:` find conversations with a tag."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from accounts.index_migrations import AddIndexByExtension


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0105_saved_views_of_conversations"),
    ]

    operations = [
        AddIndexByExtension(
            model_name="conversation",
            index=GinIndex(fields=["workspace", "tags"], name="conv_tags"),
            extensions=["btree_gin"],
            instead=GinIndex(fields=["tags"], name="conv_tags"),
        ),
    ]
