"""Saved views of tickets, and who marked them."""

import conversations.models.saved_view
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


from accounts.tenant_migrations import TenantForeignKey, TenantKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_tenant_boundary'),
        ('conversations', '0003_primary_conversation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('short_id', models.CharField(default=conversations.models.saved_view.new_short_id, editable=False, max_length=12)),
                ('name', models.CharField(max_length=400)),
                ('filters', models.JSONField(blank=True, default=dict)),
                ('visibility', models.CharField(choices=[('private', 'Private'), ('shared', 'Shared')], default='shared', max_length=7)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('created_by', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by_key', models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.apikey')),
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
            name='SavedViewFavorite',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('api_key', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.apikey')),
                ('user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('view', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='favorites', to='conversations.savedview')),
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
            model_name='savedview',
            index=models.Index(fields=['workspace', '-created_at', '-id'], name='saved_view_newest'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('workspace', 'short_id'), name='saved_view_short_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('visibility__in', ['private', 'shared'])), name='saved_view_visibility_is_known'),
        ),
        migrations.AddConstraint(
            model_name='savedviewfavorite',
            constraint=models.UniqueConstraint(fields=('view', 'user', 'api_key'), name='one_favorite_per_view_and_person', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='savedviewfavorite',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('api_key__isnull', False), ('user', None)), models.Q(('api_key', None), ('user__isnull', False)), _connector='OR'), name='favorite_is_of_a_person_or_a_key'),
        ),
        TenantKey("conversations_savedview"),
        TenantKey("conversations_savedviewfavorite"),
        TenantForeignKey("conversations_savedview", "created_by_key_id", "accounts_apikey"),
        TenantForeignKey("conversations_savedviewfavorite", "view_id", "conversations_savedview"),
        TenantForeignKey("conversations_savedviewfavorite", "api_key_id", "accounts_apikey"),
    ]
