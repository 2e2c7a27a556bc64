"""Ben of acme, who sees only a part, and a conversation of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.models import Team, Workspace
from accounts.permissions import Actor, Visibility
from conversations import actions
from conversations.models import Attachment, Conversation, Message
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, TeamFactory

SEEN = {
    Visibility.ALL: {"own", "team", "unassigned", "others", "other_team"},
    Visibility.TEAMS_AND_UNASSIGNED: {"own", "team", "unassigned"},
    Visibility.TEAMS: {"own", "team"},
}
"""What each visibility shows."""
KINDS = sorted(SEEN[Visibility.ALL])
LIMITED = [Visibility.TEAMS_AND_UNASSIGNED, Visibility.TEAMS]


def limit(member: Member, visibility: Visibility) -> None:
    member.membership.visibility = visibility
    member.membership.save(update_fields=["visibility"])


@pytest.fixture
def support(acme: Workspace, ben: Member) -> Team:
    """Ben's team."""
    return TeamFactory(workspace=acme, name="Support", members=[ben.user])


@pytest.fixture
def kinds(acme: Workspace, ada: Member, ben: Member, support: Team) -> Mapping[str, Conversation]:
    """A conversation of one customer for each kind, each with a message, a note, a file and a ticket that hold its own word."""
    owners: dict[str, dict[str, Any]] = {
        "own": {"to": ben.user},
        "team": {"team": support},
        "unassigned": {},
        "others": {"to": ada.user},
        "other_team": {"team": TeamFactory(workspace=acme, name="Billing", members=[ada.user])},
    }
    contact = ContactFactory(workspace=acme, name="Jane Doe", email="jane@example.com")
    made = {}
    by, at = Actor.system(acme.pk), clock.now()
    for kind, owner in owners.items():
        word = word_of(kind)
        row = ConversationFactory(workspace=acme, contact=contact, subject=f"{word} subject", body=f"{word} body")
        actions.note(conversation=row, body=f"{word} note", by=ada.actor, at=at)
        with tenancy.scope(acme):
            message = Message.objects.filter(conversation=row).order_by("pk").first()
            file = f"{word}.txt"
            Attachment.objects.create(message=message, file="1/x", name=file, content_type="text/plain", size=1)
        actions.escalate(conversation=row, by=by, at=at)
        if owner:
            actions.assign(conversation=row, by=by, at=at, **owner)
        made[kind] = row
    return made


def word_of(kind: str) -> str:
    """A word that stands in nothing but the conversation of a kind."""
    return f"zq{kind.replace('_', '')}zq"
