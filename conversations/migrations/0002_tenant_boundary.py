"""No row of one workspace may point at a row of another."""

from django.db import migrations

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial"), ("tickets", "0002_tenant_boundary")]

    operations = [
        TenantKey("conversations_contact"),
        TenantKey("conversations_conversation"),
        TenantKey("conversations_entrypoint"),
        TenantKey("conversations_message"),
        TenantForeignKey("conversations_conversation", "contact_id", "conversations_contact"),
        TenantForeignKey("conversations_conversation", "team_id", "accounts_team"),
        TenantForeignKey("conversations_conversation", "ticket_id", "tickets_ticket"),
        TenantForeignKey("conversations_conversation", "last_message_id", "conversations_message"),
        TenantForeignKey("conversations_conversation", "last_visible_id", "conversations_message"),
        TenantForeignKey("conversations_conversation", "last_activity_id", "conversations_message"),
        TenantForeignKey("conversations_entrypoint", "conversation_id", "conversations_conversation"),
        TenantForeignKey("conversations_message", "conversation_id", "conversations_conversation"),
        TenantForeignKey("conversations_message", "sender_contact_id", "conversations_contact"),
        TenantForeignKey("conversations_message", "entry_point_id", "conversations_entrypoint"),
        TenantForeignKey("conversations_attachment", "message_id", "conversations_message"),
    ]
