"""Get started: an empty workspace is led to its first reply."""

from __future__ import annotations

import html
import json
import re
import shlex

import pytest
from django.conf import settings
from django.test import Client

from accounts import actions as account_actions
from accounts import clock
from accounts.models import ApiKey, Workspace
from accounts.permissions import Actor, Role
from conversations.models import Conversation, Mailbox, Message
from tests.conftest import Member
from tests.factories import MailboxFactory, UserFactory
from tests.inbox.conftest import text_of

URL = "/w/acme/start"


@pytest.fixture
def owner(ada: Member) -> Client:
    return ada.signed_in()


def done(client: Client) -> list[bool]:
    """Which of the three steps are marked as done."""
    page = client.get(URL).content.decode()
    return ["is-done" in classes for classes in re.findall(r'<span\s+class="(step__mark[^"]*)"', page)]


def test_empty_workspace_offers_its_owner_to_get_started(owner: Client) -> None:
    page = owner.get("/w/acme/inbox").content.decode()
    assert "No one has written yet" in page
    assert f'href="{URL}"' in page


def test_get_started_leads_to_the_first_mailbox(owner: Client, ben: Member) -> None:
    assert 'href="/w/acme/settings/mailboxes/add"' in owner.get(URL).content.decode()
    assert ben.signed_in().get(f"{URL}/state").status_code == 403


def test_agents_of_an_empty_workspace_are_not_sent_where_they_may_not_go(ben: Member) -> None:
    agent = ben.signed_in()
    assert f'href="{URL}"' not in agent.get("/w/acme/inbox").content.decode()
    assert agent.get(URL).status_code == 403
    assert agent.post(f"{URL}/key").status_code == 403
    assert not ApiKey.all_workspaces.exists()


def test_first_key_is_shown_once_in_a_command_that_works_as_pasted(
    owner: Client, acme: Workspace, client: Client
) -> None:
    page = owner.post(f"{URL}/key").content.decode()
    command = html.unescape(re.search(r'<code\s+id="command"[^>]*>(.*?)</code>', page, re.S)[1])  # type: ignore[index]
    tool, url, *options = shlex.split(command.replace("\\\n", " "))
    headers = dict(
        value.split(": ", 1) for flag, value in zip(options[::2], options[1::2], strict=True) if flag == "-H"
    )
    assert tool == "curl"
    assert url.startswith(settings.PUBLIC_URL)
    answer = client.post(
        url.removeprefix(settings.PUBLIC_URL),
        data=options[options.index("-d") + 1],
        content_type=headers.pop("Content-Type"),
        headers=headers,
    )
    assert answer.status_code == 201, answer.content
    conversation = Conversation.all_workspaces.get(workspace=acme)
    assert conversation.subject == json.loads(options[-1])["subject"]
    assert Message.all_workspaces.get(conversation=conversation).body == "Does this arrive?"
    secret = headers["X-API-Key"]
    assert secret not in owner.get(URL).content.decode()


def test_steps_are_marked_as_they_are_done(owner: Client, acme: Workspace) -> None:
    assert done(owner) == [False, False, False]
    owner.post(f"{URL}/key")
    assert done(owner) == [True, False, False]
    opened = owner.post(f"{URL}/message", follow=True)
    assert "This is a test message" in text_of(opened.content)
    assert done(owner) == [True, False, False]
    assert "Reply to it." in text_of(owner.get(f"{URL}/state").content)
    number = Conversation.all_workspaces.get(workspace=acme).number
    owner.post(f"/w/acme/inbox/{number}/reply", {"body": "It works."})
    assert done(owner) == [True, False, True]
    owner.post("/w/acme/settings/members", {"email": "new@acme.example", "role": "agent"})
    assert "Invited: new@acme.example" in text_of(owner.get(f"{URL}/state").content)
    at = clock.now()
    account_actions.add_member(workspace=acme, user=UserFactory(), role=Role.AGENT, by=Actor.system(acme.pk), at=at)
    assert done(owner) == [True, True, True]


def test_page_asks_until_all_steps_are_done(owner: Client, ben: Member, acme: Workspace) -> None:
    mailbox = MailboxFactory(workspace=acme, address="help@acme.example")
    answer = owner.get(f"{URL}/state")
    assert answer.status_code == 200
    assert "help@acme.example is being connected" in text_of(answer.content)
    Mailbox.all_workspaces.filter(pk=mailbox.pk).update(failing_since=clock.now(), failure="The password was refused.")
    assert "The password was refused." in text_of(owner.get(f"{URL}/state").content)
    Mailbox.all_workspaces.filter(pk=mailbox.pk).update(failing_since=None, failure="", read_at=clock.now())
    assert "Mail to help@acme.example arrives" in text_of(owner.get(f"{URL}/state").content)
    owner.post(f"{URL}/message")
    number = Conversation.all_workspaces.get(workspace=acme).number
    owner.post(f"/w/acme/inbox/{number}/reply", {"body": "It works."})
    assert owner.get(f"{URL}/state").status_code == 286
