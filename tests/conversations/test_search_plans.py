"""How searches reach their rows: on tables that have grown, with the rows of a larger workspace beside them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations.models import CallbackRequest, Conversation, Delivery, DeliveryState
from conversations.queries import newest, search, tickets
from conversations.queries.conversations import conversations
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TicketFactory
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

# A word of every row, of every tenth, of every hundredth, and of one; a customer for every third. What the triggers keep is made
# at once here.
GROW = """
WITH person AS (
    INSERT INTO conversations_contact (workspace_id, public_id, name, email, first_name, last_name, company, avatar_url, traits,
        identity_source, is_verified, created_at, updated_at, tokens)
    SELECT %(workspace)s, gen_random_uuid(), 'Many ' || n, '', '', '', '', '', '{}', 'headers', true, now(), now(),
        to_tsvector('simple', 'many person' || n) FROM generate_series(1, %(rows)s / 3) AS n RETURNING id
), numbered AS (SELECT array_agg(id) AS ids FROM person)
INSERT INTO conversations_conversation (workspace_id, public_id, number, contact_id, subject, channel, handler, status, priority,
    priority_rank, tags, metadata, message_count, unread_count, preview, last_message_at, last_visible_at, last_activity_at,
    waiting_since, created_at, updated_at, ticket_id, tokens)
SELECT %(workspace)s, gen_random_uuid(), 1000 + n, ids[1 + n %% cardinality(ids)], 'subject', 'api', 'people', 'open', 'normal',
    2, '{}', '{}', 1, 0, '', at, at, at, at, at, at, %(ticket)s, '''subject'':1'
FROM numbered, generate_series(1, %(rows)s) AS n, LATERAL (SELECT now() - n * interval '1 minute' AS at) AS moment
"""
WRITE = """
INSERT INTO conversations_message (workspace_id, public_id, conversation_id, kind, body, sender_kind, sender_name, sender_email,
    delivery_status, created_at, tokens)
SELECT workspace_id, gen_random_uuid(), id, 'message', text, 'customer', '', '', 'delivered', now(), to_tsvector('simple', text)
FROM conversations_conversation, LATERAL (
    SELECT 'always' || CASE WHEN number %% 10 = 0 THEN ' often' ELSE '' END
        || CASE WHEN number %% 100 = 0 THEN ' seldom overchargedly' ELSE '' END || CASE WHEN number = 3333 THEN ' once' ELSE '' END
        || ' word' || number AS text
) AS written WHERE workspace_id = %(workspace)s AND number > 1000
"""
KEEP = """
INSERT INTO conversations_searchdocument (workspace_id, conversation_id, is_open, tokens)
SELECT workspace_id, id, true, strip(conversation.tokens || (SELECT tokens FROM conversations_contact WHERE id = contact_id)
    || (SELECT tokens FROM conversations_message WHERE conversation_id = conversation.id))
FROM conversations_conversation AS conversation WHERE workspace_id = %(workspace)s AND number > 1000;
INSERT INTO conversations_searchword (workspace_id, word)
SELECT DISTINCT workspace_id, lexeme FROM conversations_searchdocument, unnest(tsvector_to_array(tokens)) AS lexeme
WHERE workspace_id = %(workspace)s AND length(lexeme) > 3
"""
TABLES = ("contact", "conversation", "message", "searchdocument", "searchword", "callbackrequest", "delivery")
# Of a table with few rows everything is read; how few PostgreSQL believes in depends on when it was last vacuumed.
OURS = re.compile(rf"Seq Scan on conversations_(?:{'|'.join(TABLES)})\b")


@pytest.fixture
def grown(acme: Workspace, globex: Workspace) -> Workspace:
    """2,500 conversations of ours, beside five times as many."""
    for workspace, rows in ((globex, 12_500), (acme, 2_500)):
        with tenancy.scope(workspace):
            ticket = TicketFactory(workspace=workspace).pk
        with connection.cursor() as cursor:
            values = {"workspace": workspace.pk, "rows": rows, "ticket": ticket}
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for switch in ("DISABLE", "ENABLE"):
                for table in TABLES[:3]:
                    cursor.execute(f"ALTER TABLE conversations_{table} {switch} TRIGGER USER")
                if switch == "DISABLE":
                    for statement in (GROW, WRITE, *KEEP.split(";")):
                        cursor.execute(statement, values)
                        cursor.execute(
                            "ANALYZE conversations_contact, conversations_conversation, conversations_message"
                        )
        with tenancy.scope(workspace):
            _answered_and_called(workspace)
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ANALYZE conversations_{table}")
        for index in ("message_words_by_day", "conv_words", "contact_words", "search_word_parts"):
            cursor.execute("SELECT gin_clean_pending_list(%s::regclass)", [index])
    return acme


def _answered_and_called(workspace: Workspace) -> None:
    """A reply that was taken back in each, and a call that was made: of an empty table everything is read."""
    ids = list(Conversation.objects.order_by("pk").values_list("pk", flat=True))
    Delivery.objects.bulk_create(
        Delivery(workspace=workspace, conversation_id=pk, channel="api", state=DeliveryState.CANCELLED) for pk in ids
    )
    CallbackRequest.objects.bulk_create(
        CallbackRequest(
            workspace=workspace, conversation_id=pk, phone_typed="1", due_at=clock.now(), done_at=clock.now()
        )
        for pk in ids
    )


def plans(ask: Callable[[], Any]) -> tuple[int, str]:
    """How many rows it finds, and the plans of its statements."""
    with CaptureQueriesContext(connection) as asked:
        found = len(ask())
    with connection.cursor() as cursor:
        texts = []
        for query in asked.captured_queries:
            cursor.execute("EXPLAIN " + query["sql"])
            texts.append("\n".join(row[0] for row in cursor.fetchall()))
    return found, "\n\n".join(texts)


def in_inbox(member: Member, typed: str) -> Any:
    return inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["open"], user=member.user, search=typed).rows


def by_substring(text: str) -> Any:
    rows = newest.Listed(conversations, "last_activity_at")
    return newest.newest(rows, search.containing(text, "last_activity"), 26)


def in_tickets(text: str) -> Any:
    return tickets.matching(Ticket.objects.all(), text)


TYPED = (
    ("always", 50, ["conv_newest", "document_by_conversation"]),
    ("often", 50, ["conv_newest", "document_by_conversation"]),
    ("seldom", 25, ["message_words", "conv_words", "contact_words"]),
    ("once", 1, ["message_words", "conv_words", "contact_words"]),
    ("once always", 1, ["message_words"]),
    ("person833", 3, ["contact_words"]),
    ("3333", 1, ["conversation_number_unique_per_workspace", "message_words"]),
    ("nowhere", 0, ["message_words"]),
)
"""What an agent types, how many rows of a page it finds, and by which indexes."""


def test_searches_read_indexes_whether_words_are_frequent_or_rare(grown: Workspace, ben: Member) -> None:
    for typed, count, indexes in TYPED:
        found, plan = plans(partial(in_inbox, ben, typed))
        assert found == count, typed
        assert not OURS.findall(plan), plan
        assert [index for index in indexes if index not in plan] == [], plan
    for text in ("person77", "son77", "nowhere"):
        _, plan = plans(partial(by_substring, text))
        assert [index for index in ("search_word_parts", "message_words") if index not in plan] == [], plan
        assert not OURS.findall(plan), plan
    for text, count in (("overcharged", 1), ("charged", 1), ("rchargedly word33", 1), ("nowhere", 0)):
        found, plan = plans(partial(in_tickets, text))
        assert found == count, text
        assert "message_words" in plan
        assert not OURS.findall(plan), plan


def test_a_search_takes_as_many_statements_for_one_as_for_fifty(acme: Workspace, ben: Member) -> None:
    person = ContactFactory(workspace=acme)
    taken = []
    for wanted in (1, 50):
        while len(found := in_inbox(ben, "invoice")) < min(wanted, 30):
            ConversationFactory(workspace=acme, contact=person, subject="Invoice")
        found, plan = plans(partial(in_inbox, ben, "invoice"))
        taken.append(plan.count("\n\n") + 1)
        assert found == min(wanted, 30)
    assert taken == [2, 2]
