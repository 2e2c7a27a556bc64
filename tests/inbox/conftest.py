"""A browser's view of acme: clients of its people, and conversations to look at."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tenancy
from accounts.models import Workspace
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def agent(ben: Member) -> Client:
    """Acme's agent Ben, signed in."""
    return ben.signed_in()


@pytest.fixture
def viewer(vic: Member) -> Client:
    """Acme's viewer Vic, signed in."""
    return vic.signed_in()


@pytest.fixture
def stranger(cleo: Member, acme: Workspace) -> Client:
    """Cleo of globex, signed in."""
    return cleo.signed_in()


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    """An open conversation of acme, number 1, with Jane."""
    contact = ContactFactory(workspace=acme, name="Jane Doe", email="jane@example.com", external_id="cus_1")
    return ConversationFactory(workspace=acme, contact=contact, subject="Help with order", body="It never came.")


def now(conversation: Conversation) -> Conversation:
    """The row as it is in the database."""
    with tenancy.scope(conversation.workspace):
        return Conversation.objects.select_related("assignee", "ticket", "workspace").get(pk=conversation.pk)


def text_of(html: bytes) -> str:
    """What a page says, without its tags, in one line."""
    plain = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain))


def markup_of(html: bytes) -> str:
    """A page as a browser reads it, in one line: white space of any length is one space, and none ends a tag."""
    return re.sub(r"\s+", " ", html.decode()).replace(" >", ">")


def queries_of(call: Callable[[], Any]) -> int:
    """How many queries a call needs."""
    with CaptureQueriesContext(connection) as captured:
        response = call()
    assert response.status_code == 200
    return len(captured)
