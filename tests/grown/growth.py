"""Many rows of a workspace, made by PostgreSQL itself in a few seconds: for questions about plans, not about what is in them.

Every tenth conversation is open, a thirtieth is with the assistant, a few are closed with unread messages; nobody has used Discord.
Every fifth has five messages instead of one, and of a large number the first has a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.models import Workspace

_CONTACTS = """
INSERT INTO conversations_contact (id, workspace_id, public_id, external_id, email, name, first_name, last_name, company,
    avatar_url, traits, identity_source, is_verified, created_at, updated_at, tokens)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), CASE WHEN i %% 3 > 0 THEN 'customer_' || %(number)s + i END, 'customer' || i || '@example.com',
    'Customer ' || i, '', '', '', '', '{}', 'headers', true, now() - i * interval '1 hour', now(),
    ('customer' || ' ' || i)::tsvector
FROM generate_series(1, %(count)s / 4) AS i
"""
_TICKETS = """
INSERT INTO tickets_ticket (id, workspace_id, public_id, number, subject, status, priority, assignee_id, tags, ai_resolved,
    channel, anonymous_traits, session_context, sla_due_at, snoozed_until, message_count, unread_team_count,
    unread_customer_count, created_at, updated_at)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(ticket)s + i, 'Ticket ' || i,
    (ARRAY['new', 'open', 'pending', 'on_hold', 'resolved', 'resolved', 'resolved', 'resolved'])[1 + i %% 8],
    (ARRAY['low', 'medium', 'high', NULL])[1 + i %% 4], CASE WHEN i %% 2 = 0 THEN %(user)s END,
    CASE WHEN i %% 50 = 0 THEN ARRAY['vip'] ELSE ARRAY[]::varchar[] END, false, 'api', '{}', '{}',
    CASE WHEN i %% 10 = 0 THEN now() + i * interval '1 minute' END, CASE WHEN i %% 100 = 0 THEN now() + interval '1 day' END,
    1, i %% 20 / 19, 0, now() - i * interval '1 hour', now() - i * interval '1 minute'
FROM generate_series(1, %(count)s / 5) AS i
"""
_CONVERSATIONS = """
INSERT INTO conversations_conversation (id, workspace_id, public_id, number, contact_id, subject, channel, handler, status,
    snoozed_until, priority, priority_rank, tags, assignee_id, ticket_id, ticket_linked_at, metadata, message_count,
    unread_count, preview, last_message_id, last_visible_id, last_activity_id, last_message_at, last_visible_at,
    last_activity_at, waiting_since, next_response_due_at, closed_at, created_at, updated_at, tokens)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(number)s + i, %(from)s + 1 + (i * 7) %% (%(count)s / 4), 'Subject ' || i,
    (ARRAY['chat', 'email', 'api', 'manual'])[1 + i %% 4], CASE WHEN i %% 30 = 0 THEN 'assistant' ELSE 'people' END, status,
    CASE WHEN i %% 50 = 1 THEN now() + interval '1 day' END, 'normal', 2,
    CASE WHEN i %% 40 = 0 THEN ARRAY['vip', 'billing'] ELSE ARRAY[]::varchar[] END,
    CASE WHEN i %% 3 = 0 THEN %(user)s END, CASE WHEN i %% 5 = 0 THEN %(from)s + i / 5 END,
    CASE WHEN i %% 5 = 0 THEN now() END, '{}', 1,
    CASE WHEN i %% 500 = 3 OR i %% 10 = 1 THEN 1 ELSE 0 END, 'Hello', %(from)s + i, %(from)s + i, %(from)s + i, moment, moment, moment, moment,
    CASE WHEN status = 'open' AND i %% 4 = 1 THEN moment + interval '2 days' END,
    CASE WHEN status IN ('resolved', 'closed') THEN now() END, moment - interval '1 hour', moment,
    ('subject' || ' ' || i || ' word' || i %% 500)::tsvector
FROM generate_series(1, %(count)s) AS i
CROSS JOIN LATERAL (SELECT now() - (i * 7919 %% %(count)s) * interval '1 minute' AS moment,
    CASE WHEN i %% 10 = 1 THEN 'open' WHEN i %% 20 = 2 THEN 'pending' WHEN i %% 4 = 3 THEN 'closed' ELSE 'resolved' END AS status) AS facts
"""
_ENTRIES = """
INSERT INTO conversations_entrypoint (id, workspace_id, public_id, conversation_id, channel, adapter, is_entry_point, created_at, updated_at)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(from)s + i, 'api', 'api', true, now(), now()
FROM generate_series(1, %(count)s) AS i
"""
_MESSAGES = """
INSERT INTO conversations_message (id, workspace_id, public_id, conversation_id, kind, body, sender_kind, sender_name,
    sender_email, delivery_status, created_at, tokens)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(from)s + CASE WHEN i > 2 * %(count)s - %(count)s / 20 THEN 1 WHEN i <= %(count)s THEN i ELSE i %% (%(count)s / 5) * 5 + 5 END,
    'message', 'Body ' || i, 'customer', '', '', 'delivered', now() - i * interval '1 second', ('body' || ' word' || i %% 500)::tsvector
FROM generate_series(1, 2 * %(count)s) AS i
"""
_FILES = """
INSERT INTO conversations_attachment (id, workspace_id, public_id, message_id, file, name, content_type, size, created_at)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(from)s + i * 20, 'x', 'x', 'text/plain', 1, now()
FROM generate_series(1, %(count)s / 20) AS i
"""
_DELIVERIES = """
INSERT INTO conversations_delivery (id, workspace_id, public_id, conversation_id, message_id, channel, state, body, "then", bcc,
    send_after, held_at, due_at, attempts, channel_message_id, code, reason, created_at, settled_at)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), %(from)s + i, CASE WHEN i %% 997 > 2 THEN %(from)s + i END, 'email',
    CASE WHEN i %% 997 > 3 THEN 'sent' WHEN i %% 997 > 1 THEN 'failed' ELSE 'scheduled' END, '', '', '[]', now(),
    CASE WHEN i %% 997 = 1 THEN now() END, now() + interval '1 day', 0, '', '', '', now(), now()
FROM generate_series(1, %(count)s) AS i
"""
_EVENTS = """
INSERT INTO accounts_event (id, workspace_id, type, actor_kind, actor_id, subject_type, subject_id, data, depth, at)
SELECT %(from)s + i, %(workspace)s, CASE i %% 2 WHEN 0 THEN 'conversation.started' ELSE 'message.received' END, 'contact', 1,
    'conversation', %(from)s + 1 + i / 2, '{}', 0, now()
FROM generate_series(1, 2 * %(count)s) AS i
"""
_THREADS = """
INSERT INTO conversations_assistantthread (id, workspace_id, conversation_id, title, status, metadata, created_at, updated_at)
SELECT %(from)s + i, %(workspace)s, %(from)s + 30 * i, 'Thread ' || i, 'idle', '{}', now(), now() - i * interval '1 minute'
FROM generate_series(1, %(count)s / 30) AS i
"""
_TEAM = """
WITH made AS (
    INSERT INTO accounts_team (workspace_id, public_id, name, created_at)
    VALUES (%(workspace)s, gen_random_uuid(), 'Team ' || gen_random_uuid(), now()) RETURNING id
), joined AS (INSERT INTO accounts_team_members (team_id, user_id) SELECT id, %(user)s FROM made)
UPDATE conversations_conversation SET team_id = made.id FROM made
WHERE workspace_id = %(workspace)s AND conversations_conversation.id > %(from)s AND assignee_id IS NULL AND number %% 7 = 0
"""
_MENTIONS = """
INSERT INTO conversations_mention (workspace_id, conversation_id, message_id, user_id, created_at, seen_at)
SELECT %(workspace)s, %(from)s + i * 20, %(from)s + i * 20, %(user)s, now() - i * interval '1 minute', CASE WHEN i %% 10 > 0 THEN now() END
FROM generate_series(1, %(count)s / 20) AS i
"""
_CALLBACKS = """
INSERT INTO conversations_callbackrequest (workspace_id, conversation_id, phone, phone_typed, time_zone, preferred_time, due_at, done_at, created_at)
SELECT %(workspace)s, %(from)s + i * 50, '', '030 1234', '', '', now() + i * interval '1 minute', CASE WHEN i %% 4 > 0 THEN now() END, now()
FROM generate_series(1, %(count)s / 50) AS i
"""
_SUGGESTIONS = """
INSERT INTO conversations_suggestion (id, workspace_id, public_id, kind, conversation_id, engine, model, text, sources,
    prompt_tokens, completion_tokens, cost, took_ms, outcome, failure, created_at)
SELECT %(from)s + i, %(workspace)s, gen_random_uuid(), 'draft', %(from)s + 10 * i, 'builtin', '', 'Try.', '[]', 0, 0, 0, 0,
    CASE WHEN i %% 10 = 0 THEN 'open' ELSE 'accepted' END, '', now() - i * interval '1 minute'
FROM generate_series(1, %(count)s / 10) AS i
"""
_TALLY = """
INSERT INTO conversations_tally (workspace_id, last_number, open, pending, resolved, closed)
SELECT %(workspace)s, max(number), count(*) FILTER (WHERE status = 'open'), count(*) FILTER (WHERE status = 'pending'),
    count(*) FILTER (WHERE status = 'resolved'), count(*) FILTER (WHERE status = 'closed')
FROM conversations_conversation WHERE workspace_id = %(workspace)s AND handler = 'people'
ON CONFLICT (workspace_id) DO UPDATE SET last_number = excluded.last_number, open = excluded.open,
    pending = excluded.pending, resolved = excluded.resolved, closed = excluded.closed
"""
_NUMBERS = """
INSERT INTO tickets_ticketnumbers (workspace_id, last, new, open, pending, on_hold, resolved)
SELECT %(workspace)s, max(number), count(*) FILTER (WHERE status = 'new'), count(*) FILTER (WHERE status = 'open'),
    count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'on_hold'),
    count(*) FILTER (WHERE status = 'resolved')
FROM tickets_ticket WHERE workspace_id = %(workspace)s
ON CONFLICT (workspace_id) DO UPDATE SET last = excluded.last, new = excluded.new, open = excluded.open,
    pending = excluded.pending, on_hold = excluded.on_hold, resolved = excluded.resolved
"""
_MORE = """
WITH made AS (
    INSERT INTO conversations_message (workspace_id, public_id, conversation_id, kind, body, sender_kind, sender_user_id,
        sender_name, sender_email, delivery_status, created_at)
    SELECT workspace_id, gen_random_uuid(), id, CASE WHEN i %% 5 = 0 THEN 'internal-note' ELSE 'message' END, 'Body ' || i, 'agent',
        CASE WHEN i %% 2 = 0 THEN %(user)s END, '', '', 'delivered', now()
    FROM conversations_conversation CROSS JOIN generate_series(1, %(count)s) AS i WHERE workspace_id = %(workspace)s
    RETURNING id, workspace_id
)
INSERT INTO conversations_attachment (workspace_id, public_id, message_id, file, name, content_type, size, created_at)
SELECT workspace_id, gen_random_uuid(), id, 'x', 'x', 'text/plain', 1, now() FROM made
"""
_SEARCH = """
SELECT search_write_new(%(workspace)s, %(from)s + 1, %(from)s + %(count)s), search_learn_all(%(workspace)s)
"""
_STATEMENTS = (
    _CONTACTS, _TICKETS, _CONVERSATIONS, _ENTRIES, _MESSAGES, _FILES, _DELIVERIES, _EVENTS, _THREADS, _SUGGESTIONS, _TEAM, _MENTIONS, _CALLBACKS, _TALLY, _NUMBERS,
)  # fmt: skip
_TABLES = (
    "conversations_contact", "tickets_ticket", "conversations_conversation", "conversations_entrypoint", "conversations_message",
    "conversations_attachment", "conversations_delivery", "accounts_event", "conversations_assistantthread", "conversations_suggestion",
)  # fmt: skip
_SMALLER = ("accounts_team", "accounts_team_members", "conversations_mention", "conversations_callbackrequest")


def grow(workspace: Workspace, count: int, *, user_id: int) -> None:
    """Give an empty workspace so many conversations with all that belongs to them; every third is assigned to the user."""
    with connection.cursor() as cursor:
        tops = " UNION ALL ".join(f"SELECT COALESCE(max(id), 0) AS top FROM {table}" for table in _TABLES)
        cursor.execute(f"SELECT max(top) FROM ({tops}) AS tops")
        values = {"workspace": workspace.pk, "count": count, "from": cursor.fetchone()[0], "user": user_id}
        for name, table in (("number", "conversations_conversation"), ("ticket", "tickets_ticket")):
            cursor.execute(
                f"SELECT COALESCE(max(number), 0) FROM {table} WHERE workspace_id = %(workspace)s",
                {"workspace": workspace.pk},
            )
            values[name] = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('parley.search_waits', 'yes', false)")
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute("SELECT set_config('parley.search_waits', 'no', false)")
        cursor.execute(_SEARCH, values)
        for table in _TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}) + 1)")


def lengthen(workspace: Workspace, count: int, *, user_id: int) -> None:
    """Add so many messages with a file each to every conversation of the workspace; the user wrote every second one."""
    with connection.cursor() as cursor:
        cursor.execute(_MORE, {"workspace": workspace.pk, "count": count, "user": user_id})


@contextmanager
def without_checks() -> Iterator[None]:
    """Many rows are inserted meanwhile: the foreign keys are gone and come back unchecked, and the journal announces nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' "
            "AND conrelid::regclass::text = ANY(%s)",
            [list(_TABLES)],
        )
        keys = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute("ALTER TABLE accounts_event DISABLE TRIGGER USER")
        yield
        cursor.execute("ALTER TABLE accounts_event ENABLE TRIGGER USER")
        for table, name, definition in keys:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition} NOT VALID')


def settle() -> None:
    """Let PostgreSQL know what is there, as autovacuum does in time, and that it lies on no turning disk.

    By the costs of one, several plans of a table of this size cost the same, and chance chooses among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(_TABLES + _SMALLER)}")
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET random_page_cost = 1.1")
    connection.close()  # which the next one begins with
