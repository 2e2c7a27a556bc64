"""A member's own drafts, and the mails that quote a conversation."""

from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0147_drafts_of_mails"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='draft',
            index=models.Index(fields=['workspace', 'user', '-updated_at', '-id'], name='draft_of_member'),
        ),
        AddIndexConcurrently(
            model_name='draft',
            index=models.Index(condition=models.Q(('forwards__isnull', False)), fields=['workspace', 'forwards'], name='draft_forwards'),
        ),
    ]
