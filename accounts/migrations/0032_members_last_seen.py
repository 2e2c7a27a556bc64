"""When a member was last seen at a page of the workspace."""

from django.db import migrations

import accounts.moments


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0026_profiles'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='seen_at',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
    ]
