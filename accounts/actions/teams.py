"""Teams: made, renamed, given members, and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts import assignments, events, journal, transaction
from accounts.actions import validation
from accounts.errors import Conflict, Invalid
from accounts.models import Membership, Team, User, Workspace
from accounts.permissions import Actor, permit


@transaction.atomic
def save_team(
    *,
    workspace: Workspace,
    name: str,
    members: Iterable[User] | None = None,
    team: Team | None = None,
    by: Actor,
    at: datetime,
) -> Team:
    """Make a team, or rename it and set its members (None leaves them). Raises Invalid, Conflict."""
    permit(by, "team.write", validation.own(workspace))
    is_new, team = team is None, team or Team(workspace=workspace, created_at=at)
    team.name = name.strip()
    validation.validate(team)
    taken = Conflict("a team with this name already exists", field="name")
    transaction.unless_taken("team_name_unique_per_workspace", taken, team.save)
    if members is not None:
        chosen = {user.pk for user in members}
        known = set(Membership.objects.filter(workspace=workspace, user__in=chosen).values_list("user_id", flat=True))
        if chosen - known:
            raise Invalid("a team can only have members of its workspace", field="members")
        team.members.set(chosen)
    journal.record(events.TEAM_CREATED if is_new else events.TEAM_UPDATED, team, by=by, at=at)
    return team


@transaction.atomic
def delete_team(*, team: Team, move_to: Team | None = None, by: Actor, at: datetime) -> dict[str, int]:
    """Delete a team; what it has goes to another one, or to none. Returns how many rows of each kind that were.

    Raises Invalid for a team that is to take over from itself, NotFound for one that is gone.
    """
    permit(by, "team.delete", team)
    if move_to is not None:
        permit(by, "team.delete", move_to)
        if move_to.pk == team.pk:
            raise Invalid("choose another team", field="move_to")
    # In the order of their ids, so that two admins who move work back and forth take turns.
    rows = {row.pk: transaction.held(row) for row in sorted(filter(None, (team, move_to)), key=lambda row: row.pk)}
    team, to = rows[team.pk], rows[move_to.pk] if move_to is not None else None
    moved = assignments.move_team(workspace=team.workspace, team=team, to=to, by=by, at=at)
    journal.record(events.TEAM_DELETED, team, by=by, at=at, moved=moved, team_id=to.pk if to else None)
    team.delete()
    return moved
