"""What is assigned to members and teams: each app above registers the verbs that free its own rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from accounts.models import Team, User, Workspace
from accounts.permissions import Actor


class Unassign(Protocol):
    """Unassigns a member's rows in a workspace; returns how many there were."""

    def __call__(self, *, workspace: Workspace, user: User, by: Actor, at: datetime) -> int: ...


class MoveTeam(Protocol):
    """Gives a team's rows in a workspace to another team, or to none; returns how many there were."""

    def __call__(self, *, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> int: ...


_verbs: dict[str, Unassign] = {}
_of_teams: dict[str, MoveTeam] = {}


def register(what: str, verb: Unassign) -> None:
    """Name what the verb unassigns, in the plural."""
    _verbs[what] = verb


def unassign(*, workspace: Workspace, user: User, by: Actor, at: datetime) -> dict[str, int]:
    """Unassign everything that the member has in the workspace; returns how many rows of each kind that were, if any."""
    freed = {what: verb(workspace=workspace, user=user, by=by, at=at) for what, verb in sorted(_verbs.items())}
    return {what: count for what, count in freed.items() if count}


def register_of_teams(what: str, verb: MoveTeam) -> None:
    """Name what the verb moves from one team to another, in the plural."""
    _of_teams[what] = verb


def move_team(*, workspace: Workspace, team: Team, to: Team | None, by: Actor, at: datetime) -> dict[str, int]:
    """Give everything that the team has to another one, or to none; returns how many rows of each kind that were, if any."""
    # In the order in which the verbs of a kind lock: conversations before tickets.
    moved = {
        what: verb(workspace=workspace, team=team, to=to, by=by, at=at) for what, verb in sorted(_of_teams.items())
    }
    return {what: count for what, count in moved.items() if count}


def summary(freed: Mapping[str, int]) -> str:
    """What was unassigned, in words; empty where nothing was."""
    parts = [f"{count} {what if count != 1 else _singular(what)}" for what, count in freed.items()]
    return (
        f"{' and '.join(parts)} assigned to them {'is' if sum(freed.values()) == 1 else 'are'} now unassigned."
        if parts
        else ""
    )


def _singular(what: str) -> str:
    return what.removesuffix("es") if what.endswith("xes") else what.removesuffix("s")
