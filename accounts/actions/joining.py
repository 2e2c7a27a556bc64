"""Becoming a member: the password, the proven address, the membership."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from accounts import events, journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import Membership, User, Workspace
from accounts.permissions import Actor, Role


def put_password(user: User, password: str) -> None:
    """Set a password on the row, which the verb saves. Raises Invalid for a weak one."""
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password", code="weak_password") from error
    user.set_password(password)


def verify(user: User, email: str, *, by: Actor, at: datetime) -> None:
    """Keep a proven address of a person whose row is held; it is primary where they sign in with it. Raises Conflict."""
    known = EmailAddress.objects.filter(user=user, email=email)
    if known.filter(verified=True).exists():
        return
    known.delete()
    address = EmailAddress(user=user, email=email, verified=True, primary=user.email == email)
    taken = Conflict("this address belongs to another account", field="email")
    transaction.unless_taken("unique_verified_email", taken, address.save)
    journal.record(events.EMAIL_VERIFIED, user, by=by, at=at)


def join(*, workspace: Workspace, user: User, role: Role, by: Actor, at: datetime) -> Membership:
    """The person's place in the workspace, made with that role unless they have one; a verb has permitted it."""
    membership, is_new = Membership.objects.get_or_create(
        workspace=workspace, user=user, defaults={"role": role, "created_at": at}
    )
    if is_new:
        journal.record(events.MEMBER_ADDED, membership, by=by, at=at, user_id=user.pk, role=role)
    return membership
