"""What earlier versions wrote, in the columns and words of this one: in small transactions, and whatever is there stays."""

from django.db import migrations

from accounts.index_migrations import FillInBatches, update_in_batches

FRAMES = """
UPDATE conversations_assistantframe
SET (kind, body) = (SELECT made.kind, made.body FROM assistant_frame_read(event, data) AS made)
WHERE id = ANY(%s) AND kind = ''
"""
THREADS = """
UPDATE conversations_assistantthread SET metadata = metadata || jsonb_build_object('agent_mode', agent_mode)
WHERE id = ANY(%s) AND agent_mode IS NOT NULL AND NOT jsonb_exists(metadata, 'agent_mode')
"""
WAITING = """
UPDATE conversations_assistantqueueitem AS item
SET metadata = assistant_queue_metadata(item), thread_metadata = jsonb_strip_nulls(jsonb_build_object('agent_mode', agent_mode))
WHERE id = ANY(%s) AND metadata = '{}'
"""
# By thread, because the messages of a conversation have an index.
FAILURES = """
UPDATE conversations_message AS message
SET metadata = message.metadata || jsonb_build_object('failure', coalesce(message.metadata ->> 'code', 'unknown_proposal'))
FROM conversations_assistantthread AS thread
WHERE thread.id = ANY(%s) AND message.workspace_id = thread.workspace_id
    AND message.conversation_id = thread.conversation_id AND message.sender_kind = 'assistant'
    AND message.metadata ->> 'type' = 'ai/failure' AND NOT jsonb_exists(message.metadata, 'failure')
"""


def fill(apps, schema_editor):
    update_in_batches("conversations_assistantframe", FRAMES)
    update_in_batches("conversations_assistantthread", THREADS)
    update_in_batches("conversations_assistantqueueitem", WAITING)
    update_in_batches("conversations_assistantthread", FAILURES)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("conversations", "0022_failure_mark"),
    ]

    operations = [
        FillInBatches(fill, migrations.RunPython.noop),
    ]
