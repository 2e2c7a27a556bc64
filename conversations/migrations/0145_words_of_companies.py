"""The indexes of companies' words and merges, and the words of the companies that are there already."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from accounts.index_migrations import AddIndexByExtension, AddIndexConcurrently, FillInBatches
from conversations.models.searched import index_missing


def fill(apps, schema_editor):
    company = apps.get_model("conversations", "Company")
    while index_missing(company):
        pass


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0144_distinct_contacts"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="company",
            index=models.Index(fields=["workspace", "merged_into", "id"], name="company_merged", condition=models.Q(("merged_into__isnull", False))),
        ),
        AddIndexConcurrently(
            model_name="company",
            index=models.Index(fields=["id"], name="company_without_tokens", condition=models.Q(("tokens", None))),
        ),
        AddIndexByExtension(
            model_name="company",
            index=GinIndex(fields=["workspace", "tokens"], name="company_words"),
            extensions=["btree_gin"],
            instead=GinIndex(fields=["tokens"], name="company_words"),
        ),
        FillInBatches(fill, migrations.RunPython.noop),
    ]
