"""What clients give with a question besides its text is opaque, and stands in one column instead of one per name.

While the version before runs as well, the database copies between the columns. The version after this one may drop the
columns `agent_mode`, `contextual_tools`, `ui_context`, `billing_context`, `session_id` and `trace_id`, and the triggers.
"""

from django.db import migrations, models

TRANSLATE = """
CREATE OR REPLACE FUNCTION assistant_thread_translate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.metadata IS NULL OR (TG_OP = 'UPDATE' AND NEW.metadata = OLD.metadata) THEN
        NEW.metadata := coalesce(NEW.metadata, '{}') - 'agent_mode'
            || jsonb_strip_nulls(jsonb_build_object('agent_mode', NEW.agent_mode));
    ELSE
        NEW.agent_mode := left(NEW.metadata ->> 'agent_mode', 40);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER assistant_thread_translate BEFORE INSERT OR UPDATE OF metadata, agent_mode ON conversations_assistantthread
    FOR EACH ROW EXECUTE FUNCTION assistant_thread_translate();

CREATE OR REPLACE FUNCTION assistant_queue_metadata(item conversations_assistantqueueitem) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_object_agg(given.key, given.value) FROM jsonb_each(jsonb_build_object(
        'contextual_tools', item.contextual_tools, 'ui_context', item.ui_context, 'billing_context', item.billing_context,
        'session_id', item.session_id, 'trace_id', gen_random_uuid())) AS given
    WHERE given.value <> 'null'
$$;

CREATE OR REPLACE FUNCTION assistant_queue_translate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.metadata IS NULL THEN
        NEW.metadata := assistant_queue_metadata(NEW);
        NEW.thread_metadata := jsonb_strip_nulls(jsonb_build_object('agent_mode', NEW.agent_mode));
    ELSE
        NEW.contextual_tools := NEW.metadata -> 'contextual_tools';
        NEW.ui_context := NEW.metadata -> 'ui_context';
        NEW.billing_context := NEW.metadata -> 'billing_context';
        NEW.session_id := left(NEW.metadata ->> 'session_id', 255);
        NEW.agent_mode := left(NEW.thread_metadata ->> 'agent_mode', 40);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER assistant_queue_translate BEFORE INSERT ON conversations_assistantqueueitem FOR EACH ROW
    EXECUTE FUNCTION assistant_queue_translate();

ALTER TABLE conversations_assistantrun ALTER COLUMN trace_id SET DEFAULT gen_random_uuid();
"""
BACK = """
ALTER TABLE conversations_assistantrun ALTER COLUMN trace_id DROP DEFAULT;
DROP TRIGGER assistant_queue_translate ON conversations_assistantqueueitem;
DROP FUNCTION assistant_queue_translate();
DROP FUNCTION assistant_queue_metadata(conversations_assistantqueueitem);
DROP TRIGGER assistant_thread_translate ON conversations_assistantthread;
DROP FUNCTION assistant_thread_translate();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0020_neutral_frames"),
    ]

    operations = [
        migrations.AddField(
            model_name="assistantthread",
            name="metadata",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="assistantqueueitem",
            name="metadata",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="assistantqueueitem",
            name="thread_metadata",
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(TRANSLATE, BACK),
    ]
