"""Mails about accounts, and forgetting sessions. A link is made when its mail is sent, so that the queue never holds one."""

from __future__ import annotations

from datetime import datetime
from smtplib import SMTPException
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import actions, clock, tenancy
from accounts.credentials import links
from accounts.models import Invitation, User, Workspace
from accounts.permissions import Actor
from accounts.queries import has_proven, person_by_email

_RETRY = RetryStrategy(max_attempts=9, exponential_wait=4, retry_exceptions=[OSError, SMTPException])
"""A mail server that is away is tried again for about a day."""


@app.task(name="mail_invitation", retry=_RETRY)
def mail_invitation(*, workspace_id: int, invitation_id: int, sent_at: str, **future: Any) -> None:
    """Mail the link of an invitation, unless it is over or another link was made since."""
    workspace, moment = Workspace.objects.get(pk=workspace_id), datetime.fromisoformat(sent_at)
    with tenancy.scope(workspace):
        rows = Invitation.objects.select_related("workspace", "invited_by")
        invitation = rows.filter(pk=invitation_id, accepted_at=None, revoked_at=None, sent_at=moment).first()
        if invitation is None or invitation.mailed_at is not None:
            return
        known = person_by_email(invitation.email)
        _send("invitation", invitation.email, known, invitation=invitation, link=links.invitation(invitation))
        by = Actor.system(workspace_id)
        actions.mark_invitation_mailed(invitation=invitation, sent_at=moment, by=by, at=clock.now())


@app.task(name="mail_password_reset", retry=_RETRY)
def mail_password_reset(*, user_id: int, email: str = "", **future: Any) -> None:
    """Mail a person a link to choose another password: to their primary address, or to the proven one they asked with."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        to = email if email and has_proven(user, email) else user.email
        _send("password_reset", to, user, email=to, link=links.password_reset(user))


@app.task(name="mail_unknown_account", retry=_RETRY)
def mail_unknown_account(*, email: str, **future: Any) -> None:
    """Mail the person who asked for a reset that no account has this address; the page itself does not say so."""
    _send("unknown_account", email, None, email=email)


@app.task(name="mail_email_confirmation", retry=_RETRY)
def mail_email_confirmation(*, user_id: int, email: str, **future: Any) -> None:
    """Mail a link with which a person proves that an address is theirs."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is not None:
        _send("email_confirmation", email, user, email=email, link=links.email_confirmation(user, email))


@app.task(name="mail_email_changed", retry=_RETRY)
def mail_email_changed(*, user_id: int, email: str, **future: Any) -> None:
    """Tell the address that was primary before that it no longer is."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        _send("email_changed", email, user, email=email)


@app.periodic(cron="41 3 * * *")
@app.task(name="forget_sessions", queueing_lock="forget_sessions", pass_context=False)
def forget_sessions(timestamp: int) -> None:
    """Delete sessions that have expired, and what is noted of sessions that are gone."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def _send(template: str, to: str, user: User | None, **facts: Any) -> None:
    """Send the mail `account/email/<template>.txt`, in the language of the person, else the desk's: its first line is the subject."""
    with translation.override(user.language_or_default if user is not None else settings.LANGUAGE_CODE):
        # Named, so that a worker does not load the engine of the screens.
        text = render_to_string(f"account/email/{template}.txt", {"user": user, **facts}, using="django")
    subject, _, body = text.strip().partition("\n")
    EmailMessage(subject=" ".join(subject.split()), body=body.strip() + "\n", to=[to]).send()
