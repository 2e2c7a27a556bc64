"""Any part of a ticket's title, or of what its customer is called, is found by an index."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper

from accounts.index_migrations import AddIndexByExtension


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("accounts", "0021_search_extensions"),
        ("tickets", "0008_tags_in_any_case"),
    ]

    operations = [
        AddIndexByExtension(
            model_name="ticket",
            index=GinIndex(
                models.F("workspace"),
                *(
                    OpClass(Upper(text), name="gin_trgm_ops")
                    for text in (
                        "subject",
                        KeyTextTransform("name", "anonymous_traits"),
                        KeyTextTransform("email", "anonymous_traits"),
                    )
                ),
                name="ticket_texts",
            ),
            extensions=["btree_gin", "pg_trgm"],
        ),
    ]
