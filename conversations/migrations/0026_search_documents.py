"""The words of each conversation in one place, kept by PostgreSQL: whoever writes, also a process of the version before.

A conversation without a document was written before; 0027 makes it, or the next message does.
"""

import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.manager
from django.db import migrations, models

from accounts.tenant_migrations import TenantForeignKey

FUNCTIONS = """
-- Keep words that have a middle. What stands beside the words (numbers by their ends) is no word.
CREATE FUNCTION search_learn(workspace bigint, found tsvector) RETURNS void LANGUAGE sql AS $$
    INSERT INTO conversations_searchword (workspace_id, word)
    SELECT workspace, lexeme FROM unnest(tsvector_to_array(found)) AS lexeme
    WHERE length(lexeme) > 3 AND left(lexeme, 1) NOT IN ('+', '-') AND (
        SELECT true FROM conversations_searchword AS known
        WHERE known.workspace_id = workspace AND known.word = lexeme LIMIT 1
    ) IS NULL
$$;

-- Make the documents of a conversation anew.
CREATE FUNCTION search_write(workspace bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
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
        SELECT strip(tokens) FROM conversations_message
        WHERE workspace_id = workspace AND conversation_id = wanted AND tokens IS NOT NULL ORDER BY id
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

CREATE FUNCTION search_message() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added tsvector := strip(NEW.tokens);
BEGIN
    UPDATE conversations_searchdocument SET tokens = tokens || added
    WHERE workspace_id = NEW.workspace_id AND conversation_id = NEW.conversation_id AND is_open AND length(tokens) < 1000;
    IF NOT FOUND THEN
        UPDATE conversations_searchdocument SET is_open = false
        WHERE workspace_id = NEW.workspace_id AND conversation_id = NEW.conversation_id AND is_open;
        IF NOT FOUND THEN
            PERFORM search_write(NEW.workspace_id, NEW.conversation_id);
            RETURN NULL;
        END IF;
        INSERT INTO conversations_searchdocument (workspace_id, conversation_id, is_open, tokens)
        VALUES (NEW.workspace_id, NEW.conversation_id, true, added);
    END IF;
    PERFORM search_learn(NEW.workspace_id, added);
    RETURN NULL;
END
$$;

CREATE FUNCTION search_message_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_write(OLD.workspace_id, OLD.conversation_id);
    RETURN NULL;
END
$$;

CREATE FUNCTION search_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_write(NEW.workspace_id, NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION search_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM conversations_searchdocument WHERE workspace_id = OLD.workspace_id AND conversation_id = OLD.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION search_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_write(workspace_id, id) FROM (
        SELECT workspace_id, id FROM conversations_conversation
        WHERE workspace_id = NEW.workspace_id AND contact_id = NEW.id ORDER BY id
    ) AS theirs;
    RETURN NULL;
END
$$;

-- Many rows that were copied in while the triggers were told to wait: see conversations.demo.bulk.storing.
CREATE AGGREGATE search_together(tsvector) (SFUNC = tsvector_concat, STYPE = tsvector, INITCOND = '');

CREATE FUNCTION search_write_new(workspace bigint, first bigint, last bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO conversations_searchdocument (workspace_id, conversation_id, is_open, tokens)
    -- By sub-selects, so that what is looked up for each is as little in a table that has grown.
    SELECT workspace, conversation.id, true, strip(coalesce(conversation.tokens, '') || coalesce((
        SELECT contact.tokens FROM conversations_contact AS contact WHERE contact.id = conversation.contact_id
    ), '')) || (
        SELECT search_together(strip(message.tokens)) FROM conversations_message AS message
        WHERE message.workspace_id = workspace AND message.conversation_id = conversation.id
    )
    FROM conversations_conversation AS conversation
    WHERE conversation.workspace_id = workspace AND conversation.id BETWEEN first AND last;
    SELECT search_write(workspace, conversation_id) FROM conversations_searchdocument
    WHERE workspace_id = workspace AND conversation_id BETWEEN first AND last AND length(tokens) >= 1000;
$$;

CREATE FUNCTION search_learn_all(workspace bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO conversations_searchword (workspace_id, word)
    SELECT workspace, found.word
    FROM ts_stat('SELECT tokens FROM conversations_searchdocument WHERE workspace_id = ' || workspace) AS found
    WHERE length(found.word) > 3 AND left(found.word, 1) NOT IN ('+', '-') AND NOT EXISTS (
        SELECT FROM conversations_searchword AS known WHERE known.workspace_id = workspace AND known.word = found.word
    );
$$;

-- Each change of a conversation leaves room for the next on the same page, where no index has to follow.
ALTER TABLE conversations_searchdocument SET (fillfactor = 80);
"""
TRIGGERS = """
CREATE TRIGGER search_message AFTER INSERT ON conversations_message FOR EACH ROW
    WHEN (NEW.tokens IS NOT NULL AND current_setting('parley.search_waits', true) IS DISTINCT FROM 'yes')
    EXECUTE FUNCTION search_message();
CREATE TRIGGER search_message_changed AFTER UPDATE OF tokens ON conversations_message FOR EACH ROW
    WHEN (OLD.tokens IS DISTINCT FROM NEW.tokens) EXECUTE FUNCTION search_message_anew();
CREATE TRIGGER search_message_deleted AFTER DELETE ON conversations_message FOR EACH ROW
    EXECUTE FUNCTION search_message_anew();
CREATE TRIGGER search_conversation AFTER INSERT ON conversations_conversation FOR EACH ROW
    WHEN (current_setting('parley.search_waits', true) IS DISTINCT FROM 'yes') EXECUTE FUNCTION search_conversation();
CREATE TRIGGER search_conversation_changed AFTER UPDATE OF tokens, contact_id ON conversations_conversation FOR EACH ROW
    WHEN (OLD.tokens IS DISTINCT FROM NEW.tokens OR OLD.contact_id <> NEW.contact_id)
    EXECUTE FUNCTION search_conversation();
CREATE TRIGGER search_conversation_deleted AFTER DELETE ON conversations_conversation FOR EACH ROW
    EXECUTE FUNCTION search_forget();
CREATE TRIGGER search_contact AFTER UPDATE OF tokens ON conversations_contact FOR EACH ROW
    WHEN (OLD.tokens IS DISTINCT FROM NEW.tokens) EXECUTE FUNCTION search_contact();
"""
NO_TRIGGERS = """
DROP TRIGGER search_message ON conversations_message;
DROP TRIGGER search_message_changed ON conversations_message;
DROP TRIGGER search_message_deleted ON conversations_message;
DROP TRIGGER search_conversation ON conversations_conversation;
DROP TRIGGER search_conversation_changed ON conversations_conversation;
DROP TRIGGER search_conversation_deleted ON conversations_conversation;
DROP TRIGGER search_contact ON conversations_contact;
"""
NO_FUNCTIONS = """
DROP FUNCTION search_learn_all(bigint);
DROP FUNCTION search_write_new(bigint, bigint, bigint);
DROP AGGREGATE search_together(tsvector);
DROP FUNCTION search_contact();
DROP FUNCTION search_forget();
DROP FUNCTION search_conversation();
DROP FUNCTION search_message_anew();
DROP FUNCTION search_message();
DROP FUNCTION search_write(bigint, bigint);
DROP FUNCTION search_learn(bigint, tsvector);
"""
OPTIONS = {
    "abstract": False,
    "base_manager_name": "all_workspaces",
    "default_manager_name": "all_workspaces",
}
MANAGERS = [("all_workspaces", django.db.models.manager.Manager())]


def workspace():
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.workspace"
    )


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0021_search_extensions"),
        ("conversations", "0025_check_the_words_of_the_assistant"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchDocument",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_open", models.BooleanField(default=True, editable=False)),
                ("tokens", django.contrib.postgres.search.SearchVectorField(editable=False)),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="documents",
                        to="conversations.conversation",
                    ),
                ),
                ("workspace", workspace()),
            ],
            options={
                **OPTIONS,
                "indexes": [models.Index(fields=["workspace", "conversation"], name="document_by_conversation")],
            },
            managers=MANAGERS,
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField(editable=False)),
                ("workspace", workspace()),
            ],
            options={**OPTIONS, "indexes": [models.Index(fields=["workspace", "word"], name="search_word_known")]},
            managers=MANAGERS,
        ),
        TenantForeignKey("conversations_searchdocument", "conversation_id", "conversations_conversation"),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
