"""Members of a workspace: added, given another role, removed. One of them is always an owner."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts import assignments, events, journal, transaction
from accounts.actions import joining, validation
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Membership, Team, User, Workspace
from accounts.permissions import Actor, Role, Visibility, permit


@transaction.atomic
def add_member(*, workspace: Workspace, user: User, role: Role, by: Actor, at: datetime) -> Membership:
    """Give a person a place in the workspace, or another role if they have one, without asking them: for commands."""
    permit(by, "member.add", validation.own(workspace))
    membership = joining.join(workspace=workspace, user=user, role=role, by=by, at=at)
    return change_role(membership=membership, role=role, by=by, at=at)


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Actor, at: datetime) -> Membership:
    """Change what a member may do. Raises Conflict when the workspace would be left without an owner."""
    permit(by, "member.change_role", membership)
    membership = _locked_membership(membership)
    if membership.role == role:
        return membership
    if Role.OWNER in (role, membership.role):
        validation.only_owners_make_owners(Role.OWNER, by)
    _keep_an_owner(membership, unless=role == Role.OWNER)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    journal.record(
        events.MEMBER_ROLE_CHANGED, membership, by=by, at=at, user_id=membership.user_id, role=role, previous=before
    )
    return membership


@transaction.atomic
def set_visibility(*, membership: Membership, visibility: Visibility, by: Actor, at: datetime) -> Membership:
    """Change which conversations and tickets a member sees. Raises Invalid for an unknown value."""
    permit(by, "member.set_visibility", membership)
    if visibility not in Visibility.values:
        raise Invalid(f"visibility must be one of {', '.join(Visibility.values)}", field="visibility")
    membership = transaction.held(membership)
    if membership.visibility == visibility:
        return membership
    before, membership.visibility = membership.visibility, visibility
    membership.save(update_fields=["visibility"])
    journal.record(
        events.MEMBER_VISIBILITY_CHANGED, membership, by=by, at=at, user_id=membership.user_id, visibility=visibility,
        previous=before,
    )  # fmt: skip
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: Actor, at: datetime) -> dict[str, int]:
    """Take a person out of the workspace and unassign what they had; returns how many rows of each kind that were.

    Raises Conflict when the workspace would be left without an owner.
    """
    permit(by, "member.remove", membership)
    membership = _locked_membership(membership)
    if membership.role == Role.OWNER:
        validation.only_owners_make_owners(Role.OWNER, by)
    _keep_an_owner(membership)
    freed = assignments.unassign(workspace=membership.workspace, user=membership.user, by=by, at=at)
    journal.record(events.MEMBER_REMOVED, membership, by=by, at=at, user_id=membership.user_id, unassigned=freed)
    for team in Team.objects.filter(workspace_id=membership.workspace_id, members=membership.user_id):
        team.members.remove(membership.user_id)
    membership.delete()
    return freed


@transaction.atomic
def view_as(*, membership: Membership, by: Actor, at: datetime) -> None:
    """Record that an admin begins to look at the workspace as a member sees it."""
    permit(by, "member.view_as", membership)
    journal.record(events.MEMBER_VIEWED_AS, membership, by=by, at=at, user_id=membership.user_id)


def _locked_membership(membership: Membership) -> Membership:
    """The row as it is now, locked together with the owners', so that two of them cannot remove each other."""
    ours = Membership.objects.filter(workspace_id=membership.workspace_id)
    held = ours.filter(Q(pk=membership.pk) | Q(role=Role.OWNER)).select_for_update(no_key=True).order_by("pk")
    found = next((row for row in held if row.pk == membership.pk), None)
    if found is None:
        raise NotFound("this membership no longer exists")
    return found


def _keep_an_owner(membership: Membership, unless: bool = False) -> None:
    if unless or membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(workspace_id=membership.workspace_id, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).exists():
        raise Conflict("a workspace needs at least one owner", field="role")
