"""No row of one workspace may point at a row of another."""

from django.db import migrations

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_journal")]

    operations = [
        TenantKey("accounts_team"),
        TenantKey("accounts_apikey"),
        TenantForeignKey("accounts_idempotentrequest", "api_key_id", "accounts_apikey"),
    ]
