"""Files of a mail: attached, or, where they are too large for mail servers, a link that opens them for some weeks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core import signing
from django.urls import reverse

from conversations.models import Attachment

LARGEST = 15 * 1024 * 1024
"""Bytes of all attachments of a mail: with base64 that is 20 MB, which nearly every server takes."""
VALID = 60 * 24 * 3600  # seconds
_SALT = "parley.mail.file"


def divided(attachments: Iterable[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """Those that are attached, and those that are linked: the smallest are attached, as far as there is room."""
    attached: set[int] = set()
    left = LARGEST
    found = list(attachments)
    for one in sorted(found, key=lambda each: each.size):
        if one.size <= left:
            attached.add(one.pk)
            left -= one.size
    return [one for one in found if one.pk in attached], [one for one in found if one.pk not in attached]


def link(attachment: Attachment) -> str:
    """The address at which those who have the mail can download a file of it."""
    token = signing.dumps([attachment.workspace_id, str(attachment.public_id)], salt=_SALT)
    return f"{settings.PUBLIC_URL}{reverse('mailed-file', args=[token])}"


def opened(token: str) -> tuple[int, uuid.UUID] | None:
    """The workspace and the file of a link; None for one that is over, or that nobody has signed."""
    try:
        workspace_id, public_id = signing.loads(token, salt=_SALT, max_age=VALID)
        return int(workspace_id), uuid.UUID(public_id)
    except (signing.BadSignature, ValueError, TypeError):
        return None
