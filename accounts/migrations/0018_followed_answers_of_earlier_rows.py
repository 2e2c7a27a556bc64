"""What the live answers of the version before followed."""

from django.db import migrations

from accounts.index_migrations import FillInBatches, update_in_batches

FOLLOWED = r"""
UPDATE accounts_idempotentrequest SET follows = substring(convert_from(body, 'UTF8') FROM '^: run (\d+)\n')::bigint
WHERE id = ANY(%s) AND follows IS NULL AND substring(body FROM 1 FOR 6) = convert_to(': run ', 'UTF8')
"""


def fill(apps, schema_editor):
    update_in_batches("accounts_idempotentrequest", FOLLOWED)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("accounts", "0017_followed_answers"),
    ]

    operations = [
        FillInBatches(fill, migrations.RunPython.noop),
    ]
