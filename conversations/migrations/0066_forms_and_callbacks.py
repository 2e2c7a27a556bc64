"""Hosted forms, what became of what was sent with them, and the calls that customers asked for."""

import accounts.moments
import conversations.models.form
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_queued_mails'),
        ('conversations', '0065_index_of_what_follows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Form',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=conversations.models.form.new_key, editable=False, max_length=32)),
                ('kind', models.CharField(choices=[('contact', 'Contact'), ('callback', 'Callback')], default='contact', max_length=8)),
                ('name', models.CharField(help_text='Shown to the team.', max_length=100)),
                ('language', models.CharField(default='en', max_length=5)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('intro', models.TextField(blank=True)),
                ('thanks', models.TextField(blank=True)),
                ('standard', models.JSONField(blank=True, default=dict)),
                ('questions', models.JSONField(blank=True, default=list)),
                ('consent', models.TextField(blank=True)),
                ('consent_url', models.URLField(blank=True, max_length=2000)),
                ('country', models.CharField(blank=True, help_text='Whose phone numbers need no country code.', max_length=2)),
                ('allowed_origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=300), blank=True, default=list, size=None)),
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
            name='FormCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', accounts.moments.Moment(help_text='Its beginning, in UTC.')),
                ('outcome', models.CharField(choices=[('accepted', 'Became a conversation'), ('repeated', 'Sent twice, kept once'), ('spam', 'Kept as spam: the hidden field was filled in'), ('invalid', 'Shown again: fields missing or invalid'), ('too_fast', 'Shown again: sent within two seconds'), ('expired', 'Shown again: the page was older than a day'), ('rate', 'Refused: too many at once'), ('too_large', 'Refused: larger than an upload may be'), ('not_stored', 'Shown again: files could not be stored')], max_length=10)),
                ('count', models.PositiveIntegerField(default=0)),
                ('last_at', accounts.moments.Moment(default=django.utils.timezone.now)),
                ('form', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='conversations.form')),
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
            name='CallbackRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone', models.CharField(blank=True, help_text='In E.164, if it is a number that can be called.', max_length=20)),
                ('phone_typed', models.CharField(help_text='As the caller typed it.', max_length=100)),
                ('window_start', accounts.moments.Moment(blank=True, null=True)),
                ('window_end', accounts.moments.Moment(blank=True, null=True)),
                ('time_zone', models.CharField(blank=True, help_text="The caller's.", max_length=64)),
                ('preferred_time', models.CharField(blank=True, help_text="In the caller's own words.", max_length=200)),
                ('due_at', accounts.moments.Moment()),
                ('done_at', accounts.moments.Moment(blank=True, null=True)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('conversation', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='conversations.conversation')),
                ('done_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(condition=models.Q(('done_at', None)), fields=['workspace', 'due_at', 'id'], name='callback_due'), models.Index(condition=models.Q(('done_at__isnull', False)), fields=['workspace', '-done_at', '-id'], name='callback_done')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'conversation'), name='one_callback_per_conversation'), models.CheckConstraint(condition=models.Q(models.Q(('window_end', None), ('window_start', None)), ('window_start__lt', models.F('window_end')), _connector='OR'), name='callback_window_has_both_ends')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name='form',
            index=models.Index(fields=['workspace', 'name', 'id'], name='form_by_name'),
        ),
        migrations.AddConstraint(
            model_name='form',
            constraint=models.UniqueConstraint(fields=('key',), name='form_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='form',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['contact', 'callback'])), name='form_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='formcount',
            constraint=models.UniqueConstraint(fields=('workspace', 'form', 'day', 'outcome'), name='form_count_unique_per_day'),
        ),
        migrations.AddConstraint(
            model_name='formcount',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['accepted', 'repeated', 'spam', 'invalid', 'too_fast', 'expired', 'rate', 'too_large', 'not_stored'])), name='form_outcome_is_known'),
        ),
        *(TenantKey(f"conversations_{table}") for table in ("form", "formcount", "callbackrequest")),
        TenantForeignKey("conversations_form", "team_id", "accounts_team"),
        TenantForeignKey("conversations_formcount", "form_id", "conversations_form"),
        TenantForeignKey("conversations_callbackrequest", "conversation_id", "conversations_conversation"),
    ]
