"""Frames are stored as the desk knows them, no more as one wire format prints them.

While the version before runs as well, the database translates each frame that either writes for the other. The version
after this one may drop the columns `event` and `data`, the trigger and its functions.
"""

from django.db import migrations, models

TRANSLATE = r"""
CREATE OR REPLACE FUNCTION assistant_frame_read(event text, data jsonb, OUT kind text, OUT body jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    CASE
        WHEN event = 'conversation' THEN
            kind := 'conversation';
            body := (data - 'handled_by') || jsonb_build_object('handler', data -> 'handled_by');
        WHEN event = 'approval' THEN
            kind := 'proposal';
            body := (data - 'proposal_id' - 'decision_status' - 'original_tool_call_id')
                || jsonb_build_object('id', data -> 'proposal_id', 'status', data -> 'decision_status');
        WHEN event = 'update' THEN
            kind := 'status';
            body := jsonb_build_object(
                'state', 'working', 'text', data -> 'content',
                'question_id', substring(data ->> 'tool_call_id' FROM '\d+$')::bigint,
                'metadata', jsonb_build_object('trace_id', data -> 'id'));
        WHEN event = 'status' THEN
            kind := 'status';
            body := '{"state": "restarted"}';
        WHEN data ->> 'type' = 'ai/failure' THEN
            kind := 'failure';
            body := jsonb_build_object('id', data -> 'id', 'text', data -> 'content');
        WHEN data ->> 'type' = 'human' THEN
            kind := 'message';
            body := jsonb_build_object(
                'id', data -> 'id', 'sender', 'customer', 'text', data -> 'content',
                'metadata', data - 'type' - 'id' - 'content');
        WHEN data ? 'id' THEN
            kind := 'message';
            body := jsonb_build_object(
                'id', data -> 'id', 'sender', 'assistant', 'text', data -> 'content',
                'sources', coalesce(data -> 'sources', '[]'));
        ELSE
            kind := 'text';
            body := jsonb_build_object('text', data -> 'content');
    END CASE;
END $$;

CREATE OR REPLACE FUNCTION assistant_frame_printed(kind text, body jsonb, OUT event text, OUT data jsonb)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    call text := format('search-%s', body ->> 'question_id');
BEGIN
    event := 'message';
    CASE
        WHEN kind = 'conversation' THEN
            event := 'conversation';
            data := (body - 'handler') || jsonb_build_object('handled_by', body -> 'handler');
        WHEN kind = 'proposal' THEN
            event := 'approval';
            data := (body - 'id' - 'status') || jsonb_build_object(
                'proposal_id', body -> 'id', 'decision_status', body -> 'status', 'original_tool_call_id', NULL);
        WHEN kind = 'status' AND body ->> 'state' = 'restarted' THEN
            event := 'status';
            data := '{"type": "generation_error"}';
        WHEN kind = 'status' THEN
            event := 'update';
            data := jsonb_build_object(
                'id', coalesce(body -> 'metadata' ->> 'trace_id', call), 'tool_call_id', call, 'content', body -> 'text');
        WHEN kind = 'failure' THEN
            data := jsonb_build_object('type', 'ai/failure', 'id', body -> 'id', 'content', body -> 'text');
        WHEN kind = 'message' AND body ->> 'sender' = 'customer' THEN
            data := jsonb_build_object('type', 'human', 'id', body -> 'id', 'content', body -> 'text') || coalesce(
                (SELECT jsonb_object_agg(given.key, given.value) FROM jsonb_each(body -> 'metadata') AS given
                 WHERE given.key IN ('ui_context', 'trace_id') AND given.value <> 'null'), '{}');
        WHEN kind = 'message' THEN
            data := jsonb_build_object('type', 'ai', 'id', body -> 'id', 'content', body -> 'text')
                || CASE WHEN body -> 'sources' <> '[]' THEN jsonb_build_object('sources', body -> 'sources') ELSE '{}' END;
        ELSE
            data := jsonb_build_object('type', 'ai', 'content', body -> 'text');
    END CASE;
END $$;

CREATE OR REPLACE FUNCTION assistant_frame_translate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IS NULL THEN
        SELECT made.kind, made.body INTO NEW.kind, NEW.body FROM assistant_frame_read(NEW.event, NEW.data) AS made;
    ELSIF NEW.event IS NULL THEN
        SELECT made.event, made.data INTO NEW.event, NEW.data FROM assistant_frame_printed(NEW.kind, NEW.body) AS made;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER assistant_frame_translate BEFORE INSERT ON conversations_assistantframe FOR EACH ROW
    EXECUTE FUNCTION assistant_frame_translate();
"""
BACK = """
DROP TRIGGER assistant_frame_translate ON conversations_assistantframe;
DROP FUNCTION assistant_frame_translate();
DROP FUNCTION assistant_frame_printed(text, jsonb);
DROP FUNCTION assistant_frame_read(text, jsonb);
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0019_help_texts"),
    ]

    operations = [
        migrations.AddField(
            model_name="assistantframe",
            name="kind",
            field=models.CharField(
                choices=[
                    ("conversation", "Conversation"),
                    ("text", "Text"),
                    ("message", "Message"),
                    ("failure", "Failure"),
                    ("status", "Status"),
                    ("proposal", "Proposal"),
                ],
                default="",
                max_length=12,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="assistantframe",
            name="body",
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(TRANSLATE, BACK),
    ]
