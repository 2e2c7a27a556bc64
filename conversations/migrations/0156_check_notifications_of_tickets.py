"""Check the notifications that were there before."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from accounts.tenant_migrations import CheckTenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0155_indexes_of_notifications_of_tickets'),
    ]

    operations = [
        ValidateConstraint(model_name='notification', name='notification_is_of_one_of_these'),
        CheckTenantForeignKey('conversations_notification', 'ticket_id'),
    ]
