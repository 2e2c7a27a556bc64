"""Lists of contacts: the newest, those of a name, of a company, merged and blocked ones."""

import django.db.models.functions.text
from django.db import migrations, models

from accounts.index_migrations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("conversations", "0130_contacts_and_companies"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(condition=models.Q(('merged_into', None)), fields=['workspace', '-id'], name='contact_newest'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(models.F('workspace'), django.db.models.functions.text.Lower('name'), models.F('id'), condition=models.Q(('name', ''), _negated=True), name='contact_by_name'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(condition=models.Q(('organization__isnull', False)), fields=['workspace', 'organization', '-id'], name='contact_by_company'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['workspace', 'merged_into', 'id'], name='contact_merged'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(condition=models.Q(('blocked_at__isnull', False)), fields=['workspace', '-id'], name='contact_blocked'),
        ),
    ]
