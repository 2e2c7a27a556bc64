"""Whose a conversation or a ticket is, and who sees it: the rule of `visible_to` for rows that many viewers ask about at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from accounts.models import Event, Membership, Team
from accounts.permissions import Visibility
from accounts.tenancy import Viewer
from conversations.models import Conversation
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom a row is assigned."""

    assignee: int | None
    team: int | None


@dataclass(frozen=True, slots=True)
class Owners:
    """The owners of a row: its own, and for a ticket those of its conversations. None where it is gone."""

    own: Owner | None
    linked: tuple[Owner, ...] = ()
    before: Owner | None = None
    """Whose it was before the event that is asked about, where that assigned it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a member sees: everything where there is no viewer."""

    viewer: Viewer | None
    teams: frozenset[int] = frozenset()

    def sees(self, owners: Owners) -> bool:
        """Whether the row is seen."""
        if self.viewer is None:
            return True
        if owners.own is None:
            return False
        if self._has(owners.own) or any(self._shows(one) for one in owners.linked):
            return True
        return not owners.linked and self._shows(owners.own)

    def saw(self, owners: Owners) -> bool:
        """Whether the row was seen until it was assigned to somebody else."""
        return owners.before is not None and self.sees(replace(owners, own=owners.before))

    def _has(self, owner: Owner) -> bool:
        assert self.viewer is not None
        return owner.assignee == self.viewer.user_id or owner.team in self.teams

    def _shows(self, owner: Owner) -> bool:
        assert self.viewer is not None
        shows_unassigned = self.viewer.visibility == Visibility.TEAMS_AND_UNASSIGNED
        return self._has(owner) or (shows_unassigned and owner == Owner(None, None))


def sight_of(workspace_id: int, user_id: int) -> Sight | None:
    """What a member sees at present; None for one who has left."""
    # A stream is followed outside every scope.
    membership = Membership.all_workspaces.filter(workspace=workspace_id, user=user_id).first()
    if membership is None:
        return None
    if membership.viewer is None:
        return Sight(None)
    teams = Team.all_workspaces.filter(workspace=workspace_id, members=user_id)  # as above
    return Sight(membership.viewer, frozenset(teams.values_list("pk", flat=True)))


def _of_conversation(workspace_id: int, pk: int) -> Owners:
    rows = Conversation.all_workspaces.filter(workspace=workspace_id, pk=pk)  # as above
    return Owners(next(map(_owner, rows.values_list("assignee", "team")), None))


def _of_ticket(workspace_id: int, pk: int) -> Owners:
    rows = Ticket.all_workspaces.filter(workspace=workspace_id, pk=pk)  # as above
    own = next(map(_owner, rows.values_list("assignee", "team")), None)
    linked = Conversation.all_workspaces.filter(workspace=workspace_id, ticket=pk)  # as above
    return Owners(own, tuple(map(_owner, linked.values_list("assignee", "team"))))


def _owner(values: tuple[int | None, int | None]) -> Owner:
    return Owner(*values)


def tickets_owners(ids: Collection[int]) -> dict[int, Owners]:
    """Those of several tickets of the open workspace."""
    if not ids:
        return {}
    linked: dict[int, list[Owner]] = {}
    rows = Conversation.objects.filter(ticket__in=ids)
    for ticket, *values in rows.values_list("ticket", "assignee", "team"):
        linked.setdefault(ticket, []).append(Owner(*values))
    own = Ticket.objects.filter(pk__in=ids).values_list("pk", "assignee", "team")
    return {pk: Owners(Owner(*values), tuple(linked.get(pk, ()))) for pk, *values in own}


_READERS: Mapping[str, Callable[[int, int], Owners]] = {"conversation": _of_conversation, "ticket": _of_ticket}
LIMITED = frozenset(_READERS)
"""The subjects of events that not everybody sees."""


def owners(workspace_id: int, subject: str, pk: int, event_id: int = 0, event_type: str = "") -> Owners:
    """The owners of the row at present, and before the event if that assigned it."""
    found = _READERS[subject](workspace_id, pk)
    if event_type.endswith(".assigned"):
        return replace(found, before=_before(workspace_id, subject, pk, event_id))
    return found


def _before(workspace_id: int, subject: str, pk: int, event_id: int) -> Owner:
    """Whose the row was before an event that assigned it, as the journal has it."""
    rows = Event.objects.filter(workspace=workspace_id, subject_type=subject, subject_id=pk, type=f"{subject}.assigned")
    before = rows.filter(id__lt=event_id).order_by("-id").values_list("data", flat=True).first()
    if before is not None:
        return Owner(before.get("assignee_id"), before.get("team_id"))
    now = rows.filter(id=event_id).values_list("data", flat=True).first() or {}
    return Owner(now.get("previous_assignee_id"), None)
