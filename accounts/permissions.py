"""Who may do what: one table from verb to roles and scopes, asked by every verb through `permit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from django.db import models

from accounts.errors import Forbidden, NotFound

if TYPE_CHECKING:
    from accounts.models import ApiKey, Membership, User

INSTALLATION = 0
"""The workspace id of an actor who acts in none: no row has it."""


class Role(models.TextChoices):
    """What a member may do in a workspace; each role includes the ones after it."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


class Scope(models.TextChoices):
    """What an API key may do; `write` satisfies `read`."""

    CONVERSATION_READ = "conversation:read"
    CONVERSATION_WRITE = "conversation:write"
    TICKET_READ = "ticket:read"
    TICKET_WRITE = "ticket:write"


class ActorKind(models.TextChoices):
    """Who did something."""

    OPERATOR = "operator"
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

    @classmethod
    def operator(cls, membership: Membership) -> Actor:
        """A signed-in member."""
        user = membership.user
        return cls(
            kind=ActorKind.OPERATOR,
            workspace_id=membership.workspace_id,
            id=user.pk,
            role=Role(membership.role),
            name=user.name,
            email=user.email,
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
        """Whoever runs the installation, across workspaces; `id` is the superuser's, None for a command."""
        return cls(kind=ActorKind.SYSTEM, workspace_id=INSTALLATION, id=id, name=name)

    @classmethod
    def person(cls, user: User) -> Actor:
        """A person who changes their own account, which belongs to no workspace."""
        return cls(
            kind=ActorKind.OPERATOR,
            workspace_id=INSTALLATION,
            id=user.pk,
            name=user.name or user.email,
            email=user.email,
        )

    def within(self, workspace_id: int) -> Actor:
        """The same actor in one workspace: for a verb of the installation that works through a workspace's verbs."""
        return replace(self, workspace_id=workspace_id)

    def with_scope(self, scope: Scope) -> Actor:
        """The same actor holding one scope more: for a verb that has permitted itself and works through another verb."""
        return replace(self, scopes=self.scopes | {scope})

    @property
    def user_id(self) -> int | None:
        """The member's user id, or None for anyone else."""
        return self.id if self.kind == ActorKind.OPERATOR else None


class HasWorkspace(Protocol):
    """Any row of a tenant."""

    workspace_id: int


class HasKey(Protocol):
    """A person."""

    pk: int


_RANK = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a verb asks for: at least this role of a member, this scope of a key (None: keys may not)."""

    role: Role
    scope: Scope | None = None


RULES: dict[str, Rule] = {
    "workspace.update": Rule(Role.ADMIN),
    "workspace.rotate_identity_secret": Rule(Role.ADMIN),
    "member.invite": Rule(Role.ADMIN),
    "member.change_role": Rule(Role.ADMIN),
    "member.remove": Rule(Role.ADMIN),
    "team.write": Rule(Role.ADMIN),
    "api_key.create": Rule(Role.ADMIN),
    "api_key.revoke": Rule(Role.ADMIN),
    "conversation.read": Rule(Role.VIEWER, Scope.CONVERSATION_READ),
    "conversation.start": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.reply": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.note": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.receive": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.assign": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.update": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "conversation.mark_read": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "contact.update": Rule(Role.AGENT, Scope.CONVERSATION_WRITE),
    "knowledge.read": Rule(Role.VIEWER),
    "knowledge.write": Rule(Role.AGENT),
    "ticket.read": Rule(Role.VIEWER, Scope.TICKET_READ),
    "ticket.mark_read": Rule(Role.AGENT, Scope.TICKET_WRITE),
    "ticket.open": Rule(Role.AGENT, Scope.TICKET_WRITE),
    "ticket.update": Rule(Role.AGENT, Scope.TICKET_WRITE),
    "ticket.link": Rule(Role.AGENT, Scope.TICKET_WRITE),
}


_INSTALLATION = frozenset({
    # People join by accepting an invitation; only commands add them directly.
    "member.add",
    "person.create", "person.deactivate", "person.set_superuser", "person.send_password_reset",
})  # fmt: skip
"""What only the operator of the installation does: to people, who belong to no workspace."""

_OWN = frozenset({"invitation.accept", "person.rename", "person.change_password", "person.change_email"})
"""What people do to their own account, and the operator of the installation to any."""


def holds_scope(scopes: frozenset[str], wanted: Scope) -> bool:
    """Whether the scopes contain the wanted one; `write` satisfies `read`."""
    return wanted in scopes or (wanted.endswith(":read") and wanted.replace(":read", ":write") in scopes)


def may(actor: Actor, verb: str) -> bool:
    """Whether the actor may do the verb at all. Raises KeyError for a verb that no table names."""
    if verb in _INSTALLATION or verb in _OWN:
        return actor.kind == ActorKind.SYSTEM
    rule = RULES[verb]
    if actor.kind in (ActorKind.SYSTEM, ActorKind.ASSISTANT):
        return True
    if actor.kind == ActorKind.CONTACT:
        return verb in _CONTACT_VERBS
    if actor.kind == ActorKind.OPERATOR:
        return actor.role is not None and _RANK[actor.role] >= _RANK[rule.role]
    return rule.scope is not None and holds_scope(actor.scopes, rule.scope)


_CONTACT_VERBS = frozenset({"conversation.read", "conversation.start", "conversation.receive"})


def permit(actor: Actor, verb: str, obj: HasWorkspace | None = None, *, person: HasKey | None = None) -> None:
    """Let the actor do the verb on the row, or to the person, or raise.

    Raises NotFound for a row of another workspace (answered exactly as a missing row) and Forbidden otherwise,
    with the scope that a key lacks.
    """
    if obj is not None and obj.workspace_id != actor.workspace_id:
        raise NotFound("there is no such row in this workspace")
    if may(actor, verb) or (verb in _OWN and person is not None and actor.user_id == person.pk):
        return
    rule = RULES.get(verb)
    if rule is None:
        raise Forbidden("only the operator of this installation can do this")
    if actor.kind == ActorKind.API_KEY and rule.scope is not None:
        raise Forbidden(f"this key lacks the scope {rule.scope.value}", scope=rule.scope.value)
    raise Forbidden(f"this requires the role {rule.role.value}")
