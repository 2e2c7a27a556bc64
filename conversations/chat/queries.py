"""What live chat asks: which widget a key opens."""

from __future__ import annotations

import re

from conversations.models import Widget
from conversations.models.chat import POSTHOG_TOKEN, WOES_KEY

_FIELDS = {WOES_KEY: "woes_key", POSTHOG_TOKEN: "posthog_token"}


def find(key: str) -> Widget | None:
    """The widget that a key opens, with its workspace: the key comes before any scope."""
    field = next((field for beginning, field in _FIELDS.items() if key.startswith(beginning)), "key")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,60}", key):
        return None
    # The key names the workspace: no scope can be open yet.
    found = Widget.all_workspaces.select_related("workspace").filter(**{field: key}, is_active=True)
    return found.first()
