"""What the verbs of accounts share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import events, journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import ApiKey, Membership, Team, User, UserManager, Workspace
from accounts.permissions import Actor, Role
from accounts.text import is_blank


@dataclass(slots=True)
class Own:
    """A workspace seen as a row of its own tenant, for `permit` and `record`."""

    pk: int
    workspace_id: int


def own(workspace: Workspace) -> Own:
    """The workspace, for `permit` and `record`."""
    return Own(workspace.pk, workspace.pk)


def validate(row: Workspace | Team | ApiKey) -> None:
    """Check the fields of a row. Raises Invalid with the first field at fault."""
    try:
        row.clean_fields(exclude=["workspace", "created_by"])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=field) from error
    if is_blank(row.name):
        raise Invalid("a name has at least one visible character", field="name")


def checked_email(value: str) -> str:
    """An email address, trimmed and in lower case. Raises Invalid."""
    email = UserManager.normalize_email(value)
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(f"{value!r} is not an email address", field="email") from error
    if len(email) > 254:
        raise Invalid("an email address has at most 254 characters", field="email")
    return email


def checked_name(value: str) -> str:
    """A person's name, trimmed; nothing where nothing of it is visible. Raises Invalid."""
    name = "" if is_blank(value) else value.strip()
    if len(name) > 200 or "\x00" in name:
        raise Invalid("a name has at most 200 characters of text", field="name")
    return name


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


def only_owners_make_owners(role: Role, by: Actor) -> None:
    """Raises Invalid when somebody else makes or unmakes an owner."""
    if role == Role.OWNER and by.role not in (None, Role.OWNER):
        raise Invalid("only owners can add or remove owners", field="role", code="forbidden")
