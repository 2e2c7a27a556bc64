"""The rows of before are checked while others write: their channels, and that their new links stay in the workspace."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from accounts.tenant_migrations import CheckTenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0037_index_of_spam"),
    ]

    operations = [
        ValidateConstraint("conversation", "conversation_channel_is_known"),
        ValidateConstraint("entrypoint", "entry_point_channel_is_known"),
        CheckTenantForeignKey("conversations_conversation", "mailbox_id"),
        CheckTenantForeignKey("conversations_conversation", "follows_id"),
    ]
