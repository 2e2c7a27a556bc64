"""Who may do what: every verb asks `permit`, by the rule that its own app has registered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from accounts.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from accounts.models import ApiKey, Membership, User

INSTALLATION = 0
"""The workspace id of an actor who acts in none: no row has it."""


class Role(models.TextChoices):
    """What a member may do in a workspace; each role includes the ones after it."""

    OWNER = "owner", pgettext_lazy("role", "Owner")
    ADMIN = "admin", pgettext_lazy("role", "Admin")
    AGENT = "agent", pgettext_lazy("role", "Agent")
    VIEWER = "viewer", pgettext_lazy("role", "Viewer")

    @property
    def in_sentence(self) -> str:
        """The role within a sentence such as "You are invited as agent"."""
        match self:
            case Role.OWNER:
                return pgettext("invited as …", "owner")
            case Role.ADMIN:
                return pgettext("invited as …", "admin")
            case Role.VIEWER:
                return pgettext("invited as …", "viewer")
            case _agent:
                return pgettext("invited as …", "agent")


class Visibility(models.TextChoices):
    """Which conversations and tickets a member sees: all, those of their teams, or these and those of nobody; and always their own."""

    ALL = "all", _("All conversations")
    TEAMS_AND_UNASSIGNED = "teams_and_unassigned", _("Their teams' and unassigned")
    TEAMS = "teams", _("Their teams' only")


SEES_ALL = frozenset({Role.OWNER, Role.ADMIN})
"""Roles that see everything, whatever their membership says."""


def sight(role: str, visibility: str) -> Visibility:
    """Which conversations and tickets a member of a role sees."""
    return Visibility.ALL if role in SEES_ALL else Visibility(visibility)


class ActorKind(models.TextChoices):
    """Who did something."""

    MEMBER = "operator"
    API_KEY = "api_key"
    CONTACT = "contact"
    ASSISTANT = "assistant"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as proven by a door. `id` is the user's, key's or contact's primary key; None for the system itself."""

    kind: ActorKind
    workspace_id: int
    id: int | None = None
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    name: str = ""
    email: str = ""
    visibility: Visibility = Visibility.ALL

    @classmethod
    def member(cls, membership: Membership) -> Actor:
        """A signed-in member."""
        user = membership.user
        return cls(
            kind=ActorKind.MEMBER,
            workspace_id=membership.workspace_id,
            id=user.pk,
            role=Role(membership.role),
            name=user.name,
            email=user.email,
            visibility=sight(membership.role, membership.visibility),
        )

    @classmethod
    def key(cls, key: ApiKey) -> Actor:
        """The holder of an API key."""
        return cls(
            kind=ActorKind.API_KEY,
            workspace_id=key.workspace_id,
            id=key.pk,
            scopes=frozenset(key.scopes),
            name=key.name,
        )

    @classmethod
    def system(cls, workspace_id: int, name: str = "Parley") -> Actor:
        """The desk itself: operator commands, automations, scheduled work."""
        return cls(kind=ActorKind.SYSTEM, workspace_id=workspace_id, name=name)

    @classmethod
    def installation(cls, name: str = "Parley", *, id: int | None = None) -> Actor:
        """The operator of the installation, across workspaces; `id` is the superuser's, None for a command."""
        return cls(kind=ActorKind.SYSTEM, workspace_id=INSTALLATION, id=id, name=name)

    @classmethod
    def person(cls, user: User) -> Actor:
        """A person who changes their own account, which belongs to no workspace."""
        return cls(
            kind=ActorKind.MEMBER,
            workspace_id=INSTALLATION,
            id=user.pk,
            name=user.name or user.email,
            email=user.email,
        )

    def within(self, workspace_id: int) -> Actor:
        """The same actor in one workspace: for a verb of the installation that works through a workspace's verbs."""
        return replace(self, workspace_id=workspace_id)

    def with_scope(self, scope: str) -> Actor:
        """The same actor holding one scope more: for a verb that has permitted itself and works through another verb."""
        return replace(self, scopes=self.scopes | {scope})

    @property
    def user_id(self) -> int | None:
        """The member's user id, or None for anyone else."""
        return self.id if self.kind == ActorKind.MEMBER else None


class HasWorkspace(Protocol):
    """Any row of a tenant."""

    workspace_id: int


class HasKey(Protocol):
    """A person."""

    pk: int


_RANK = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do a verb, besides the desk itself: members of at least `role`, keys with `scope`, contacts, people to themselves.

    All others may not. A verb that no member may do is for the operator of the installation.
    """

    role: Role | None = None
    scope: str | None = None
    is_for_contacts: bool = False
    is_for_oneself: bool = False


_rules: dict[str, Rule] = {}
_scopes: dict[str, str] = {}
_client_scopes: set[str] = set()


def register(
    rules: Mapping[str, Rule], scopes: Mapping[str, str] | None = None, *, for_client_keys: bool = False
) -> None:
    """Add the rules of an app's verbs, and what the scopes in them allow. Each app does so once, when Django is ready.

    A scope is named `subject:read` or `subject:write`, as it is stored with a key; `write` satisfies `read`.
    `for_client_keys` says whether keys that are public may hold these scopes.
    Raises ValueError for a verb or a scope that another app has registered.
    """
    scopes = scopes or {}
    taken = [*(rules.keys() & _rules.keys()), *(scopes.keys() & _scopes.keys())]
    if taken:
        raise ValueError(f"registered twice: {', '.join(sorted(taken))}")
    _rules.update(rules)
    _scopes.update(scopes)
    if for_client_keys:
        _client_scopes.update(scopes)


def rules() -> Mapping[str, Rule]:
    """The rule of every verb, by its name."""
    return MappingProxyType(_rules)


def scopes() -> Mapping[str, str]:
    """What each scope allows, in the order of their names."""
    return dict(sorted(_scopes.items()))


def client_scopes() -> list[str]:
    """The scopes that keys of kind `client` may hold, which are public."""
    return sorted(_client_scopes)


def holds_scope(scopes: frozenset[str], wanted: str) -> bool:
    """Whether the scopes contain the wanted one; `write` satisfies `read`."""
    return wanted in scopes or (wanted.endswith(":read") and wanted.replace(":read", ":write") in scopes)


def may(actor: Actor, verb: str) -> bool:
    """Whether the actor may do the verb at all. Raises KeyError for a verb that no app has registered."""
    rule = _rules[verb]
    if actor.kind == ActorKind.SYSTEM:
        return True
    if actor.kind == ActorKind.ASSISTANT:
        return rule.role is not None
    if actor.kind == ActorKind.CONTACT:
        return rule.is_for_contacts
    if actor.kind == ActorKind.MEMBER:
        return rule.role is not None and actor.role is not None and _RANK[actor.role] >= _RANK[rule.role]
    return rule.scope is not None and holds_scope(actor.scopes, rule.scope)


Sees = Callable[[Actor, HasWorkspace], bool]
_sees: list[Sees] = []


def register_sight(sees: Sees) -> None:
    """Say how to find out whether an actor with a limited view sees a row. Called once, by `accounts.transaction`."""
    _sees[:] = [sees]


def permit(actor: Actor, verb: str, obj: HasWorkspace | None = None, *, person: HasKey | None = None) -> None:
    """Let the actor do the verb on the row, or to the person, or raise.

    Raises NotFound for a row of another workspace, or one that the member does not see (answered exactly as a missing row),
    and Forbidden otherwise, with the scope that a key lacks.
    """
    if obj is not None and obj.workspace_id != actor.workspace_id:
        raise NotFound("there is no such row in this workspace")
    if obj is not None and actor.visibility != Visibility.ALL and not all(sees(actor, obj) for sees in _sees):
        raise NotFound("there is no such row in this workspace")
    rule = _rules[verb]
    if may(actor, verb) or (rule.is_for_oneself and person is not None and actor.user_id == person.pk):
        return
    if rule.role is None:
        raise Forbidden("only the operator of this installation can do this")
    if actor.kind == ActorKind.API_KEY and rule.scope is not None:
        raise Forbidden(f"this key lacks the scope {rule.scope}", scope=rule.scope)
    raise Forbidden(f"this requires the role {rule.role.value}")
