"""Questions about people and workspaces, asked by every door."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils.crypto import constant_time_compare

from accounts.compiled import compiled, compiled_anywhere
from accounts.credentials import links
from accounts.errors import NotFound
from accounts.models import ApiKey, Event, Invitation, Membership, Team, User, UserManager
from accounts.permissions import Role
from accounts.tenancy import current


def workspaces_of(user: User) -> list[Membership]:
    """The person's memberships with their workspaces, by name."""
    return _workspaces_of.rows(person=user.pk)


@compiled_anywhere
def _workspaces_of(*, person: int) -> QuerySet[Membership]:
    # A person may belong to many workspaces: this is the one question that spans them.
    return Membership.all_workspaces.filter(user=person).select_related("workspace").order_by("workspace__name", "pk")


def assignable() -> QuerySet[User]:
    """Whom a conversation can be given to: active members who may answer."""
    chosen = Membership.objects.exclude(role=Role.VIEWER).values("user")
    return User.objects.filter(pk__in=chosen, is_active=True).order_by("name", "email", "pk")


def member_by_email(email: str) -> User | None:
    """The member with that email, or None."""
    membership = _by_email.first(email=email.strip().lower())
    return membership.user if membership else None


@compiled
def _by_email(*, email: str) -> QuerySet[Membership]:
    rows = Membership.objects.select_related("user").filter(user__email=email, user__is_active=True)
    return rows.order_by("pk")[:1]


def teams() -> QuerySet[Team]:
    """The workspace's teams, by name."""
    return Team.objects.order_by("name", "pk")


def membership(user_id: int) -> Membership | None:
    """The person's place in the open scope's workspace, or None."""
    return Membership.objects.select_related("user").filter(user=user_id).first()


def has_colleagues() -> bool:
    """Whether the workspace has more than one member, or one who is invited."""
    return Membership.objects.count() > 1 or pending_invitations().exists()


def has_working_key(at: datetime) -> bool:
    """Whether the workspace has an API key that works at the moment."""
    keys = ApiKey.objects.filter(revoked_at=None)
    return keys.filter(Q(expires_at=None) | Q(expires_at__gt=at)).exists()


def is_set_up() -> bool:
    """Whether anybody can sign in: a desk without people is set up first."""
    return User.objects.exists()


def person_by_email(email: str) -> User | None:
    """The person with that email, whatever its case: the one whose proven address it is, else the one who signs in with it."""
    wanted = UserManager.normalize_email(email)
    proven = EmailAddress.objects.filter(email=wanted, verified=True).select_related("user").first()
    return proven.user if proven is not None else User.objects.filter(email=wanted).first()


def has_proven(user: User, email: str) -> bool:
    """Whether the address is proven to be the person's."""
    rows = EmailAddress.objects.filter(user=user, email=UserManager.normalize_email(email), verified=True)
    return bool(rows.exists())


def usable_invitation(token: str, at: datetime) -> Invitation:
    """The invitation of a link that works: pending, in time, from somebody who may still invite. Raises NotFound."""
    # The token names the workspace: a person who follows a link is in none yet.
    rows = Invitation.all_workspaces.select_related("workspace", "invited_by")
    invitation = rows.filter(token_hash=links.digest(token)).first()
    if (
        invitation is None
        or not invitation.is_pending
        or invitation.is_expired(at)
        or not _may_still_invite(invitation)
    ):
        raise NotFound("this invitation is no longer valid")
    return invitation


def _may_still_invite(invitation: Invitation) -> bool:
    """Whether the inviter may still invite: a removed member cannot come back by an invitation of their own."""
    inviter = invitation.invited_by
    if inviter is None:
        return True
    if not inviter.is_active:
        return False
    wanted = [Role.OWNER] if invitation.role == Role.OWNER else [Role.OWNER, Role.ADMIN]
    places = Membership.all_workspaces.filter(workspace=invitation.workspace_id, user=inviter, role__in=wanted)
    return inviter.is_superuser or places.exists()


def pending_invitations() -> QuerySet[Invitation]:
    """The open scope's invitations that were neither accepted nor revoked, newest first."""
    rows = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related("invited_by")
    return rows.order_by("-sent_at", "-pk")


def members() -> QuerySet[Membership]:
    """The open scope's members, by name."""
    return Membership.objects.select_related("user").order_by("user__name", "user__email", "pk")


def newest_event() -> int:
    """The id of the workspace's newest event, after which live updates of a page begin; 0 where there is none."""
    newest = Event.objects.filter(workspace=current()).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


# --- Second factors and sessions -----------------------------------------------------------------

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What proves a person beside their password; recovery codes stand in for it."""


def has_second_factor(user_id: int) -> bool:
    """Whether the person has an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=user_id, type__in=SECOND_FACTORS).exists())


def with_second_factor(user_ids: Iterable[int]) -> set[int]:
    """Those of the people who have an authenticator app or a passkey."""
    rows = Authenticator.objects.filter(user__in=[*user_ids], type__in=SECOND_FACTORS)
    return set(rows.values_list("user_id", flat=True))


def must_set_up_second_factor(user: User) -> bool:
    """Whether one of the person's workspaces requires a second factor, and they have none."""
    # A person may belong to many workspaces: any of them may require it.
    rows = Membership.all_workspaces.filter(user=user, workspace__settings__requires_second_factor=True)
    return rows.exists() and not has_second_factor(user.pk)


def sessions_of(user: User, at: datetime) -> list[UserSession]:
    """The person's sessions that still hold, those used last first, at most a hundred."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at", "-pk")[:100])
    keys = session_keys_of(user, at, among=[row.session_key for row in rows])
    return [row for row in rows if row.session_key in keys]


def session_keys_of(user: User, at: datetime, among: Collection[str] | None = None) -> set[str]:
    """The keys of the sessions in which the person is signed in; without `among`, all sessions of the desk are read for it."""
    rows = Session.objects.filter(expire_date__gt=at)
    if among is not None:
        rows = rows.filter(session_key__in=[*among])
    found: set[str] = set()
    for row in rows.order_by("pk").iterator(chunk_size=500):
        data = row.get_decoded()
        proof = str(data.get(HASH_SESSION_KEY, ""))
        if data.get(SESSION_KEY) == str(user.pk) and constant_time_compare(proof, user.get_session_auth_hash()):
            found.add(row.session_key)
    return found
