"""Documents for the conversations of earlier versions, in small transactions. A second run goes on where one stopped."""

from django.db import connection, migrations, transaction

from accounts.index_migrations import FillInBatches

SIZE = 500
# The row is locked as a verb would lock it, so that no message comes in between.
BATCH = """
WITH missing AS MATERIALIZED (
    SELECT workspace_id, id FROM conversations_conversation AS conversation
    WHERE id > %s AND NOT EXISTS (
        SELECT FROM conversations_searchdocument AS document
        WHERE document.workspace_id = conversation.workspace_id AND document.conversation_id = conversation.id
    )
    ORDER BY id LIMIT %s FOR NO KEY UPDATE
)
SELECT max(id) FROM (SELECT id, search_write(workspace_id, id) FROM missing OFFSET 0) AS written
"""


def fill(apps, schema_editor):
    last = 0
    while last is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BATCH, [last, SIZE])
            last = cursor.fetchone()[0]


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0026_search_documents"),
    ]

    operations = [
        FillInBatches(fill, migrations.RunPython.noop),
    ]
