"""Mailboxes, the mails that come in and the outbox. What concerns tables that grow is checked by the migrations that follow."""

import accounts.moments
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey

NEW = (
    "mailbox", "mailboxaddress", "suppressedaddress", "blockedsender", "automaticmail", "inboundmail", "mailreference",
    "delivery", "deliveryfile",
)  # fmt: skip
LINKS = (
    ("mailbox", "team_id", "accounts_team"),
    ("mailboxaddress", "mailbox_id", "conversations_mailbox"),
    ("inboundmail", "mailbox_id", "conversations_mailbox"),
    ("inboundmail", "conversation_id", "conversations_conversation"),
    ("inboundmail", "suggested_id", "conversations_conversation"),
    ("inboundmail", "message_id", "conversations_message"),
    ("mailreference", "conversation_id", "conversations_conversation"),
    ("mailreference", "message_id", "conversations_message"),
    ("delivery", "conversation_id", "conversations_conversation"),
    ("delivery", "message_id", "conversations_message"),
    ("delivery", "mailbox_id", "conversations_mailbox"),
    ("deliveryfile", "delivery_id", "conversations_delivery"),
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_queued_mails'),
        ('conversations', '0035_drop_the_indexes_of_words_and_of_the_newest'),
        ('tickets', '0009_ticket_texts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AutomaticMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=254)),
                ('kind', models.CharField(max_length=20)),
                ('sent_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
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
            name='BlockedSender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pattern', models.CharField(max_length=254)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
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
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('channel', models.CharField(choices=[('chat', 'Chat'), ('email', 'Email'), ('discord', 'Discord'), ('api', 'API'), ('callback', 'Callback'), ('form', 'Web form'), ('manual', 'Manual')], max_length=10)),
                ('state', models.CharField(choices=[('scheduled', 'Scheduled'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='scheduled', max_length=9)),
                ('body', models.TextField(blank=True)),
                ('then', models.CharField(blank=True, help_text='The status that the conversation gets with it.', max_length=10)),
                ('expected_last', models.BigIntegerField(null=True)),
                ('to', models.JSONField(null=True)),
                ('cc', models.JSONField(null=True)),
                ('bcc', models.JSONField(default=list)),
                ('send_after', accounts.moments.Moment(default=django.utils.timezone.now)),
                ('held_at', accounts.moments.Moment(null=True)),
                ('due_at', accounts.moments.Moment(default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('handed_at', accounts.moments.Moment(null=True)),
                ('channel_message_id', models.CharField(blank=True, help_text="The channel's own id of it.", max_length=400)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('reason', models.TextField(blank=True, help_text='Why it could not be delivered, in plain words.')),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('settled_at', accounts.moments.Moment(editable=False, null=True)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='DeliveryFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('file', models.FileField(max_length=300, upload_to='')),
                ('name', models.CharField(max_length=255)),
                ('content_type', models.CharField(max_length=120)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.')),
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
            name='InboundMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('source', models.CharField(choices=[('imap', 'Imap'), ('ingress', 'Ingress'), ('door', 'Door'), ('command', 'Command')], max_length=8)),
                ('raw', models.FileField(max_length=300, upload_to='')),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.')),
                ('digest', models.CharField(help_text='SHA-256 of the bytes.', max_length=64)),
                ('is_cut', models.BooleanField(default=False, help_text='Too large to be kept: its headers and its beginning are here.')),
                ('identifier', models.TextField(blank=True, help_text='Its Message-ID, without brackets.')),
                ('message_key', models.CharField(blank=True, help_text='SHA-256 of its Message-ID.', max_length=64)),
                ('uid_validity', models.BigIntegerField(null=True)),
                ('uid', models.BigIntegerField(null=True)),
                ('internal_at', accounts.moments.Moment(null=True)),
                ('state', models.CharField(choices=[('stored', 'Waiting'), ('read', 'Delivered'), ('quarantined', 'Quarantined'), ('ignored', 'Ignored')], default='stored', max_length=11)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('reason', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('proof', models.CharField(blank=True, choices=[('reply_address', 'the reply address'), ('in_reply_to', 'In-Reply-To'), ('references', 'References'), ('marker', 'the reference in its text'), ('new', 'nothing: it began a conversation'), ('moved', "a member's decision")], max_length=13)),
                ('from_name', models.CharField(blank=True, max_length=400)),
                ('from_address', models.CharField(blank=True, max_length=254)),
                ('to', models.JSONField(default=list)),
                ('cc', models.JSONField(default=list)),
                ('subject', models.TextField(blank=True)),
                ('text', models.TextField(blank=True, help_text='Its whole text, where the message holds less.')),
                ('quoted', models.TextField(blank=True)),
                ('signature', models.TextField(blank=True)),
                ('html', models.TextField(blank=True, help_text='Sanitised.')),
                ('remote_images', models.PositiveIntegerField(default=0)),
                ('invitation', models.JSONField(null=True)),
                ('problems', models.JSONField(default=list)),
                ('is_verified', models.BooleanField(help_text="Whether the sender's domain vouches for it.", null=True)),
                ('is_stranger', models.BooleanField(default=False, help_text='Its sender is not the contact of its conversation.')),
                ('received_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('processed_at', accounts.moments.Moment(editable=False, null=True)),
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
            name='Mailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('address', models.CharField(max_length=254)),
                ('name', models.CharField(blank=True, help_text='The name that customers see.', max_length=200)),
                ('is_default', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('disconnected', 'Reconnect')], default='active', max_length=12)),
                ('inbound', models.CharField(choices=[('imap', 'IMAP'), ('ingress', 'Provider webhook'), ('door', 'LMTP or SMTP from your own mail server')], default='imap', max_length=8)),
                ('login', models.CharField(choices=[('password', 'Password'), ('google', 'Google'), ('microsoft', 'Microsoft')], default='password', max_length=10)),
                ('imap', models.JSONField(blank=True, null=True)),
                ('smtp', models.JSONField(blank=True, null=True)),
                ('sealed', models.TextField(blank=True, editable=False)),
                ('ingress_hash', models.CharField(editable=False, max_length=64, null=True)),
                ('signature', models.TextField(blank=True)),
                ('acknowledges', models.BooleanField(default=False)),
                ('acknowledgement', models.TextField(blank=True)),
                ('undo_seconds', models.PositiveSmallIntegerField(default=10)),
                ('plus_addressing', models.BooleanField(default=True, help_text='The mail server delivers name+anything@… to name@…, so that replies can carry a proof.')),
                ('trusted_host', models.CharField(blank=True, help_text='The server whose Authentication-Results are believed.', max_length=253)),
                ('uid_validity', models.BigIntegerField(editable=False, null=True)),
                ('last_uid', models.BigIntegerField(default=0, editable=False)),
                ('next_uid', models.BigIntegerField(editable=False, null=True)),
                ('leased_until', accounts.moments.Moment(editable=False, null=True)),
                ('read_at', accounts.moments.Moment(editable=False, null=True)),
                ('received_at', accounts.moments.Moment(editable=False, null=True)),
                ('failing_since', accounts.moments.Moment(editable=False, null=True)),
                ('failure', models.TextField(blank=True, editable=False)),
                ('backfill_days', models.PositiveSmallIntegerField(editable=False, null=True)),
                ('backfill_done', models.PositiveIntegerField(default=0, editable=False)),
                ('backfill_total', models.PositiveIntegerField(editable=False, null=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('updated_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'mailboxes',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='MailboxAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=254)),
            ],
            options={
                'verbose_name_plural': 'mailbox addresses',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='MailReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='SHA-256 of the Message-ID.', max_length=64)),
                ('is_ours', models.BooleanField(default=False)),
                ('is_named_only', models.BooleanField(default=False, help_text='No such mail came in: others name it.')),
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
            name='SuppressedAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=254)),
                ('reason', models.TextField()),
                ('code', models.CharField(blank=True, max_length=20)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'suppressed addresses',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='conversation',
            name='conversation_channel_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='entrypoint',
            name='entry_point_channel_is_known',
        ),
        migrations.AddField(
            model_name='attachment',
            name='content_id',
            field=models.CharField(blank=True, db_default='', default='', max_length=400),
        ),
        migrations.AddField(
            model_name='attachment',
            name='is_inline',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='conversation',
            name='cc',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=254), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='conversation',
            name='follows',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.conversation'),
        ),
        migrations.AlterField(
            model_name='conversation',
            name='channel',
            field=models.CharField(choices=[('chat', 'Chat'), ('email', 'Email'), ('discord', 'Discord'), ('api', 'API'), ('callback', 'Callback'), ('form', 'Web form'), ('manual', 'Manual')], default='api', max_length=10),
        ),
        migrations.AlterField(
            model_name='conversation',
            name='handler',
            field=models.CharField(choices=[('people', 'People'), ('assistant', 'Assistant'), ('nobody', 'Nobody')], default='people', editable=False, max_length=10),
        ),
        migrations.AlterField(
            model_name='entrypoint',
            name='channel',
            field=models.CharField(choices=[('chat', 'Chat'), ('email', 'Email'), ('discord', 'Discord'), ('api', 'API'), ('callback', 'Callback'), ('form', 'Web form'), ('manual', 'Manual')], max_length=10),
        ),
        AddConstraintNotValid(
            model_name='entrypoint',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['chat', 'email', 'discord', 'api', 'callback', 'form', 'manual'])), name='entry_point_channel_is_known'),
        ),
        migrations.AddField(
            model_name='automaticmail',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='blockedsender',
            name='created_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='blockedsender',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='conversation',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='message',
            field=models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='delivery', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='writer',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deliveryfile',
            name='delivery',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='conversations.delivery'),
        ),
        migrations.AddField(
            model_name='deliveryfile',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='conversation',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='message',
            field=models.OneToOneField(db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='mail', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='suggested',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='assignee',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='team',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='mailbox',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='inboundmail',
            name='mailbox',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='conversations.mailbox'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='mailbox',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.mailbox'),
        ),
        migrations.AddField(
            model_name='conversation',
            name='mailbox',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.mailbox'),
        ),
        AddConstraintNotValid(
            model_name='conversation',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['chat', 'email', 'discord', 'api', 'callback', 'form', 'manual'])), name='conversation_channel_is_known'),
        ),
        migrations.AddField(
            model_name='mailboxaddress',
            name='mailbox',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='conversations.mailbox'),
        ),
        migrations.AddField(
            model_name='mailboxaddress',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='mailreference',
            name='conversation',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='mailreference',
            name='message',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.message'),
        ),
        migrations.AddField(
            model_name='mailreference',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='suppressedaddress',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddIndex(
            model_name='automaticmail',
            index=models.Index(fields=['workspace', 'address', '-sent_at'], name='automatic_mail_budget'),
        ),
        migrations.AddConstraint(
            model_name='blockedsender',
            constraint=models.UniqueConstraint(fields=('workspace', 'pattern'), name='blocked_sender_unique_per_workspace'),
        ),
        migrations.AddIndex(
            model_name='deliveryfile',
            index=models.Index(fields=['workspace', 'delivery', 'id'], name='delivery_files'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='mailbox_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.UniqueConstraint(fields=('ingress_hash',), name='mailbox_ingress_unique'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('workspace',), name='one_default_mailbox_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='mailbox_address_is_lower_case'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused', 'disconnected'])), name='mailbox_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('inbound__in', ['imap', 'ingress', 'door'])), name='mailbox_inbound_is_known'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('login__in', ['password', 'google', 'microsoft'])), name='mailbox_login_is_known'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(fields=['workspace', 'mailbox', 'digest'], name='mail_by_digest'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(fields=['workspace', 'mailbox', 'state', '-id'], name='mail_by_mailbox'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(condition=models.Q(('message_key', ''), _negated=True), fields=['workspace', 'message_key'], name='mail_by_message_id'),
        ),
        migrations.AddIndex(
            model_name='inboundmail',
            index=models.Index(condition=models.Q(('state', 'stored')), fields=['id'], name='mail_waiting'),
        ),
        migrations.AddConstraint(
            model_name='inboundmail',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='mail_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='inboundmail',
            constraint=models.UniqueConstraint(fields=('mailbox', 'uid_validity', 'uid'), name='mail_fetched_once_per_mailbox'),
        ),
        migrations.AddConstraint(
            model_name='inboundmail',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['stored', 'read', 'quarantined', 'ignored'])), name='mail_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='inboundmail',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['imap', 'ingress', 'door', 'command'])), name='mail_source_is_known'),
        ),
        migrations.AddConstraint(
            model_name='inboundmail',
            constraint=models.CheckConstraint(condition=models.Q(('proof', ''), ('proof__in', ['reply_address', 'in_reply_to', 'references', 'marker', 'new', 'moved']), _connector='OR'), name='mail_proof_is_known'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('held_at', None), ('state__in', ('scheduled', 'sending'))), fields=['due_at', 'id'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state__in', ('scheduled', 'sending', 'failed'))), fields=['workspace', 'conversation', 'id'], name='delivery_unsettled'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['workspace', '-id'], name='delivery_failed'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='delivery_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['scheduled', 'sending', 'sent', 'failed', 'cancelled'])), name='delivery_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('sending', 'sent')), _negated=True), ('message__isnull', False), _connector='OR'), name='delivery_has_a_message_once_it_has_left'),
        ),
        migrations.AddIndex(
            model_name='mailboxaddress',
            index=models.Index(fields=['workspace', 'mailbox', 'id'], name='mailbox_addresses'),
        ),
        migrations.AddConstraint(
            model_name='mailboxaddress',
            constraint=models.UniqueConstraint(fields=('address',), name='mailbox_address_unique'),
        ),
        migrations.AddConstraint(
            model_name='mailboxaddress',
            constraint=models.CheckConstraint(condition=models.Q(('address', django.db.models.functions.text.Lower('address'))), name='mailbox_alias_is_lower_case'),
        ),
        migrations.AddIndex(
            model_name='mailreference',
            index=models.Index(fields=['workspace', 'conversation', 'message'], name='mail_reference_of'),
        ),
        migrations.AddConstraint(
            model_name='mailreference',
            constraint=models.UniqueConstraint(fields=('workspace', 'key'), name='mail_reference_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='suppressedaddress',
            constraint=models.UniqueConstraint(fields=('workspace', 'address'), name='suppressed_address_unique_per_workspace'),
        ),
        *(TenantKey(f"conversations_{table}") for table in NEW),
        *(TenantForeignKey(f"conversations_{table}", column, target) for table, column, target in LINKS),
        TenantForeignKey("conversations_conversation", "mailbox_id", "conversations_mailbox", is_checked=False),
        TenantForeignKey("conversations_conversation", "follows_id", "conversations_conversation", is_checked=False),
    ]
