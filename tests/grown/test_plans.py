"""Every hot question is answered by its index, on a desk of 20,000 conversations beside another workspace of as many.

Nothing is asserted on time: it is counted what PostgreSQL went through. What no index can bound is named, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.client import Client as Browser
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.compiled import Compiled
from conversations.actions import contacts
from conversations.models import AssistantThread, Contact, Conversation
from tests.grown.conftest import Grown
from tests.grown.plans import Asked, asked_by
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

PAGE = 1500
"""Rows that a page may go through, whatever the size of the tables: a page of 200, counts up to a cap, joined rows."""

W, B = "/api/v1/conversations", "/api/v1/conversations/"
H = "/api/v1/internal/conversations?projectId={grown.acme.public_id}"
P = "/api/projects/{grown.acme.pk}/conversations/tickets"
R = "/api/environments/{grown.acme.pk}/conversations"
S, A = "/w/acme/inbox", "/admin"

# Question: who asks, where, and the index that answers.
HOT: dict[str, tuple[str, str, str]] = {
    "Woes list": ("key", W, "conv_newest_list"),
    "Woes list by status": ("key", f"{W}?status=open", "conv_status_newest"),
    "Woes list by channel": ("key", f"{W}?channel=email", "conv_channel_newest"),
    "Woes list by a channel without rows": ("key", f"{W}?channel=discord", "conv_channel_newest"),
    "Woes conversation": ("key", f"{W}/{{first.public_id}}", "conversation_public_id_unique_per_workspace"),
    "Woes messages": ("key", f"{W}/{{second.public_id}}/messages", "message_in_order"),
    "Bancroft list": ("key", B, "conv_created_list"),
    "Bancroft list, far": ("key", f"{B}?offset=5000&limit=25", "conv_created_list"),
    "Bancroft list by email": ("key", f"{B}?user_email=customer77@example.com", "contact_by_email"),
    "Bancroft conversation": ("key", f"{B}{{first.public_id}}/", "conversation_public_id_unique_per_workspace"),
    "Hexclave list": ("key", H, "conv_activity_list"),
    "Hexclave list, far": ("key", f"{H}&offset=5000&limit=25", "conv_activity_list"),
    "Hexclave conversation": (
        "key", "/api/v1/internal/conversations/{second.public_id}?projectId={grown.acme.public_id}",
        "conversation_public_id_unique_per_workspace",
    ),
    "PostHog tickets": ("key", P, "ticket_by_change"),
    "PostHog tickets, far": ("key", f"{P}?offset=1000&limit=25", "ticket_by_change"),
    "PostHog tickets by status": ("key", f"{P}?status=open", "ticket_by_status"),
    "PostHog tickets by creation": ("key", f"{P}?order_by=created_at", "ticket_by_creation"),
    "PostHog tickets by number": ("key", f"{P}?order_by=-ticket_number", "ticket_number_unique_per_workspace"),
    "PostHog tickets by deadline": ("key", f"{P}?order_by=sla_due_at", "ticket_by_due_moment"),
    "PostHog ticket": ("key", f"{P}/{{ticket.public_id}}", "ticket_public_id_unique_per_workspace"),
    "PostHog ticket's messages": ("key", f"{P}/{{ticket.public_id}}/messages", "message_in_order"),
    "PostHog threads": ("key", R, "assistant_thread_newest"),
    "Inbox, mine": ("ben", f"{S}?view=mine", "conv_mine"),
    "Inbox, unassigned": ("ben", f"{S}?view=unassigned", "conv_unassigned_queue"),
    "Inbox, open": ("ben", f"{S}?view=open", "conv_queue"),
    "Inbox, open, newest": ("ben", f"{S}?view=open&sort=newest", "conv_status_newest"),
    "Inbox, open, by deadline": ("ben", f"{S}?view=open&sort=deadline", "conv_deadline_queue"),
    "Inbox, unassigned, by deadline": ("ben", f"{S}?view=unassigned&sort=deadline", "conv_deadline_queue"),
    "Inbox, my teams": ("ben", f"{S}?view=teams", "conv_team_queue"),
    "Inbox, mentions": ("ben", f"{S}?view=mentions", "mention_by_user"),
    "Inbox, callbacks": ("ben", f"{S}?view=callbacks", "callback_due"),
    "Inbox, resolved today": ("ben", f"{S}?view=mine", "conv_resolved_by"),
    "Inbox, waiting": ("ben", f"{S}?view=waiting", "conv_queue"),
    "Inbox, snoozed": ("ben", f"{S}?view=snoozed", "conv_snoozed_queue"),
    "Inbox, replied after closing": ("ben", f"{S}?view=news", "conv_news_queue"),
    "Inbox, replied after closing, newest": ("ben", f"{S}?view=news&sort=newest", "conv_news_newest"),
    "Inbox, not sent": ("ben", f"{S}?view=failed", "delivery_unsent"),
    "Inbox, assistant": ("ben", f"{S}?view=assistant", "conv_assistant"),
    "Inbox, resolved": ("ben", f"{S}?view=solved", "conv_newest_list"),
    "Inbox, spam": ("ben", f"{S}?view=spam", "conv_spam"),
    "Counts": ("ben", f"{S}/counts?view=open", "conv_queue"),
    "Thread": ("ben", f"{S}/7?view=open", "message_in_order"),
    "Thread with a reply that is held": ("ben", f"{S}/998?view=failed", "delivery_by_conversation"),
    "Long thread": ("ben", f"{S}/1?view=open", "message_in_order"),
    "Customers by last activity": ("ben", "/w/acme/customers", "conv_activity_list"),
    "Customers by name": ("ben", "/w/acme/customers?order=name", "contact_by_name"),
    "Customers by the beginning of an address": ("ben", f"{S}/new/known?to=customer77", "contact_by_email"),
    "Customers by words": ("ben", f"{S}/new/known?to=77 customer", "contact_words"),
    "Admin, conversations": ("ada", f"{A}/conversations/conversation/", "conv_newest_list"),
    "Admin, conversations, far": ("ada", f"{A}/conversations/conversation/?p=19", "conv_newest_list"),
    "Admin, conversations by channel": ("ada", f"{A}/conversations/conversation/?channel__exact=discord", "conv_channel_newest"),
    "Admin, replied after closing": ("ada", f"{A}/conversations/conversation/?queue=news", "conv_news_newest"),
    "Admin, conversations as superuser": ("root", f"{A}/conversations/conversation/?in=acme", "conv_newest_list"),
    "Admin, tickets": ("ada", f"{A}/tickets/ticket/", "ticket_by_change"),
    "Admin, messages": ("ada", f"{A}/conversations/message/", "conversations_message_tenant_key"),
    "Admin, files": ("ada", f"{A}/conversations/attachment/", "attachment_by_message"),
    "Admin, deliveries": ("ada", f"{A}/conversations/delivery/", "conversations_delivery_tenant_key"),
    "Admin, journal": ("ada", f"{A}/accounts/event/", "accounts_event_pkey"),
    "Admin, journal of a kind": ("ada", f"{A}/accounts/event/?kind=member.added", "event_by_kind"),
    "Audit log, until a day before all": ("ada", "/w/acme/settings/audit?until=2001-01-01", "event_by_day"),
    "Admin, journal of a row": ("ada", f"{A}/accounts/event/?q=777", "event_by_subject"),
}  # fmt: skip

COUNTED = {
    "PostHog threads": "its documented count is exact, of threads with the assistant alone",
}
"""Questions whose documented answer holds a count that nothing keeps: they go through what is counted."""
SKIPPED = {
    "Bancroft list, far": 6000,
    "Hexclave list, far": 6000,
    "PostHog tickets, far": 1100,
    "Admin, conversations, far": 950,
}
"""What an offset skips: entries of the index alone, without the rows."""
BY_ID = {"Admin, journal": "events are numbered in their order, and the newest are anybody's"}
"""Questions that are answered by ids alone, whosever they are, where many of the newest are the workspace's own."""
LITTLE = 500
"""Rows that may be sorted after they were found, such as the snoozed ones of a workspace."""


@pytest.fixture
def who(grown: Grown) -> dict[str, Callable[[str], Any]]:
    """Those who ask."""
    secret = grown.key.secret
    headers = {
        "Authorization": f"Bearer {secret}", "X-API-Key": secret, "X-Stack-Access-Type": "server", "X-Stack-Project-Id": "internal",
        "X-Stack-Secret-Server-Key": secret,
    }  # fmt: skip
    root = Browser()
    root.force_login(grown.root, backend="allauth.account.auth_backends.AuthenticationBackend")
    ada, ben, key = grown.ada.signed_in(), grown.ben.signed_in(), Client()
    return {"key": lambda url: key.get(url, headers=headers), "ada": ada.get, "ben": ben.get, "root": root.get}


@pytest.fixture
def ask(grown: Grown, who: dict[str, Callable[[str], Any]]) -> Callable[[str, str], list[Asked]]:
    with tenancy.scope(grown.acme):
        names: dict[str, Any] = {
            "grown": grown,
            "first": Conversation.objects.get(number=7),
            "second": Conversation.objects.get(number=777),
            "ticket": Ticket.objects.get(number=10),
        }

    def ask(name: str, url: str) -> list[Asked]:
        answer, asked = asked_by(lambda: who[name](url.format(**names)))
        assert answer.status_code == 200, answer.content[:300]
        assert asked
        return asked

    return ask


@pytest.mark.parametrize("name", HOT)
def test_question_is_answered_by_its_index(name: str, ask: Callable[[str, str], list[Asked]]) -> None:
    asker, url, index = HOT[name]
    asked = ask(asker, url)
    reads = [read for one in asked for read in one.reads]
    assert index in {read.index for read in reads}, reads
    for one in asked:
        found = [read for read in one.reads if name not in COUNTED or "COUNT" not in one.statement]
        for read in found:
            assert read.kind != "Seq Scan" or read.rows <= 100, (read, one.statement)
            assert read.is_by_workspace or name in BY_ID, (read, one.statement)
        assert sum(read.rows for read in found) <= PAGE + SKIPPED.get(name, 0), (found, one.statement)
        assert one.sorted_rows <= LITTLE, (one.sorted_rows, one.statement)


@pytest.mark.parametrize(
    ("named", "values", "index"),
    [
        (contacts._by_email, {"email": "customer77@example.com"}, "contact_by_email"),
        (contacts._by_external_id, {"external_id": "customer-77"}, "contact_external_id_unique_per_workspace"),
    ],
)
def test_contact_is_found_by_the_index_in_a_plan_for_any_value(
    grown: Grown, named: Compiled[Contact], values: dict[str, str], index: str
) -> None:
    """PostgreSQL plans anew for each value where a plan for any is worse, which costs more than the answer."""
    shape = (False,) if named is contacts._by_email else ()
    with tenancy.scope(grown.acme), CaptureQueriesContext(connection) as captured:
        named.rows(*shape, **values)
        plan = named._plan(shape, values)
    assert len(captured) == 1
    assert plan.sql is not None
    numbers = count(1)
    sql = re.sub("%s", lambda _: f"${next(numbers)}", plan.sql)
    given = ", ".join(["%s"] * len(plan.parameters))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE contact_for_any AS {sql}")
        cursor.execute(f"SELECT {given}", plan.filled(values | {"workspace": grown.acme.pk}))
        known = ", ".join(f"'{value}'" for value in cursor.fetchone())
        cursor.execute(f"EXPLAIN EXECUTE contact_for_any({known})")
        found = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE contact_for_any")
    assert f"using {index}" in found or f"on {index}" in found, found


SEARCHES = {
    "Inbox, a frequent word": ("ben", f"{S}?view=open&q=body", ["conv_newest_list", "document_by_conversation"], PAGE),
    "Inbox, a word of each fiftieth": ("ben", f"{S}?view=open&q=word7", ["conv_newest_list", "document_by_conversation"], 8000),
    "Inbox, a rare word": ("ben", f"{S}?view=open&q=word499", ["conv_words", "message_words_by_day"], 9000),
    "Hexclave, a part of a subject": ("key", f"{H}&limit=25&query=ubject 77", ["conv_words", "message_words_by_day"], 9000),
    "Palette, a customer": ("ben", "/w/acme/find?q=77 customer", ["contact_words", "contact_by_name"], 9000),
    "Suggestions, a customer": ("ben", f"{S}/suggestions?q=from:customer77", ["contact_words", "contact_by_email"], PAGE),
    "PostHog, a part of a title": ("key", f"{P}?limit=25&search=icket 77", ["ticket_texts", "message_words_by_day"], PAGE),
}  # fmt: skip
"""Searches: who asks, where, the indexes that answer, and how many rows of them each statement may go through."""


@pytest.mark.parametrize("name", SEARCHES)
def test_search_walks_or_looks_up_and_reads_no_table_whole(name: str, ask: Callable[[str, str], list[Asked]]) -> None:
    asker, url, indexes, most = SEARCHES[name]
    asked = ask(asker, url)
    reads = [read for one in asked for read in one.reads]
    assert [index for index in indexes if index not in {read.index for read in reads}] == [], reads
    for one in asked:
        for read in one.reads:
            assert read.kind != "Seq Scan" or read.rows <= 100, (read, one.statement)
        # So few words are gone through faster than an index of their parts is read.
        found = [read for read in one.reads if read.table != "conversations_searchword"]
        assert sum(read.rows for read in found) <= most, (found, one.statement)


def limits(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a plan that end at a number of rows."""
    inner = [found for one in plan.get("Plans", []) for found in limits(one)]
    return [plan, *inner] if plan["Node Type"] == "Limit" else inner


def test_far_page_is_found_without_reading_the_rows_before_it(ask: Callable[[str, str], list[Asked]]) -> None:
    for name in ("Bancroft list, far", "Hexclave list, far"):
        plans = [one.plan["Plan"] for one in ask(*HOT[name][:2]) if "OFFSET" in one.statement]
        (skipping,) = [limit for plan in plans for limit in limits(plan)]
        assert skipping["Plans"][0]["Node Type"] == "Index Only Scan", name


def test_the_other_workspace_is_as_large(grown: Grown) -> None:
    rows = {
        workspace.pk: Conversation.all_workspaces.filter(workspace=workspace).count()
        for workspace in (grown.acme, grown.globex)
    }
    assert len(set(rows.values())) == 1
    assert min(rows.values()) > 10 * PAGE
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'conversations_conversation'")
        assert cursor.fetchone()[0] > 0, "the planner knows nothing of the table"
    with tenancy.scope(grown.acme):
        assert AssistantThread.objects.exists()
