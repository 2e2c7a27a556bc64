"""How the desk gets in: servers with their logins, tokens, the address of a webhook, and whether the login is accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, sealed, transaction
from accounts.changes import UNSET
from accounts.errors import Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.channels.email import servers
from conversations.channels.email.actions import checking
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.models import Inbound, Login, Mailbox, MailboxState


@transaction.atomic
def set_login(
    *,
    mailbox: Mailbox,
    login: str | None = None,
    imap: ImapAccess = UNSET,
    smtp: SmtpAccess | None = UNSET,
    oauth: dict[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> Mailbox:
    """Change servers, passwords or tokens; what is not given stays. A mailbox that was disconnected is tried again.

    An empty password keeps the stored one, unless it would go to another server or unencrypted; so do tokens. Without `smtp` (None) the mail
    server of the installation sends. Raises Invalid with the field at fault.
    """
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    before = _readable(mailbox)
    secrets = dict(before)
    fields = []
    if login is not None and login != mailbox.login:
        if login not in Login.values:
            raise Invalid("this login is unknown", field="login")
        mailbox.login = login
        fields.append("login")
    if mailbox.login == Login.PASSWORD:
        secrets.pop(servers.OAUTH, None)
    has_old_tokens = oauth is None and servers.OAUTH in secrets
    if imap is not UNSET:
        if mailbox.inbound != Inbound.IMAP:
            raise Invalid("mail of this mailbox is not fetched", field="imap")
        wanted = checking.imap(imap)
        if has_old_tokens:
            _check_tokens(mailbox, "imap", wanted)
        _set_password(secrets, servers.IMAP_PASSWORD, imap[1].password, mailbox.imap, wanted)
        fields += _set(mailbox, "imap", wanted)
    if smtp is not UNSET:
        wanted = checking.smtp(smtp)
        if has_old_tokens:
            _check_tokens(mailbox, "smtp", wanted)
        password = smtp[1].password if smtp and smtp[1] else ""
        if not wanted or not wanted["user"]:
            secrets.pop(servers.SMTP_PASSWORD, None)
        else:
            _set_password(secrets, servers.SMTP_PASSWORD, password, mailbox.smtp, wanted)
        fields += _set(mailbox, "smtp", wanted)
    if oauth is not None:
        secrets[servers.OAUTH] = oauth
        if mailbox.login != Login.PASSWORD:
            secrets.pop(servers.IMAP_PASSWORD, None)
            secrets.pop(servers.SMTP_PASSWORD, None)
    if secrets != before:
        mailbox.secrets = secrets
        fields.append("secrets")
    if not fields and mailbox.state != MailboxState.DISCONNECTED:
        return mailbox
    if mailbox.state == MailboxState.DISCONNECTED:
        mailbox.state = MailboxState.ACTIVE
    mailbox.failing_since, mailbox.failure, mailbox.updated_at = None, "", at
    mailbox.save(update_fields=["login", "imap", "smtp", "sealed", "state", "failing_since", "failure", "updated_at"])
    journal.record(events.MAILBOX_LOGIN_CHANGED, mailbox, by=by, at=at, fields=fields)
    return mailbox


@transaction.atomic
def refresh_tokens(*, mailbox: Mailbox, oauth: dict[str, Any], by: Actor, at: datetime) -> Mailbox:
    """Keep tokens that were renewed: access, refresh and expires_at."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    secrets = _readable(mailbox)
    if secrets.get(servers.OAUTH) == oauth:
        return mailbox
    mailbox.secrets = {**secrets, servers.OAUTH: oauth}
    mailbox.save(update_fields=["sealed"])
    journal.record(events.MAILBOX_TOKENS_REFRESHED, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def change_ingress(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Give the webhook a new address; the one before takes nothing more. Raises Invalid for a mailbox without a webhook."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.inbound != Inbound.INGRESS:
        raise Invalid("this mailbox has no webhook", field="inbound")
    secret = servers.new_ingress_secret()
    mailbox.secrets = {**_readable(mailbox), servers.INGRESS: secret}
    mailbox.ingress_hash, mailbox.updated_at = servers.ingress_hash(secret), at
    mailbox.save(update_fields=["sealed", "ingress_hash", "updated_at"])
    journal.record(events.MAILBOX_INGRESS_CHANGED, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def reseal(*, mailbox: Mailbox, by: Actor, at: datetime) -> bool:
    """Encrypt the secrets anew with the present key. Returns whether there were any. Raises `sealed.Unreadable`."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if not mailbox.sealed:
        return False
    mailbox.secrets = mailbox.secrets
    mailbox.save(update_fields=["sealed"])
    journal.record(events.MAILBOX_RESEALED, mailbox, by=by, at=at)
    return True


@transaction.atomic
def mark_disconnected(*, mailbox: Mailbox, reason: str, by: Actor, at: datetime) -> Mailbox:
    """Note that the servers refuse the login for good, until somebody changes it. `reason` is a sentence without secrets."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.state != MailboxState.ACTIVE:
        return mailbox
    mailbox.state, mailbox.failure = MailboxState.DISCONNECTED, reason
    mailbox.failing_since = mailbox.failing_since or at
    mailbox.save(update_fields=["state", "failure", "failing_since"])
    journal.record(events.MAILBOX_DISCONNECTED, mailbox, by=by, at=at)
    return mailbox


@transaction.atomic
def mark_connected(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Note that the servers accept the login again. One that is paused stays paused."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.failing_since is None and mailbox.state != MailboxState.DISCONNECTED:
        return mailbox
    if mailbox.state == MailboxState.DISCONNECTED:
        mailbox.state = MailboxState.ACTIVE
    mailbox.failing_since, mailbox.failure = None, ""
    mailbox.save(update_fields=["state", "failing_since", "failure"])
    journal.record(events.MAILBOX_CONNECTED, mailbox, by=by, at=at)
    return mailbox


def _readable(mailbox: Mailbox) -> dict[str, Any]:
    """The stored secrets; nothing where the key that sealed them is gone, for they are entered again then."""
    try:
        return mailbox.secrets
    except sealed.Unreadable:
        return {}


def _set(mailbox: Mailbox, field: str, wanted: dict[str, Any] | None) -> list[str]:
    if getattr(mailbox, field) == wanted:
        return []
    setattr(mailbox, field, wanted)
    return [field]


def _check_tokens(mailbox: Mailbox, field: str, wanted: dict[str, Any] | None) -> None:
    """Tokens are not sent to a server for which nobody signed in."""
    if wanted and wanted["user"] and not servers.takes_tokens(mailbox.login, getattr(mailbox, field), wanted):
        raise Invalid("the server has changed: sign in again", field=f"{field}.host", code="sign_in_needed")


def _set_password(
    secrets: dict[str, Any], name: str, given: str, before: dict[str, Any] | None, wanted: dict[str, Any] | None
) -> None:
    """Keep the given password. A stored one is not sent to a server for which it was not entered."""
    if given:
        secrets[name] = given
    elif name in secrets and not servers.keeps_password(before, wanted):
        raise Invalid("the server has changed: enter the password again", field=name, code="password_needed")
