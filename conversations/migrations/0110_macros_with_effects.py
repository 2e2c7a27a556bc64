"""What is done with a macro, where it is offered, and how often each was used."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0025_visibility_of_members'),
        ('conversations', '0109_conditions_of_earlier_views'),
    ]

    operations = [
        migrations.AddField(
            model_name='macro',
            name='condition',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='macro',
            name='effects',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='macro',
            name='last_used_at',
            field=accounts.moments.Moment(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='macro',
            name='body',
            field=models.TextField(blank=True),
        ),
        migrations.CreateModel(
            name='MacroUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('macro', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='uses', to='conversations.macro')),
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
        migrations.AddConstraint(
            model_name='macrouse',
            constraint=models.UniqueConstraint(fields=('workspace', 'macro', 'day'), name='one_count_per_macro_and_day'),
        ),
        TenantForeignKey('conversations_macrouse', 'macro_id', 'conversations_macro'),
    ]
