"""Each write keeps one search index instead of two. The version before still finds by `search`, without an index."""

from django.db import migrations

from accounts.index_migrations import DropIndexConcurrently

OLD = {
    "contact_search": "conversations_contact",
    "conv_search": "conversations_conversation",
    "message_search": "conversations_message",
    "article_search": "conversations_article",
    "macro_search": "conversations_macro",
}


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0017_leave_the_old_search"),
    ]

    operations = [
        DropIndexConcurrently(
            name,
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} USING gin (search)",
        )
        for name, table in OLD.items()
    ]
