"""The signed links by which members prove who they are, and the codes that go with them."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse

from accounts.credentials import links
from accounts.errors import Invalid
from conversations.models import DiscordLink

GOOD_FOR = timedelta(hours=1)
MAIL = "discord_code"
"""The kind of the mail that has the code."""
TASK = "send_discord_link"
"""The job that sends a link."""
_SALT = "conversations.discord.link"


class Opened(NamedTuple):
    """What a link says."""

    workspace_id: int
    public_id: uuid.UUID


def url(link: DiscordLink) -> str:
    """The address that the bot sends."""
    return links.public(reverse("discord-link", args=[token(link)]))


def token(link: DiscordLink) -> str:
    """What the address ends with."""
    return signing.dumps([link.workspace_id, link.public_id.hex], salt=_SALT, compress=False)


def opened(value: str) -> Opened | None:
    """What a token says, if the desk has signed it within the hour."""
    if len(value) > 200:
        return None
    try:
        workspace_id, public_id = signing.loads(value, salt=_SALT, max_age=GOOD_FOR)
        return Opened(int(workspace_id), uuid.UUID(public_id))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def address(value: str) -> str:
    """An email address as contacts have it. Raises Invalid."""
    value = value.strip().lower()
    fault = Invalid("this is not an email address", field="email")
    if len(value) > 254:
        raise fault
    try:
        validate_email(value)
    except ValidationError as error:
        raise fault from error
    return value


def code(link: DiscordLink) -> str:
    """Six digits that only the owner of the address can know: those of the last mail."""
    about = f"{_SALT} {link.public_id.hex} {link.mails} {link.email}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), about, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"
