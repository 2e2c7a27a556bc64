"""Browsers that take Web Push, the key of the desk, and what waits to be pushed."""

import accounts.moments
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0032_members_last_seen'),
    ]

    operations = [
        migrations.CreateModel(
            name='PushKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public', models.CharField(help_text='The public point, base64url.', max_length=100)),
                ('sealed', models.TextField(help_text='The private key, encrypted.')),
                ('created_at', accounts.moments.Moment(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='there_is_one_push_key')],
            },
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.TextField(help_text="The address at the browser's push service.")),
                ('endpoint_hash', models.CharField(editable=False, max_length=64, unique=True)),
                ('p256dh', models.CharField(help_text="The browser's public key, base64url.", max_length=120)),
                ('auth', models.CharField(help_text="The browser's secret, base64url.", max_length=40)),
                ('session_key', models.CharField(editable=False, max_length=40)),
                ('browser', models.CharField(blank=True, max_length=200)),
                ('created_at', accounts.moments.Moment(db_default=django.db.models.functions.datetime.Now())),
                ('failure', models.CharField(blank=True, db_default='', max_length=100)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='QueuedPush',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=64)),
                ('about', models.JSONField(default=dict)),
                ('due_at', accounts.moments.Moment(db_default=django.db.models.functions.datetime.Now())),
                ('attempts', models.PositiveSmallIntegerField(db_default=0)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.pushsubscription')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name_plural': 'queued pushes',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['due_at', 'id'], name='push_due')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
    ]
