"""What the indexes of search are made with, where the database has it. Both come with PostgreSQL, and the owner of a database may
create them (they are trusted)."""

from django.db import migrations

from accounts.index_migrations import UseExtension


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0020_registered_scopes"),
    ]

    operations = [
        UseExtension("btree_gin"),
        UseExtension("pg_trgm"),
    ]
