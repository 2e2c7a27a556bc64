"""A mail that waits is found by what it is about."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("accounts", "0036_browsers_that_take_nothing"),
    ]

    operations = [
        AddIndexConcurrently(
            "queuedmail",
            models.Index(condition=models.Q(("attempts", 0)), fields=["workspace", "kind", "about"], name="mail_untried"),
        ),
    ]
