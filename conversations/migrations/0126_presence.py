"""Who has a conversation open at the moment: a table that is not logged, as nothing is lost with it."""

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
        ('conversations', '0125_drafts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('writes', models.CharField(blank=True, choices=[('reply', 'Reply'), ('note', 'Note')], help_text='What is being typed.', max_length=5)),
                ('typed_at', accounts.moments.Moment(null=True)),
                ('seen_at', accounts.moments.Moment(default=django.utils.timezone.now)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name_plural': 'presence',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.UniqueConstraint(fields=('workspace', 'conversation', 'user'), name='one_presence_per_person_and_conversation'),
        ),
        TenantForeignKey('conversations_presence', 'conversation_id', 'conversations_conversation'),
        migrations.RunSQL('ALTER TABLE "conversations_presence" SET UNLOGGED', migrations.RunSQL.noop),
    ]
