"""The day of a macro's uses is a moment, as those of forms are."""

import accounts.moments
from django.db import migrations

CHECK = """
    ALTER TABLE conversations_macrouse ADD CONSTRAINT conversations_macrouse_day_check
    CHECK (day BETWEEN '1000-01-08T00:00:00+00:00' AND '9999-12-25T00:00:00+00:00')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0140_notifications'),
    ]

    operations = [
        migrations.AlterField(
            model_name='macrouse',
            name='day',
            field=accounts.moments.Moment(help_text='Its beginning, in UTC.'),
        ),
        # Django adds the check of a field only where it adds the field.
        migrations.RunSQL(CHECK, 'ALTER TABLE conversations_macrouse DROP CONSTRAINT conversations_macrouse_day_check'),
    ]
