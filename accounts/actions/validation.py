"""Checks that the verbs share: names, addresses, rows as a whole, and who may make owners."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.errors import Invalid
from accounts.models import ApiKey, Team, UserManager, Workspace
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


def only_owners_make_owners(role: Role, by: Actor) -> None:
    """Raises Invalid when somebody else makes or unmakes an owner."""
    if role == Role.OWNER and by.role not in (None, Role.OWNER):
        raise Invalid("only owners can add or remove owners", field="role", code="forbidden")
