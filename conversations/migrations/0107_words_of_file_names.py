"""The names of files are searched: their words are kept with them, and in the document of their conversation."""

from django.db import migrations

import conversations.models.searched

WRITE = """
CREATE OR REPLACE FUNCTION search_write(workspace bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole tsvector;
    message tsvector;
BEGIN
    -- Whoever adds a message meanwhile waits here, and adds it to what is made.
    PERFORM FROM conversations_searchdocument
    WHERE workspace_id = workspace AND conversation_id = wanted AND is_open FOR UPDATE;
    SELECT strip(coalesce(conversation.tokens, '') || coalesce(contact.tokens, '')) INTO whole
    FROM conversations_conversation AS conversation
    JOIN conversations_contact AS contact ON contact.id = conversation.contact_id
    WHERE conversation.workspace_id = workspace AND conversation.id = wanted;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM conversations_searchdocument
    WHERE workspace_id = workspace AND conversation_id = wanted AND NOT is_open;
    FOR message IN
        SELECT strip(text.tokens) FROM ({texts}) AS text WHERE text.tokens IS NOT NULL ORDER BY text.id
    LOOP
        IF length(whole) >= 1000 THEN
            INSERT INTO conversations_searchdocument (workspace_id, conversation_id, is_open, tokens)
            VALUES (workspace, wanted, false, whole);
            PERFORM search_learn(workspace, whole);
            whole := '';
        END IF;
        whole := whole || message;
    END LOOP;
    UPDATE conversations_searchdocument SET tokens = whole
    WHERE workspace_id = workspace AND conversation_id = wanted AND is_open;
    IF NOT FOUND THEN
        INSERT INTO conversations_searchdocument (workspace_id, conversation_id, is_open, tokens)
        VALUES (workspace, wanted, true, whole);
    END IF;
    PERFORM search_learn(workspace, whole);
END
$$;
"""
OF_MESSAGES = """
            SELECT id, tokens FROM conversations_message
            WHERE workspace_id = workspace AND conversation_id = wanted"""
OF_FILES = """
            UNION ALL
            SELECT written.id, file.tokens FROM conversations_message AS written
            JOIN conversations_attachment AS file ON file.workspace_id = workspace AND file.message_id = written.id
            WHERE written.workspace_id = workspace AND written.conversation_id = wanted"""
FILES = """
CREATE FUNCTION search_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint := (
        SELECT conversation_id FROM conversations_message WHERE workspace_id = NEW.workspace_id AND id = NEW.message_id
    );
BEGIN
    UPDATE conversations_searchdocument SET tokens = tokens || strip(NEW.tokens)
    WHERE workspace_id = NEW.workspace_id AND conversation_id = wanted AND is_open;
    IF NOT FOUND THEN
        PERFORM search_write(NEW.workspace_id, wanted);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION search_file_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_write(OLD.workspace_id, (
        SELECT conversation_id FROM conversations_message WHERE workspace_id = OLD.workspace_id AND id = OLD.message_id
    ));
    RETURN NULL;
END
$$;

CREATE TRIGGER search_file AFTER INSERT OR UPDATE OF tokens ON conversations_attachment FOR EACH ROW
    WHEN (NEW.tokens IS NOT NULL) EXECUTE FUNCTION search_file();
CREATE TRIGGER search_file_deleted AFTER DELETE ON conversations_attachment FOR EACH ROW
    EXECUTE FUNCTION search_file_gone();
"""
NO_FILES = """
DROP TRIGGER search_file ON conversations_attachment;
DROP TRIGGER search_file_deleted ON conversations_attachment;
DROP FUNCTION search_file();
DROP FUNCTION search_file_gone();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0106_index_of_tags"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="tokens",
            field=conversations.models.searched.TokensField(editable=False, null=True, of=("name",)),
        ),
        migrations.RunSQL(
            WRITE.replace("{texts}", OF_MESSAGES + OF_FILES), WRITE.replace("{texts}", OF_MESSAGES)
        ),
        migrations.RunSQL(FILES, NO_FILES),
    ]
