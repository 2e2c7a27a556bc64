"""Tokens for the rows of earlier versions, in small transactions, newest first; a second run goes on where one stopped.

Rows that an earlier version writes meanwhile are filled in by the job `index_missing`.
"""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently, FillInBatches
from conversations.models.searched import index_missing

WATCHED = {"contact": "contact_without_tokens", "conversation": "conv_without_tokens", "message": "message_without_tokens"}


def fill(apps, schema_editor):
    for name in ("Contact", "Conversation", "Article", "Macro", "Message"):
        while index_missing(apps.get_model("conversations", name), most=1000):
            pass


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0014_tokens"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name=model,
            index=models.Index(condition=models.Q(("tokens", None)), fields=["id"], name=name),
        )
        for model, name in WATCHED.items()
    ] + [FillInBatches(fill, migrations.RunPython.noop)]
