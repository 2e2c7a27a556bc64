"""People themselves. They belong to no workspace: what happens to an account is in the journal without one.

Nobody sets another's password here: people choose their own by an invitation or a reset link. Only commands, which the
operator of the installation runs, make people with a password.
"""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress

from accounts import assignments, events, journal, outbox, transaction
from accounts.actions import joining, validation
from accounts.credentials import links
from accounts.errors import Conflict
from accounts.models import Membership, User
from accounts.permissions import Actor, permit
from accounts.queries import person_by_email


@transaction.atomic
def create_person(
    *,
    email: str,
    name: str = "",
    password: str,
    is_superuser: bool = False,
    is_verified: bool = True,
    by: Actor,
    at: datetime,
) -> User:
    """Make a person who can sign in. `is_verified` says that the address is proven to be theirs.

    Raises Invalid (email, name, password) or Conflict for a known email.
    """
    permit(by, "person.create")
    user = User(
        email=validation.checked_email(email),
        name=validation.checked_name(name),
        is_superuser=is_superuser,
        is_staff=is_superuser,
        date_joined=at,
    )
    if person_by_email(user.email) is not None:
        raise Conflict(f"a person with the email {user.email} already exists", field="email")
    joining.put_password(user, password)
    taken = Conflict(f"a person with the email {user.email} already exists", field="email")
    transaction.unless_taken("accounts_user_email_key", taken, user.save)
    if is_verified:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    journal.record(events.PERSON_CREATED, user, by=by, at=at, superuser=is_superuser)
    return user


@transaction.atomic
def rename_person(*, user: User, name: str, by: Actor, at: datetime) -> User:
    """Change a person's name. Raises Invalid."""
    permit(by, "person.rename", person=user)
    user, wanted = transaction.held(user), validation.checked_name(name)
    if user.name != wanted:
        user.name = wanted
        user.save(update_fields=["name"])
        journal.record(events.PERSON_RENAMED, user, by=by, at=at)
    return user


@transaction.atomic
def set_superuser(*, user: User, is_superuser: bool, by: Actor, at: datetime) -> User:
    """Make a person a superuser, or no longer one. Raises Conflict for the last superuser."""
    permit(by, "person.set_superuser")
    user = transaction.held(user)
    if user.is_superuser == is_superuser:
        return user
    if not is_superuser:
        _keep_a_superuser(user)
    user.is_superuser = user.is_staff = is_superuser
    user.save(update_fields=["is_superuser", "is_staff"])
    journal.record(events.PERSON_SUPERUSER_CHANGED, user, by=by, at=at, superuser=is_superuser)
    return user


@transaction.atomic
def deactivate_person(*, user: User, by: Actor, at: datetime) -> dict[str, int]:
    """Close an account: it signs in no more, and what was assigned to it is unassigned in every workspace.

    Memberships stay, so that the account can be activated again. Returns how many rows of each kind were unassigned.
    Raises Conflict for the last superuser.
    """
    permit(by, "person.deactivate")
    user = transaction.held(user)
    if not user.is_active:
        return {}
    _keep_a_superuser(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    total: dict[str, int] = {}
    for membership in _memberships(user):
        within = by.within(membership.workspace_id)
        freed = assignments.unassign(workspace=membership.workspace, user=user, by=within, at=at)
        journal.record(events.MEMBER_DEACTIVATED, membership, by=within, at=at, user_id=user.pk, unassigned=freed)
        total = {what: total.get(what, 0) + count for what, count in freed.items()}
    journal.record(events.PERSON_DEACTIVATED, user, by=by, at=at, unassigned=total)
    return total


@transaction.atomic
def reactivate_person(*, user: User, by: Actor, at: datetime) -> User:
    """Open a closed account again, with the memberships that it had."""
    permit(by, "person.deactivate")
    user = transaction.held(user)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    for membership in _memberships(user):
        within = by.within(membership.workspace_id)
        journal.record(events.MEMBER_REACTIVATED, membership, by=within, at=at, user_id=user.pk)
    journal.record(events.PERSON_REACTIVATED, user, by=by, at=at)
    return user


@transaction.atomic
def change_password(*, user: User, password: str, by: Actor, at: datetime) -> User:
    """Give a person another password, which ends their sessions elsewhere. Raises Invalid for a weak one."""
    permit(by, "person.change_password", person=user)
    user = transaction.held(user)
    joining.put_password(user, password)
    user.save(update_fields=["password"])
    journal.record(events.PASSWORD_CHANGED, user, by=by, at=at)
    return user


@transaction.atomic
def send_password_reset(*, user: User, by: Actor, at: datetime) -> str | None:
    """Mail a person a link to choose another password. Without a mail server the link is returned, to be handed over.

    Raises Conflict for a deactivated account.
    """
    permit(by, "person.send_password_reset")
    user = transaction.held(user)
    if not user.is_active:
        raise Conflict("this account is deactivated")
    is_mailed = outbox.is_set_up()
    if is_mailed:
        outbox.queue("mail_password_reset", user_id=user.pk)
    journal.record(events.PASSWORD_RESET_SENT, user, by=by, at=at, mailed=is_mailed)
    return None if is_mailed else links.password_reset(user)


def _memberships(user: User) -> list[Membership]:
    # Spans workspaces: a person can be a member of several. In the order of their ids, as everywhere.
    return list(Membership.all_workspaces.filter(user=user).select_related("workspace").order_by("workspace_id"))


def _keep_a_superuser(user: User) -> None:
    """Raises Conflict when the person is the last superuser."""
    others = User.objects.select_for_update(no_key=True).filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise Conflict("this is the last superuser of the installation", field="is_superuser")
