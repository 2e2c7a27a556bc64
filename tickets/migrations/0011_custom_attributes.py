"""Custom attributes, and their values of tickets."""

import accounts.moments
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_visibility_of_members'),
        ('tickets', '0010_business_hours'),
    ]

    operations = [
        migrations.AddField(
            model_name='ticket',
            name='attributes',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.CreateModel(
            name='Attribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('subject', models.CharField(choices=[('contact', 'Contact'), ('conversation', 'Conversation'), ('ticket', 'Ticket')], max_length=12)),
                ('key', models.CharField(help_text='Lower-case letters, digits and underscores; it never changes.', max_length=50)),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('decimal', 'Decimal'), ('choice', 'Choice'), ('boolean', 'Yes or no'), ('date', 'Date'), ('url', 'URL')], max_length=8)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=100), blank=True, default=list, size=None)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('archived_at', accounts.moments.Moment(blank=True, editable=False, null=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'subject', 'key'), name='attribute_key_unique_per_subject'), models.CheckConstraint(condition=models.Q(('subject__in', ['contact', 'conversation', 'ticket'])), name='attribute_subject_is_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['text', 'number', 'decimal', 'choice', 'boolean', 'date', 'url'])), name='attribute_kind_is_known')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
    ]
