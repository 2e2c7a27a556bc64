"""Words of some days, and the newest conversations that people handle, by indexes alone; built while the desk goes on writing."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F

from accounts.index_migrations import AddIndexByExtension, AddIndexConcurrently
from conversations.models.searched import Day

NAME, LIMIT = "message_words_by_day", 512


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0033_cut_texts_say_so"),
    ]

    operations = [
        AddIndexByExtension(
            model_name="message",
            index=GinIndex(F("workspace"), Day("created_at"), F("tokens"), name=NAME, gin_pending_list_limit=LIMIT),
            extensions=["btree_gin"],
            instead=GinIndex(fields=["tokens"], name=NAME, gin_pending_list_limit=LIMIT),
        ),
        AddIndexConcurrently(
            model_name="conversation",
            index=models.Index(
                fields=["workspace", "-last_message_at", "-id"], include=["handler"], name="conv_newest_list"
            ),
        ),
    ]
