"""Members are notified of a mention in a ticket's own notes."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0153_queue_contacts_to_compare'),
        ('tickets', '0015_versions_of_ticket_notes'),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='ticket',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket'),
        ),
        migrations.RemoveConstraint(model_name='notification', name='notification_is_of_one_thing'),
        AddConstraintNotValid(
            model_name='notification',
            constraint=models.CheckConstraint(
                condition=Q(conversation__isnull=False, mailbox=None, job=None, ticket=None) | Q(conversation=None, mailbox__isnull=False, job=None, ticket=None) | Q(conversation=None, mailbox=None, job__isnull=False, ticket=None) | Q(conversation=None, mailbox=None, job=None, ticket__isnull=False),
                name='notification_is_of_one_of_these',
            ),
        ),
        TenantForeignKey('conversations_notification', 'ticket_id', 'tickets_ticket', is_checked=False),
    ]
