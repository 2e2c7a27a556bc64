"""Secrets of the outside that the desk has to know again, such as a mailbox's password: encrypted in the database.

Fernet (AES-128-CBC with HMAC-SHA256) with the key CHANNEL_SECRETS_KEY, which lies beside the database and not in it. Keys of
before still open what they sealed, until `rotate_channel_secrets` has sealed everything anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """No key that the desk has opens this secret."""


def seal(value: dict[str, Any]) -> str:
    """The value encrypted with the present key; nothing for nothing."""
    if not value:
        return ""
    return _keys(tuple(settings.CHANNEL_SECRETS_KEYS)).encrypt(json.dumps(value).encode()).decode()


def opened(sealed: str) -> dict[str, Any]:
    """The value that was sealed. Raises Unreadable when no key opens it."""
    if not sealed:
        return {}
    try:
        value: dict[str, Any] = json.loads(_keys(tuple(settings.CHANNEL_SECRETS_KEYS)).decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("the key that sealed this secret is gone: enter it again") from error
    return value


@cache
def _keys(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(text)) for text in texts])


def _key(text: str) -> bytes:
    """A Fernet key of any text: the text itself if it is one."""
    try:
        if len(base64.urlsafe_b64decode(text)) == 32:
            return text.encode()
    except ValueError:
        pass
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
