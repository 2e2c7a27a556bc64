"""Whose a conversation is by the workspace's settings: while it is being answered, once it is resolved, and once it is reopened."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import actions as account_actions
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions import lifecycle
from conversations.models import Conversation
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes
from tests.factories import ConversationFactory, TeamFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


def settings(workspace: Workspace, **values: Any) -> None:
    account_actions.update_workspace(workspace=workspace, settings=values, by=Actor.system(workspace.pk), at=MORNING)
    workspace.refresh_from_db()


@pytest.fixture
def talk(acme: Workspace, ben: Member) -> Conversation:
    """A conversation that Ben has, in a team."""
    row = ConversationFactory(workspace=acme, at=MORNING)
    return actions.assign(conversation=row, to=ben.user, team=TeamFactory(workspace=acme), by=ben.actor, at=minutes(1))


def owner(talk: Conversation) -> object:
    row = Conversation.objects.get(pk=talk.pk)
    assert row.team_id == talk.team_id
    return row.assignee


def resolve(talk: Conversation, by: Member, status: str = "resolved", minute: int = 2) -> None:
    actions.set_status(conversation=talk, status=status, by=by.actor, at=minutes(minute))


def test_without_the_setting_a_resolved_one_stays_whose_it_was(talk: Conversation, ben: Member) -> None:
    resolve(talk, ben)
    assert owner(talk) == ben.user


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_resolved_one_is_released_and_its_team_stays(
    acme: Workspace, talk: Conversation, ben: Member, status: str
) -> None:
    settings(acme, releases_resolved=True)
    resolve(talk, ben, status)
    assert owner(talk) is None
    line = Event.objects.filter(type="conversation.assigned").latest("pk")
    assert (line.actor_kind, line.data["previous_assignee_id"]) == ("system", ben.user.pk)


def test_send_and_resolve_releases_too(acme: Workspace, talk: Conversation, ben: Member) -> None:
    settings(acme, releases_resolved=True)
    reply(talk, by=ben.actor, policy=lifecycle.SEND_AND_RESOLVE, at=minutes(2))
    assert owner(talk) is None


def test_reopened_one_goes_back_to_who_had_it(acme: Workspace, talk: Conversation, ben: Member, ada: Member) -> None:
    settings(acme, releases_resolved=True)
    resolve(talk, ben)
    receive(talk, at=minutes(3))
    assert owner(talk) == ben.user
    resolve(talk, ada, minute=4)
    resolve(talk, ada, "open", minute=5)
    assert owner(talk) == ben.user


def test_undoing_the_resolution_gives_it_back(acme: Workspace, talk: Conversation, ben: Member) -> None:
    settings(acme, releases_resolved=True)
    resolve(talk, ben)
    change = Event.objects.filter(type="conversation.status_changed").latest("pk")
    actions.undo(conversation=talk, event_id=change.pk, by=ben.actor, at=minutes(3))
    assert owner(talk) == ben.user


def test_reopened_one_stays_unassigned_where_nobody_can_have_it_back(
    acme: Workspace, talk: Conversation, ben: Member
) -> None:
    settings(acme, releases_resolved=True)
    resolve(talk, ben)
    ben.membership.delete()
    receive(talk, at=minutes(3))
    assert owner(talk) is None


def test_reopened_one_stays_unassigned_where_the_workspace_wants_that(
    acme: Workspace, talk: Conversation, ben: Member
) -> None:
    settings(acme, releases_resolved=True, returns_to_last=False)
    resolve(talk, ben)
    receive(talk, at=minutes(3))
    assert owner(talk) is None


def test_one_that_a_person_has_unassigned_is_given_back_to_nobody(
    acme: Workspace, talk: Conversation, ben: Member
) -> None:
    settings(acme, releases_resolved=True)
    actions.assign(conversation=talk, team=talk.team, by=ben.actor, at=minutes(2))
    resolve(talk, ben, minute=3)
    receive(talk, at=minutes(4))
    assert owner(talk) is None


def test_who_begins_to_answer_claims_what_is_nobodys(
    acme: Workspace, talk: Conversation, ada: Member, ben: Member
) -> None:
    free = ConversationFactory(workspace=acme, at=MORNING)
    assert actions.claim(conversation=free, by=ada.actor, at=minutes(2)).assignee == ada.user
    with nothing_changes():
        actions.claim(conversation=free, by=ben.actor, at=minutes(3))


def test_beginning_to_write_assigns_where_the_workspace_wants_that(acme: Workspace, ben: Member) -> None:
    free = ConversationFactory(workspace=acme, at=MORNING)
    agent, path = ben.signed_in(), f"/w/{acme.slug}/inbox/{free.number}"
    assert f'data-typing="{path}' not in agent.get(path).content.decode()
    agent.post(f"{path}/typing")
    assert Conversation.objects.get(pk=free.pk).assignee is None
    settings(acme, assigns_on_typing=True)
    assert f'data-typing="{path}' in agent.get(path).content.decode()
    agent.post(f"{path}/typing")
    assert Conversation.objects.get(pk=free.pk).assignee == ben.user
