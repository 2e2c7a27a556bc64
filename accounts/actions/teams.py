"""Teams: made, renamed, and given members."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts import events, journal, transaction
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
