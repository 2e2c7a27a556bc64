"""The call that a conversation asks for, kept as the conversation starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import writing
from conversations.models import CallbackRequest, Conversation
from conversations.texts import phones, validation


@dataclass(frozen=True, slots=True)
class CallWish:
    """Whom to call and when. Without a window there is no time, or one in the caller's own words."""

    phone_typed: str
    phone: str = ""
    window: tuple[datetime, datetime] | None = None
    time_zone: str = ""
    preferred_time: str = ""


def of_metadata(metadata: Mapping[str, Any] | None) -> CallWish | None:
    """What callers of the API write into a callback's metadata: `phone`, and `preferred_time` in words. None without a phone."""
    typed, wanted = (_text(metadata, name) for name in ("phone", "preferred_time"))
    if not typed:
        return None
    return CallWish(phone_typed=typed[:100], phone=phones.e164(typed) or "", preferred_time=wanted[:200])


def keep(conversation: Conversation, wish: CallWish, at: datetime) -> CallbackRequest:
    """Insert the request of a conversation that is being started."""
    start, end = wish.window or (None, None)
    made = CallbackRequest(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        phone=wish.phone,
        phone_typed=wish.phone_typed,
        window_start=start,
        window_end=end,
        time_zone=wish.time_zone,
        preferred_time=wish.preferred_time,
        due_at=start or at,
        created_at=at,
    )
    writing.insert(made)
    return made


def _text(metadata: Mapping[str, Any] | None, name: str) -> str:
    value = (metadata or {}).get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return " ".join(text.split()) if validation.can_be_kept(text) else ""
