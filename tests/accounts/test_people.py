"""People themselves: made, renamed, given a password; and members, who always include an owner."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate

from accounts import actions, clock, people
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from accounts.models import Membership, Team, User, Workspace
from accounts.permissions import Role
from tests.conftest import Member
from tests.factories import PASSWORD


def test_email_is_one_person_however_it_is_written(db: None) -> None:
    nia = people.create(email=" Nia@Example.com ", name=" Nia ", password=PASSWORD)
    assert (nia.email, nia.name) == ("nia@example.com", "Nia")
    assert people.by_email("NIA@example.com") == nia
    with pytest.raises(Conflict) as refused:
        people.create(email="nia@EXAMPLE.com", password=PASSWORD)
    assert refused.value.field == "email"


def test_password_like_the_email_is_refused(db: None) -> None:
    with pytest.raises(Invalid) as refused:
        people.create(email="nia.okafor@example.com", password="nia.okafor")
    assert refused.value.field == "password"
    assert not User.objects.exists()


def test_changed_email_signs_in_and_the_old_one_no_longer(ben: Member) -> None:
    EmailAddress.objects.create(user=ben.user, email=ben.user.email, primary=True, verified=True)
    old = ben.user.email
    people.update(user=ben.user, email="Benjamin@Example.com")
    assert authenticate(None, username="benjamin@example.com", password=PASSWORD) == ben.user
    assert authenticate(None, username=old, password=PASSWORD) is None


def test_installation_keeps_a_superuser(db: None) -> None:
    root = people.create(email="root@example.com", password=PASSWORD, is_superuser=True)
    for change in ({"is_superuser": False}, {"is_active": False}):
        with pytest.raises(Conflict):
            people.update(user=root, **change)
    people.create(email="other@example.com", password=PASSWORD, is_superuser=True)
    assert people.update(user=root, is_superuser=False).is_staff is False


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


def test_agent_adds_nobody_and_a_stranger_finds_nobody(acme: Workspace, ben: Member, cleo: Member) -> None:
    with pytest.raises(Forbidden):
        actions.add_member(workspace=acme, user=cleo.user, role=Role.AGENT, by=ben.actor, at=clock.now())
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
