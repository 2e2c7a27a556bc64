"""What the inbox shows: its views, a thread, and the parts that live updates ask for."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.models import Conversation
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.factories import ConversationFactory, receive, reply
from tests.inbox.conftest import HTMX, markup_of, queries_of, text_of

URL = "/w/acme/inbox"


def test_unassigned_conversations_are_what_an_agent_sees_first(agent: Client, conversation: Conversation) -> None:
    page = agent.get(URL)
    text = text_of(page.content)
    assert "Unassigned 1" in text
    assert "Jane Doe" in text
    assert "Help with order · It never came." in text


def test_conversation_without_messages_says_so(agent: Client, acme: Workspace) -> None:
    empty = ConversationFactory(workspace=acme, subject="Nothing was written", body=None)
    assert "No messages yet" in text_of(agent.get(f"{URL}/{empty.number}").content)
    receive(empty)
    assert "No messages yet" not in text_of(agent.get(f"{URL}/{empty.number}").content)


def test_each_view_holds_its_own(agent: Client, acme: Workspace, ben: Member) -> None:
    at = clock.now()
    mine, waiting, snoozed, solved, _ = (ConversationFactory(workspace=acme, subject=f"Subject {n}") for n in range(5))
    actions.assign(conversation=mine, to=ben.user, by=ben.actor, at=at)
    actions.set_status(conversation=waiting, status="pending", by=ben.actor, at=at)
    actions.snooze(conversation=snoozed, until=at + timedelta(days=1), by=ben.actor, at=at)
    actions.set_status(conversation=solved, status="resolved", by=ben.actor, at=at)
    assistant_actions.ask_assistant(workspace=acme, content="Subject 5", by=Actor.system(acme.pk), at=at)
    delivery = actions.schedule(conversation=mine, body="Later.", send_after=at, by=ben.actor, at=at)
    actions.mark_failed(delivery=delivery, code="refused", reason="It was refused.", by=ben.actor, at=at)
    junk = ConversationFactory(workspace=acme, subject="Subject 6")
    actions.mark_spam(conversation=junk, by=ben.actor, at=at)
    shown = {
        view: [
            f"Subject {n}" for n in range(7) if f"<b>Subject {n}</b>" in agent.get(URL, {"view": view}).content.decode()
        ]
        for view in inbox_queries.INBOX_VIEWS
    }
    assert shown == {
        "mine": ["Subject 0"],
        "unassigned": ["Subject 4"],
        "open": ["Subject 0", "Subject 4"],
        "teams": [],
        "mentions": [],
        "waiting": ["Subject 1"],
        "snoozed": ["Subject 2"],
        "callbacks": [],
        "news": [],
        "failed": ["Subject 0"],
        "assistant": ["Subject 5"],
        "solved": ["Subject 3"],
        "spam": ["Subject 6"],
    }


def test_counts_stop_at_99(agent: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_queries, "inbox_counts", lambda user: {"unassigned": 100, "mine": 99})
    text = text_of(agent.get(f"{URL}/counts").content)
    assert "Unassigned 99+" in text
    assert "Mine 99 " in text


def test_empty_view_says_why_and_gives_the_next_key(agent: Client, conversation: Conversation) -> None:
    text = text_of(agent.get(URL, {"view": "mine"}).content)
    assert "Nothing assigned to you" in text
    assert "See unassigned g u" in text


def test_search_finds_by_number_name_and_words(agent: Client, conversation: Conversation) -> None:
    for words in ("#1", "jane", "order", "jane@example.com"):
        assert "It never came." in text_of(agent.get(URL, {"q": words}).content), words
    nothing = text_of(agent.get(URL, {"q": "zebra"}).content)
    assert "No results for “zebra”" in nothing


def test_list_goes_on_after_a_cursor_and_every_conversation_appears_once(agent: Client, acme: Workspace) -> None:
    for number in range(55):
        ConversationFactory(workspace=acme, subject=f"Subject {number:02}")
    first = agent.get(URL)
    after = first.context["next"]
    second = agent.get(URL, {"after": after})
    numbers = [row.number for page in (first, second) for row in page.context["rows"]]
    assert numbers == list(range(1, 56))
    assert "From the top" in text_of(second.content)
    assert second.context["next"] is None


def test_foreign_cursor_is_not_found(agent: Client, conversation: Conversation) -> None:
    assert agent.get(URL, {"after": "nonsense"}).status_code == 404


def test_newest_first_on_demand(agent: Client, acme: Workspace) -> None:
    old = ConversationFactory(workspace=acme, at=clock.now() - timedelta(hours=2))
    new = ConversationFactory(workspace=acme)
    assert [row.pk for row in agent.get(URL).context["rows"]] == [old.pk, new.pk]
    assert [row.pk for row in agent.get(URL, {"sort": "newest"}).context["rows"]] == [new.pk, old.pk]


def test_moments_are_shown_in_the_workspace_time_zone(agent: Client, acme: Workspace, ada: Member) -> None:
    Workspace.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    with time_machine.travel("2026-03-04T20:30:00Z", tick=False):
        ConversationFactory(workspace=acme)
        page = agent.get(f"{URL}/1").content.decode()
    assert "Thursday 5 March 2026, 05:30 JST" in page
    assert '">5 March 2026</dd>' in page  # first seen


def test_invitations_are_dated_in_the_workspace_time_zone(acme: Workspace, ada: Member) -> None:
    Workspace.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    with time_machine.travel("2026-03-04T20:30:00Z", tick=False):
        account_actions.invite(
            workspace=acme, email="nia@example.com", role=Role.AGENT, show_link=True, by=ada.actor, at=clock.now()
        )
        page = ada.signed_in().get("/w/acme/settings/members").content.decode()
    assert "5 Mar, 05:30" in page


def test_thread_shows_messages_notes_and_lines_in_order(
    agent: Client, conversation: Conversation, ben: Member, ada: Member
) -> None:
    at = clock.now()
    actions.note(conversation=conversation, body="Ask the courier.", by=ada.actor, at=at + timedelta(seconds=1))
    actions.assign(conversation=conversation, to=ben.user, by=ada.actor, at=at + timedelta(seconds=2))
    actions.set_tags(conversation=conversation, names=["shipping"], by=ada.actor, at=at + timedelta(seconds=3))
    actions.reply(conversation=conversation, body="On its way.", by=ben.actor, at=at + timedelta(seconds=4))
    actions.set_status(conversation=conversation, status="closed", by=ben.actor, at=at + timedelta(seconds=5))
    text = text_of(agent.get(f"{URL}/1").content)
    texts = [
        "It never came.",
        "Internal note",
        "Ask the courier.",
        "Ada assigned it to Ben Kimura , added shipping",
        "On its way.",
        "Ben closed it",
    ]
    places = [text.index(words) for words in texts]
    assert places == sorted(places)


def test_long_thread_opens_at_its_end_and_older_entries_are_a_link_away(
    agent: Client, conversation: Conversation
) -> None:
    for number in range(40):
        receive(conversation, f"Message {number:02}.", at=clock.now() + timedelta(seconds=number))
    page = agent.get(f"{URL}/1")
    text = text_of(page.content)
    assert "Message 39." in text
    assert "Message 09." not in text
    older = page.context["older"]
    before = text_of(agent.get(f"{URL}/1", {"before": older}).content)
    assert "Message 09." in before
    assert "Back to the latest messages" in before
    part = agent.get(f"{URL}/1", {"before": older}, headers={**HTMX, "HX-Target": "older"})
    assert "Message 09." in text_of(part.content)
    assert b"<html" not in part.content


def test_fragment_is_only_the_part_that_was_asked_for(agent: Client, conversation: Conversation) -> None:
    whole = agent.get(f"{URL}/1").content
    pane = agent.get(f"{URL}/1", headers={**HTMX, "HX-Target": "open"}).content
    assert b'id="listbox"' in whole
    assert b'id="listbox"' not in pane
    assert b'id="open"' in pane
    restored = agent.get(f"{URL}/1", headers={**HTMX, "HX-History-Restore-Request": "true"}).content
    assert b"<html" in restored


def test_what_is_new_since_a_message_is_shown_once(agent: Client, conversation: Conversation, ben: Member) -> None:
    page = agent.get(f"{URL}/1").context
    seen = {"message": page["seen_message"], "event": page["seen_event"]}
    assert b"<article" not in agent.get(f"{URL}/1/fresh", seen).content
    receive(conversation, "Still nothing.")
    actions.set_priority(conversation=conversation, priority="high", by=ben.actor, at=clock.now())
    new = agent.get(f"{URL}/1/fresh", seen).content
    assert new.count(b"<article") == 1
    assert "Still nothing." in text_of(new)
    assert "It never came." not in text_of(new)
    assert "Ben set the priority to high" in text_of(new)


def test_rows_are_sent_again_while_they_are_in_the_view(agent: Client, acme: Workspace, ben: Member) -> None:
    stays, leaves = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    actions.assign(conversation=leaves, to=ben.user, by=ben.actor, at=clock.now())
    html = agent.get(f"{URL}/rows", {"view": "unassigned", "id": [stays.pk, leaves.pk, "x", 10**30]}).content.decode()
    assert f'id="row-{stays.pk}"' in html
    assert f'id="row-{leaves.pk}"' not in html


def test_list_needs_the_same_few_queries_for_1_row_and_20(agent: Client, acme: Workspace, ben: Member) -> None:
    agent.get(URL)  # The session remembers the workspace once.

    def row() -> None:
        made = ConversationFactory(workspace=acme)
        actions.set_tags(conversation=made, names=["api", "billing"], by=ben.actor, at=clock.now())
        actions.escalate(conversation=made, by=ben.actor, at=clock.now())

    row()
    one = queries_of(lambda: agent.get(URL))
    for _ in range(19):
        row()
    assert queries_of(lambda: agent.get(URL)) == one <= 12
    assert queries_of(lambda: agent.get(URL, headers={**HTMX, "HX-Target": "desk"})) <= one


def test_thread_needs_the_same_few_queries_for_1_message_and_20(
    agent: Client, conversation: Conversation, ben: Member
) -> None:
    actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())
    agent.get(URL)
    page = f"{URL}/{conversation.number}"
    one = queries_of(lambda: agent.get(page))
    for number in range(19):
        reply(conversation, by=ben.actor)
        actions.set_priority(conversation=conversation, priority=f"p{number}", by=ben.actor, at=clock.now())
        ConversationFactory(workspace=conversation.workspace)
    assert queries_of(lambda: agent.get(page)) == one <= 15
    assert queries_of(lambda: agent.get(page, headers={**HTMX, "HX-Target": "open"})) <= 12


def test_fifty_rows_are_at_most_20_kilobytes_on_the_wire(
    agent: Client, acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.screens.inbox.place.PAGE", 50)
    for _ in range(50):
        made = ConversationFactory(workspace=acme)
        actions.set_tags(conversation=made, names=["api", "billing", "vip"], by=ben.actor, at=clock.now())
        actions.assign(conversation=made, to=ben.user, by=ben.actor, at=clock.now())
    part = agent.get(URL, {"view": "mine"}, headers={**HTMX, "HX-Target": "desk"})
    assert len(part.context["rows"]) == 50
    assert len(gzip.compress(part.content)) <= 20 * 1024


def test_message_to_a_closed_conversation_is_marked_on_the_bar(agent: Client, conversation: Conversation) -> None:
    assert "views__news" not in agent.get("/w/acme/inbox").content.decode()
    actions.set_status(
        conversation=conversation, status="closed", by=Actor.system(conversation.workspace_id), at=clock.now()
    )
    receive(conversation, "One more thing.")
    for path in ("/w/acme/inbox?view=mine", "/w/acme/inbox/counts?view=mine"):
        bar = markup_of(agent.get(path).content).split('id="menu-views"')[0]
        assert re.search(r'<a class="views__news" href="[^"]*view=news".*1</a>', bar)


def test_a_search_keeps_the_order(agent: Client, conversation: Conversation) -> None:
    order = '<input type="hidden" name="sort" value="newest">'
    assert order in agent.get("/w/acme/inbox?view=open&sort=newest").content.decode()
    assert 'name="sort"' not in agent.get("/w/acme/inbox?view=open").content.decode()


def test_heading_and_title_follow_the_search(agent: Client, conversation: Conversation) -> None:
    typing = {**HTMX, "HX-Target": "rows", "HX-Current-URL": "http://testserver/w/acme/inbox?view=open"}
    searched = markup_of(agent.get("/w/acme/inbox", {"view": "open", "q": "jane"}, headers=typing).content)
    assert "<title>“jane” · Acme</title>" in searched
    assert '<h1 id="list-heading" hx-swap-oob="outerHTML">“jane” </h1>' in searched
    cleared = markup_of(agent.get("/w/acme/inbox", {"view": "open", "q": ""}, headers=typing).content)
    assert "<title>All open (1) · Acme</title>" in cleared
    assert 'hx-swap-oob="outerHTML">All open <span class="count">1</span></h1>' in cleared
    beside = {**typing, "HX-Current-URL": "http://testserver/w/acme/inbox/1?view=open"}
    assert b"<title>" not in agent.get("/w/acme/inbox", {"view": "open", "q": "jane"}, headers=beside).content
