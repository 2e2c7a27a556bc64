"""What a change of many conversations assigns to a member is one notification."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0148_lists_of_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='notification',
            name='job',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.bulkjob'),
        ),
        migrations.RemoveConstraint(model_name='notification', name='notification_is_of_a_conversation_or_a_mailbox'),
        AddConstraintNotValid(
            model_name='notification',
            constraint=models.CheckConstraint(
                condition=Q(conversation__isnull=False, mailbox=None, job=None) | Q(conversation=None, mailbox__isnull=False, job=None) | Q(conversation=None, mailbox=None, job__isnull=False),
                name='notification_is_of_one_thing',
            ),
        ),
        TenantForeignKey('conversations_notification', 'job_id', 'conversations_bulkjob', is_checked=False),
    ]
