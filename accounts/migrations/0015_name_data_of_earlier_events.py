"""The new names for the data of earlier events, in small transactions, newest first; a second run goes on where one stopped.

The names of before stay beside them: the version before reads those.
"""

from django.db import migrations, transaction

from accounts.index_migrations import FillInBatches

BATCH = 5000  # ids


def fill(apps, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(max(id), 0) FROM accounts_event")
        newest = cursor.fetchone()[0]
        for last in range(newest, 0, -BATCH):
            with transaction.atomic(using=connection.alias):
                # The journal is append-only but for a transaction that says so.
                cursor.execute("SELECT set_config('parley.purge', 'on', true)")
                cursor.execute(
                    "UPDATE accounts_event SET data = accounts_event_named(type, data) "
                    "WHERE id > %s AND id <= %s AND data <> accounts_event_named(type, data)",
                    [last - BATCH, last],
                )
                cursor.execute("SELECT set_config('parley.purge', '', true)")


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("accounts", "0014_name_event_data")]

    operations = [FillInBatches(fill, migrations.RunPython.noop)]
