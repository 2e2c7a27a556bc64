"""The indexes of the words of file names, and the words of those that are there already, newest first in small transactions."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from accounts.index_migrations import AddIndexByExtension, AddIndexConcurrently, FillInBatches
from conversations.models.searched import index_missing


def fill(apps, schema_editor):
    attachment = apps.get_model("conversations", "Attachment")
    while index_missing(attachment):
        pass


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0107_words_of_file_names"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="attachment",
            index=models.Index(fields=["id"], name="attachment_without_tokens", condition=models.Q(("tokens", None))),
        ),
        AddIndexByExtension(
            model_name="attachment",
            index=GinIndex(fields=["workspace", "tokens"], name="attachment_words"),
            extensions=["btree_gin"],
            instead=GinIndex(fields=["tokens"], name="attachment_words"),
        ),
        FillInBatches(fill, migrations.RunPython.noop),
    ]
