"""The days of a workspace's audit log."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0034_index_of_actors'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='event',
            index=models.Index(fields=['workspace', 'at', 'id'], name='event_by_day'),
        ),
    ]
