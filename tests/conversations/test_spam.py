"""Spam: out of every list, count and clock; and back as if it had never been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import (
    BlockedSender,
    Contact,
    Conversation,
    Delivery,
    Handler,
    Mailbox,
    MailboxAddress,
    Status,
)
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(in_acme: Workspace) -> Contact:
    return ContactFactory(workspace=in_acme, email="eve@spam.example")


@pytest.fixture
def junk(contact: Contact) -> Conversation:
    return ConversationFactory(workspace=contact.workspace, contact=contact, body="Buy now.")


def act(who: Member) -> dict[str, Any]:
    return {"by": who.actor, "at": clock.now()}


def views_with(conversation: Conversation, who: Member) -> set[str]:
    return {
        key
        for key, view in inbox_queries.INBOX_VIEWS.items()
        if view.rows(queries.conversations(), who.user).filter(pk=conversation.pk).exists()
    }


def total() -> int:
    return queries.tally().total


def test_spam_is_in_no_list_and_no_count_but_its_own_view(junk: Conversation, ben: Member) -> None:
    assert (views_with(junk, ben), total()) == ({"unassigned", "open"}, 1)
    actions.mark_spam(conversation=junk, **act(ben))
    assert (views_with(junk, ben), total()) == ({"spam"}, 0)
    assert inbox_queries.inbox_counts(ben.user)["open"] == 0
    assert queries.conversations().for_people().count() == 0
    assert queries.other_conversations(ConversationFactory(workspace=junk.workspace, contact=junk.contact)) == []


def test_spam_runs_no_clock(junk: Conversation, ben: Member) -> None:
    reply(junk, by=ben.actor)
    receive(junk)
    actions.snooze(conversation=junk, until=clock.now() + timedelta(days=1), **act(ben))
    junk = actions.mark_spam(conversation=junk, **act(ben))
    assert (junk.unread_count, junk.first_response_at, junk.snoozed_until) == (0, None, None)
    receive(junk, "Buy more.")
    junk.refresh_from_db()
    assert (junk.handler, junk.unread_count, junk.message_count, junk.preview) == (Handler.NOBODY, 0, 4, "Buy more.")
    assert total() == 0


def test_unmarked_conversation_is_as_if_it_had_never_been_spam(junk: Conversation, ben: Member) -> None:
    answer = reply(junk, by=ben.actor)
    actions.set_status(conversation=junk, status=Status.RESOLVED, **act(ben))
    actions.mark_spam(conversation=junk, **act(ben))
    asked = receive(junk, "A real question.")
    junk = actions.unmark_spam(conversation=junk, **act(ben))
    assert (junk.handler, junk.status, junk.unread_count) == (Handler.PEOPLE, Status.OPEN, 1)
    assert (junk.waiting_since, junk.first_response_at) == (asked.created_at, answer.created_at)
    tally = queries.tally()
    assert (tally.open, tally.total) == (1, 1)


def test_marking_twice_and_unmarking_what_is_no_spam_does_nothing(junk: Conversation, ben: Member) -> None:
    actions.unmark_spam(conversation=junk, **act(ben))
    for _ in range(2):
        actions.mark_spam(conversation=junk, **act(ben))
    assert [event.type for event in Event.objects.filter(type__startswith="conversation.spam")] == [
        "conversation.spam_marked"
    ]


@pytest.mark.parametrize("verb", [actions.mark_spam, actions.unmark_spam])
def test_undone_mark_leaves_the_conversation_as_it_was(junk: Conversation, ben: Member, verb: Any) -> None:
    reply(junk, by=ben.actor)
    receive(junk)
    if verb is actions.unmark_spam:
        actions.mark_spam(conversation=junk, **act(ben))
    junk.refresh_from_db()
    before, count = {**junk.__dict__}, total()
    verb(conversation=junk, **act(ben))
    event = thread_queries.change_to_undo(junk, by=ben.actor, since=clock.now() - timedelta(minutes=1))
    assert event is not None
    actions.undo(conversation=junk, event_id=event.pk, **act(ben))
    junk.refresh_from_db()
    same = {name for name, value in before.items() if not name.startswith("_") and value == junk.__dict__[name]}
    assert {name for name in before if not name.startswith("_")} - same == {"updated_at"}
    assert total() == count


def test_mark_is_not_undone_once_the_customer_wrote(junk: Conversation, ben: Member) -> None:
    actions.mark_spam(conversation=junk, **act(ben))
    receive(junk)
    event = Event.objects.get(type="conversation.spam_marked")
    with pytest.raises(Conflict) as refused:
        actions.undo(conversation=junk, event_id=event.pk, **act(ben))
    assert refused.value.code == "changed_since"


@pytest.mark.parametrize(("block", "pattern"), [("sender", "eve@spam.example"), ("domain", "@spam.example")])
def test_sender_or_domain_is_blocked_with_it_and_freed_when_that_is_undone(
    junk: Conversation, ben: Member, block: str, pattern: str
) -> None:
    actions.mark_spam(conversation=junk, block=block, **act(ben))
    blocked = BlockedSender.objects.get()
    assert (blocked.pattern, blocked.created_by) == (pattern, ben.user)
    event = Event.objects.get(type="conversation.spam_marked")
    actions.undo(conversation=junk, event_id=event.pk, **act(ben))
    assert not BlockedSender.objects.exists()


def test_sender_that_was_blocked_before_stays_blocked_when_the_mark_is_undone(junk: Conversation, ben: Member) -> None:
    BlockedSender.objects.create(workspace=junk.workspace, pattern="eve@spam.example")
    actions.mark_spam(conversation=junk, block="sender", **act(ben))
    event = Event.objects.get(type="conversation.spam_marked")
    actions.undo(conversation=junk, event_id=event.pk, **act(ben))
    assert BlockedSender.objects.count() == 1


def test_own_domain_and_customers_without_address_cannot_be_blocked(in_acme: Workspace, ben: Member) -> None:
    mailbox = Mailbox.objects.create(workspace=in_acme, address="help@acme.example")
    MailboxAddress.objects.create(workspace=in_acme, mailbox=mailbox, address="help@acme.example")
    colleague = ContactFactory(workspace=in_acme, email="cal@acme.example")
    nameless = ContactFactory(workspace=in_acme, email=None)
    for contact, block in ((colleague, "domain"), (nameless, "sender"), (colleague, "planet")):
        row = ConversationFactory(workspace=in_acme, contact=contact)
        with pytest.raises(Invalid):
            actions.mark_spam(conversation=row, block=block, **act(ben))
        row.refresh_from_db()
        assert row.handler == Handler.PEOPLE
    assert not BlockedSender.objects.exists()


def test_conversation_with_a_ticket_is_unlinked_first_and_spam_gets_none(junk: Conversation, ben: Member) -> None:
    ticket = actions.escalate(conversation=junk, **act(ben))
    with pytest.raises(Conflict) as refused:
        actions.mark_spam(conversation=junk, **act(ben))
    assert refused.value.code == "has_ticket"
    actions.unlink(conversation=junk, **act(ben))
    actions.mark_spam(conversation=junk, **act(ben))
    for attempt in (
        lambda: actions.link(conversation=junk, ticket=ticket, **act(ben)),
        lambda: actions.escalate(conversation=junk, **act(ben)),
    ):
        with pytest.raises(Conflict):
            attempt()


def test_what_the_assistant_handles_is_taken_over_first(contact: Contact, ben: Member) -> None:
    row = ConversationFactory(workspace=contact.workspace, contact=contact, handler=Handler.ASSISTANT)
    with pytest.raises(Conflict) as refused:
        actions.mark_spam(conversation=row, **act(ben))
    assert refused.value.code == "assistant"


def test_reply_to_spam_unmarks_it(junk: Conversation, ben: Member) -> None:
    actions.mark_spam(conversation=junk, **act(ben))
    reply(junk, "You are real after all.", by=ben.actor)
    junk.refresh_from_db()
    assert (junk.handler, junk.status, junk.unread_count) == (Handler.PEOPLE, Status.PENDING, 0)
    assert junk.first_response_at is not None
    assert total() == queries.tally().pending == 1


def test_reply_that_has_not_left_waits_for_its_writer(junk: Conversation, ben: Member) -> None:
    planned = Delivery.objects.create(workspace=junk.workspace, conversation=junk, channel="email", body="Later.")
    actions.mark_spam(conversation=junk, **act(ben))
    planned.refresh_from_db()
    assert planned.is_held
