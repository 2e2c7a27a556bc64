"""The notifications of a change of many conversations."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('conversations', '0149_notifications_of_bulk_changes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='notification',
            index=models.Index(condition=models.Q(('job__isnull', False)), fields=['workspace', 'job'], name='notification_of_job'),
        ),
    ]
