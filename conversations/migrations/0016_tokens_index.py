"""The indexes of the tokens, built while the desk goes on writing."""

import django.contrib.postgres.indexes
from django.db import migrations

from accounts.index_migrations import AddIndexConcurrently

SEARCHED = {
    "contact": "contact_tokens",
    "conversation": "conv_tokens",
    "message": "message_tokens",
    "article": "article_tokens",
    "macro": "macro_tokens",
}


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0015_tokens_of_earlier_rows"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name=model,
            index=django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name=name),
        )
        for model, name in SEARCHED.items()
    ]
