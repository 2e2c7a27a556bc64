"""Links by mail with which a visitor finds their conversations again: their tokens, of which only a hash is kept."""

from __future__ import annotations

import base64
from datetime import timedelta

from django.utils.crypto import salted_hmac

from conversations.chat import sessions
from conversations.models import ChatRestore

PLACE = "{token}"
"""Where a link's token goes."""
LIFETIME = timedelta(minutes=60)
MOST_AN_HOUR = 3
"""Mails with a link to one address."""


def token_of(link: ChatRestore) -> str:
    """The token of a link, 43 characters: made of the link's id and the installation's secret, so that a mail that is composed
    later has it, and nobody who reads the database."""
    made = salted_hmac("chat-restore", str(link.public_id), algorithm="sha256").digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def address_of(link: ChatRestore) -> str:
    """The link itself, with its token."""
    before, _, after = link.page.rpartition(PLACE)
    return f"{before}{token_of(link)}{after}"


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return sessions.hash_of(token)
