"""One rule for the names of event data: an id ends in `_id`, ids in `_ids`, a count in `_count` (docs/adr/0016).

What a process of the version before writes gets the new names beside its own. The version after this one may drop the
trigger, its functions and the names of before.
"""

from django.db import migrations

ASSIGNED = {"to": "assignee_id", "team": "team_id", "previous": "previous_assignee_id"}
MESSAGE = {"message": "message_id"}
TICKET = {"ticket": "ticket_id"}
USER = {"user": "user_id"}
NAMES = {
    "conversation.assigned": ASSIGNED,
    "ticket.assigned": ASSIGNED,
    "conversation.started": MESSAGE,
    "conversation.status_changed": MESSAGE,
    "message.received": MESSAGE,
    "message.delivery_changed": MESSAGE,
    "reply.sent": MESSAGE,
    "note.added": MESSAGE,
    "note.edited": MESSAGE,
    "note.deleted": MESSAGE,
    "conversation.linked": TICKET,
    "conversation.unlinked": TICKET,
    "assistant.handed_over": TICKET,
    "assistant.queue_changed": {"removed": "removed_count"},
    "ticket.broadcast": {"messages": "message_ids"},
    "ticket.recounted": {"messages": "message_count"},
    "member.added": USER,
    "member.role_changed": USER,
    "member.removed": USER,
    "member.deactivated": USER,
    "member.reactivated": USER,
    "invitation.accepted": USER,
}

_VALUES = ", ".join(f"('{kind}', '{old}', '{new}')" for kind, names in NAMES.items() for old, new in names.items())
# `previous` comes with `to`; other events have it too.
_OLD = sorted({old for names in NAMES.values() for old in names} - {"previous"} | {"conversations", "tickets"})

FORWARD = f"""
CREATE FUNCTION accounts_event_named(kind text, data jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT data
    || COALESCE(
        (
            SELECT jsonb_object_agg(names.new, data -> names.old)
            FROM (VALUES {_VALUES}) AS names (kind, old, new)
            WHERE names.kind = accounts_event_named.kind AND data ? names.old AND NOT data ? names.new
        ),
        '{{}}'
    )
    || CASE
        WHEN kind IN ('member.removed', 'member.deactivated', 'person.deactivated')
            AND data ?| ARRAY['conversations', 'tickets'] AND NOT data ? 'unassigned'
        THEN jsonb_build_object(
            'unassigned',
            jsonb_strip_nulls(jsonb_build_object('conversations', data -> 'conversations', 'tickets', data -> 'tickets'))
        )
        ELSE '{{}}'
    END
$$;

CREATE FUNCTION accounts_event_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.data := accounts_event_named(NEW.type, NEW.data);
    RETURN NEW;
END $$;
CREATE TRIGGER event_name BEFORE INSERT ON accounts_event
    FOR EACH ROW WHEN (NEW.data ?| ARRAY{_OLD!r}) EXECUTE FUNCTION accounts_event_name();
"""

BACKWARD = """
DROP TRIGGER event_name ON accounts_event;
DROP FUNCTION accounts_event_name();
DROP FUNCTION accounts_event_named(text, jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_help_texts")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
