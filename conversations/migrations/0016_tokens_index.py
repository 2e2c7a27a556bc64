"""The indexes of the tokens, built while the desk goes on writing."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

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
        operation
        for model, name in SEARCHED.items()
        for operation in (
            # What a killed run left would be invalid, and in the way.
            migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop),
            AddIndexConcurrently(
                model_name=model,
                index=django.contrib.postgres.indexes.GinIndex(fields=["tokens"], name=name),
            ),
        )
    ]
