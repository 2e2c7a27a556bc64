"""The notifications of a ticket are found, and a member has one of it that is unread."""

from django.db import migrations, models
from django.db.models import Q

from accounts.index_migrations import AddIndexConcurrently, AddUniqueIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('conversations', '0154_notifications_of_tickets'),
    ]

    operations = [
        AddUniqueIndexConcurrently(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=Q(read_at=None), fields=('workspace', 'user', 'ticket'), name='one_unread_notification_per_ticket'),
        ),
        AddIndexConcurrently(
            model_name='notification',
            index=models.Index(condition=models.Q(('ticket__isnull', False)), fields=['workspace', 'ticket', 'user', 'event_id'], name='notification_of_ticket'),
        ),
    ]
