"""The inbox's queues by deadline and by team, and what a member has resolved today."""

from django.db import migrations, models
from django.db.models import F

import conversations.models.conversation
from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('conversations', '0096_followers_and_mentions'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='conversation',
            index=models.Index(
                F('workspace'), F('status'), conversations.models.conversation.NextDeadline(), F('id'),
                condition=models.Q(('status__in', ('open', 'pending'))), name='conv_deadline_queue',
            ),
        ),
        AddIndexConcurrently(
            model_name='conversation',
            index=models.Index(
                condition=models.Q(('team__isnull', False)),
                fields=['workspace', 'team', 'status', 'waiting_since', 'id'], name='conv_team_queue',
            ),
        ),
        AddIndexConcurrently(
            model_name='conversation',
            index=models.Index(
                condition=models.Q(('assignee__isnull', False), ('closed_at__isnull', False)),
                fields=['workspace', 'assignee', '-closed_at', '-id'], name='conv_resolved_by',
            ),
        ),
    ]
