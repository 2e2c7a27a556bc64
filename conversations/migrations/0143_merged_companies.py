"""Companies that were merged stay as signposts, and are found by the words of their names and domains."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import conversations.models.searched
from accounts.tenant_migrations import TenantForeignKey


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0142_words_of_deleted_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="merged_into",
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="conversations.company"),
        ),
        migrations.AddField(
            model_name="company",
            name="tokens",
            field=conversations.models.searched.TokensField(editable=False, null=True, of=("name", "domains")),
        ),
        migrations.RemoveConstraint(model_name="company", name="company_unique_per_workspace_in_any_case"),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.UniqueConstraint(models.F("workspace"), django.db.models.functions.text.Lower("name"), condition=models.Q(("merged_into", None)), name="company_unique_per_workspace_in_any_case"),
        ),
        TenantForeignKey("conversations_company", "merged_into_id", "conversations_company"),
    ]
