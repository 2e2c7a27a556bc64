"""The mails about one thing that wait to be sent."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0036_browsers_that_take_nothing'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='queuedmail',
            index=models.Index(condition=models.Q(('attempts', 0)), fields=['workspace', 'kind', 'about'], name='queued_mail_about'),
        ),
    ]
