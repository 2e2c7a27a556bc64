"""Chat widgets, the sessions of their visitors, and what customers have seen."""

import accounts.moments
import conversations.models.chat
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_queued_mails'),
        ('conversations', '0090_calls_of_earlier_callbacks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='customer_seen_at',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
        migrations.CreateModel(
            name='Widget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('name', models.CharField(help_text='Shown to the team.', max_length=100)),
                ('key', models.CharField(default=conversations.models.chat.new_key, editable=False, max_length=60)),
                ('woes_key', models.CharField(editable=False, max_length=60, null=True)),
                ('posthog_token', models.CharField(editable=False, max_length=60, null=True)),
                ('allowed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, size=None)),
                ('language', models.CharField(blank=True, help_text="Empty: that of the page, or the visitor's.", max_length=5)),
                ('title', models.CharField(blank=True, max_length=100)),
                ('greeting', models.CharField(blank=True, max_length=1000)),
                ('offline_message', models.CharField(blank=True, max_length=1000)),
                ('color', models.CharField(default='#1f5eff', max_length=7)),
                ('position', models.CharField(choices=[('right', 'Right'), ('left', 'Left')], default='right', max_length=5)),
                ('launcher_text', models.CharField(blank=True, help_text='Beside the icon; empty for the icon alone.', max_length=60)),
                ('standard', models.JSONField(blank=True, default=dict)),
                ('follows_hours', models.BooleanField(default=True, help_text='Outside business hours it is offline.')),
                ('assistant_first', models.BooleanField(default=False, help_text='The assistant answers until it hands over.')),
                ('accepts_files', models.BooleanField(default=True)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('updated_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('assignee', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.team')),
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
            name='ChatSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(editable=False, max_length=64)),
                ('is_verified', models.BooleanField(default=False, help_text='The visitor has proven who they are.')),
                ('language', models.CharField(blank=True, max_length=5)),
                ('page', models.CharField(blank=True, help_text='The page on which they write.', max_length=2000)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('last_seen_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('ended_at', accounts.moments.Moment(editable=False, null=True)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='chat_sessions', to='conversations.contact')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('widget', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='conversations.widget')),
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
            model_name='widget',
            index=models.Index(fields=['workspace', 'name', 'id'], name='widget_by_name'),
        ),
        migrations.AddConstraint(
            model_name='widget',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='widget_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='widget',
            constraint=models.UniqueConstraint(fields=('key',), name='widget_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='widget',
            constraint=models.UniqueConstraint(fields=('woes_key',), name='widget_woes_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='widget',
            constraint=models.UniqueConstraint(fields=('posthog_token',), name='widget_posthog_token_unique'),
        ),
        migrations.AddConstraint(
            model_name='widget',
            constraint=models.CheckConstraint(condition=models.Q(('position__in', ['right', 'left'])), name='widget_position_is_known'),
        ),
        migrations.AddIndex(
            model_name='chatsession',
            index=models.Index(fields=['workspace', 'contact', '-last_seen_at', '-id'], name='chat_session_by_contact'),
        ),
        migrations.AddConstraint(
            model_name='chatsession',
            constraint=models.UniqueConstraint(fields=('workspace', 'token_hash'), name='chat_session_token_unique_per_workspace'),
        ),
        *(TenantKey(f"conversations_{table}") for table in ("widget", "chatsession")),
        TenantForeignKey("conversations_widget", "team_id", "accounts_team"),
        TenantForeignKey("conversations_chatsession", "widget_id", "conversations_widget"),
        TenantForeignKey("conversations_chatsession", "contact_id", "conversations_contact"),
    ]
