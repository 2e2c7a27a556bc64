"""How many statements a screen sends: as many for fifty rows as for one, and no more than these."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import (
    ArticleFactory,
    ContactFactory,
    ConversationFactory,
    MacroFactory,
    MembershipFactory,
    TeamFactory,
    receive,
    reply,
)
from tests.inbox.conftest import HTMX, queries_of

MANY = 50
INBOX = "/w/acme/inbox"


def row(workspace: Workspace, ben: Member, number: int) -> Conversation:
    """A conversation with all that a row may show."""
    made: Conversation = ConversationFactory(workspace=workspace, subject=f"Order {number}")
    by, at = ben.actor, clock.now()
    actions.set_tags(conversation=made, names=["api", "billing", f"tag {number}"], by=by, at=at)
    actions.set_priority(conversation=made, priority="high", by=by, at=at)
    actions.escalate(conversation=made, by=by, at=at)
    actions.assign(conversation=made, to=ben.user, by=by, at=at)
    return made


@pytest.mark.parametrize(
    ("address", "target", "most"),
    [
        # The session, the person in the workspace, the counts with the newest event, the saved views, the rows, the tags' colours;
        # of whole pages also what the bell counts.
        ("?view=open", "", 7),
        ("?view=open", "desk", 6),
        ("?view=open", "rows", 6),
        ("?view=open", "listbox", 4),
        ("?view=open&q=order", "", 10),  # a search is two, and what it found are two
        ("?view=open&q=tag:api+order+is:open", "", 11),  # the tag in the catalogue
        ("?view=open&tag=api&tag=billing&status=open&assignee=me", "", 7),
        ("/counts?view=open", "", 3),
        ("/rows?view=open&" + "&".join(f"id={number}" for number in range(1, 1000)), "", 4),
    ],
)
def test_list(agent: Client, acme: Workspace, ben: Member, address: str, target: str, most: int) -> None:
    headers = {**HTMX, "HX-Target": target} if target else {}
    row(acme, ben, 0)
    agent.get(INBOX)  # The session remembers the workspace once.
    one = queries_of(lambda: agent.get(f"{INBOX}{address}", headers=headers))
    for number in range(1, MANY):
        row(acme, ben, number)
    assert queries_of(lambda: agent.get(f"{INBOX}{address}", headers=headers)) == one <= most


@pytest.mark.parametrize(
    ("target", "most"),
    [
        # As the list, and: the conversation, its messages, their files, the journal, the people in it, their drafts, and
        # what else the customer has written.
        ("", 14),
        ("open", 10),
    ],
)
def test_thread(agent: Client, acme: Workspace, ben: Member, target: str, most: int) -> None:
    headers = {**HTMX, "HX-Target": target} if target else {}
    made, at = row(acme, ben, 0), clock.now()
    address = f"{INBOX}/{made.number}?view=open"
    agent.get(INBOX)
    one = queries_of(lambda: agent.get(address, headers=headers))
    for number in range(1, MANY):
        receive(made, at=at + timedelta(seconds=2 * number))
        reply(made, by=ben.actor, at=at + timedelta(seconds=2 * number + 1))
        changed_at = at + timedelta(seconds=2 * number)
        actions.set_priority(conversation=made, priority=f"p{number}", by=ben.actor, at=changed_at)
        MembershipFactory(workspace=acme)
        TeamFactory(workspace=acme)
        ConversationFactory(workspace=acme, contact=made.contact)
    assert queries_of(lambda: agent.get(address, headers=headers)) == one <= most


@pytest.mark.parametrize("address", ["/w/acme/knowledge", "/w/acme/knowledge/macros", "/w/acme/settings/members"])
def test_other_lists(acme: Workspace, ada: Member, address: str) -> None:
    browser = ada.signed_in()

    def rows() -> None:
        ArticleFactory(workspace=acme)
        MacroFactory(workspace=acme)
        MembershipFactory(workspace=acme)
        ContactFactory(workspace=acme)

    rows()
    browser.get(address)
    one = queries_of(lambda: browser.get(address))
    for _ in range(1, MANY):
        rows()
    assert queries_of(lambda: browser.get(address)) == one
