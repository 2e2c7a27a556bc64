"""Changes of many conversations at once, and what became of each conversation."""

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
        ('conversations', '0110_macros_with_effects'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('effects', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('cancelled', 'Cancelled'), ('undoing', 'Undoing'), ('undone', 'Undone')], default='running', max_length=9)),
                ('row_count', models.PositiveIntegerField(default=0)),
                ('is_cut', models.BooleanField(default=False, help_text='More conversations matched than one job may have.')),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('due_at', accounts.moments.Moment(default=django.utils.timezone.now)),
                ('finished_at', accounts.moments.Moment(editable=False, null=True)),
                ('undone_at', accounts.moments.Moment(editable=False, null=True)),
                ('created_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.event')),
                ('undo_event', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.event')),
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
            name='BulkRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('changed', 'Changed'), ('skipped', 'Skipped'), ('failed', 'Failed'), ('undone', 'Undone'), ('kept', 'Kept')], default='waiting', max_length=9)),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='conversations.bulkjob')),
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
            model_name='bulkjob',
            index=models.Index(condition=models.Q(('state__in', ('running', 'undoing'))), fields=['due_at', 'id'], name='bulk_job_due'),
        ),
        migrations.AddIndex(
            model_name='bulkjob',
            index=models.Index(fields=['workspace', '-id'], name='bulk_job_newest'),
        ),
        migrations.AddConstraint(
            model_name='bulkjob',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='bulk_job_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='bulkjob',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['running', 'done', 'cancelled', 'undoing', 'undone'])), name='bulk_job_state_is_known'),
        ),
        migrations.AddIndex(
            model_name='bulkrow',
            index=models.Index(fields=['workspace', 'job', 'state', 'id'], name='bulk_row_by_state'),
        ),
        migrations.AddConstraint(
            model_name='bulkrow',
            constraint=models.UniqueConstraint(fields=('workspace', 'job', 'conversation'), name='one_row_per_job_and_conversation'),
        ),
        migrations.AddConstraint(
            model_name='bulkrow',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'changed', 'skipped', 'failed', 'undone', 'kept'])), name='bulk_row_state_is_known'),
        ),
        TenantKey('conversations_bulkjob'),
        TenantForeignKey('conversations_bulkrow', 'job_id', 'conversations_bulkjob'),
        TenantForeignKey('conversations_bulkrow', 'conversation_id', 'conversations_conversation'),
    ]
