"""A person's email addresses: asked for, proven by a mailed link, made primary, removed.

An address counts only when it is proven, so only proven ones are kept. Changing them takes the current password.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from allauth.account.models import EmailAddress

from accounts import events, journal, outbox, transaction
from accounts.actions import joining, validation
from accounts.credentials import links
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import User
from accounts.permissions import Actor, permit

MOST = 5


@transaction.atomic
def request_email(*, user: User, email: str, password: str, by: Actor, at: datetime) -> str:
    """Mail a link to an address that the person says is theirs; nothing changes before it is followed.

    Returns the address. Raises Invalid (email, password) or Conflict for one that is proven already.
    """
    permit(by, "person.change_email", person=user)
    _check_password(user, password)
    wanted = validation.checked_email(email)
    own = EmailAddress.objects.filter(user=user, verified=True)
    if own.filter(email=wanted).exists():
        raise Conflict("this address is already verified", field="email")
    if own.count() >= MOST:
        raise Conflict(f"an account has at most {MOST} addresses", field="email")
    outbox.queue("mail_email_confirmation", user_id=user.pk, email=wanted)
    journal.record(events.EMAIL_REQUESTED, user, by=by, at=at)
    return wanted


@transaction.atomic
def confirm_email(*, user: User, token: str, by: Actor, at: datetime) -> str:
    """Add the address that a mailed link proves to be the person's; returns it.

    Raises NotFound for a link that is not theirs or has expired, Conflict for an address of another account.
    """
    permit(by, "person.change_email", person=user)
    email = links.confirmed_email(user, token)
    if email is None:
        raise NotFound("this link is not valid")
    user = transaction.held(user)
    joining.verify(user, email, by=by, at=at)
    return email


@transaction.atomic
def make_email_primary(*, user: User, email: str, password: str, by: Actor, at: datetime) -> User:
    """Make another of the person's proven addresses the primary one. Raises Invalid (password), NotFound, Conflict."""
    permit(by, "person.change_email", person=user)
    _check_password(user, password)
    user = transaction.held(user)
    address = _proven(user, email)
    if user.email == address.email:
        return user
    before, user.email = user.email, address.email
    EmailAddress.objects.filter(user=user).update(primary=False)
    EmailAddress.objects.filter(pk=address.pk).update(primary=True)
    taken = Conflict("this address belongs to another account", field="email")
    transaction.unless_taken("accounts_user_email_key", taken, partial(user.save, update_fields=["email"]))
    outbox.queue("mail_email_changed", user_id=user.pk, email=before)
    journal.record(events.EMAIL_CHANGED, user, by=by, at=at)
    return user


@transaction.atomic
def remove_email(*, user: User, email: str, password: str, by: Actor, at: datetime) -> User:
    """Take an address off an account. Raises Invalid (password), NotFound, or Conflict for the primary one."""
    permit(by, "person.change_email", person=user)
    _check_password(user, password)
    user = transaction.held(user)
    address = _proven(user, email)
    if address.email == user.email:
        raise Conflict("the primary address cannot be removed", field="email")
    address.delete()
    journal.record(events.EMAIL_REMOVED, user, by=by, at=at)
    return user


def _proven(user: User, email: str) -> EmailAddress:
    address = EmailAddress.objects.filter(user=user, email=validation.checked_email(email), verified=True).first()
    if address is None:
        raise NotFound("this is not one of your verified addresses")
    return address


def _check_password(user: User, password: str) -> None:
    if not user.check_password(password):
        raise Invalid("this is not your current password", field="password", code="wrong_password")
