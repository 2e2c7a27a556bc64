"""What the inbox asks: queues, counts, search, and the last page of a thread."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts import clock
from accounts.errors import Invalid, NotFound
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, Message, Status
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


def subjects(view: str, member: Member, **values: Any) -> list[str]:
    return [
        row.subject
        for row in inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS[view], user=member.user, **values).rows
    ]


def test_views_hold_what_their_names_say(acme: Workspace, ben: Member) -> None:
    at = clock.now()
    made = {
        name: ConversationFactory(workspace=acme, subject=name)
        for name in ("free", "bens", "answered", "done", "shut", "snoozed")
    }
    actions.assign(conversation=made["bens"], to=ben.user, by=ben.actor, at=at)
    reply(made["answered"])
    actions.set_status(conversation=made["done"], status="resolved", by=ben.actor, at=at)
    actions.set_status(conversation=made["shut"], status="closed", by=ben.actor, at=at)
    receive(made["shut"])
    actions.snooze(conversation=made["snoozed"], until=at + timedelta(days=1), by=ben.actor, at=at)
    assert subjects("mine", ben) == ["bens"]
    assert subjects("unassigned", ben) == ["free"]
    assert set(subjects("open", ben)) == {"free", "bens"}
    assert subjects("waiting", ben) == ["answered"]
    assert subjects("snoozed", ben) == ["snoozed"]
    assert subjects("news", ben) == ["shut"]
    assert set(subjects("solved", ben)) == {"done", "shut"}
    counts = inbox_queries.inbox_counts(ben.user)
    assert counts == {
        "mine": 1,
        "unassigned": 1,
        "open": 2,
        "teams": 0,
        "mentions": 0,
        "waiting": 1,
        "snoozed": 1,
        "callbacks": 0,
        "news": 1,
        "failed": 0,
        "spam": 0,
    }


def test_counts_take_one_query_and_stop_at_a_hundred(
    acme: Workspace, ben: Member, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_queries, "COUNT_CAP", 3)
    for _ in range(5):
        ConversationFactory(workspace=acme, body=None)
    with django_assert_num_queries(1):
        assert inbox_queries.inbox_counts(ben.user)["open"] == 3


def test_queue_shows_the_longest_waiting_first_and_pages_without_gaps(acme: Workspace, ben: Member) -> None:
    at = clock.now()
    for n in range(7):
        ConversationFactory(workspace=acme, subject=str(n), at=at - timedelta(minutes=n // 2))
    seen: list[str] = []
    after = None
    while True:
        page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["open"], user=ben.user, after=after, limit=2)
        seen += [row.subject for row in page.rows]
        if not page.has_more:
            break
        after = page.next
    assert seen == ["6", "4", "5", "2", "3", "0", "1"]
    assert subjects("open", ben, sort="newest")[0] == "1"


@pytest.mark.parametrize("cursor", ["", "x", "MTIz", "MS4y.3", "é", "LTEuLTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x"])
def test_cursor_of_others_is_refused(ben: Member, cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS["open"], user=ben.user, after=cursor)
    assert refused.value.field == "cursor"


def test_search_finds_by_number_subject_words_and_person(acme: Workspace, ben: Member) -> None:
    hit = ConversationFactory(workspace=acme, subject="Invoice in the wrong currency", body="Rechnung über 40 €")
    other = ContactFactory(workspace=acme, name="Ulla Berg", email="ulla@berg.example", external_id="ulla")  # no number
    ConversationFactory(workspace=acme, contact=other, subject="Something else", body="Nothing here")
    for text in (
        "#1",
        "1",
        "currency invoice",
        "currency -invoice",
        "RECHNUNG",
        hit.contact.email,
        hit.contact.name,
        '"wrong currency"',
    ):
        assert subjects("mine", ben, search=text) == [hit.subject], text
    for text in ("#99", "nowhere", "currency nowhere", "' OR 1=1 --", "zq & | ! ( "):
        assert subjects("mine", ben, search=text) == [], text


def test_search_stays_in_its_workspace(globex: Workspace, ben: Member) -> None:
    ConversationFactory(workspace=globex, subject="Invoice")
    assert subjects("open", ben, search="invoice") == []


def test_thread_shows_the_last_page_with_what_happened_among_it(
    acme: Workspace, ben: Member, django_assert_num_queries: Any
) -> None:
    conversation = ConversationFactory(workspace=acme, body="0")
    for n in range(1, 40):
        receive(conversation, str(n), at=clock.now() + timedelta(seconds=n))
    later = clock.now() + timedelta(minutes=5)
    actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=later)
    with django_assert_num_queries(4):
        thread = thread_queries.thread(conversation, limit=30)
        items = thread.items
    assert thread.has_older
    assert [item.body for item in thread.messages] == [str(n) for n in range(10, 40)]
    last = items[-1]
    assert isinstance(last, thread_queries.Line)
    assert (last.event.type, last.actor, last.to) == ("conversation.assigned", ben.user, ben.user)
    older = thread_queries.thread(conversation, before=thread.messages[0].pk)
    assert [message.body for message in older.messages] == [str(n) for n in range(10)]
    assert not older.has_older


def test_missing_conversation_is_not_found(globex: Workspace) -> None:
    foreign = ConversationFactory(workspace=globex)
    with pytest.raises(NotFound):
        queries.by_number(foreign.number)


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        ("conv_newest_list", lambda: Conversation.objects.order_by("-last_message_at", "-id")[:20]),
        (
            "conv_status_newest",
            lambda: Conversation.objects.filter(status="pending").order_by("-last_message_at", "-id")[:20],
        ),
        ("conv_queue", lambda: Conversation.objects.open().order_by("waiting_since", "id")[:20]),
        (
            "message_in_order",
            lambda: queries.entries(Conversation.objects.order_by("pk").first()).reverse()[:20],
        ),
    ],
)
def test_hot_list_is_read_from_its_index(acme: Workspace, index: str, rows: Any) -> None:
    first, busy = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    written = [Message(workspace=acme, conversation=busy, body="x", sender_kind="customer") for _ in range(500)]
    Message.objects.bulk_create(written)
    at = dict.fromkeys(("last_message_at", "last_visible_at", "last_activity_at", "waiting_since"), first.created_at)
    Conversation.objects.bulk_create(
        Conversation(
            workspace=acme, contact=first.contact, subject="x", number=n, status=("open", "pending")[n % 2], **at
        )
        for n in range(10, 510)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_message, conversations_conversation")
        # With rows this few PostgreSQL would rather scan: forbid that, and see that no sort is left.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = rows().explain()
    assert index in plan
    assert "Sort" not in plan


def test_statuses_of_people_and_of_the_row_agree() -> None:
    assert set(Status.values) == {"open", "pending", "resolved", "closed"}
