"""The one list of who hears what. A reaction is idempotent and changes anything only through a verb."""

from __future__ import annotations

from accounts.events import hear
from conversations import events


def register() -> None:
    """Tell the journal who listens. Called once, when Django is ready."""
    from conversations.reactions import delivery, notifications

    hear([events.CONVERSATION_ASSIGNED], "tell_the_assignee", notifications.tell_the_assignee)
    hear([events.REPLY_SENT], "deliver_reply", delivery.deliver_reply)
