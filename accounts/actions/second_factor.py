"""The second factor of people: noted as it changes, required by workspaces, and reset by the operator.

django-allauth keeps authenticator apps, passkeys and recovery codes, and writes them itself.
"""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator

from accounts import events, journal, sealed, transaction
from accounts.actions import validation
from accounts.errors import Conflict
from accounts.models import User, Workspace
from accounts.permissions import Actor, permit
from accounts.queries import has_second_factor


@transaction.atomic
def note_second_factor(*, user: User, change: str, kind: str, by: Actor, at: datetime) -> None:
    """Record that a person has `added`, `removed` or `reset` an authenticator of that kind."""
    permit(by, "person.change_second_factor", person=user)
    if change == "added":
        journal.record(events.SECOND_FACTOR_ADDED, user, by=by, at=at, kind=kind)
    elif change == "removed":
        journal.record(events.SECOND_FACTOR_REMOVED, user, by=by, at=at, kind=kind)
    else:
        journal.record(events.SECOND_FACTOR_RESET, user, by=by, at=at, kind=kind)


@transaction.atomic
def reset_second_factor(*, user: User, by: Actor, at: datetime) -> int:
    """Take everything away that a person has as a second factor, who has lost it; returns how many there were."""
    permit(by, "person.reset_second_factor")
    user = transaction.held(user)
    count = int(Authenticator.objects.filter(user=user).delete()[0])
    if count:
        journal.record(events.SECOND_FACTOR_RESET, user, by=by, at=at, kind="all")
    return count


@transaction.atomic
def reseal_second_factor(*, authenticator: Authenticator, by: Actor, at: datetime) -> bool:
    """Encrypt a secret anew with the present key; returns whether there was one. Raises sealed.Unreadable."""
    permit(by, "person.reset_second_factor")
    transaction.held(authenticator.user)
    row = Authenticator.objects.filter(pk=authenticator.pk).first()
    name = next((name for name in ("secret", "seed") if row is not None and name in row.data), None)
    if row is None or name is None:
        return False
    row.data[name] = sealed.seal(sealed.opened(row.data[name]))
    row.save(update_fields=["data"])
    journal.record(events.SECOND_FACTOR_RESEALED, row.user, by=by, at=at, kind=row.type)
    return True


@transaction.atomic
def require_second_factor(*, workspace: Workspace, is_required: bool, by: Actor, at: datetime) -> Workspace:
    """Let only members with a second factor open the workspace, or everyone again; API keys work as before.

    Raises Conflict for a member who requires it and has none: they would lock themselves out.
    """
    permit(by, "workspace.update", validation.own(workspace))
    workspace = transaction.held(workspace)
    if workspace.requires_second_factor == is_required:
        return workspace
    if is_required and by.user_id is not None and not has_second_factor(by.user_id):
        raise Conflict("set up your own second factor first", field="requires_second_factor")
    workspace.settings = {**workspace.settings, "requires_second_factor": is_required}
    workspace.save(update_fields=["settings"])
    journal.record(events.SECOND_FACTOR_REQUIRED, validation.own(workspace), by=by, at=at, required=is_required)
    return workspace
