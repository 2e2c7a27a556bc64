"""What contacts have in common, as numbers, and the contacts that are to be compared."""

import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0037_index_of_untried_mails'),
        ('conversations', '0151_check_notifications_of_bulk_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.PositiveSmallIntegerField(choices=[(0, 'Own ID'), (1, 'Email address'), (2, 'Phone number'), (3, 'ID in traits'), (4, 'Name and company')], editable=False)),
                ('hash', models.BigIntegerField(editable=False)),
                ('is_shared', models.BooleanField(default=False, editable=False)),
                ('contact', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.contact')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'hash', 'contact'], name='contact_key_by_hash'), models.Index(condition=models.Q(('is_shared', True)), fields=['workspace', '-contact'], name='contact_key_shared')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'contact', 'kind', 'hash'), name='contact_key_once'), models.CheckConstraint(condition=models.Q(('kind__in', [0, 1, 2, 3, 4])), name='contact_key_kind_is_known')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ContactToCompare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_id', models.BigIntegerField(editable=False, help_text='The id of the contact, who may be gone by then.')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'verbose_name_plural': 'contacts to compare',
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'id'], name='contact_to_compare_oldest')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey("conversations_contactkey", "contact_id", "conversations_contact"),
    ]
