"""A chat in the inbox: agents see where its customer is and what they have seen, and the customer sees that an agent is typing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.chat import typing
from conversations.models import ChatSession, Conversation, Message
from tests.chat.conftest import make
from tests.chat.talking import Visitor, now
from tests.conftest import Member
from tests.inbox.conftest import HTMX, markup_of, queries_of, text_of

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def visitor(in_acme: Workspace) -> Visitor:
    return Visitor(make(in_acme, name="Shop"))


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Conversation, str]]:
    """The signals that were sent: they reach nobody before a commit, and tests have none."""
    found: list[tuple[Conversation, str]] = []
    monkeypatch.setattr(typing, "agent_is_typing", lambda conversation, name: found.append((conversation, name)))
    return found


def page(client: Client, chat: Conversation) -> str:
    return markup_of(client.get(f"/w/acme/inbox/{chat.number}").content)


def fresh(client: Client, chat: Conversation) -> str:
    return markup_of(client.get(f"/w/acme/inbox/{chat.number}/fresh?message=0&event=0", headers=HTMX).content)


def states(html: str) -> dict[str, str]:
    """The text of each message's state, by message."""
    parts = html.split('id="state-')[1:]
    return {part.split('"')[0]: text_of(f"<p{part.split('</div>')[0]}".encode()).strip() for part in parts}


def test_typing_a_reply_is_signalled_to_the_customer_of_a_chat_alone(
    agent: Client, viewer: Client, stranger: Client, visitor: Visitor, conversation: Conversation,
    signals: list[tuple[Conversation, str]],
) -> None:  # fmt: skip
    chat = visitor.starts()
    url = f"/w/acme/inbox/{chat.number}/typing"
    answer = agent.post(url)
    assert (answer.status_code, answer.content) == (204, b"")
    assert signals == [(chat, "Ben")]
    assert agent.post(f"/w/acme/inbox/{conversation.number}/typing").status_code == 204  # no chat: nobody is notified
    assert viewer.post(url).status_code == 403
    assert stranger.post(url).status_code == 404
    assert agent.get(url).status_code == 405
    assert len(signals) == 1


def test_page_of_a_chat_says_where_to_signal_and_that_of_any_other_does_not(
    agent: Client, viewer: Client, visitor: Visitor, conversation: Conversation
) -> None:
    chat = visitor.starts()
    assert f'data-typing="/w/acme/inbox/{chat.number}/typing"' in page(agent, chat)
    assert "data-typing" not in page(viewer, chat)
    assert 'id="typing"' in page(viewer, chat)
    assert "typing" not in page(agent, conversation).split('id="open"')[1].split("</section>")[0]


def test_reply_is_sent_and_then_seen_below_the_last_that_was(agent: Client, ben: Member, visitor: Visitor) -> None:
    chat = visitor.starts()
    first = actions.reply(conversation=chat, body="Hello", by=ben.actor, at=clock.now())
    assert states(page(agent, chat)) == {f"{first.pk}": "Sent"}
    visitor.sees(chat)
    seen = f"Seen {clock.now():%H:%M}"
    assert states(page(agent, chat)) == {f"{first.pk}": seen}
    assert states(fresh(agent, chat))[f"{first.pk}"] == seen
    second = actions.reply(conversation=now(chat), body="Anything else?", by=ben.actor, at=clock.now())
    assert states(fresh(agent, chat)) == {f"{first.pk}": seen, f"{second.pk}": "Sent"}
    third = actions.reply(conversation=now(chat), body="No?", by=ben.actor, at=clock.now())
    assert states(fresh(agent, chat)) == {f"{first.pk}": seen, f"{second.pk}": "", f"{third.pk}": "Sent"}


def test_reply_of_any_other_conversation_says_nothing_of_it(
    agent: Client, ben: Member, conversation: Conversation
) -> None:
    actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    assert {*states(page(agent, conversation)).values()} == {""}


def test_reply_in_a_chat_leaves_at_once_and_can_be_scheduled(agent: Client, ben: Member, visitor: Visitor) -> None:
    chat = visitor.starts()
    agent.post(f"/w/acme/inbox/{chat.number}/reply", {"body": "At once", "expected_last": now(chat).last_message_id})
    assert Message.objects.filter(body="At once").exists()


def test_details_show_where_the_customer_is(agent: Client, visitor: Visitor) -> None:
    chat = visitor.starts()
    side = page(agent, chat).split('id="side"')[1]
    text = text_of(f"<p{side}".encode())
    assert "Online" in text
    assert "Identity not verified" in text
    assert "Page shop.example/pricing" in text
    assert "Identity Not verified Widget Shop" in text
    assert 'href="https://shop.example/pricing" target="_blank" rel="noopener noreferrer"' in side
    ChatSession.objects.update(last_seen_at=clock.now() - timedelta(minutes=5))
    assert "Last seen" in text_of(page(agent, chat).encode())


def test_details_show_what_the_website_says_of_a_chat(agent: Client, visitor: Visitor) -> None:
    fields = {"plan": "pro", "order": 1042, "widget": "Mine", "cart": ["a"], "note": "<b>x</b>"}
    chat = visitor.starts(fields=fields, page="https://shop.example/cart?token=secret#pay")
    assert chat.metadata["widget"] == "Shop"
    html = page(agent, chat)
    text = text_of(html.encode())
    assert "note &lt;b&gt;x&lt;/b&gt; plan pro order 1042" in text
    assert "<b>x</b>" not in html
    assert "Page shop.example/cart" in text
    assert "secret" not in html


def test_details_hold_hostile_values(agent: Client, visitor: Visitor) -> None:
    chat = visitor.starts("<b>Hi</b>")
    ChatSession.objects.update(page=f"https://shop.example/{'ä' * 900}?<script>\"'", language="xx")
    html = page(agent, chat)
    assert "<script>\"'" not in html
    assert "XX" in html


def test_verified_customer_is_shown_as_such(agent: Client, visitor: Visitor) -> None:
    known = Visitor(visitor.widget, is_signed=True, external_id="u_1", name="Nia Okafor")
    text = text_of(page(agent, known.starts()).encode())
    assert "Identity Verified" in text
    assert "Identity not verified" not in text


def test_two_visitors_without_a_name_differ_by_a_number(agent: Client, visitor: Visitor) -> None:
    other = Visitor(visitor.widget)
    chats = [visitor.starts("Hi"), other.starts("Hi")]
    listed = markup_of(agent.get("/w/acme/inbox?view=unassigned").content)
    for one, chat in zip((visitor, other), chats, strict=True):
        name = f"Visitor {one.contact.pk}"
        assert f'<b dir="auto">{name}</b>' in listed
        assert f'<b dir="auto">{name}</b>' in page(agent, chat).split('id="entries"')[1]
    assert visitor.contact.display_name != other.contact.display_name


def test_page_needs_as_many_queries_for_twenty_replies_as_for_one(agent: Client, ben: Member, visitor: Visitor) -> None:
    chat = visitor.starts()

    def look() -> object:
        return agent.get(f"/w/acme/inbox/{chat.number}")

    actions.reply(conversation=chat, body="Hello", by=ben.actor, at=clock.now())
    visitor.sees(chat)
    look()
    before = queries_of(look)
    for _ in range(20):
        actions.reply(conversation=now(chat), body="Hello", by=ben.actor, at=clock.now())
    visitor.sees(chat)
    assert queries_of(look) == before
