"""Deleting many files of a conversation writes its search document anew once, not once for each file."""

from django.db import migrations

ONCE = """
CREATE FUNCTION search_files_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of their ids, so that no two that delete wait for each other.
    PERFORM search_write(written.workspace_id, written.conversation_id) FROM (
        SELECT DISTINCT message.workspace_id, message.conversation_id FROM gone
        JOIN conversations_message AS message ON message.workspace_id = gone.workspace_id AND message.id = gone.message_id
        WHERE gone.tokens IS NOT NULL
        ORDER BY message.workspace_id, message.conversation_id
    ) AS written;
    RETURN NULL;
END
$$;

DROP TRIGGER search_file_deleted ON conversations_attachment;
CREATE TRIGGER search_files_deleted AFTER DELETE ON conversations_attachment
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION search_files_gone();
DROP FUNCTION search_file_gone();
"""
EACH = """
CREATE FUNCTION search_file_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_write(OLD.workspace_id, (
        SELECT conversation_id FROM conversations_message WHERE workspace_id = OLD.workspace_id AND id = OLD.message_id
    ));
    RETURN NULL;
END
$$;

DROP TRIGGER search_files_deleted ON conversations_attachment;
CREATE TRIGGER search_file_deleted AFTER DELETE ON conversations_attachment FOR EACH ROW
    EXECUTE FUNCTION search_file_gone();
DROP FUNCTION search_files_gone();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0141_days_of_macros_as_moments"),
    ]

    operations = [
        migrations.RunSQL(ONCE, EACH),
    ]
