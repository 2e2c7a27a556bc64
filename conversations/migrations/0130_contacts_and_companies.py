"""Companies; other addresses of contacts, notes on them, and what was merged, blocked or erased."""

import accounts.moments
import conversations.models.searched
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_visibility_of_members'),
        ('conversations', '0126_presence'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'Email'), ('phone', 'Phone')], max_length=5)),
                ('value', models.CharField(help_text='In lower case; a phone number in E.164 where it is one.', max_length=254)),
                ('is_verified', models.BooleanField(default=False)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'contact addresses',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ContactNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField()),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('edited_at', accounts.moments.Moment(editable=False, null=True)),
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
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done')], default='waiting', max_length=7)),
                ('reached', models.BigIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('finished_at', accounts.moments.Moment(editable=False, null=True)),
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
            model_name='contact',
            name='aliases',
            field=models.TextField(blank=True, db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='contact',
            name='blocked_at',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='erased_at',
            field=accounts.moments.Moment(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='conversations.contact'),
        ),
        migrations.AlterField(
            model_name='contact',
            name='tokens',
            field=conversations.models.searched.TokensField(editable=False, null=True, of=('name', 'email', 'company', 'external_id', 'aliases')),
        ),
        migrations.CreateModel(
            name='Company',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('name', models.CharField(max_length=400)),
                ('domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), blank=True, default=list, size=None)),
                ('notes', models.TextField(blank=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('updated_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name_plural': 'companies',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name='contact',
            name='organization',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='contacts', to='conversations.company'),
        ),
        migrations.AddField(
            model_name='contactaddress',
            name='contact',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to='conversations.contact'),
        ),
        migrations.AddField(
            model_name='contactaddress',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='contactnote',
            name='author',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='contactnote',
            name='contact',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='conversations.contact'),
        ),
        migrations.AddField(
            model_name='contactnote',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='contact',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='erasures', to='conversations.contact'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='requested_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasure',
            name='workspace',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace'),
        ),
        migrations.AddIndex(
            model_name='company',
            index=models.Index(models.F('workspace'), django.db.models.functions.text.Lower('name'), models.F('id'), name='company_by_name'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.UniqueConstraint(models.F('workspace'), django.db.models.functions.text.Lower('name'), name='company_unique_per_workspace_in_any_case'),
        ),
        migrations.AddConstraint(
            model_name='company',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='company_public_id_unique_per_workspace'),
        ),
        migrations.AddIndex(
            model_name='contactaddress',
            index=models.Index(fields=['workspace', 'kind', 'value', 'id'], name='contact_address_by_value'),
        ),
        migrations.AddConstraint(
            model_name='contactaddress',
            constraint=models.UniqueConstraint(condition=models.Q(('is_verified', True)), fields=('workspace', 'kind', 'value'), name='contact_address_unique_where_verified'),
        ),
        migrations.AddConstraint(
            model_name='contactaddress',
            constraint=models.UniqueConstraint(fields=('workspace', 'contact', 'kind', 'value'), name='contact_address_once_per_contact'),
        ),
        migrations.AddConstraint(
            model_name='contactaddress',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['email', 'phone'])), name='contact_address_kind_is_known'),
        ),
        migrations.AddIndex(
            model_name='contactnote',
            index=models.Index(fields=['workspace', 'contact', '-id'], name='contact_note_by_contact'),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(condition=models.Q(('state', 'done'), _negated=True), fields=['id'], name='erasure_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.UniqueConstraint(fields=('workspace', 'contact'), name='one_erasure_per_contact'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'done'])), name='erasure_state_is_known'),
        ),
        TenantKey('conversations_company'),
        TenantForeignKey('conversations_contact', 'organization_id', 'conversations_company', is_checked=False),
        TenantForeignKey('conversations_contact', 'merged_into_id', 'conversations_contact', is_checked=False),
        TenantForeignKey('conversations_contactaddress', 'contact_id', 'conversations_contact'),
        TenantForeignKey('conversations_contactnote', 'contact_id', 'conversations_contact'),
        TenantForeignKey('conversations_erasure', 'contact_id', 'conversations_contact'),
    ]
