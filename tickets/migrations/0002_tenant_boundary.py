"""No row of one workspace may point at a row of another."""

from django.db import migrations

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial"), ("accounts", "0003_tenant_boundary")]

    operations = [
        TenantKey("tickets_ticket"),
        TenantForeignKey("tickets_ticket", "team_id", "accounts_team"),
    ]
