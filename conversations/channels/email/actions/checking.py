"""Checks that the verbs of mailboxes share: addresses, servers, people and texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from accounts import transaction
from accounts.actions.validation import checked_email
from accounts.errors import Invalid, NotFound
from conversations.channels.email.servers import ImapAccess, SmtpAccess
from conversations.channels.email.wire import endpoints
from conversations.models import Mailbox, MailboxAddress, MailboxState

MOST_ALIASES = 50
LONGEST_UNDO = 120  # seconds
_DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,62})\.)*[a-z0-9]([a-z0-9-]{0,62})", re.ASCII)


def address(value: str, field: str = "address") -> str:
    """An email address, trimmed and in lower case. Raises Invalid."""
    try:
        return checked_email(value)
    except Invalid as error:
        raise Invalid(error.message, field=field) from error


def pattern(value: str) -> str:
    """An address, or a domain with a leading @. Raises Invalid."""
    wanted = value.strip().lower()
    if not wanted.startswith("@"):
        return address(wanted, "pattern")
    if not _DOMAIN.fullmatch(wanted[1:]) or "." not in wanted:
        raise Invalid("a domain is written as @example.com", field="pattern")
    return wanted


def host(value: str, field: str) -> str:
    """The name of a server, or nothing. Raises Invalid."""
    wanted = value.strip().lower()
    if wanted and not _DOMAIN.fullmatch(wanted):
        raise Invalid("this is not the name of a server", field=field)
    return wanted


def undo_seconds(value: int) -> int:
    """How long a reply can be taken back. Raises Invalid."""
    if not 0 <= value <= LONGEST_UNDO:
        raise Invalid(f"the time to undo is 0 to {LONGEST_UNDO} seconds", field="undo_seconds")
    return value


def imap(access: ImapAccess | None) -> dict[str, Any] | None:
    """How a server is stored, without the password. Raises Invalid."""
    if access is None:
        return None
    server, credentials = access
    endpoints.check(server, field="imap")
    if not credentials.user:
        raise Invalid("the user is missing", field="imap.user")
    stored = {"host": server.host, "port": server.port, "security": server.security}
    return {**stored, "user": credentials.user, "folder": server.folder}


def smtp(access: SmtpAccess | None) -> dict[str, Any] | None:
    """How a server is stored, without the password; `user` is empty where there is no login. Raises Invalid."""
    if access is None:
        return None
    server, credentials = access
    endpoints.check(server, field="smtp")
    stored = {"host": server.host, "port": server.port, "security": server.security}
    return {**stored, "user": credentials.user if credentials else ""}


def add_addresses(mailbox: Mailbox, wanted: Iterable[str], field: str) -> None:
    """Reserve addresses for a mailbox. Raises Invalid for one that belongs to another mailbox, of any workspace."""
    for one in wanted:
        row = MailboxAddress(workspace_id=mailbox.workspace_id, mailbox=mailbox, address=one)
        taken = Invalid(f"{one} already belongs to another mailbox", field=field, code="address_taken")
        transaction.unless_taken("mailbox_address_unique", taken, partial(row.save, force_insert=True))


def aliases(wanted: Iterable[str], own: str) -> list[str]:
    """Addresses besides the mailbox's own, each once. Raises Invalid."""
    found = dict.fromkeys(address(one, "aliases") for one in wanted if one.strip())
    found.pop(own, None)
    if len(found) > MOST_ALIASES:
        raise Invalid(f"a mailbox has at most {MOST_ALIASES} aliases", field="aliases")
    return list(found)


def held(mailbox: Mailbox) -> Mailbox:
    """The mailbox as it is now, locked. Raises NotFound for one that has been deleted."""
    found = transaction.held(mailbox)
    if found.state == MailboxState.DELETED:
        raise NotFound("this mailbox no longer exists")
    return found
