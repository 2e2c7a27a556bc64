"""Mails that begin a conversation, kept as drafts until they are sent."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0034_index_of_actors'),
        ('conversations', '0146_attributes_of_companies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='draft',
            name='draft_kind_is_known',
        ),
        migrations.AddField(
            model_name='draft',
            name='forwards',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation'),
        ),
        migrations.AddField(
            model_name='draft',
            name='public_id',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='draft',
            name='along',
            field=models.JSONField(default=dict, help_text='The recipients as they were typed; of a mail all of its fields.'),
        ),
        migrations.AlterField(
            model_name='draft',
            name='conversation',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation'),
        ),
        migrations.AlterField(
            model_name='draft',
            name='kind',
            field=models.CharField(choices=[('reply', 'Reply'), ('note', 'Note'), ('mail', 'Mail')], max_length=5),
        ),
        migrations.AlterField(
            model_name='presence',
            name='writes',
            field=models.CharField(blank=True, choices=[('reply', 'Reply'), ('note', 'Note'), ('mail', 'Mail')], help_text='What is being typed.', max_length=5),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.UniqueConstraint(fields=('workspace', 'public_id'), name='draft_public_id_unique_per_workspace'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reply', 'note', 'mail'])), name='draft_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='draft',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('conversation', None), ('kind', 'mail'), ('public_id__isnull', False)), models.Q(models.Q(('kind', 'mail'), _negated=True), ('conversation__isnull', False)), _connector='OR'), name='draft_of_a_mail_has_no_conversation'),
        ),
        TenantForeignKey('conversations_draft', 'forwards_id', 'conversations_conversation'),
    ]
