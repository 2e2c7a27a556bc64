"""A workspace itself: opened, changed, and its secret for customers' proofs replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import changes, events, journal, transaction
from accounts.actions import validation
from accounts.errors import Conflict
from accounts.models import Workspace, new_identity_secret
from accounts.permissions import Actor, permit


@transaction.atomic
def create_workspace(
    *, slug: str, name: str, by: Actor | None = None, at: datetime, time_zone: str = "UTC"
) -> Workspace:
    """Open a workspace. `by` is None for the installation itself.

    Raises Invalid for a slug or time zone that cannot be used, Conflict for a slug that is taken.
    """
    workspace = Workspace(slug=slug, name=name.strip(), time_zone=time_zone, created_at=at)
    validation.validate(workspace)
    taken = Conflict(f"the slug {slug} is taken", field="slug")
    transaction.unless_taken("accounts_workspace_slug_key", taken, workspace.save)
    journal.record(events.WORKSPACE_CREATED, validation.own(workspace), by=by or Actor.system(workspace.pk), at=at)
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
    permit(by, "workspace.update", validation.own(workspace))
    workspace = transaction.held(workspace)
    merged = None if settings is None else {**workspace.settings, **settings}
    changed = changes.change(workspace, {"name": name, "time_zone": time_zone, "settings": merged})
    if not changed:
        return workspace
    validation.validate(workspace)
    workspace.save(update_fields=changed)
    journal.record(events.WORKSPACE_UPDATED, validation.own(workspace), by=by, at=at, fields=changed)
    return workspace


@transaction.atomic
def rotate_identity_secret(*, workspace: Workspace, by: Actor, at: datetime) -> Workspace:
    """Make a new secret for customers' proofs; the one before stays valid until the next rotation."""
    permit(by, "workspace.rotate_identity_secret", validation.own(workspace))
    workspace = transaction.held(workspace)
    workspace.previous_identity_secret = workspace.identity_secret
    workspace.identity_secret = new_identity_secret()
    workspace.save(update_fields=["identity_secret", "previous_identity_secret"])
    journal.record(events.IDENTITY_SECRET_ROTATED, validation.own(workspace), by=by, at=at)
    return workspace
