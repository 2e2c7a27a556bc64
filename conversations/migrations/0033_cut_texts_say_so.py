"""Texts that hold more than their tokens say so among them: searches for any part of a text then ask one index.

In small transactions, by the indexes of these texts. A second run goes on where one stopped.
"""

from django.db import connection, migrations, transaction

from accounts.index_migrations import FillInBatches

SIZE = 500
# What these indexes hold; see 0028.
CUT = "{text} ~ '[^[:space:][:punct:]]{{61}}' OR length({text}) > 50000"
BATCH = """
WITH found AS MATERIALIZED (
    SELECT id FROM {table} WHERE ({cut}) AND id > %s AND NOT tokens @@ '''+cut'''::tsquery
    ORDER BY id LIMIT %s FOR NO KEY UPDATE
), marked AS (
    UPDATE {table} SET tokens = tokens || '''+cut'''::tsvector FROM found WHERE {table}.id = found.id RETURNING {table}.id
)
SELECT max(id) FROM marked
"""


def mark(apps, schema_editor):
    for table, text in (("conversations_message", "body"), ("conversations_conversation", "subject")):
        last = 0
        while last is not None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(BATCH.format(table=table, cut=CUT.format(text=text)), [last, SIZE])
                last = cursor.fetchone()[0]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0032_index_of_the_unassigned"),
    ]

    operations = [
        FillInBatches(mark, migrations.RunPython.noop),
    ]
