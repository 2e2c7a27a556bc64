"""Who answers a conversation: a member, a team, a name from outside, or no one."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Event, Team, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.actions import triage
from conversations.models import Conversation
from tests.conftest import Member, member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import ConversationFactory, TeamFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, at=MORNING)


@pytest.fixture
def team(acme: Workspace) -> Team:
    return TeamFactory(workspace=acme)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def assign(conversation: Conversation, minute: int = 1, **values: Any) -> Conversation:
    values.setdefault("by", Actor.system(conversation.workspace_id))
    return actions.assign(conversation=conversation, at=minutes(minute), **values)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN, Role.AGENT])
def test_members_who_answer_can_be_assigned(acme: Workspace, conversation: Conversation, role: Role) -> None:
    person = member(acme, "Noor Haddad", role)
    assign(conversation, to=person.user)
    assert fresh(conversation).assignee == person.user


def test_person_outside_the_workspace_or_a_viewer_cannot_be_assigned(
    conversation: Conversation, vic: Member, cleo: Member
) -> None:
    for person in (vic, cleo):
        with refused(Invalid, field="assignee"):
            assign(conversation, to=person.user)


def test_team_of_another_workspace_cannot_be_assigned(conversation: Conversation, globex: Workspace) -> None:
    theirs = TeamFactory(workspace=globex)
    with refused(Invalid, field="team"):
        assign(conversation, team=theirs)


def test_assignment_is_one_event_with_who_had_it_before(
    conversation: Conversation, ada: Member, ben: Member, team: Team
) -> None:
    data = {"assignee_id": ben.user.pk, "team_id": None, "previous_assignee_id": None, "previous_team_id": None}
    assert recorded(lambda: assign(conversation, to=ben.user)) == [("conversation.assigned", data)]
    before = {"previous_assignee_id": ben.user.pk, "previous_team_id": None}
    data = {"assignee_id": ada.user.pk, "team_id": team.pk, **before}
    assert recorded(lambda: assign(conversation, to=ada.user, team=team)) == [("conversation.assigned", data)]
    before = {"previous_assignee_id": ada.user.pk, "previous_team_id": team.pk}
    data = {"assignee_id": None, "team_id": None, **before}
    assert recorded(lambda: assign(conversation)) == [("conversation.assigned", data)]


def test_person_and_team_may_both_have_it(conversation: Conversation, ben: Member, team: Team) -> None:
    assign(conversation, to=ben.user, team=team)
    row = fresh(conversation)
    assert (row.assignee, row.team, row.updated_at) == (ben.user, team, minutes(1))


def test_naming_a_person_alone_takes_the_team_away(conversation: Conversation, ben: Member, team: Team) -> None:
    assign(conversation, team=team)
    assign(conversation, 2, to=ben.user)
    assert (fresh(conversation).assignee, fresh(conversation).team) == (ben.user, None)


def test_name_from_outside_is_kept_whether_or_not_it_is_a_member(conversation: Conversation) -> None:
    assign(conversation, reference="agent-77", label="Night shift")
    row = fresh(conversation)
    assert (row.assignee, row.assignee_reference, row.assignee_label) == (None, "agent-77", "Night shift")
    with nothing_changes():
        assign(conversation, 2, reference="agent-77", label="Night shift")
    assign(conversation, 3)
    assert fresh(conversation).assignee_reference is None


def test_assigning_to_the_same_again_does_nothing(conversation: Conversation, ben: Member, team: Team) -> None:
    assign(conversation, to=ben.user, team=team)
    with nothing_changes():
        assign(conversation, 2, to=ben.user, team=team)


def test_assigning_moves_neither_turn_nor_queue(conversation: Conversation, ben: Member) -> None:
    before = fresh(conversation)
    assign(conversation, to=ben.user)
    after = fresh(conversation)
    for name in ("status", "waiting_since", "unread_count", "last_activity_at", "last_message_at", "message_count"):
        assert getattr(after, name) == getattr(before, name), name


@pytest.mark.parametrize("status", ["open", "pending", "resolved", "closed"])
def test_member_loses_conversations_of_every_status(acme: Workspace, ben: Member, status: str) -> None:
    conversation = ConversationFactory(workspace=acme)
    assign(conversation, to=ben.user)
    actions.set_status(conversation=conversation, status=status, by=ben.actor, at=minutes(2))
    count = actions.unassign_member(workspace=acme, user=ben.user, by=Actor.system(acme.pk), at=minutes(3))
    assert (count, fresh(conversation).assignee, fresh(conversation).status) == (1, None, status)


def test_leaving_member_loses_all_and_others_keep_theirs(
    acme: Workspace, ada: Member, ben: Member, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(triage, "UNASSIGNED_AT_ONCE", 2)
    bens = [ConversationFactory(workspace=acme) for _ in range(5)]
    for row in bens:
        assign(row, to=ben.user, team=team, reference="ben", label="Ben")
    adas = ConversationFactory(workspace=acme)
    assign(adas, to=ada.user)
    events = recorded(
        lambda: actions.unassign_member(workspace=acme, user=ben.user, by=Actor.system(acme.pk), at=minutes(9))
    )
    data = {"assignee_id": None, "team_id": team.pk, "previous_assignee_id": ben.user.pk}
    assert events == [("conversation.assigned", data)] * 5
    subjects = Event.objects.filter(at=minutes(9)).order_by("id").values_list("subject_id", flat=True)
    assert list(subjects) == [row.pk for row in bens]
    rows = Conversation.objects.filter(pk__in=[row.pk for row in bens])
    kept = rows.values_list("assignee", "team", "assignee_reference", "assignee_label", "updated_at").distinct()
    assert list(kept) == [(None, team.pk, None, None, minutes(9))]
    assert fresh(adas).assignee == ada.user


def test_member_who_has_nothing_loses_nothing(acme: Workspace, ben: Member, conversation: Conversation) -> None:
    with nothing_changes():
        assert actions.unassign_member(workspace=acme, user=ben.user, by=Actor.system(acme.pk), at=MORNING) == 0


def test_leaving_one_workspace_leaves_the_other_alone(acme: Workspace, globex: Workspace, cleo: Member) -> None:
    theirs = ConversationFactory(workspace=globex)
    actions.assign(conversation=theirs, to=cleo.user, by=cleo.actor, at=MORNING)
    assert actions.unassign_member(workspace=acme, user=cleo.user, by=Actor.system(acme.pk), at=minutes(1)) == 0
    assert Conversation.all_workspaces.get(pk=theirs.pk).assignee == cleo.user


def test_queues_by_assignee(acme: Workspace, ada: Member, ben: Member) -> None:
    free, bens = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    assign(bens, to=ben.user)
    assert list(Conversation.objects.unassigned()) == [free]
    assert list(Conversation.objects.assigned_to(ben.user)) == [bens]
    assert not Conversation.objects.assigned_to(ada.user).exists()
