"""People themselves: made, renamed, deactivated, given a password; and members, who always include an owner."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate

from accounts import actions, clock, queries
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from accounts.models import Event, Membership, Team, User, Workspace
from accounts.permissions import Actor, Role
from conversations import actions as conversation_actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import PASSWORD, ConversationFactory
from tickets import actions as ticket_actions
from tickets.models import Ticket

ROOT = Actor.installation()


def person(email: str, **values: Any) -> User:
    values.setdefault("password", PASSWORD)
    return actions.create_person(email=email, by=ROOT, at=clock.now(), **values)


def test_email_is_one_person_however_it_is_written(db: None) -> None:
    nia = person(" Nia@Example.com ", name=" Nia ")
    assert (nia.email, nia.name) == ("nia@example.com", "Nia")
    assert queries.person_by_email("NIA@example.com") == nia
    with pytest.raises(Conflict) as refused:
        person("nia@EXAMPLE.com")
    assert refused.value.field == "email"


def test_password_like_the_email_is_refused(db: None) -> None:
    with pytest.raises(Invalid) as refused:
        person("nia.okafor@example.com", password="nia.okafor")
    assert refused.value.field == "password"
    assert not User.objects.exists()


def test_every_change_of_a_person_stands_in_the_journal_without_a_workspace(ben: Member) -> None:
    act: dict[str, Any] = {"user": ben.user, "by": ROOT, "at": clock.now()}
    actions.rename_person(name="Benjamin", **act)
    actions.set_superuser(is_superuser=True, **act)
    actions.change_password(password="another horse 7", **act)
    actions.rename_person(name="Benjamin", **act)
    lines = Event.objects.filter(workspace=None, subject_type="user", subject_id=ben.user.pk).order_by("id")
    assert [line.type for line in lines] == [
        "person.renamed", "person.superuser_changed", "person.password_changed",
    ]  # fmt: skip
    assert "enjamin" not in str([line.data for line in lines])


def test_people_change_their_own_name_and_password_and_nobody_elses(ada: Member, ben: Member) -> None:
    at = clock.now()
    actions.rename_person(user=ben.user, name="Benjamin", by=Actor.person(ben.user), at=at)
    for by in (ada.actor, Actor.person(ada.user)):
        for change in (
            lambda by: actions.rename_person(user=ben.user, name="Stolen", by=by, at=at),
            lambda by: actions.change_password(user=ben.user, password="stolen horse 7", by=by, at=at),
            lambda by: actions.set_superuser(user=ben.user, is_superuser=True, by=by, at=at),
            lambda by: actions.deactivate_person(user=ben.user, by=by, at=at),
            lambda by: actions.send_password_reset(user=ben.user, by=by, at=at),
        ):
            with pytest.raises(Forbidden):
                change(by)
    ben.user.refresh_from_db()
    assert (ben.user.name, ben.user.check_password(PASSWORD), ben.user.is_active) == ("Benjamin", True, True)


def test_installation_keeps_a_superuser(db: None) -> None:
    root = person("root@example.com", is_superuser=True)
    act: dict[str, Any] = {"user": root, "by": ROOT, "at": clock.now()}
    with pytest.raises(Conflict):
        actions.set_superuser(is_superuser=False, **act)
    with pytest.raises(Conflict):
        actions.deactivate_person(**act)
    person("other@example.com", is_superuser=True)
    assert actions.set_superuser(is_superuser=False, **act).is_staff is False


def test_workspace_keeps_an_owner(acme: Workspace, ada: Member) -> None:
    for attempt in (
        lambda: actions.change_role(membership=ada.membership, role=Role.ADMIN, by=ada.actor, at=clock.now()),
        lambda: actions.remove_member(membership=ada.membership, by=ada.actor, at=clock.now()),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert Membership.all_workspaces.get().role == Role.OWNER


def test_only_an_owner_makes_and_unmakes_owners(acme: Workspace, ada: Member, ben: Member) -> None:
    actions.change_role(membership=ben.membership, role=Role.ADMIN, by=ada.actor, at=clock.now())
    admin = Member(ben.user, Membership.all_workspaces.get(pk=ben.membership.pk)).actor
    for attempt in (
        lambda: actions.change_role(membership=ben.membership, role=Role.OWNER, by=admin, at=clock.now()),
        lambda: actions.change_role(membership=ada.membership, role=Role.AGENT, by=admin, at=clock.now()),
        lambda: actions.remove_member(membership=ada.membership, by=admin, at=clock.now()),
    ):
        with pytest.raises(DomainError) as refused:
            attempt()
        assert refused.value.code == "forbidden"


def test_nobody_is_added_without_being_asked_and_a_stranger_finds_nobody(
    acme: Workspace, ada: Member, ben: Member, cleo: Member
) -> None:
    for by in (ada.actor, ben.actor):
        with pytest.raises(Forbidden):
            actions.add_member(workspace=acme, user=cleo.user, role=Role.AGENT, by=by, at=clock.now())
    with pytest.raises(NotFound):
        actions.remove_member(membership=ben.membership, by=cleo.actor, at=clock.now())


def test_someone_who_leaves_leaves_the_teams_too(acme: Workspace, ada: Member, ben: Member) -> None:
    team = actions.save_team(workspace=acme, name="Night", members=[ben.user], by=ada.actor, at=clock.now())
    actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())
    assert Team.all_workspaces.get(pk=team.pk).members.count() == 0


def test_team_takes_members_of_its_workspace_alone(acme: Workspace, ada: Member, cleo: Member) -> None:
    with pytest.raises(Invalid) as refused:
        actions.save_team(workspace=acme, name="Night", members=[cleo.user], by=ada.actor, at=clock.now())
    assert refused.value.field == "members"
    assert not Team.all_workspaces.exists()


# --- What somebody who goes leaves behind -------------------------------------------------------


def give(member: Member, workspace: Workspace) -> tuple[list[Conversation], Ticket, Team]:
    """Two conversations, one of them resolved and in a team, and a ticket of the member."""
    by, at = Actor.system(workspace.pk), clock.now()
    team = actions.save_team(workspace=workspace, name="Night", by=by, at=at)
    made = [ConversationFactory(workspace=workspace) for _ in range(2)]
    conversation_actions.assign(conversation=made[0], to=member.user, team=team, by=by, at=at)
    conversation_actions.assign(conversation=made[1], to=member.user, reference="op_7", label="Ben", by=by, at=at)
    conversation_actions.set_status(conversation=made[1], status="resolved", by=by, at=at)
    ticket = ticket_actions.open_ticket(workspace=workspace, subject="Gauge", assignee=member.user, by=by, at=at)
    return made, ticket, team


def test_removed_member_leaves_nothing_assigned_to_them_and_the_journal_says_how_much(
    acme: Workspace, ada: Member, ben: Member
) -> None:
    made, ticket, team = give(ben, acme)
    ours = ConversationFactory(workspace=acme)
    conversation_actions.assign(conversation=ours, to=ada.user, by=ada.actor, at=clock.now())
    before = Event.objects.latest("id").pk
    freed = actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())
    assert freed == {"conversations": 2, "tickets": 1}
    rows = Conversation.all_workspaces
    assert rows.filter(assignee=ben.user).count() == 0
    assert (rows.get(pk=made[0].pk).team, rows.get(pk=made[1].pk).assignee_reference) == (team, None)
    assert Ticket.all_workspaces.get(pk=ticket.pk).assignee is None
    assert rows.get(pk=ours.pk).assignee == ada.user
    lines = list(Event.objects.filter(pk__gt=before).order_by("id").values_list("type", "actor_id"))
    assert lines == [
        ("conversation.assigned", ada.user.pk), ("conversation.assigned", ada.user.pk), ("ticket.assigned", ada.user.pk),
        ("member.removed", ada.user.pk),
    ]  # fmt: skip
    assert Event.objects.latest("id").data == {"user_id": ben.user.pk, "unassigned": freed}


def test_deactivated_person_is_freed_of_work_in_every_workspace_and_keeps_their_places(
    acme: Workspace, globex: Workspace, ben: Member, cleo: Member
) -> None:
    actions.add_member(workspace=globex, user=ben.user, role=Role.AGENT, by=Actor.system(globex.pk), at=clock.now())
    give(ben, acme)
    give(ben, globex)
    freed = actions.deactivate_person(user=ben.user, by=ROOT, at=clock.now())
    assert freed == {"conversations": 4, "tickets": 2}
    assert not Conversation.all_workspaces.filter(assignee=ben.user).exists()
    assert not Ticket.all_workspaces.filter(assignee=ben.user).exists()
    events = Event.objects.filter(type="member.deactivated").order_by("workspace")
    assert [(line.workspace_id, line.data["unassigned"]["conversations"]) for line in events] == [
        (acme.pk, 2),
        (globex.pk, 2),
    ]
    assert authenticate(None, username=ben.user.email, password=PASSWORD) is None
    assert actions.deactivate_person(user=ben.user, by=ROOT, at=clock.now()) == {}
    actions.reactivate_person(user=ben.user, by=ROOT, at=clock.now())
    assert Membership.all_workspaces.filter(user=ben.user).count() == 2


def test_what_is_left_behind_is_freed_in_batches(
    acme: Workspace, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.actions.triage.UNASSIGNED_AT_ONCE", 2)
    for _ in range(5):
        conversation = ConversationFactory(workspace=acme)
        conversation_actions.assign(conversation=conversation, to=ben.user, by=ada.actor, at=clock.now())
    assert actions.remove_member(membership=ben.membership, by=ada.actor, at=clock.now())["conversations"] == 5
    assert Event.objects.filter(type="conversation.assigned", data__assignee_id=None).count() == 5
