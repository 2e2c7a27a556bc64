"""What members have written and not sent, with the files that are uploaded for it."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_visibility_of_members'),
        ('conversations', '0117_versions_of_notes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('reply', 'Reply'), ('note', 'Note')], max_length=5)),
                ('body', models.TextField(blank=True)),
                ('along', models.JSONField(default=dict, help_text='The recipients as they were typed.')),
                ('version', models.PositiveIntegerField(default=1)),
                ('tab', models.CharField(blank=True, max_length=36)),
                ('seq', models.PositiveBigIntegerField(default=0)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('updated_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('discarded_at', accounts.moments.Moment(editable=False, null=True)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='DraftFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('file', models.FileField(max_length=300, upload_to='')),
                ('name', models.CharField(max_length=255)),
                ('content_type', models.CharField(max_length=120)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.')),
                ('draft', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='conversations.draft')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='draft',
            index=models.Index(condition=models.Q(('discarded_at__isnull', False)), fields=['discarded_at', 'id'], name='draft_discarded'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('workspace', 'conversation', 'user', 'kind'), name='one_draft_per_person_and_kind'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reply', 'note'])), name='draft_kind_is_known'),
        ),
        migrations.AddIndex(
            model_name='draftfile',
            index=models.Index(fields=['workspace', 'draft', 'id'], name='draft_files'),
        ),
        migrations.AddConstraint(
            model_name='draftfile',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='draft_file_public_id_unique_per_workspace'),
        ),
        TenantKey('conversations_draft'),
        TenantForeignKey('conversations_draft', 'conversation_id', 'conversations_conversation'),
        TenantForeignKey('conversations_draftfile', 'draft_id', 'conversations_draft'),
    ]
