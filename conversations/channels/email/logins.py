"""How the desk signs in to a mailbox's servers: with its password, or with an access token that is renewed in time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from accounts import clock, sealed
from accounts.permissions import Actor
from accounts.transaction import hold_name
from conversations.channels.email import actions, servers
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.channels.email.wire import oauth
from conversations.channels.email.wire.endpoints import Credentials
from conversations.channels.email.wire.errors import LoginRefused, Step
from conversations.models import Login, Mailbox

EARLY = timedelta(minutes=5)
"""How long before its end a token is renewed."""
GONE = "The key that sealed this mailbox's secrets is gone. Enter them again."


def imap(mailbox: Mailbox) -> ImapAccess:
    """Where mail is fetched, with a login. Raises LoginRefused where its secrets cannot be opened."""
    try:
        found = servers.imap_access(mailbox)
    except sealed.Unreadable as error:
        raise LoginRefused(GONE, step=Step.LOGIN, is_temporary=False) from error
    if found is None:
        raise LoginRefused("This mailbox has no server to fetch from.", step=Step.LOGIN, is_temporary=False)
    return found[0], _with_token(mailbox, found[1])


def smtp(mailbox: Mailbox) -> SmtpAccess | None:
    """Where mail is sent by, with a login if there is one; None for the installation's server. Raises LoginRefused likewise."""
    try:
        found = servers.smtp_access(mailbox)
    except sealed.Unreadable as error:
        raise LoginRefused(GONE, step=Step.LOGIN, is_temporary=False) from error
    if found is None or found[1] is None:
        return found
    return found[0], _with_token(mailbox, found[1])


def _with_token(mailbox: Mailbox, found: Credentials) -> Credentials:
    if mailbox.login == Login.PASSWORD:
        return found
    return Credentials(found.user or mailbox.address, access_token=partial(access_token, mailbox))


def access_token(mailbox: Mailbox) -> str:
    """A token that is good for some minutes; renewed by one process at a time. Raises LoginRefused, and MailServerError."""
    try:
        kept = _kept(mailbox)
        if not _is_old(kept):
            return str(kept["access"])
        with transaction.atomic():
            hold_name(mailbox.workspace_id, f"tokens of mailbox {mailbox.pk}")
            mailbox.refresh_from_db(fields=["sealed"], from_queryset=Mailbox.objects.all())
            kept = _kept(mailbox)  # another process may have renewed it meanwhile
            if not _is_old(kept):
                return str(kept["access"])
            token = oauth.refresh(oauth.provider(mailbox.login), str(kept.get("refresh") or ""))
            renewed = {
                "access": token.access,
                "refresh": token.refresh or kept.get("refresh", ""),
                "expires_at": token.expires_at.timestamp(),
            }
            by = Actor.system(mailbox.workspace_id, name="Email")
            actions.refresh_tokens(mailbox=mailbox, oauth=renewed, by=by, at=clock.now())
            return token.access
    except sealed.Unreadable as error:
        raise LoginRefused(GONE, step=Step.LOGIN, is_temporary=False) from error
    except oauth.NeedsReconnecting as error:
        raise LoginRefused(
            "The sign-in is over. Reconnect the mailbox.", step=Step.LOGIN, is_temporary=False
        ) from error


def _kept(mailbox: Mailbox) -> dict[str, Any]:
    return dict(mailbox.secrets.get(servers.OAUTH) or {})


def _is_old(kept: dict[str, Any]) -> bool:
    return float(kept.get("expires_at") or 0) < (clock.now() + EARLY).timestamp()
