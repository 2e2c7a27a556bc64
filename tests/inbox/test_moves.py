"""Repairing threads and spam on the screen: choosing, the change, what both pages say, and undoing it, with and without script."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.models import BlockedSender, Conversation, Handler, InboundMail, Mailbox, MailSource, Message, Status
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply
from tests.inbox.conftest import HTMX, markup_of, now, text_of

pytestmark = pytest.mark.django_db
INBOX = "/w/acme/inbox"


@pytest.fixture
def other(conversation: Conversation) -> Conversation:
    """Number 2, by the same customer."""
    return ConversationFactory(
        workspace=conversation.workspace, contact=conversation.contact, subject="The invoice", body="Invoice?"
    )


def last(conversation: Conversation) -> Message:
    with tenancy.scope(conversation.workspace):
        return Message.objects.filter(conversation=conversation).order_by("-pk")[0]


def undo_form(page: bytes) -> tuple[str, str]:
    """Where the toast's form goes, and the event that it names."""
    found = re.search(
        r'<form method="post" action="([^"]*/undo[^"]*)".*?name="event" value="(\d+)"', page.decode(), re.S
    )
    assert found, "no toast offers to undo"
    return unescape(found[1]), found[2]


def test_message_leads_to_the_choice_and_the_choice_names_the_customers_other_conversations(
    agent: Client, conversation: Conversation, other: Conversation
) -> None:
    stranger = ConversationFactory(workspace=conversation.workspace, subject="Somebody else")
    message = last(conversation)
    page = markup_of(agent.get(f"{INBOX}/1?view=open").content)
    links = [unescape(link) for link in re.findall(r'class="icon-btn message__move" href="([^"]*)"', page)]
    assert links == [f"{INBOX}/1/move?view=open&message={message.pk}"]
    chooser = text_of(agent.get(links[0]).content)
    assert "Move a message of #1" in chooser
    assert "It never came." in chooser
    assert "#2 The invoice" in chooser
    assert f"#{stranger.number} Somebody else" not in chooser
    found = agent.get(f"{INBOX}/1/move", {"find": "#3"}, headers={**HTMX, "HX-Target": "choices"})
    assert text_of(found.content).split("·")[0].strip().startswith("#3 Somebody else")


def test_moved_message_is_in_the_other_thread_and_both_say_so(
    agent: Client, conversation: Conversation, other: Conversation
) -> None:
    message = receive(conversation, "Where is my invoice?")
    sent = agent.post(f"{INBOX}/1/move-to?view=open", {"message": message.pk, "to": 2}, follow=True)
    assert sent.redirect_chain[-1][0] == f"{INBOX}/1?view=open"
    shown = text_of(sent.content)
    assert "Moved to #2." in shown
    assert "Ben moved 1 message to #2" in shown
    assert f'href="{INBOX}/2">#2</a>' in sent.content.decode()
    assert "Where is my invoice?" not in text_of(sent.content.split(b'id="entries"')[1].split(b'id="below"')[0])
    there = text_of(agent.get(f"{INBOX}/2").content)
    assert "Where is my invoice?" in there
    assert "Ben moved 1 message here from #1" in there

    action, event = undo_form(sent.content)
    undone = agent.post(action, {"event": event}, follow=True)
    assert "Undone." in text_of(undone.content)
    assert "undid the move" in text_of(undone.content)
    assert last(conversation) == message


def merge(agent: Client, one: Conversation, into: Conversation, query: str = "") -> Any:
    """What the screens of a thread send: which one is meant, and then that it is to be so."""
    url, about = f"{INBOX}/bulk/start{query}", {"id": one.pk, "about": one.number}
    asked = agent.post(url, {**about, "do": "merge", "to": into.number}).content.decode()
    assert "Which one stays?" in asked
    assert f'name="into" value="{into.pk}" checked' in asked
    assert now(one).joined_into is None
    return agent.post(
        url, {"id": [one.pk, into.pk], "about": one.number, "do": "merge-into", "into": into.pk}, follow=True
    )


def test_emptied_conversation_leads_to_the_one_with_its_messages(
    agent: Client, conversation: Conversation, other: Conversation
) -> None:
    sent = merge(agent, other, conversation, "?view=open")
    assert sent.redirect_chain[-1][0] == f"{INBOX}/1?view=open"
    assert "1 conversation merged into #1." in text_of(sent.content)
    empty = agent.get(f"{INBOX}/2?view=open")
    assert "#2 was merged into #1 ." in text_of(empty.content)
    assert b'id="composer"' not in empty.content
    assert b'id="menu-status"' not in empty.content
    assert now(other).status == Status.CLOSED
    action, event = undo_form(sent.content)
    agent.post(action, {"event": event})
    assert now(other).status == Status.OPEN
    assert b'id="composer"' in agent.get(f"{INBOX}/2").content


def test_split_opens_the_new_conversation(agent: Client, conversation: Conversation) -> None:
    reply(conversation, "It is on its way.")
    message = receive(conversation, "Another thing: my printer burns.")
    sent = agent.post(
        f"{INBOX}/1/split?view=open", {"message": message.pk, "later": "on", "subject": "Fire"}, follow=True
    )
    assert sent.redirect_chain[-1][0] == f"{INBOX}/2?view=open"
    shown = text_of(sent.content)
    assert "Split off as #2." in shown
    assert "my printer burns" in shown
    assert "Ben split off 1 message as #2" in text_of(agent.get(f"{INBOX}/1").content)


def test_undo_of_a_split_leads_back_to_the_conversation_that_was_split(
    agent: Client, conversation: Conversation
) -> None:
    message = receive(conversation, "Another thing: my printer burns.")
    sent = agent.post(f"{INBOX}/1/split?view=open", {"message": message.pk}, follow=True)
    assert sent.redirect_chain[-1][0] == f"{INBOX}/2?view=open"
    page = sent.content.decode()
    action = re.search(r'<form method="post" action="([^"]*/undo[^"]*)"([^>]*)>', page)
    assert action is not None
    assert "data-change" not in action[2]  # a form that leads to another page
    _action, event = undo_form(sent.content)
    back = agent.post(unescape(action[1]), {"event": event}, follow=True)
    assert back.redirect_chain[-1][0].startswith(f"{INBOX}/1?view=open")
    assert "Undone." in text_of(back.content)
    assert "my printer burns" in text_of(back.content)


def test_what_cannot_be_moved_leads_back_to_the_choice_with_the_reason(
    agent: Client, conversation: Conversation, other: Conversation
) -> None:
    message = last(conversation)
    for values, reason in (
        ({"message": message.pk, "to": 99}, "That did not work: there is no such conversation."),
        ({"message": message.pk, "to": 1}, "This is the conversation that it is in."),
    ):
        sent = agent.post(f"{INBOX}/1/move-to", values, follow=True)
        assert sent.redirect_chain[-1][0].startswith(f"{INBOX}/1/move?")
        assert reason in text_of(sent.content)
    everything = agent.post(f"{INBOX}/1/split", {"message": message.pk}, follow=True)
    assert "These are all messages." in text_of(everything.content)
    assert agent.get(f"{INBOX}/2/move", {"message": message.pk}).status_code == 404
    assert agent.get(f"{INBOX}/1/move", {"message": "x"}).status_code == 404


def test_open_page_gets_the_whole_thread_when_a_message_came_from_elsewhere(
    agent: Client, conversation: Conversation, other: Conversation, ben: Member
) -> None:
    page = markup_of(agent.get(f"{INBOX}/1").content)
    message, event = re.findall(r'id="entries".*?data-message="(\d+)" data-event="(\d+)"', page)[0]
    moved = receive(other, "Mine.")
    reply(conversation, "An answer.", by=ben.actor)
    with tenancy.scope(conversation.workspace):
        actions.move_message(message=moved, to=conversation, by=ben.actor, at=clock.now())
    seen = {"message": message, "event": event}
    fresh = markup_of(agent.get(f"{INBOX}/1/fresh", seen, headers=HTMX).content)
    (start,) = re.findall(r"<div data-entries[^>]*>", fresh)
    assert "data-whole" in start
    texts = [fresh.index(text) for text in ("It never came.", "Mine.", "An answer.")]
    assert texts == sorted(texts)
    (again,) = re.findall(r'data-whole data-message="(\d+)" data-event="(\d+)"', fresh)
    later = agent.get(f"{INBOX}/1/fresh", {"message": again[0], "event": again[1]}, headers=HTMX).content
    assert b"data-whole" not in later
    assert b"Mine." not in later


def test_page_with_a_moved_message_of_a_high_id_fetches_nothing_twice(
    agent: Client, conversation: Conversation, other: Conversation, ben: Member
) -> None:
    """What stands further up may have the highest id."""
    reply(conversation, "The last word.", by=ben.actor)
    moved = receive(other, "Elsewhere.")
    with tenancy.scope(conversation.workspace):
        Message.objects.filter(pk=moved.pk).update(created_at=conversation.created_at)
        actions.move_message(message=moved, to=conversation, by=ben.actor, at=clock.now())
    page = markup_of(agent.get(f"{INBOX}/1").content)
    message, event = re.findall(r'id="entries".*?data-message="(\d+)" data-event="(\d+)"', page)[0]
    assert int(message) == moved.pk
    fresh = agent.get(f"{INBOX}/1/fresh", {"message": message, "event": event}, headers=HTMX).content
    assert b"Elsewhere." not in fresh


def test_spam_is_marked_from_the_menu_and_unmarked_on_its_page(agent: Client, conversation: Conversation) -> None:
    page = agent.get(f"{INBOX}/1?view=open")
    assert "block jane@example.com" in text_of(page.content)
    marked = agent.post(f"{INBOX}/1/spam?view=open", {"block": ""}, headers=HTMX)
    assert "Marked as spam." in text_of(marked.content)
    assert "Undo" in text_of(marked.content)
    assert b"data-set-aside" in marked.content
    assert b'id="row-' not in marked.content  # it leaves the list
    assert now(conversation).handler == Handler.NOBODY
    listed = text_of(agent.get(f"{INBOX}?view=spam").content)
    assert "Help with order" in listed
    shown = agent.get(f"{INBOX}/1?view=spam")
    assert "This is spam." in text_of(shown.content)
    assert "Not spam" in text_of(shown.content)
    assert b'id="composer"' not in shown.content
    unmarked = agent.post(f"{INBOX}/1/not-spam?view=spam", follow=True)
    assert "Marked as not spam." in text_of(unmarked.content)
    assert b'id="composer"' in unmarked.content
    assert now(conversation).handler == Handler.PEOPLE


@pytest.mark.parametrize(("block", "pattern"), [("sender", "jane@example.com"), ("domain", "@example.com")])
def test_sender_is_blocked_with_it_and_freed_by_undoing(
    agent: Client, conversation: Conversation, block: str, pattern: str
) -> None:
    marked = agent.post(f"{INBOX}/1/spam", {"block": block}, headers=HTMX)
    with tenancy.scope(conversation.workspace):
        assert BlockedSender.objects.get().pattern == pattern
    action, event = undo_form(marked.content)
    agent.post(action, {"event": event}, headers=HTMX)
    with tenancy.scope(conversation.workspace):
        assert not BlockedSender.objects.exists()
    assert now(conversation).handler == Handler.PEOPLE


def test_domain_where_everybody_has_an_address_is_not_offered(agent: Client, acme: Workspace) -> None:
    ConversationFactory(workspace=acme, contact=ContactFactory(workspace=acme, email="eve@gmail.com"))
    page = text_of(agent.get(f"{INBOX}/1").content)
    assert "block eve@gmail.com" in page
    assert "block all of" not in page


def test_conversation_that_follows_a_closed_one_and_that_one_lead_to_each_other(
    agent: Client, conversation: Conversation, other: Conversation
) -> None:
    with tenancy.scope(conversation.workspace):
        Conversation.objects.filter(pk=other.pk).update(follows=conversation)
    assert re.search(r"Follows #1", text_of(agent.get(f"{INBOX}/2").content))
    page = agent.get(f"{INBOX}/1")
    assert re.search(r"Continued in #2", text_of(page.content))
    assert f'href="{INBOX}/2?view=unassigned"' in page.content.decode()


@pytest.fixture
def suggested(conversation: Conversation, other: Conversation) -> Any:
    """The mail that began number 2 may belong to number 1."""
    with tenancy.scope(conversation.workspace):
        mailbox = Mailbox.objects.create(workspace=conversation.workspace, address="help@acme.example")
        return InboundMail.objects.create(
            workspace=conversation.workspace, mailbox=mailbox, source=MailSource.DOOR, raw="raw", size=1, digest="0",
            conversation=other, message=last(other), suggested=conversation,
        )  # fmt: skip


def test_suggested_conversation_is_joined_or_dismissed(
    agent: Client, conversation: Conversation, other: Conversation, suggested: InboundMail
) -> None:
    assert "This may belong to #1 ." in text_of(agent.get(f"{INBOX}/2").content)
    agent.post(f"{INBOX}/2/keep-apart", headers=HTMX)
    assert "may belong" not in text_of(agent.get(f"{INBOX}/2").content)
    with tenancy.scope(conversation.workspace):
        InboundMail.objects.update(suggested=conversation)
    sent = merge(agent, other, conversation)
    assert "Invoice?" in text_of(sent.content)
    with tenancy.scope(conversation.workspace):
        mail = InboundMail.objects.get()
        assert (mail.proof, mail.suggested, mail.conversation_id) == ("moved", None, conversation.pk)


def test_viewers_and_strangers_move_nothing(
    viewer: Client, stranger: Client, conversation: Conversation, other: Conversation
) -> None:
    message = last(conversation)
    page = viewer.get(f"{INBOX}/1").content
    assert b"message__move" not in page
    assert b"mark-spam" not in page
    assert b"/spam" not in page
    calls = [
        ("move-to", {"message": message.pk, "to": 2}), ("split", {"message": message.pk}), ("spam", {}),
        ("not-spam", {}), ("keep-apart", {}),
    ]  # fmt: skip
    for name, values in calls:
        assert viewer.post(f"{INBOX}/1/{name}", values).status_code == 403, name
        assert stranger.post(f"{INBOX}/1/{name}", values).status_code == 404, name
    assert viewer.get(f"{INBOX}/1/move").status_code == 403
    assert stranger.get(f"{INBOX}/1/move").status_code == 404
    assert last(conversation) == message
