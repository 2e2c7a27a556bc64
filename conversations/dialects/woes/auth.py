"""`Authorization: Bearer <key>`, the only spelling that is documented."""

from __future__ import annotations

from conversations.api.credentials import BearerKey


class WoesKey(BearerKey):
    """A workspace API key."""
