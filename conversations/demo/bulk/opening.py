"""Opening the workspaces that are to be filled, with people, teams and tags, by the verbs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts import actions, tenancy
from accounts.errors import Conflict
from accounts.management.base import system
from accounts.models import Dispatch, User, Workspace
from accounts.permissions import Actor, Role
from conversations.demo import cast
from conversations.demo.bulk.plan import Crew, Plan
from conversations.demo.bulk.talks import TAGS
from conversations.demo.cast import Teammate
from tickets import tags

NAMES: Final = ("Bulk Support", "Bulk Orchards", "Bulk Sailing", "Bulk Studio")
TEAMS: Final = ("Support", "Billing", "Hardware", "Developers")
_BEFORE: Final = timedelta(days=760)


@dataclass(frozen=True, slots=True)
class Opened:
    """A workspace with its people, the owner first."""

    workspace: Workspace
    people: tuple[User, ...]
    crew: Crew
    conversations: int

    def shown(self) -> list[Teammate]:
        """Its first people, as the demo's note shows them."""
        roles = [Role.OWNER, Role.AGENT, Role.AGENT]
        return [Teammate(user.email, user.name, role) for user, role in zip(self.people, roles, strict=False)]


@transaction.atomic
def opened(plan: Plan) -> list[Opened]:
    """Open the plan's workspaces, the large one first. Raises Conflict where one of them exists."""
    taken = Workspace.objects.filter(slug__in=plan.slugs).order_by("slug").values_list("slug", flat=True)
    if (slug := taken.first()) is not None:
        raise Conflict(f"there is a workspace {slug} already: nothing was filled in", field="slug")
    at = plan.now - _BEFORE
    workspaces = [
        actions.create_workspace(slug=slug, name=name, by=None, at=at)
        for slug, name in zip(plan.slugs, NAMES, strict=False)
    ]
    people = [
        actions.create_person(
            email=f"{'owner' if number == 0 else f'agent{number}'}@{plan.slug}.example",
            name=_name(number),
            password=cast.PASSWORD,
            by=Actor.installation(),
            at=at,
        )
        for number in range(plan.agents + 1)
    ]
    made = [
        # The small workspaces have some of the same people, so that there is one to switch to.
        _staffed(plan, workspace, count, people if n == 0 else people[: 1 + max(1, plan.agents // 10)])
        for n, (workspace, count) in enumerate(zip(workspaces, plan.shares, strict=False))
    ]
    # Reactions would mail people about what they have never done.
    theirs = Q(event__workspace__in=workspaces)
    accounts = Q(event__subject_type="user", event__subject_id__in=[user.pk for user in people])
    Dispatch.objects.filter(theirs | accounts).delete()
    return made


def _staffed(plan: Plan, workspace: Workspace, count: int, people: list[User]) -> Opened:
    """A workspace with its people, teams and tags; `count` is how many conversations it will have."""
    by, at = system(workspace), plan.now - _BEFORE
    with tenancy.scope(workspace):
        for number, user in enumerate(people):
            role = Role.OWNER if number == 0 else Role.AGENT
            actions.add_member(workspace=workspace, user=user, role=role, by=by, at=at)
        agents = people[1:]
        teams = tuple(
            actions.save_team(
                workspace=workspace, name=team, members=agents[number :: len(TEAMS)] or agents, by=by, at=at
            ).pk
            for number, team in enumerate(TEAMS)
        )
        tags.remember(workspace.pk, TAGS, at)
    crew = Crew(tuple((user.pk, user.name, user.email) for user in agents), teams)
    return Opened(workspace, tuple(people), crew, count)


def _name(number: int) -> str:
    """An agent's name; the first ones are those of the demo's customers."""
    known = cast.customers()
    person = known[number % len(known)].name
    return person if number < len(known) else f"{person} {number // len(known) + 1}"
