"""Links by mail with which visitors of the chat find their conversations again."""

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
        ('conversations', '0093_mails_of_unseen_replies'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChatRestore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('email', models.CharField(max_length=254)),
                ('token_hash', models.CharField(editable=False, max_length=64)),
                ('page', models.CharField(help_text='The link, with {token} in place of its token.', max_length=2200)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('expires_at', accounts.moments.Moment(editable=False)),
                ('used_at', accounts.moments.Moment(editable=False, null=True)),
                ('widget', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='restores', to='conversations.widget')),
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
            model_name='chatrestore',
            index=models.Index(fields=['workspace', 'email', '-created_at', '-id'], name='chat_restore_by_email'),
        ),
        migrations.AddConstraint(
            model_name='chatrestore',
            constraint=models.UniqueConstraint(fields=('workspace', 'token_hash'), name='chat_restore_token_unique_per_workspace'),
        ),
        TenantKey("conversations_chatrestore"),
        TenantForeignKey("conversations_chatrestore", "widget_id", "conversations_widget"),
    ]
