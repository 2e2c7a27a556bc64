"""The journal is found by kind and by moment: a kind that is rare, and a day without events, are no search of all events."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("accounts", "0021_search_extensions"),
    ]

    operations = [
        AddIndexConcurrently("event", models.Index(fields=["workspace", "type", "id"], name="event_by_kind")),
        AddIndexConcurrently("event", BrinIndex(fields=["at"], name="event_by_moment")),
    ]
