"""The servers of a mailbox with their logins, as its row holds them; and the address to which a provider posts its mails."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings

from conversations.channels.email.wire.endpoints import Credentials, ImapServer, SmtpServer
from conversations.channels.email.wire.providers import known_host
from conversations.models import Mailbox

ImapAccess = tuple[ImapServer, Credentials]
"""As `endpoints.parse_imap` returns it. An empty password stands for the one that is stored, or for OAuth."""
SmtpAccess = tuple[SmtpServer, Credentials | None]
"""As `endpoints.parse_smtp` returns it."""

IMAP_PASSWORD, SMTP_PASSWORD, OAUTH, INGRESS = "imap_password", "smtp_password", "oauth", "ingress"
"""The names of secrets. `oauth` holds access, refresh and expires_at (seconds since 1970)."""


def imap_access(mailbox: Mailbox) -> ImapAccess | None:
    """Where the mailbox is fetched, with the password if it has one. Raises `sealed.Unreadable`."""
    stored: dict[str, Any] | None = mailbox.imap
    if not stored:
        return None
    server = ImapServer(stored["host"], stored["port"], stored["security"], stored.get("folder") or "INBOX")
    return server, Credentials(stored["user"], mailbox.secrets.get(IMAP_PASSWORD, ""))


def smtp_access(mailbox: Mailbox) -> SmtpAccess | None:
    """Where the mailbox's mails are sent, with the password if it has one. Raises `sealed.Unreadable`."""
    stored: dict[str, Any] | None = mailbox.smtp
    if not stored:
        return None
    server = SmtpServer(stored["host"], stored["port"], stored["security"])
    user = stored.get("user") or ""
    return server, Credentials(user, mailbox.secrets.get(SMTP_PASSWORD, "")) if user else None


def new_ingress_secret() -> str:
    """What makes the address of a webhook known to nobody else."""
    return secrets.token_urlsafe(32)


def ingress_hash(secret: str) -> str:
    """How the secret in the address of a webhook is looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def ingress_url(mailbox: Mailbox) -> str | None:
    """The address to which the provider posts mails; it is a secret. Raises `sealed.Unreadable`."""
    secret = mailbox.secrets.get(INGRESS)
    return f"{settings.PUBLIC_URL}/mail/ingress/{secret}" if secret else None


def keeps_password(before: dict[str, Any] | None, wanted: dict[str, Any] | None) -> bool:
    """Whether a password that was entered for one server may be sent to the other."""
    if not before or not wanted or before["host"] != wanted["host"]:
        return False
    return bool(wanted["security"] != "plain" or before["security"] == "plain")


def takes_tokens(login: str, before: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether tokens of a provider may be sent to the server: its own, or the one for which they were given."""
    known = known_host(wanted["host"])
    is_the_providers = known is not None and known.oauth == login and wanted["security"] != "plain"
    return is_the_providers or keeps_password(before, wanted)
