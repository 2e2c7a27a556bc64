"""People themselves: making one, renaming one, setting a password. What they may do is decided by their memberships.

A person belongs to no workspace, so none of this stands in a workspace's journal; joining one does (`actions.add_member`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import transaction
from accounts.errors import Conflict, Invalid
from accounts.models import User, UserManager


def by_email(email: str) -> User | None:
    """The person with that email, in whatever case it is written, or None."""
    return User.objects.filter(email=UserManager.normalize_email(email)).first()


@transaction.atomic
def create(*, email: str, name: str = "", password: str, is_superuser: bool = False) -> User:
    """Make a person who can sign in. Raises Invalid (email, name, password) or Conflict for a known email."""
    user = User(email=_checked_email(email), name=_checked_name(name), is_superuser=is_superuser, is_staff=is_superuser)
    _put_password(user, password)
    _save(user)
    return user


@transaction.atomic
def update(
    *,
    user: User,
    email: str | None = None,
    name: str | None = None,
    is_active: bool | None = None,
    is_superuser: bool | None = None,
) -> User:
    """Change a person; None leaves a value alone. Raises Invalid or Conflict with the field at fault."""
    user = transaction.held(user)
    before = user.email
    if email is not None and (wanted := _checked_email(email)) != before:
        user.email = wanted
        # allauth keeps addresses of its own and would go on accepting the old one at sign-in.
        EmailAddress.objects.filter(user=user).delete()
    if name is not None:
        user.name = _checked_name(name)
    if is_active is not None:
        user.is_active = is_active
    if is_superuser is not None:
        user.is_superuser = user.is_staff = is_superuser
    if not user.is_superuser or not user.is_active:
        _keep_a_superuser(user)
    _save(user, update_fields=["email", "name", "is_active", "is_superuser", "is_staff"])
    return user


@transaction.atomic
def set_password(*, user: User, password: str) -> User:
    """Give a person another password, which ends their sessions elsewhere. Raises Invalid for a weak one."""
    user = transaction.held(user)
    _put_password(user, password)
    user.save(update_fields=["password"])
    return user


def _save(user: User, **how: Any) -> None:
    taken = Conflict(f"there is a person with the email {user.email}", field="email")
    transaction.unless_taken("accounts_user_email_key", taken, partial(user.save, **how))


def _put_password(user: User, password: str) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password", code="weak_password") from error
    user.set_password(password)


def _checked_email(value: str) -> str:
    email = UserManager.normalize_email(value)
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid(f"{value!r} is not an email address", field="email") from error
    if len(email) > 254:
        raise Invalid("an email address has at most 254 characters", field="email")
    return email


def _checked_name(value: str) -> str:
    name = value.strip()
    if len(name) > 200 or "\x00" in name:
        raise Invalid("a name has at most 200 characters of text", field="name")
    return name


def _keep_a_superuser(user: User) -> None:
    """Raises Conflict when the person is the last who runs the installation."""
    held = User.objects.filter(is_superuser=True, is_active=True)
    if held.filter(pk=user.pk).exists() and not held.exclude(pk=user.pk).exists():
        raise Conflict("this is the last superuser of the installation", field="is_superuser")
