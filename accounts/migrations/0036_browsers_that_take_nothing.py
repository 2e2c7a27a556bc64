"""How long a browser has taken no push messages, and when it is tried again."""

from django.db import migrations, models

import accounts.moments


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0035_index_of_days_of_the_journal'),
    ]

    operations = [
        migrations.AddField(
            model_name='pushsubscription',
            name='failing_since',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='pushsubscription',
            name='failure_count',
            field=models.PositiveIntegerField(db_default=0, editable=False),
        ),
        migrations.AddField(
            model_name='pushsubscription',
            name='retry_at',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
    ]
