"""Invitations: people join a workspace by a mailed link that works once, and choose their own password.

A person who has an account joins with it; nobody is added without accepting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import events, journal, outbox, tenancy, transaction
from accounts.actions import joining, validation
from accounts.actions.people import create_person
from accounts.credentials import links
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Invitation, Membership, User, Workspace
from accounts.permissions import Actor, ActorKind, Role, permit
from accounts.queries import has_proven, person_by_email, usable_invitation

LIFETIME = timedelta(days=7)
SENT_PER_HOUR = 60
"""How many invitations a workspace sends in an hour, so that it cannot be used to send spam."""
SENT_PER_ADDRESS = 5
"""How many of them to one address."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A new invitation. Without a mail server it holds the link, which the inviter has to pass on and sees only once."""

    invitation: Invitation
    link: str | None


@transaction.atomic
def invite(*, workspace: Workspace, email: str, role: Role, show_link: bool = False, by: Actor, at: datetime) -> Sent:
    """Invite a person to the workspace by mail; one who is invited already gets another link, and the role given now.

    `show_link` returns the link instead of mailing it, for commands. Only an owner invites owners. Raises Invalid, or
    Conflict for a member and for too many invitations.
    """
    permit(by, "member.invite", validation.own(workspace))
    if role not in Role.values:
        raise Invalid(f"role must be one of {', '.join(Role.values)}", field="role")
    validation.only_owners_make_owners(role, by)
    wanted = validation.checked_email(email)
    known = person_by_email(wanted)
    members = Membership.objects.filter(workspace=workspace)
    if known is not None and members.filter(user=known).exists():
        raise Conflict(f"{wanted} is already a member of {workspace.name}", field="email")
    transaction.held(workspace)  # two invitations of one address take turns
    pending = Invitation.objects.filter(workspace=workspace, email=wanted, accepted_at=None, revoked_at=None)
    invitation = pending.first() or Invitation(workspace=workspace, email=wanted, created_at=at)
    invitation.role = role
    return _send(invitation, show_link=show_link, by=by, at=at)


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: Actor, at: datetime) -> Sent:
    """Send a pending invitation again, with a new link and a new end; the link before stops working."""
    permit(by, "member.invite", invitation)
    invitation = _locked(invitation)
    validation.only_owners_make_owners(Role(invitation.role), by)
    return _send(invitation, show_link=False, by=by, at=at)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Actor, at: datetime) -> Invitation:
    """Take a pending invitation back: its link stops working."""
    permit(by, "member.invite", invitation)
    invitation = _locked(invitation)
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])
    journal.record(events.INVITATION_REVOKED, invitation, by=by, at=at, role=invitation.role)
    return invitation


@transaction.atomic
def mark_invitation_mailed(*, invitation: Invitation, sent_at: datetime, by: Actor, at: datetime) -> None:
    """Note that the mail server took the link that was made at `sent_at`, unless another one was made since."""
    permit(by, "member.invite", invitation)
    invitation = transaction.held(invitation)
    if invitation.is_pending and invitation.sent_at == sent_at and invitation.mailed_at is None:
        invitation.mailed_at = at
        invitation.save(update_fields=["mailed_at"])
        journal.record(events.INVITATION_MAILED, invitation, by=by, at=at)


@transaction.atomic
def accept_invitation(
    *, token: str, user: User | None = None, name: str = "", password: str = "", by: Actor, at: datetime
) -> Membership:
    """Join the workspace that the link invites to.

    `user` is the person who is signed in, whose address must be the invited one; without one, an account is made with
    the name and password given here. A link that was mailed proves the address. Raises NotFound for a link that does not
    work (any more), Forbidden for somebody else's, Conflict where the address has an account already, and Invalid.
    """
    permit(by, "invitation.accept", person=user)
    found = usable_invitation(token, at)
    with tenancy.scope(found.workspace):  # the link proves it
        return _accept(found, user=user, name=name, password=password, by=by, at=at)


def _accept(found: Invitation, *, user: User | None, name: str, password: str, by: Actor, at: datetime) -> Membership:
    invitation = transaction.held(found)
    if not invitation.is_pending or invitation.token_hash != found.token_hash:
        raise NotFound("this invitation is no longer valid")
    if user is None:
        user = create_person(email=invitation.email, name=name, password=password, is_verified=False, by=by, at=at)
    elif user.email != invitation.email and not has_proven(user, invitation.email):
        raise Forbidden("this invitation is for another address")
    person = Actor.person(user)
    if invitation.mailed_at is not None:
        joining.verify(transaction.held(user), invitation.email, by=person, at=at)
    within = person.within(invitation.workspace_id)
    membership = joining.join(workspace=found.workspace, user=user, role=Role(invitation.role), by=within, at=at)
    invitation.accepted_at, invitation.accepted_by = at, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    journal.record(events.INVITATION_ACCEPTED, invitation, by=within, at=at, user_id=user.pk, role=invitation.role)
    return membership


def _send(invitation: Invitation, *, show_link: bool, by: Actor, at: datetime) -> Sent:
    """Make the link anew and mail it, or return it where there is no mail server."""
    is_new = invitation.pk is None
    _check_rate(invitation, at)
    invitation.sent_at, invitation.mailed_at, invitation.expires_at = at, None, at + LIFETIME
    invitation.token_hash = links.digest(links.invitation_token(invitation))
    invitation.invited_by_id = by.id if by.kind in (ActorKind.MEMBER, ActorKind.SYSTEM) else None
    invitation.save()
    is_mailed = outbox.is_set_up() and not show_link
    if is_mailed:
        outbox.queue(
            "mail_invitation",
            workspace_id=invitation.workspace_id,
            invitation_id=invitation.pk,
            sent_at=invitation.sent_at.isoformat(),
        )
    journal.record(
        events.INVITATION_CREATED if is_new else events.INVITATION_RESENT, invitation, by=by, at=at,
        role=invitation.role, by_mail=is_mailed,
    )  # fmt: skip
    return Sent(invitation, None if is_mailed else links.invitation(invitation))


def _check_rate(invitation: Invitation, at: datetime) -> None:
    sent = Event.objects.filter(
        workspace=invitation.workspace_id,
        subject_type="invitation",
        type__in=(events.INVITATION_CREATED.name, events.INVITATION_RESENT.name),
        at__gt=at - timedelta(hours=1),
    )
    to_this = sent.filter(subject_id=invitation.pk or 0).count()
    if to_this >= SENT_PER_ADDRESS or sent.count() >= SENT_PER_HOUR:
        raise Conflict("too many invitations were sent; try again in an hour", field="email", code="rate_limited")


def _locked(invitation: Invitation) -> Invitation:
    """The pending invitation as it is now, held until the transaction ends. Raises Conflict for one that is over."""
    row = transaction.held(invitation)
    if not row.is_pending:
        raise Conflict("this invitation is already accepted or revoked")
    return row
