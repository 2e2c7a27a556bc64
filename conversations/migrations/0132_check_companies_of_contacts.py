"""Check the companies and the merges of contacts that were there before."""

from django.db import migrations

from accounts.tenant_migrations import CheckTenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0131_lists_of_contacts"),
    ]

    operations = [
        CheckTenantForeignKey("conversations_contact", "organization_id"),
        CheckTenantForeignKey("conversations_contact", "merged_into_id"),
    ]
