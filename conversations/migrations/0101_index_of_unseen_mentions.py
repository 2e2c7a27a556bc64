"""The mentions that a member has not seen."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('conversations', '0100_indexes_of_the_inbox'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='mention',
            index=models.Index(
                condition=models.Q(('seen_at', None)), fields=['workspace', 'user', '-created_at', '-id'], name='mention_unseen'
            ),
        ),
    ]
