"""Callbacks that API clients asked for before, and that nobody has finished, are listed with their calls; a second run goes on."""

from django.db import migrations, transaction

from accounts.index_migrations import FillInBatches
from conversations.actions import wishes

BATCH = 500


def fill(apps, schema_editor):
    conversations = apps.get_model("conversations", "Conversation")._base_manager.filter(
        channel="callback", status__in=("open", "pending"), callbacks=None, metadata__has_key="phone"
    )
    calls = apps.get_model("conversations", "CallbackRequest")
    last = 0
    while rows := list(conversations.filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = rows[-1].pk
        with transaction.atomic():
            found = ((row, wishes.of_metadata(row.metadata)) for row in rows)
            calls._base_manager.bulk_create(
                [
                    calls(
                        workspace_id=row.workspace_id,
                        conversation_id=row.pk,
                        phone=wish.phone,
                        phone_typed=wish.phone_typed,
                        preferred_time=wish.preferred_time,
                        due_at=row.created_at,
                        created_at=row.created_at,
                    )
                    for row, wish in found
                    if wish is not None
                ],
                ignore_conflicts=True,
            )


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0085_index_of_what_was_not_sent"),
    ]

    operations = [FillInBatches(fill, migrations.RunPython.noop)]
