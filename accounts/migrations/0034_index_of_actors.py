"""The audit log is found by who did it."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("accounts", "0033_web_push"),
    ]

    operations = [
        AddIndexConcurrently(
            "event", models.Index(fields=["workspace", "actor_kind", "actor_id", "id"], name="event_by_actor")
        ),
    ]
