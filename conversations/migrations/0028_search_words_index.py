"""The indexes that search reads from here on, built while the desk goes on writing."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from accounts.index_migrations import AddIndexByExtension, AddIndexConcurrently

CUT = {"message": ("message_cut", "body", "conversation"), "conversation": ("conv_cut", "subject", "id")}
WORDS = {"contact": ("contact_words", None), "conversation": ("conv_words", None), "message": ("message_words", 512)}


def cut(text):
    is_long = models.Q(GreaterThan(Length(text), 50000))
    return models.Q((f"{text}__regex", "[^[:space:][:punct:]]{61}")) | is_long


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0027_search_documents_of_earlier_rows"),
    ]

    operations = [
        *(
            AddIndexByExtension(
                model_name=model,
                index=GinIndex(fields=["workspace", "tokens"], name=name, gin_pending_list_limit=limit),
                extensions=["btree_gin"],
                instead=GinIndex(fields=["tokens"], name=name, gin_pending_list_limit=limit),
            )
            for model, (name, limit) in WORDS.items()
        ),
        *(
            AddIndexConcurrently(
                model_name=model,
                index=models.Index(condition=cut(text), fields=["workspace", column], name=name),
            )
            for model, (name, text, column) in CUT.items()
        ),
        AddIndexByExtension(
            model_name="searchword",
            index=GinIndex(models.F("workspace"), OpClass(models.F("word"), name="gin_trgm_ops"), name="search_word_parts"),
            extensions=["btree_gin", "pg_trgm"],
        ),
    ]
