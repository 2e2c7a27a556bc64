"""A message in which the assistant says that it failed has a mark of the desk's own: `failure` with the code.

What the version before writes meanwhile gets the mark as well. The version after this one may drop the trigger.
"""

from django.db import migrations

MARK = """
CREATE OR REPLACE FUNCTION message_mark_failure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.metadata := NEW.metadata || jsonb_build_object('failure', coalesce(NEW.metadata ->> 'code', 'unknown_proposal'));
    RETURN NEW;
END $$;

CREATE TRIGGER message_mark_failure BEFORE INSERT ON conversations_message FOR EACH ROW
    WHEN (NEW.sender_kind = 'assistant' AND NEW.metadata ->> 'type' = 'ai/failure')
    EXECUTE FUNCTION message_mark_failure();
"""
BACK = """
DROP TRIGGER message_mark_failure ON conversations_message;
DROP FUNCTION message_mark_failure();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0021_opaque_metadata"),
    ]

    operations = [
        migrations.RunSQL(MARK, BACK),
    ]
