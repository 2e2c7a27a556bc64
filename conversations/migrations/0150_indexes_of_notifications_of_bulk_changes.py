"""The notifications of a change of many conversations are found, and a member has one of it that is unread."""

from django.db import migrations, models
from django.db.models import Q

from accounts.index_migrations import AddIndexConcurrently, AddUniqueIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('conversations', '0149_notifications_of_bulk_changes'),
    ]

    operations = [
        AddUniqueIndexConcurrently(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=Q(read_at=None), fields=('workspace', 'user', 'job'), name='one_unread_notification_per_job'),
        ),
        AddIndexConcurrently(
            model_name='notification',
            index=models.Index(condition=models.Q(('job__isnull', False)), fields=['workspace', 'job'], name='notification_of_job'),
        ),
    ]
