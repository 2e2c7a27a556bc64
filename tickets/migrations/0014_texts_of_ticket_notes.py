"""Any part of a ticket's note is found by an index."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import migrations, models
from django.db.models.functions import Upper

from accounts.index_migrations import AddIndexByExtension


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("tickets", "0013_ticket_notes"),
    ]

    operations = [
        AddIndexByExtension(
            model_name="ticketnote",
            index=GinIndex(
                models.F("workspace"), OpClass(Upper("body"), name="gin_trgm_ops"), name="ticket_note_texts"
            ),
            extensions=["btree_gin", "pg_trgm"],
        ),
    ]
