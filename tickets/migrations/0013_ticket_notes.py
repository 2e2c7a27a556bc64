"""Notes of tickets themselves: those without a conversation have some, too."""

import accounts.moments
import django.db.models.deletion
import django.db.models.manager
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0037_index_of_untried_mails'),
        ('tickets', '0012_attributes_of_companies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TicketNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('body', models.TextField()),
                ('metadata', models.JSONField(blank=True, null=True)),
                ('author_name', models.CharField(blank=True, help_text='As it was when the note was written.', max_length=400)),
                ('created_at', accounts.moments.Moment(default=django.utils.timezone.now, editable=False)),
                ('edited_at', accounts.moments.Moment(editable=False, null=True)),
                ('author', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='tickets.ticket')),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_workspaces',
                'default_manager_name': 'all_workspaces',
                'indexes': [models.Index(fields=['workspace', 'ticket', '-id'], name='ticket_note_by_ticket')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'public_id'), name='ticket_note_public_id_unique_per_workspace')],
            },
            managers=[
                ('all_workspaces', django.db.models.manager.Manager()),
            ],
        ),
        TenantForeignKey('tickets_ticketnote', 'ticket_id', 'tickets_ticket'),
    ]
