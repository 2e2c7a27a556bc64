"""The one table of who hears what. A reaction is idempotent and changes anything only through a verb."""

from __future__ import annotations

from accounts.journal import hear
from conversations import events
from conversations.assistant import reactions as assistant
from conversations.channels import reactions as channels
from conversations.notifications import reactions as notifications


def register() -> None:
    """Register every reaction with the journal. Called once, when Django is ready."""
    hear([events.CONVERSATION_ASSIGNED], "tell_the_assignee", notifications.tell_the_assignee)
    hear([events.REPLY_SENT], "deliver_reply", channels.deliver_reply)
    hear([events.REPLY_SENT], "judge_drafts", assistant.judge_drafts)
    hear([events.CONVERSATION_STATUS_CHANGED], "count_as_resolved", assistant.count_as_resolved)
