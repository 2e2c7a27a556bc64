"""What the assistant wrote and what came of it; handing a conversation over to people."""

import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0006_knowledge'),
        ('tickets', '0005_ticket_orders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AssistantProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('tool_name', models.CharField(max_length=40)),
                ('preview', models.TextField()),
                ('payload', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('auto_rejected', 'Auto Rejected')], default='pending', max_length=13)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
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
            name='Suggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('kind', models.CharField(choices=[('draft', 'Draft for an agent'), ('answer', 'Answer of the assistant')], max_length=6)),
                ('engine', models.CharField(max_length=20)),
                ('model', models.CharField(blank=True, max_length=100)),
                ('text', models.TextField(blank=True)),
                ('sources', models.JSONField(default=list)),
                ('prompt_tokens', models.PositiveIntegerField(default=0)),
                ('completion_tokens', models.PositiveIntegerField(default=0)),
                ('cost', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=14)),
                ('took_ms', models.PositiveIntegerField(default=0)),
                ('outcome', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('edited', 'Edited'), ('rejected', 'Rejected'), ('failed', 'Failed')], default='open', max_length=8)),
                ('failure', models.CharField(blank=True, max_length=40)),
                ('decided_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
        migrations.AddField(
            model_name='assistantqueueitem',
            name='audience',
            field=models.CharField(choices=[('team', 'Team'), ('key', 'Key'), ('tickets', 'Tickets'), ('customer', 'Customer')], db_default='key', default='key', max_length=8),
        ),
        migrations.AddField(
            model_name='assistantrun',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name='assistantrun',
            name='audience',
            field=models.CharField(choices=[('team', 'Team'), ('key', 'Key'), ('tickets', 'Tickets'), ('customer', 'Customer')], db_default='key', default='key', max_length=8),
        ),
        migrations.AddField(
            model_name='assistantrun',
            name='worker',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='assistantthread',
            name='ai_resolved',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='assistantthread',
            name='handed_over_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='assistantthread',
            name='is_asking',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='assistantthread',
            name='taken_over_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='assistantrun',
            constraint=models.CheckConstraint(condition=models.Q(('audience__in', ['team', 'key', 'tickets', 'customer'])), name='assistant_run_audience_is_known'),
        ),
        migrations.AddField(
            model_name='assistantproposal',
            name='message',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='assistantproposal',
            name='thread',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='conversations.assistantthread'),
        ),
        migrations.AddField(
            model_name='assistantproposal',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='conversation',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='suggestions', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='decided_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='message',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='run',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.assistantrun'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='ticket',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.ticket'),
        ),
        migrations.AddField(
            model_name='suggestion',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddIndex(
            model_name='assistantproposal',
            index=models.Index(fields=['workspace', 'thread', 'id'], name='assistant_proposal_by_thread'),
        ),
        migrations.AddConstraint(
            model_name='assistantproposal',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='assistant_proposal_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='assistantproposal',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'approved', 'rejected', 'auto_rejected'])), name='assistant_proposal_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='assistantproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'pending')), fields=('thread',), name='one_pending_assistant_proposal_per_thread'),
        ),
        migrations.AddIndex(
            model_name='suggestion',
            index=models.Index(fields=['workspace', '-created_at', '-id'], name='suggestion_newest'),
        ),
        migrations.AddIndex(
            model_name='suggestion',
            index=models.Index(condition=models.Q(('outcome', 'open')), fields=['workspace', 'conversation', '-id'], name='suggestion_undecided'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='suggestion_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['draft', 'answer'])), name='suggestion_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='suggestion',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['open', 'accepted', 'edited', 'rejected', 'failed'])), name='suggestion_outcome_is_known'),
        ),
        TenantKey("conversations_suggestion"),
        TenantKey("conversations_assistantproposal"),
        TenantForeignKey("conversations_suggestion", "conversation_id", "conversations_conversation"),
        TenantForeignKey("conversations_suggestion", "ticket_id", "tickets_ticket"),
        TenantForeignKey("conversations_suggestion", "run_id", "conversations_assistantrun"),
        TenantForeignKey("conversations_suggestion", "message_id", "conversations_message"),
        TenantForeignKey("conversations_assistantproposal", "thread_id", "conversations_assistantthread"),
        TenantForeignKey("conversations_assistantproposal", "message_id", "conversations_message"),
    ]
