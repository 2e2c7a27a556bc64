"""Who follows a conversation and who was mentioned in one; values of custom attributes of contacts and conversations."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_visibility_of_members'),
        ('conversations', '0095_discord'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='contact',
            name='attributes',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='conversation',
            name='attributes',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.CreateModel(
            name='Follower',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'user', '-id'], name='follower_by_user')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'conversation', 'user'), name='one_follower_per_person_and_conversation')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('seen_at', accounts.moments.Moment(editable=False, null=True)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mentions', to='conversations.message')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'user', '-created_at', '-id'], name='mention_by_user'), models.Index(fields=['workspace', 'conversation', 'user'], name='mention_by_conversation')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'message', 'user'), name='one_mention_per_person_and_note')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey('conversations_follower', 'conversation_id', 'conversations_conversation'),
        TenantForeignKey('conversations_mention', 'conversation_id', 'conversations_conversation'),
        TenantForeignKey('conversations_mention', 'message_id', 'conversations_message'),
    ]
