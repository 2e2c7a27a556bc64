"""What members are notified of."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0033_web_push'),
        ('conversations', '0132_check_companies_of_contacts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('assigned', 'Assigned to me'), ('mentioned', 'Mentioned'), ('replied', 'Customer replied'), ('team_assigned', 'Assigned to my team'), ('unassigned_new', 'New and unassigned'), ('failed_to_send', 'Failed to send'), ('mailbox_disconnected', 'Mailbox disconnected')], max_length=20)),
                ('event_id', models.BigIntegerField(editable=False)),
                ('count', models.PositiveIntegerField(default=1, editable=False)),
                ('is_in_page', models.BooleanField(default=True, editable=False)),
                ('is_for_mail', models.BooleanField(default=False, editable=False)),
                ('mail_id', models.BigIntegerField(editable=False, null=True)),
                ('at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('read_at', accounts.moments.Moment(editable=False, null=True)),
                ('actor', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('mailbox', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.mailbox')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'user', '-at', '-id'], name='notification_newest'), models.Index(condition=models.Q(('read_at', None)), fields=['workspace', 'user', '-at', '-id'], name='notification_unread'), models.Index(fields=['workspace', 'conversation', 'user', 'event_id'], name='notification_of_conversation'), models.Index(fields=['at'], name='notification_by_age')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('read_at', None)), fields=('workspace', 'user', 'conversation'), name='one_unread_notification_per_conversation'), models.UniqueConstraint(condition=models.Q(('read_at', None)), fields=('workspace', 'user', 'mailbox'), name='one_unread_notification_per_mailbox'), models.CheckConstraint(condition=models.Q(('kind__in', ['assigned', 'mentioned', 'replied', 'team_assigned', 'unassigned_new', 'failed_to_send', 'mailbox_disconnected'])), name='notification_kind_is_known'), models.CheckConstraint(condition=models.Q(('conversation__isnull', True), ('mailbox__isnull', True), _connector='XOR'), name='notification_is_of_a_conversation_or_a_mailbox')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey('conversations_notification', 'conversation_id', 'conversations_conversation'),
        TenantForeignKey('conversations_notification', 'mailbox_id', 'conversations_mailbox'),
    ]
