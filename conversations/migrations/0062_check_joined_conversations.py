"""The rows of before are checked while others write: that a joined conversation stays in its workspace."""

from django.db import migrations

from accounts.tenant_migrations import CheckTenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0061_order_of_threads"),
    ]

    operations = [
        CheckTenantForeignKey("conversations_conversation", "joined_into_id"),
    ]
