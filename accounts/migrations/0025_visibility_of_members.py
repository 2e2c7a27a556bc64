"""Which conversations a member sees."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_queued_mails'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='visibility',
            field=models.CharField(choices=[('all', 'All conversations'), ('teams_and_unassigned', "Their teams' and unassigned"), ('teams', "Their teams' only")], db_default='all', default='all', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('visibility__in', ['all', 'teams_and_unassigned', 'teams'])), name='membership_visibility_is_known'),
        ),
    ]
