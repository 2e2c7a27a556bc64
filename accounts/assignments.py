"""What is assigned to members: each app above registers the verb that unassigns its own rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from accounts.models import User, Workspace
from accounts.permissions import Actor


class Unassign(Protocol):
    """Unassigns a member's rows in a workspace; returns how many there were."""

    def __call__(self, *, workspace: Workspace, user: User, by: Actor, at: datetime) -> int: ...


_verbs: dict[str, Unassign] = {}


def register(what: str, verb: Unassign) -> None:
    """Name what the verb unassigns, in the plural."""
    _verbs[what] = verb


def unassign(*, workspace: Workspace, user: User, by: Actor, at: datetime) -> dict[str, int]:
    """Unassign everything that the member has in the workspace; returns how many rows of each kind that were, if any."""
    freed = {what: verb(workspace=workspace, user=user, by=by, at=at) for what, verb in sorted(_verbs.items())}
    return {what: count for what, count in freed.items() if count}


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
