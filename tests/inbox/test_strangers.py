"""Every address of the inbox answers a stranger as if nothing were there, and sends the nameless to sign in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts import tenancy
from accounts.models import Workspace
from conversations.models import Attachment, Conversation, Message
from conversations.screens.urls import urlpatterns
from tests.conftest import Member
from tests.factories import ConversationFactory
from tests.inbox.conftest import HTMX


def flat(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """The addresses of all sections."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from flat(pattern.url_patterns)


def addresses(slug: str, number: int, message: int, file: str) -> list[str]:
    known = {"workspace_slug": slug, "number": number, "message": message, "public_id": file, "pk": 1}
    known |= {"mail_id": file, "provider": "google", "name": "x", "short_id": "aBcD1234", "notification": 1, "note": 1}
    known |= {"status": "open", "conversation": 1, "event": 1, "membership": 1, "subject": "ticket", "key": file}
    found = []
    for pattern in flat(urlpatterns):
        wanted = {"workspace_slug", *pattern.pattern.converters}
        found.append(reverse(pattern.name or "", kwargs={name: known[name] for name in wanted}))
    return found


@pytest.fixture
def file(conversation: Conversation) -> Attachment:
    with tenancy.scope(conversation.workspace):
        message = Message.objects.get(conversation=conversation)
        return Attachment.objects.create(message=message, file="1/x", name="x", content_type="text/plain", size=1)


def test_stranger_finds_nothing_at_any_address(stranger: Client, conversation: Conversation, file: Attachment) -> None:
    message = file.message_id
    missing = stranger.get("/w/nowhere/inbox")
    for url in addresses("acme", conversation.number, message, str(file.public_id)):
        for answer in (stranger.get(url), stranger.post(url), stranger.get(url, headers=HTMX)):
            assert (answer.status_code, answer.content) == (404, missing.content), url


def test_an_address_that_can_be_no_workspace_is_not_looked_up(agent: Client) -> None:
    for name in ("%00", "a%00b", "%F0%9F%99%82", "ac me", "acme%0A"):
        assert agent.get(f"/w/{name}/inbox").status_code == 404, name


def test_own_workspace_does_not_open_anothers_rows(
    stranger: Client, conversation: Conversation, file: Attachment, globex: Workspace
) -> None:
    ConversationFactory(workspace=globex)
    ConversationFactory(workspace=globex)
    assert stranger.get(f"/w/globex/files/{file.public_id}").status_code == 404
    assert stranger.get(f"/w/globex/inbox/2/messages/{file.message_id}").status_code == 404
    assert b"row-" not in stranger.get("/w/globex/inbox/rows", {"view": "open", "id": conversation.pk}).content
    assert b"It never came." not in stranger.get("/w/globex/inbox?view=open&q=order").content


def test_nameless_visitor_is_sent_to_sign_in(client: Client, conversation: Conversation, file: Attachment) -> None:
    for url in addresses("acme", conversation.number, file.message_id, str(file.public_id)):
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer["Location"].startswith("/accounts/login/?next=/w/acme/"), url


def test_missing_conversation_is_not_found(agent: Client, conversation: Conversation) -> None:
    assert agent.get("/w/acme/inbox/99").status_code == 404
    assert agent.post("/w/acme/inbox/99/reply", {"body": "x"}).status_code == 404


def test_former_member_is_a_stranger(agent: Client, conversation: Conversation, ben: Member) -> None:
    assert agent.get("/w/acme/inbox").status_code == 200
    ben.membership.delete()
    assert agent.get("/w/acme/inbox").status_code == 404
