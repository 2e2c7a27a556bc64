"""The verbs of accounts: workspaces, members, teams and API keys. Each permits, changes, and records one event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import events, keys
from accounts.errors import Conflict, Invalid
from accounts.models import ApiKey, KeyKind, Membership, Team, User, Workspace, new_identity_secret
from accounts.permissions import Actor, Role, Scope, permit


@transaction.atomic
def create_workspace(
    *, slug: str, name: str, by: Actor | None = None, at: datetime, time_zone: str = "UTC"
) -> Workspace:
    """Open a workspace. `by` is None for the installation itself.

    Raises Invalid for a slug or time zone that cannot be used, Conflict for a slug that is taken.
    """
    workspace = Workspace(slug=slug, name=name.strip(), time_zone=time_zone, created_at=at)
    _validate(workspace)
    if Workspace.objects.filter(slug=slug).exists():
        raise Conflict(f"the slug {slug} is taken", field="slug")
    workspace.save()
    events.record(events.WORKSPACE_CREATED, _Own(workspace), by=by or Actor.system(workspace.pk), at=at)
    return workspace


@transaction.atomic
def update_workspace(
    *,
    workspace: Workspace,
    name: str | None = None,
    time_zone: str | None = None,
    settings: dict[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Workspace:
    """Change name, time zone or settings (merged key by key); None leaves a value alone. Raises Invalid, Forbidden."""
    permit(by, "workspace.update", _Own(workspace))
    workspace = Workspace.objects.select_for_update().get(pk=workspace.pk)
    changed = []
    for field, value in (
        ("name", name),
        ("time_zone", time_zone),
        ("settings", None if settings is None else {**workspace.settings, **settings}),
    ):
        if value is not None and getattr(workspace, field) != value:
            setattr(workspace, field, value)
            changed.append(field)
    if not changed:
        return workspace
    _validate(workspace)
    workspace.save(update_fields=changed)
    events.record(events.WORKSPACE_UPDATED, _Own(workspace), by=by, at=at, fields=changed)
    return workspace


@transaction.atomic
def rotate_identity_secret(*, workspace: Workspace, by: Actor, at: datetime) -> Workspace:
    """Make a new secret for customers' proofs; the one before stays valid until the next rotation."""
    permit(by, "workspace.rotate_identity_secret", _Own(workspace))
    workspace = Workspace.objects.select_for_update().get(pk=workspace.pk)
    workspace.previous_identity_secret = workspace.identity_secret
    workspace.identity_secret = new_identity_secret()
    workspace.save(update_fields=["identity_secret", "previous_identity_secret"])
    events.record(events.IDENTITY_SECRET_ROTATED, _Own(workspace), by=by, at=at)
    return workspace


@transaction.atomic
def add_member(*, workspace: Workspace, user: User, role: Role, by: Actor, at: datetime) -> Membership:
    """Give a person a place in the workspace, or another role if they have one. Only an owner makes owners."""
    permit(by, "member.add", _Own(workspace))
    _only_owners_make_owners(role, by)
    membership, is_new = Membership.all_workspaces.get_or_create(  # named by the argument
        workspace=workspace, user=user, defaults={"role": role, "created_at": at}
    )
    if is_new:
        events.record(events.MEMBER_ADDED, membership, by=by, at=at, user=user.pk, role=role)
        return membership
    return change_role(membership=membership, role=role, by=by, at=at)


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Actor, at: datetime) -> Membership:
    """Change what a member may do. Raises Conflict when the workspace would be left without an owner."""
    permit(by, "member.change_role", membership)
    membership = _locked_membership(membership)
    if membership.role == role:
        return membership
    if Role.OWNER in (role, membership.role):
        _only_owners_make_owners(Role.OWNER, by)
    _keep_an_owner(membership, unless=role == Role.OWNER)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    events.record(
        events.MEMBER_ROLE_CHANGED, membership, by=by, at=at, user=membership.user_id, role=role, previous=before
    )
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: Actor, at: datetime) -> None:
    """Take a person out of the workspace. Raises Conflict when the workspace would be left without an owner."""
    permit(by, "member.remove", membership)
    membership = _locked_membership(membership)
    if membership.role == Role.OWNER:
        _only_owners_make_owners(Role.OWNER, by)
    _keep_an_owner(membership)
    events.record(events.MEMBER_REMOVED, membership, by=by, at=at, user=membership.user_id)
    for team in Team.all_workspaces.filter(workspace_id=membership.workspace_id, members=membership.user_id):
        team.members.remove(membership.user_id)
    membership.delete()


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
    permit(by, "team.write", _Own(workspace))
    is_new, team = team is None, team or Team(workspace=workspace, created_at=at)
    team.name = name.strip()
    _validate(team)
    if Team.all_workspaces.filter(workspace=workspace, name__iexact=team.name).exclude(pk=team.pk).exists():
        raise Conflict("there is a team of that name", field="name")
    team.save()
    if members is not None:
        chosen = {user.pk for user in members}
        known = set(
            Membership.all_workspaces.filter(workspace=workspace, user__in=chosen).values_list("user_id", flat=True)
        )
        if chosen - known:
            raise Invalid("a team takes members of its workspace", field="members")
        team.members.set(chosen)
    events.record(events.TEAM_CREATED if is_new else events.TEAM_UPDATED, team, by=by, at=at)
    return team


@transaction.atomic
def create_key(
    *,
    workspace: Workspace,
    name: str,
    kind: KeyKind,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    allowed_origins: Sequence[str] = (),
    allowed_bundle_ids: Sequence[str] = (),
    unverified_identity: bool = False,
    by: Actor,
    at: datetime,
) -> tuple[ApiKey, str]:
    """Issue a key; returns it with its secret, which is shown this once and stored nowhere.

    A client key is public: it holds no ticket scope. Raises Invalid with the field at fault.
    """
    permit(by, "api_key.create", _Own(workspace))
    if kind not in KeyKind.values:
        raise Invalid("a key is of kind server or client", field="kind")
    wanted = sorted(set(scopes))
    if not wanted:
        raise Invalid("a key needs at least one scope", field="scopes")
    for scope in wanted:
        if scope not in Scope.values:
            raise Invalid(f"there is no scope {scope}; the scopes are {', '.join(Scope.values)}", field="scopes")
        if kind == KeyKind.CLIENT and scope.startswith("ticket:"):
            raise Invalid("a client key is public and holds no ticket scope", field="scopes")
    if expires_at is not None and expires_at <= at:
        raise Invalid("the key would be expired at once", field="expires_at")
    made = keys.make(kind)
    key = ApiKey(
        workspace=workspace,
        name=name.strip(),
        kind=kind,
        scopes=wanted,
        prefix=made.prefix,
        secret_hash=made.digest,
        expires_at=expires_at,
        allowed_origins=[clean_origin(origin) for origin in allowed_origins],
        allowed_bundle_ids=[bundle.strip() for bundle in allowed_bundle_ids if bundle.strip()],
        unverified_identity=unverified_identity and kind == KeyKind.CLIENT,
        created_by_id=by.user_id,
        created_at=at,
    )
    _validate(key)
    key.save()
    events.record(events.API_KEY_CREATED, key, by=by, at=at, kind=kind, scopes=wanted)
    return key, made.secret


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Actor, at: datetime) -> ApiKey:
    """Stop a key from working, at once and for good."""
    permit(by, "api_key.revoke", key)
    key = ApiKey.all_workspaces.select_for_update().get(pk=key.pk)  # permitted above
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        events.record(events.API_KEY_REVOKED, key, by=by, at=at)
    return key


def clean_origin(value: str) -> str:
    """An origin as browsers send it: scheme, host and port, lower-cased, nothing else. Raises Invalid."""
    wrong = Invalid(f"{value!r} is not an origin such as https://example.com", field="allowed_origins")
    try:
        parts = urlsplit(value.strip().lower())
        _ = parts.port
    except ValueError as error:
        raise wrong from error
    is_origin = parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
    if not is_origin or parts.query or parts.fragment or parts.username:
        raise wrong
    return f"{parts.scheme}://{parts.netloc}"


class _Own:
    """A workspace seen as a row of its own tenant, for `permit` and `record`."""

    def __init__(self, workspace: Workspace) -> None:
        self.pk = workspace.pk
        self.workspace_id: int = workspace.pk


def _validate(row: Workspace | Team | ApiKey) -> None:
    try:
        row.clean_fields(exclude=["workspace", "created_by"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error


def _locked_membership(membership: Membership) -> Membership:
    return Membership.all_workspaces.select_for_update().get(pk=membership.pk)  # permitted by the caller


def _only_owners_make_owners(role: Role, by: Actor) -> None:
    if role == Role.OWNER and by.role not in (None, Role.OWNER):
        raise Invalid("only an owner may make or unmake an owner", field="role", code="forbidden")


def _keep_an_owner(membership: Membership, unless: bool = False) -> None:
    if unless or membership.role != Role.OWNER:
        return
    others = Membership.all_workspaces.select_for_update().filter(workspace_id=membership.workspace_id, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).exists():
        raise Conflict("a workspace keeps at least one owner", field="role")


__all__ = [
    "add_member", "change_role", "clean_origin", "create_key", "create_workspace", "remove_member",
    "revoke_key", "rotate_identity_secret", "save_team", "update_workspace",
]  # fmt: skip
