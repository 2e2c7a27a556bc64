"""Conversations with the assistant: threads, runs, what their watchers are told, and what waits."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_tenant_boundary'),
        ('conversations', '0004_saved_views'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AssistantThread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=250)),
                ('status', models.CharField(choices=[('idle', 'Idle'), ('in_progress', 'In Progress'), ('canceling', 'Canceling')], default='idle', max_length=11)),
                ('agent_mode', models.CharField(max_length=40, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('conversation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='assistant_thread', to='conversations.conversation')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
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
            name='AssistantRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('canceled', 'Canceled')], default='running', max_length=8)),
                ('token', models.UUIDField(editable=False, null=True)),
                ('trace_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('beat_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('question', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.message')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('thread', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='conversations.assistantthread')),
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
            name='AssistantQueueItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('content', models.TextField()),
                ('contextual_tools', models.JSONField(null=True)),
                ('ui_context', models.JSONField(null=True)),
                ('billing_context', models.JSONField(null=True)),
                ('agent_mode', models.CharField(max_length=40, null=True)),
                ('session_id', models.CharField(max_length=255, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('thread', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='queue', to='conversations.assistantthread')),
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
            name='AssistantFrame',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveIntegerField()),
                ('event', models.CharField(max_length=20)),
                ('data', models.JSONField(default=dict)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='frames', to='conversations.assistantrun')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'constraints': [models.UniqueConstraint(fields=('run', 'sequence'), name='assistant_frame_sequence_unique_per_run')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='assistantthread',
            index=models.Index(fields=['workspace', '-updated_at', '-id'], name='assistant_thread_newest'),
        ),
        migrations.AddConstraint(
            model_name='assistantthread',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['idle', 'in_progress', 'canceling'])), name='assistant_thread_status_is_known'),
        ),
        migrations.AddIndex(
            model_name='assistantrun',
            index=models.Index(fields=['workspace', 'thread', '-id'], name='assistant_run_latest'),
        ),
        migrations.AddIndex(
            model_name='assistantrun',
            index=models.Index(condition=models.Q(('status', 'running')), fields=['beat_at'], name='assistant_run_beats'),
        ),
        migrations.AddConstraint(
            model_name='assistantrun',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['running', 'done', 'failed', 'canceled'])), name='assistant_run_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='assistantrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('status', 'running')), models.Q(models.Q(('status', 'running'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='assistant_run_has_an_end_unless_it_is_running'),
        ),
        migrations.AddConstraint(
            model_name='assistantrun',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('thread',), name='one_assistant_run_per_thread_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='assistantqueueitem',
            index=models.Index(fields=['workspace', 'thread', 'id'], name='assistant_queue_by_thread'),
        ),
        TenantKey("conversations_assistantthread"),
        TenantKey("conversations_assistantrun"),
        TenantForeignKey("conversations_assistantthread", "conversation_id", "conversations_conversation"),
        TenantForeignKey("conversations_assistantrun", "thread_id", "conversations_assistantthread"),
        TenantForeignKey("conversations_assistantrun", "question_id", "conversations_message"),
        TenantForeignKey("conversations_assistantframe", "run_id", "conversations_assistantrun"),
        TenantForeignKey("conversations_assistantqueueitem", "thread_id", "conversations_assistantthread"),
    ]
