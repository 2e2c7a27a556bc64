"""Message-IDs (RFC 5322, section 3.6.4): those of the desk, and the keys by which all others are found again."""

from __future__ import annotations

import re
import uuid
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings

from accounts.text import uuid_or_none

_OURS = re.compile(
    r"^([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})(?:\.[a-z]+)?@", re.IGNORECASE
)


def message_id(public_id: uuid.UUID, address: str = "", part: str = "") -> str:
    """The Message-ID of a message, in brackets: the same however often it is sent, so that a repeated delivery shows once.

    `part`, in letters, is of another mail about the message.
    """
    host = address.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return f"<{public_id}.{part}@{host}>" if part else f"<{public_id}@{host}>"


def ours(message_id: str) -> uuid.UUID | None:
    """The public id of the message that may have this Message-ID; None where the desk would not have written it so."""
    found = _OURS.match(message_id.strip("<> "))
    return uuid_or_none(found[1]) if found else None


def key(message_id: str) -> str:
    """The key of a Message-ID; nothing for an empty one, which matches nothing."""
    name = message_id.strip().strip("<>").strip()
    return sha256(name.encode("utf-8", "replace")).hexdigest() if name else ""


def keys(message_ids: tuple[str, ...]) -> list[str]:
    """The keys of some, each once, in order."""
    return [found for found in dict.fromkeys(key(one) for one in message_ids) if found]
