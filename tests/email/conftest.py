"""A mailbox at a real mail server, and the server by which it sends."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import Workspace
from conversations.channels.email.wire.endpoints import parse_imap, parse_smtp
from conversations.models import Mailbox
from tests.email import letters
from tests.factories import MailboxFactory
from tests.mail_servers import dovecot as dovecots
from tests.mail_servers import outgoing as outgoings
from tests.mail_servers.dovecot import Dovecot
from tests.mail_servers.outgoing import Outgoing


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with dovecots.running() as found:
        yield found


@pytest.fixture
def outgoing() -> Iterator[Outgoing]:
    with outgoings.running() as found:
        yield found


@dataclass
class Post:
    """A mailbox, with the servers around it."""

    mailbox: Mailbox
    user: str
    dovecot: Dovecot
    outgoing: Outgoing

    def deliver(self, *mails: bytes) -> None:
        """Customers write to the mailbox."""
        self.dovecot.deliver(self.user, *mails)

    def letter(self, text: str = "Hello, my lamp is broken.", **how: Any) -> bytes:
        """A mail to the mailbox."""
        return letters.letter(text, **{"to": self.mailbox.address, **how})


@pytest.fixture
def post(acme: Workspace, dovecot: Dovecot, outgoing: Outgoing, settings: Any) -> Post:
    settings.ALLOW_PRIVATE_HOSTS = True
    user = f"box{secrets.token_hex(6)}"
    mailbox = MailboxFactory(
        workspace=acme,
        address=f"{user}@desk.test",
        imap=parse_imap(dovecot.imap_url(user)),
        smtp=parse_smtp(outgoing.url),
    )
    return Post(mailbox, user, dovecot, outgoing)
