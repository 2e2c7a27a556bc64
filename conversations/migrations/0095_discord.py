"""Discord: bots, threads, messages, members and the links by which members prove who they are."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_queued_mails'),
        ('conversations', '0094_restores_of_chats'),
    ]

    operations = [
        migrations.CreateModel(
            name='DiscordMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('discord_id', models.BigIntegerField()),
                ('name', models.CharField(blank=True, max_length=400)),
                ('linked_at', accounts.moments.Moment(editable=False, null=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.contact')),
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
            name='DiscordThread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('discord_id', models.BigIntegerField()),
                ('parent_id', models.BigIntegerField()),
                ('owner_id', models.BigIntegerField(null=True)),
                ('name', models.CharField(blank=True, max_length=400)),
                ('tags', models.JSONField(blank=True, default=list, help_text="The ids of the forum's tags on it.")),
                ('is_private', models.BooleanField(default=False)),
                ('is_archived', models.BooleanField(default=False)),
                ('is_locked', models.BooleanField(default=False)),
                ('last_message_id', models.BigIntegerField(default=0)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('active_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('deleted_at', accounts.moments.Moment(editable=False, null=True)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.conversation')),
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
            name='DiscordMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('discord_id', models.BigIntegerField()),
                ('is_ours', models.BooleanField(default=False)),
                ('part', models.PositiveSmallIntegerField(default=0)),
                ('edited_at', accounts.moments.Moment(null=True)),
                ('deleted_at', accounts.moments.Moment(null=True)),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.message')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('thread', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.discordthread')),
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
            name='DiscordLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('code_sent_at', accounts.moments.Moment(null=True)),
                ('mails', models.PositiveSmallIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Wrong codes since the last mail.')),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('expires_at', accounts.moments.Moment()),
                ('used_at', accounts.moments.Moment(null=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
                ('member', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.discordmember')),
                ('thread', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.discordthread')),
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
            name='DiscordBot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('disconnected', 'Reconnect')], default='active', max_length=12)),
                ('sealed', models.TextField(blank=True, editable=False)),
                ('api_url', models.CharField(blank=True, max_length=300)),
                ('gateway_url', models.CharField(blank=True, max_length=300)),
                ('user_id', models.BigIntegerField()),
                ('name', models.CharField(blank=True, max_length=100)),
                ('guild_id', models.BigIntegerField()),
                ('guild_name', models.CharField(blank=True, max_length=100)),
                ('channels', models.JSONField(default=list)),
                ('private_channel', models.JSONField(null=True)),
                ('leased_by', models.CharField(blank=True, editable=False, max_length=40)),
                ('leased_until', accounts.moments.Moment(editable=False, null=True)),
                ('connected_at', accounts.moments.Moment(editable=False, null=True)),
                ('seen_at', accounts.moments.Moment(editable=False, null=True)),
                ('last_event_at', accounts.moments.Moment(editable=False, null=True)),
                ('failing_since', accounts.moments.Moment(editable=False, null=True)),
                ('failure', models.TextField(blank=True, editable=False)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('updated_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('team', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.team')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'constraints': [models.UniqueConstraint(fields=('workspace',), name='one_discord_bot_per_workspace'), models.UniqueConstraint(fields=('workspace', 'public_id'), name='discord_bot_public_id_unique_per_workspace'), models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused', 'disconnected'])), name='discord_bot_state_is_known')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='discordmember',
            index=models.Index(fields=['workspace', 'contact', 'id'], name='discord_member_by_contact'),
        ),
        migrations.AddConstraint(
            model_name='discordmember',
            constraint=models.UniqueConstraint(fields=('workspace', 'discord_id'), name='discord_member_unique_per_workspace'),
        ),
        migrations.AddIndex(
            model_name='discordthread',
            index=models.Index(condition=models.Q(('conversation__isnull', False)), fields=['workspace', 'conversation', '-active_at', '-id'], name='discord_thread_by_conversation'),
        ),
        migrations.AddIndex(
            model_name='discordthread',
            index=models.Index(fields=['workspace', '-active_at', '-id'], name='discord_thread_by_activity'),
        ),
        migrations.AddConstraint(
            model_name='discordthread',
            constraint=models.UniqueConstraint(fields=('workspace', 'discord_id'), name='discord_thread_unique_per_workspace'),
        ),
        migrations.AddIndex(
            model_name='discordmessage',
            index=models.Index(fields=['workspace', 'thread', '-discord_id'], name='discord_message_by_thread'),
        ),
        migrations.AddIndex(
            model_name='discordmessage',
            index=models.Index(fields=['workspace', 'message', 'part'], name='discord_message_parts'),
        ),
        migrations.AddConstraint(
            model_name='discordmessage',
            constraint=models.UniqueConstraint(fields=('workspace', 'discord_id'), name='discord_message_unique_per_workspace'),
        ),
        migrations.AddIndex(
            model_name='discordlink',
            index=models.Index(fields=['workspace', 'member', '-id'], name='discord_link_by_member'),
        ),
        migrations.AddConstraint(
            model_name='discordlink',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='discord_link_public_id_unique_per_workspace'),
        ),
        *(
            TenantKey(f"conversations_discord{table}") for table in ("bot", "thread", "member", "message", "link")
        ),
        TenantForeignKey("conversations_discordbot", "team_id", "accounts_team"),
        TenantForeignKey("conversations_discordthread", "conversation_id", "conversations_conversation"),
        TenantForeignKey("conversations_discordmember", "contact_id", "conversations_contact"),
        TenantForeignKey("conversations_discordmessage", "thread_id", "conversations_discordthread"),
        TenantForeignKey("conversations_discordmessage", "message_id", "conversations_message"),
        TenantForeignKey("conversations_discordlink", "member_id", "conversations_discordmember"),
        TenantForeignKey("conversations_discordlink", "thread_id", "conversations_discordthread"),
    ]
