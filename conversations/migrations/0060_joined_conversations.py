"""Conversations that were joined into another one. What was there before is checked by the migration that follows."""

import django.db.models.deletion
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0050_mailboxes_that_are_deleted"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="joined_into",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="conversations.conversation",
            ),
        ),
        TenantForeignKey(
            "conversations_conversation", "joined_into_id", "conversations_conversation", is_checked=False
        ),
    ]
